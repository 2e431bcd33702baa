#include "directory/contacts.hpp"

#include <fmt/format.h>

#include <thread>

#include "base/text.hpp"
#include "directory/opt_outs.hpp"
#include "directory/people.hpp"
#include "records/rows.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/session.hpp"

using namespace ringctl;
using namespace ringctl::directory;
using records::Change;
using records::Records;
using test::slug_of;
using Lines = std::vector<std::string>;

namespace {

/// Ann and Bob, who look after contacts.
struct Contacts : test::Estate {
  explicit Contacts(db::Engine engine)
      : Estate(engine),
        users(session(), workspace, users_noun()),
        contacts(session(), workspace, contacts_noun()) {
    for (const auto* email : {"ann@example.com", "bob@example.com"}) users.add({{k_user_email, email}});
  }

  records::Plan add(const std::string& phone, const std::string& phones = "",
                    const std::string& agents = "") {
    return contacts.add({{k_contact_phone_number, phone},
                         {k_contact_phones, phones},
                         {k_contact_agents, agents},
                         {k_contact_name, "Moe Reyes"},
                         {k_contact_notes, "prefers mornings"}});
  }
  std::string cell(const std::string& contact, ContactField field) {
    return contacts.get(contact).cells[field];
  }
  /// "+16265550101 0"
  Lines phones() {
    return texts("SELECT phone_number || ' ' || position FROM contact_phones ORDER BY phone_number");
  }
  /// "ann active"
  Lines agents() {
    return texts(
        "SELECT substr(u.email, 1, 3) || ' ' || c.status FROM contact_assignments c JOIN users u ON u.id = c.user_id "
        "ORDER BY u.email");
  }
  Lines texts(const std::string& sql) {
    return read([&] {
      Lines out;
      auto rows = db().query(sql);
      while (rows.next()) out.emplace_back(rows.text(0));
      return out;
    });
  }
  Lines listed(const records::Filter& filter = {}) {
    Lines out;
    contacts.for_each(filter, {}, 0,
                      [&](const records::Record& contact) { out.push_back(contact.cells[0]); });
    return out;
  }
  bool audit_holds() {
    return read([&] { return !audit::verify(db(), workspace).broken_at; });
  }

  Records users, contacts;
};

constexpr const char* k_moe = "+16265550101";

}  // namespace

TEST_CASE("a contact has a first phone, further ones and agents, each in a row of its own", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add("+1 (626) 555-0101", "+16265550103|+16265550102", "Bob@example.com | ann@example.com");
  const auto moe = c.contacts.get(k_moe);
  CHECK(moe.cells[k_contact_phones] == "+16265550103|+16265550102");
  CHECK(moe.cells[k_contact_agents] == "ann@example.com|bob@example.com");
  CHECK(c.phones() == Lines{"+16265550101 0", "+16265550102 2", "+16265550103 1"});
  CHECK(c.agents() == Lines{"ann active", "bob active"});
  CHECK(c.add(k_moe, "+16265550103|+16265550102", "bob@example.com|ann@example.com").changed.empty());
}

TEST_CASE("a contact is found by any of its phones", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  const auto id = c.add(k_moe, "+16265550102").after.id;
  for (const auto& key : {std::string(k_moe), std::string("+16265550102"), id.text()})
    CHECK(c.contacts.get(key).id == id);
  CHECK(c.contacts.update("+16265550102", {{k_contact_name, "Moe"}}).after.id == id);
  CHECK(slug_of([&] { c.contacts.get("+16265550199"); }) == "contacts.unknown");
}

TEST_CASE("a phone belongs to one contact of a workspace", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "+16265550102");
  const auto error = test::error_of([&] { c.add("+16265550102"); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::conflict);
  CHECK(error->slug() == "contacts.phone_taken");
  CHECK(std::string(error->what()).find("+16265550102 is a phone of contact +16265550101") !=
        std::string::npos);
  CHECK(slug_of([&] { c.add("+16265550109", "+16265550101"); }) == "contacts.phone_taken");
  CHECK(slug_of([&] { c.add("+16265550109", "+16265550109"); }) == "contacts.first_phone_twice");
  CHECK(c.listed() == Lines{k_moe});
  Records elsewhere(c.session(), c.database.add_workspace("other"), contacts_noun());
  elsewhere.add({{k_contact_phone_number, k_moe}});
}

