// Contacts, whose phones and agents lie in tables of their own, through the bulk engine.
#include "directory/contacts.hpp"

#include "bulk/imports.hpp"
#include "bulk/records.hpp"
#include "directory/people.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Lines;

namespace {

struct Contacts : test::Imports {
  explicit Contacts(db::Engine engine) : Imports(engine) {
    adapter = records_adapter(directory::users_noun());
    import("email\nann@example.com\nbob@example.com\n");
    adapter = records_adapter(directory::contacts_noun());
  }
  /// "+16265550101 +16265550102 ann@example.com v1"
  Lines rows() {
    Lines out;
    records::Records(session(), workspace, directory::contacts_noun())
        .for_each({}, {}, 0, [&](const records::Record& contact) {
          out.push_back(fmt::format("{} {} {} v{}", contact.cells[directory::k_contact_phone_number],
                                    contact.cells[directory::k_contact_phones],
                                    contact.cells[directory::k_contact_agents], contact.version));
        });
    return out;
  }
};

/// The n-th phone, twice as many of them as contacts that have two.
std::string file_of(std::size_t contacts) {
  std::string text = "phone_number,phones,agents\n";
  for (std::size_t n = 0; n < contacts; ++n)
    text += fmt::format("{},{},{}\n", test::number_at(2 * n), test::number_at(2 * n + 1),
                        n % 2 == 0 ? "ann@example.com" : "bob@example.com|ann@example.com");
  return text;
}

}  // namespace

TEST_CASE("contacts come in with their phones and agents, a few or thousands, and again change nothing",
          "[bulk][slow]") {
  Contacts c(GENERATE(from_range(test::engines())));
  const auto contacts = GENERATE(std::size_t{3}, std::size_t{2100});
  const auto text = file_of(contacts);
  CHECK(test::text_of(c.import(text).counts) == fmt::format("rows {0} new {0}", contacts));
  CHECK(c.count("contact_phones") == static_cast<std::int64_t>(2 * contacts));
  CHECK(c.count("contact_assignments") == static_cast<std::int64_t>(contacts + contacts / 2));
  CHECK(c.rows()[1] == test::number_at(2) + " " + test::number_at(3) + " ann@example.com|bob@example.com v1");
  CHECK(test::text_of(c.import(text).counts) == fmt::format("rows {0} same {0}", contacts));
}

TEST_CASE("a phone that two rows of a file name is an error of the later one", "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  const auto report = c.import(
      "phone_number,phones\n+16265550101,+16265550102\n+16265550102,\n+16265550105,+16265550106|+16265550101\n");
  CHECK(test::texts_of(report.problems) ==
        Lines{"not_unique: line 3, phone_number: \"+16265550102\" stands on line 2 as well",
              "not_unique: line 4, phone_number: \"+16265550101\" stands on line 2 as well"});
  CHECK(c.rows().empty());
}

TEST_CASE("a phone of another contact is a conflict that names it", "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.import("phone_number,phones\n+16265550101,+16265550102\n");
  const auto report =
      c.import("phone_number,phones\n+16265550102,\n+16265550105,+16265550101\n", test::max_errors("2"));
  CHECK(test::texts_of(report.problems) ==
        Lines{"phone_taken: line 2, phone_number: +16265550102 is a phone of contact +16265550101",
              "phone_taken: line 3, phones: +16265550101 is a contact of its own"});
  CHECK(c.rows().size() == 1);
}

TEST_CASE("a contact's own country reads its phones", "[bulk]") {
  Contacts c(test::engines().front());
  c.import("phone_number,phones,country\n020 7946 0001,020 7946 0002,GB\n");
  CHECK(c.rows() == Lines{"+442079460001 +442079460002  v1"});
}

TEST_CASE("a phone goes from one contact to another in an import of its own", "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.import("phone_number,phones\n+16265550101,+16265550102\n+16265550105,\n");
  const auto both = c.import("phone_number,phones\n+16265550101,-\n+16265550105,+16265550102\n");
  CHECK(both.counts.conflict == 1);
  CHECK(c.rows()[0] == "+16265550101 +16265550102  v1");
  c.import("phone_number,phones\n+16265550101,-\n");
  CHECK(c.import("phone_number,phones\n+16265550105,+16265550102\n").counts.updated == 1);
  CHECK(c.rows() == Lines{"+16265550101   v2", "+16265550105 +16265550102  v2"});
}