TEST_CASE("phones and agents that change leave what stays alone; an agent who leaves stays on record",
          "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "+16265550102|+16265550103", "ann@example.com");
  const auto since = c.texts("SELECT CAST(created_at AS text) FROM contact_assignments");
  c.clock.advance(std::chrono::hours(1));
  const auto plan = c.contacts.update(
      k_moe, {{k_contact_phones, "+16265550103"}, {k_contact_agents, "bob@example.com|ann@example.com"}});
  CHECK(plan.changed == std::vector<std::string_view>{"phones", "agents"});
  CHECK(c.phones() == Lines{"+16265550101 0", "+16265550103 1"});
  CHECK(
      c.texts("SELECT CAST(c.created_at AS text) FROM contact_assignments c JOIN users u ON u.id = c.user_id "
              "WHERE u.email = 'ann@example.com'") == since);
  c.contacts.update(k_moe, {{k_contact_agents, "-"}, {k_contact_phones, "-"}});
  CHECK(c.agents() == Lines{"ann inactive", "bob inactive"});
  CHECK(c.phones() == Lines{"+16265550101 0"});
  c.contacts.update(k_moe, {{k_contact_agents, "bob@example.com"}});
  CHECK(c.agents() == Lines{"ann inactive", "bob active"});
}

TEST_CASE("a contact can get another first phone, unless somebody has it", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "+16265550102");
  c.add("+16265550105");
  const auto swap = c.contacts.update(
      k_moe, {{k_contact_phone_number, "+16265550102"}, {k_contact_phones, "+16265550101"}});
  CHECK(swap.after.cells[k_contact_phone_number] == "+16265550102");
  CHECK(c.phones() == Lines{"+16265550101 1", "+16265550102 0", "+16265550105 0"});
  CHECK(slug_of([&] {
          c.contacts.update(k_moe, {{k_contact_phone_number, "+16265550105"}});
        }) == "contacts.exists");
  CHECK(slug_of([&] {
          c.users.update("ann@example.com", {{k_user_email, "bob@example.com"}});
        }) == "users.exists");
  c.users.update("ann@example.com", {{k_user_email, "anna@example.com"}});
  CHECK(c.users.find("anna@example.com"));
}

TEST_CASE("users come to look after a contact and go, and nobody who is unknown or gone does",
          "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "+16265550102", "ann@example.com");
  CHECK(assign_contact(c.contacts, "+16265550102", "BOB@example.com", true).changed.size() == 1);
  CHECK(assign_contact(c.contacts, k_moe, "bob@example.com", true).changed.empty());
  CHECK(c.cell(k_moe, k_contact_agents) == "ann@example.com|bob@example.com");
  unassign_contact(c.contacts, k_moe, "Ann@example.com", true);
  CHECK(unassign_contact(c.contacts, k_moe, "ann@example.com", true).changed.empty());
  CHECK(c.cell(k_moe, k_contact_agents) == "bob@example.com");
  CHECK(slug_of([&] { assign_contact(c.contacts, k_moe, "nobody@example.com", true); }) ==
        "contacts.unknown_user");
  CHECK(slug_of([&] { assign_contact(c.contacts, k_moe, "ann@example.com|bob@example.com", true); }) ==
        "contacts.invalid");
  c.users.update("ann@example.com", {{k_user_is_active, "no"}});
  CHECK(slug_of([&] { assign_contact(c.contacts, k_moe, "ann@example.com", true); }) ==
        "contacts.agent_inactive");
  CHECK(slug_of([&] { unassign_contact(c.contacts, k_moe, "ann", true); }) == "contacts.invalid");
}

TEST_CASE("an agent who became inactive stays with a contact that changes otherwise", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "", "ann@example.com");
  c.write([&] { c.db().exec("UPDATE users SET is_active = FALSE WHERE email = 'ann@example.com'"); });
  c.contacts.update(k_moe, {{k_contact_name, "Moe"}});
  CHECK(c.cell(k_moe, k_contact_agents) == "ann@example.com");
}

TEST_CASE("who was erased is not changed any more, and nobody else in their place", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  const auto first = c.add(k_moe).after.id, second = c.add("+16265550102").after.id;
  for (const auto& id : {first, second}) erase_contact(c.session(), c.workspace, id, true);
  for (const auto& id : {first, second}) {
    CHECK(
        slug_of([&] {
          c.contacts.update(id.text(), {{k_contact_phone_number, "+16265550155"}, {k_contact_name, "Back"}});
        }) == "contacts.erased");
    CHECK(slug_of([&] { add_note(c.contacts, id.text(), "again", true); }) == "contacts.erased");
  }
  CHECK(c.phones().empty());
}

TEST_CASE("somebody who is taken out of use holds no contact any more", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "", "ann@example.com");
  CHECK(slug_of([&] {
          c.users.update("ann@example.com", {{k_user_is_active, "no"}});
        }) == "users.holds_something");
}

namespace {

/// Until a connection to the test's database waits for a lock. Bounded: false if none does.
bool somebody_waits(db::Connection& db) {
  return test::eventually([&] {
    return db.integer(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
               "current_database()") > 0;
  });
}

}  // namespace

TEST_CASE("a contact that is given to somebody who is just leaving waits, and is refused",
          "[directory][postgresql]") {
  Contacts c(db::Engine::postgresql);
  const auto leaving = c.database.connect();
  std::string slug;
  std::thread adding;
  {
    db::Transaction transaction(*leaving, db::Scope::of(c.workspace));
    leaving->exec("UPDATE users SET is_active = FALSE WHERE email = 'ann@example.com'");
    adding = std::thread([&] { slug = slug_of([&] { c.add(k_moe, "", "ann@example.com"); }); });
    CHECK(somebody_waits(c.database.connection()));
    transaction.commit();
  }
  adding.join();
  CHECK(slug == "contacts.agent_inactive");
  CHECK(c.listed().empty());
}

TEST_CASE("somebody who is given a contact just now cannot leave without it", "[directory][postgresql]") {
  Contacts c(db::Engine::postgresql);
  test::Actor bob(c.database.connect(), c.clock);
  std::string slug;
  std::thread leaving;
  {
    // What an import does: it looks at the users, then writes.
    db::Transaction transaction(c.db(), db::Scope::of(c.workspace));
    CHECK(records::keys_failing(c.db(), c.workspace, user_target(), {"ann@example.com"}, "is_active = TRUE")
              .empty());
    leaving = std::thread([&] {
      Records users(bob.session, c.workspace, users_noun());
      slug = slug_of([&] { users.update("ann@example.com", {{k_user_is_active, "no"}}); });
    });
    CHECK(somebody_waits(c.database.connection()));
    const auto contact = c.alice.ids.next();
    c.db().exec(
        "INSERT INTO contacts (id, workspace_id, phone_number, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
        {contact, c.workspace, k_moe, c.clock.now()});
    c.db().exec(
        "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, updated_at) SELECT "
        "$1, id, $2, 'active', $3, $3 FROM users WHERE email = 'ann@example.com'",
        {contact, c.workspace, c.clock.now()});
    transaction.commit();
  }
  leaving.join();
  CHECK(slug == "users.holds_something");
}