TEST_CASE("an agent nobody knows or who is inactive is named, and those who are there stay", "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.import("phone_number,agents\n+16265550101,bob@example.com\n");
  c.exec("UPDATE users SET is_active = FALSE WHERE email = $1", {"bob@example.com"});
  const auto report = c.import(
      "phone_number,agents,name\n+16265550101,bob@example.com,Moe\n+16265550102,bob@example.com,\n"
      "+16265550103,ann@example.com|eve@example.com,\n",
      test::max_errors("2"));
  CHECK(test::texts_of(report.problems) ==
        Lines{"agent_inactive: line 3, agents: bob@example.com is not active",
              "unknown_user: line 4, agents: \"eve@example.com\" is no user of this workspace"});
  CHECK(c.rows() == Lines{"+16265550101  bob@example.com v2"});
}

TEST_CASE("an import of contacts is undone with their phones and agents, made and changed ones", "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.import("phone_number,phones,agents\n+16265550101,+16265550102,ann@example.com\n");
  const auto before = c.rows();
  const auto job = c.import(
                        "phone_number,phones,agents\n+16265550101,+16265550103|+16265550102,bob@example.com\n"
                        "+16265550105,+16265550106,ann@example.com\n")
                       .job;
  CHECK(c.rows().size() == 2);
  c.undo(*job);
  CHECK(c.rows() == Lines{"+16265550101 +16265550102 ann@example.com v3"});
  CHECK(before == Lines{"+16265550101 +16265550102 ann@example.com v1"});
  CHECK(c.count("contact_phones") == 2);
}

TEST_CASE(
    "an erased person is forgotten under phones that only imports knew, also where somebody has them now",
    "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  const auto& noun = directory::contacts_noun();
  c.import("phone_number,phones,name\n+16265550101,+16265550102,Moe\n");
  const auto number = c.alice.ids.next(), assignment = c.alice.ids.next();
  c.exec(
      "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, voice, is_active, created_at, updated_at) "
      "SELECT $1, workspace_id, id, TRUE, TRUE, $2, $2 FROM users WHERE email = 'ann@example.com'",
      {assignment, c.clock.now()});
  c.exec(
      "INSERT INTO reservations (id, workspace_id, assignment_id, day, call_sid, to_number, state, reserved_at) "
      "VALUES ($1, $2, $3, '2026-03-08', $4, '+16265550102', 'counted', $5)",
      {number, c.workspace, assignment, "CA0123456789abcdef0123456789abcdef", c.clock.now()});
  const auto changing = c.import("phone_number,phones,name\n+16265550101,-,Moe Reyes\n").job;
  records::Records contacts(c.session(), c.workspace, noun);
  contacts.update("+16265550101", {{directory::k_contact_phone_number, "+16265550103"}});
  contacts.add({{directory::k_contact_phone_number, "+16265550101"}, {directory::k_contact_name, "Nia"}});

  directory::erase_contact(c.session(), c.workspace, contacts.get("+16265550103").id, true);
  CHECK(c.job_rows(*changing).empty());
  CHECK(c.read([&] { return c.db().text("SELECT to_number FROM reservations").value(); }).empty());
  CHECK(contacts.get("+16265550101").cells[directory::k_contact_name] == "Nia");
}

TEST_CASE("jobs forget a person who is erased", "[bulk]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.import("phone_number,name\n+16265550101,Moe\n");
  const auto changing = c.import("phone_number,name\n+16265550101,Moe Reyes\n").job;
  const auto refused =
      c.import("phone_number,phones\n+16265550105,+16265550101\n", test::max_errors("1")).job;
  REQUIRE(c.job_rows(*changing).size() == 1);
  const auto moe = records::Records(c.session(), c.workspace, directory::contacts_noun()).get("+16265550101");
  directory::erase_contact(c.session(), c.workspace, moe.id, true);
  CHECK(c.job_rows(*changing).empty());
  CHECK(c.job_rows(*refused) == Lines{"2 conflict phone_taken"});
  CHECK(c.read([&] {
    return c.db().integer("SELECT count(*) FROM job_rows WHERE message LIKE '%+16265550101%'").value();
  }) == 0);
  CHECK_FALSE(c.audit_verdict().broken_at);
  CHECK(test::text_of(c.import("phone_number,name\n+16265550101,Moe\n").counts) == "rows 1 new 1");
}