TEST_CASE("notes grow line by line", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe);
  add_note(c.contacts, k_moe, "asked for a quote", true);
  CHECK(c.cell(k_moe, k_contact_notes) == "prefers mornings\nasked for a quote");
  for (const auto& note : {std::string(20'000, 'x'), std::string("-"), std::string(" ")})
    CHECK(slug_of([&] { add_note(c.contacts, k_moe, note, true); }) == "contacts.invalid");
}

TEST_CASE("contacts are listed by what they hold", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add(k_moe, "+16265550102", "ann@example.com");
  c.add("+16265550105", "", "ann@example.com|bob@example.com");
  c.add("+16265550106");
  CHECK(c.listed({.holds = {{k_contact_agents, "bob@example.com"}}}) == Lines{"+16265550105"});
  CHECK(c.listed({.holds = {{k_contact_agents, ""}}}) == Lines{"+16265550106"});
  CHECK(c.listed({.holds = {{k_contact_phones, "+16265550102"}}}) == Lines{k_moe});
  CHECK(c.contacts.count({.holds = {{k_contact_agents, "ann@example.com"}}}) == 2);
  CHECK(c.listed({.search = "5550102"}) == Lines{k_moe});
}

TEST_CASE("a person who is erased is gone everywhere, and what can be counted stays", "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  const auto id = c.add(k_moe, "+16265550102", "ann@example.com").after.id;
  c.contacts.update(k_moe, {{k_contact_phone_number, "+16265550103"}, {k_contact_state, "CA"}});
  c.add("+16265550105");
  CHECK(slug_of([&] { c.add("+16265550106", "+16265550103"); }) == "contacts.phone_taken");
  Records(c.session(), c.workspace, opt_outs_noun()).add({{0, "+16265550103"}});

  erase_contact(c.session(), c.workspace, id, false);
  CHECK(c.listed().size() == 2);
  erase_contact(c.session(), c.workspace, id, true);

  CHECK(c.listed() == Lines{"+16265550105"});
  CHECK(c.phones() == Lines{"+16265550105 0"});
  CHECK(c.agents() == Lines{"ann inactive"});
  const auto kept = c.contacts.get(id.text());
  CHECK_FALSE(kept.shown);
  CHECK(kept.cells[k_contact_state] == "CA");
  CHECK_FALSE(kept.extras[0].empty());
  for (const auto field : {k_contact_phone_number, k_contact_name, k_contact_notes, k_contact_tags})
    CHECK(kept.cells[field].empty());
  CHECK(c.texts("SELECT coalesce(object_key, '') FROM audit_images i JOIN audit_log l ON l.id = i.audit_id "
                "WHERE l.object_type = 'contact' ORDER BY l.seq") ==
        Lines{"", "", "+16265550105", id.text()});
  CHECK(c.texts("SELECT after_image FROM audit_images WHERE after_image LIKE '%+16265550103%'").size() == 1);
  CHECK(c.audit_holds());
  CHECK(slug_of([&] { erase_contact(c.session(), c.workspace, id, true); }) == "contacts.erased");
  CHECK_FALSE(c.add(k_moe).before);
}

TEST_CASE(
    "a number that was somebody else's before is forgotten of them as well, and no longer number for it",
    "[directory]") {
  Contacts c(GENERATE(from_range(test::engines())));
  c.add("+16265550105", "+16265550102");
  c.contacts.update("+16265550105", {{k_contact_phones, "-"}});
  c.add("+4930231250012");
  const auto moe = c.add("+16265550102", "+493023125001").after.id;
  const auto images = [&] {
    return c.texts(
        "SELECT coalesce(i.object_key, '') || CASE WHEN i.salt IS NULL THEN ' erased' ELSE '' END FROM audit_images i "
        "JOIN audit_log l ON l.id = i.audit_id WHERE l.object_type = 'contact' ORDER BY l.seq");
  };
  erase_contact(c.session(), c.workspace, moe, true);
  CHECK(images() == Lines{" erased", " erased", "+4930231250012", " erased", moe.text()});
  CHECK(c.texts("SELECT after_image FROM audit_images WHERE after_image LIKE '%+16265550102%'").empty());
  CHECK(c.audit_holds());
}
