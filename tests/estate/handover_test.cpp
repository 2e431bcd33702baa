#include "estate/handover.hpp"

#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "estate/assignments.hpp"
#include "jobs/journal.hpp"
#include "records/records.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using namespace ringctl::estate;
using records::Records;
using test::slug_of;
using Lines = std::vector<std::string>;

namespace {

/// Ann has two numbers, an extension, a place in a pool and a contact; Bob has one number.
struct Office : test::Estate {
  explicit Office(db::Engine engine) : Estate(engine) {
    for (const auto* email : {"ann@example.com", "bob@example.com", "cleo@example.com"})
      add(directory::users_noun(), {{0, email}});
    write([&] {
      for (const auto* number : {"+12025550101", "+12025550102", "+12025550103"})
        db().exec(
            "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
            "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
            {alice.ids.next(), workspace, number, clock.now()});
    });
    assign("+12025550101", "ann@example.com", "25");
    assign("+12025550102", "ann@example.com", "50");
    assign("+12025550103", "bob@example.com", "100");
    add(extensions_noun(), {{k_extension, "101"}, {k_extension_user, "ann@example.com"}});
    add(pools_noun(), {{k_pool_number, "+12025550103"}, {k_pool_user, "ann@example.com"}});
    add(directory::contacts_noun(), {{directory::k_contact_phone_number, "+16265550101"},
                                     {directory::k_contact_agents, "ann@example.com"}});
  }

  void add(const records::Noun& noun, const records::Change& change) {
    Records(session(), workspace, noun).put(change);
  }
  void assign(const std::string& number, const std::string& agent, const std::string& limit) {
    add(assignments_noun(), {{k_assignment_number, number},
                             {k_assignment_agent, agent},
                             {k_assignment_daily_limit, limit},
                             {k_assignment_allowed_countries, "US|CA"}});
  }
  /// "+12025550101 ann@example.com 25 yes"
  Lines assignments() {
    Lines out;
    Records(session(), workspace, assignments_noun()).for_each({}, {}, 0, [&](const records::Record& r) {
      out.push_back(r.cells[0] + " " + r.cells[1].substr(0, 3) + " " + r.cells[2] + " " + r.cells[3] + " " +
                    r.cells[5]);
    });
    return out;
  }
  Holdings held_by(const std::string& email) { return holdings_of(session(), workspace, email); }
};

}  // namespace

TEST_CASE("what somebody holds is told", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  const auto held = o.held_by("ann@example.com");
  CHECK(held.numbers == Lines{"+12025550101", "+12025550102"});
  CHECK(held.extensions == Lines{"101"});
  CHECK(held.pools == Lines{"+12025550103"});
  CHECK(held.contacts == 1);
  CHECK(o.held_by("cleo@example.com").empty());
  CHECK(slug_of([&] { o.held_by("zoe@example.com"); }) == "users.unknown");
}

TEST_CASE("an agent leaves and a successor takes over all of it", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  deactivate_user(o.session(), o.workspace, "ann@example.com", "bob@example.com", true);
  CHECK(o.held_by("ann@example.com").empty());
  const auto held = o.held_by("bob@example.com");
  CHECK(held.numbers == Lines{"+12025550101", "+12025550102", "+12025550103"});
  CHECK(held.extensions == Lines{"101"});
  CHECK(held.pools == Lines{"+12025550103"});
  CHECK(held.contacts == 1);
  CHECK(o.assignments() == Lines{"+12025550101 ann 25 CA|US no", "+12025550101 bob 25 CA|US yes",
                                 "+12025550102 ann 50 CA|US no", "+12025550102 bob 50 CA|US yes",
                                 "+12025550103 bob 100 CA|US yes"});
  CHECK(Records(o.session(), o.workspace, directory::users_noun()).get("ann@example.com").cells.back() ==
        "no");
  CHECK_FALSE(o.read([&] { return audit::verify(o.db(), o.workspace).broken_at; }));
}

TEST_CASE("a supervisor who leaves hands over the teams, or they have none, and the log says it",
          "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  o.add(directory::teams_noun(),
        {{directory::k_team_name, "Night"}, {directory::k_team_supervisor, "ann@example.com"}});
  o.add(directory::teams_noun(),
        {{directory::k_team_name, "Sales"}, {directory::k_team_supervisor, "bob@example.com"}});
  CHECK(o.held_by("ann@example.com").teams == Lines{"Night"});
  CHECK(slug_of([&] {
          Records(o.session(), o.workspace, directory::users_noun())
              .update("bob@example.com", {{directory::k_user_is_active, "no"}});
        }) == "users.holds_something");
  const auto team_updates = [&] {
    audit::Filter filter;
    filter.action = "teams.update";
    return o.read([&] { return audit::count(o.db(), o.workspace, filter); });
  };
  deactivate_user(o.session(), o.workspace, "ann@example.com", "bob@example.com", false);
  CHECK(o.held_by("ann@example.com").teams == Lines{"Night"});
  deactivate_user(o.session(), o.workspace, "ann@example.com", "bob@example.com", true);
  CHECK(o.held_by("ann@example.com").teams.empty());
  CHECK(o.held_by("bob@example.com").teams == Lines{"Night", "Sales"});
  CHECK(team_updates() == 1);
  deactivate_user(o.session(), o.workspace, "bob@example.com", std::nullopt, true);
  CHECK(team_updates() == 3);
  const auto night = Records(o.session(), o.workspace, directory::teams_noun()).get("Night");
  CHECK(night.cells[directory::k_team_supervisor].empty());
}

TEST_CASE("a number that is out of use is handed over with the rest, and contacts leave a trace",
          "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  o.write([&] {
    o.db().exec("UPDATE phone_numbers SET status = 'inactive' WHERE phone_number = '+12025550101'");
  });
  deactivate_user(o.session(), o.workspace, "ann@example.com", "bob@example.com", true);
  CHECK(o.held_by("bob@example.com").numbers == Lines{"+12025550101", "+12025550102", "+12025550103"});
  Records contacts(o.session(), o.workspace, directory::contacts_noun());
  const auto contact = contacts.get("+16265550101");
  CHECK(contact.cells[directory::k_contact_agents] == "bob@example.com");
  CHECK(contact.version == 2);
  audit::Filter handovers;
  handovers.action = "contacts.handover";
  CHECK(o.read([&] { return audit::count(o.db(), o.workspace, handovers); }) == 1);
  // The contact's own history leads there as well, until the contact is erased.
  handovers.object_key = "+16265550101";
  const auto in_history = [&] {
    return o.read([&] {
      handovers.jobs = jobs::jobs_naming(o.db(), o.workspace, "+16265550101");
      return audit::count(o.db(), o.workspace, handovers);
    });
  };
  CHECK(in_history() == 1);
  directory::erase_contact(o.session(), o.workspace, contact.id, true);
  CHECK(in_history() == 0);
}

TEST_CASE("without a successor what they hold ends, and nothing is erased", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  deactivate_user(o.session(), o.workspace, "ann@example.com", std::nullopt, true);
  CHECK(o.held_by("ann@example.com").empty());
  CHECK(o.assignments() == Lines{"+12025550101 ann 25 CA|US no", "+12025550102 ann 50 CA|US no",
                                 "+12025550103 bob 100 CA|US yes"});
  CHECK(owner_of(o.session(), o.workspace, "+12025550101").empty());
}

TEST_CASE("somebody who holds something is not switched off behind their numbers' backs", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  Records users(o.session(), o.workspace, directory::users_noun());
  const auto off = [&](const std::string& email) {
    return slug_of([&] { users.update(email, {{directory::k_user_is_active, "no"}}); });
  };
  CHECK(off("ann@example.com") == "users.holds_something");
  CHECK(off("cleo@example.com").empty());
  deactivate_user(o.session(), o.workspace, "ann@example.com", std::nullopt, true);
  CHECK(users.get("ann@example.com").cells[directory::k_user_is_active] == "no");
}

TEST_CASE("a plan, or a move that fails half-way, changes nothing", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  const auto before = o.assignments();
  deactivate_user(o.session(), o.workspace, "ann@example.com", "bob@example.com", false);
  CHECK(o.assignments() == before);
  // Bob has an extension on the number already that Ann's would come to.
  o.add(extensions_noun(),
        {{k_extension, "201"}, {k_extension_user, "ann@example.com"}, {k_extension_number, "+12025550103"}});
  o.add(extensions_noun(),
        {{k_extension, "202"}, {k_extension_user, "bob@example.com"}, {k_extension_number, "+12025550103"}});
  CHECK(slug_of([&] {
          deactivate_user(o.session(), o.workspace, "ann@example.com", "bob@example.com", true);
        }) == "extensions.user_has_one");
  CHECK(o.assignments() == before);
  CHECK(o.held_by("ann@example.com").contacts == 1);
}

TEST_CASE("a successor must be somebody else who is active", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  const auto leave = [&](const std::string& successor) {
    return slug_of([&] { deactivate_user(o.session(), o.workspace, "ann@example.com", successor, true); });
  };
  CHECK(leave("ann@example.com") == "users.same_successor");
  CHECK(leave("zoe@example.com") == "users.unknown");
  deactivate_user(o.session(), o.workspace, "cleo@example.com", std::nullopt, true);
  CHECK(leave("cleo@example.com") == "users.inactive_successor");
}

TEST_CASE("a number moves with its limit, also back, and to whoever has it already not at all", "[estate]") {
  Office o(GENERATE(from_range(test::engines())));
  const auto move = [&](const std::string& to) {
    return move_number(o.session(), o.workspace, "+12025550101", to, true);
  };
  CHECK(move("bob@example.com"));
  CHECK_FALSE(move("bob@example.com"));
  CHECK(owner_of(o.session(), o.workspace, "+12025550101") == "bob@example.com");
  CHECK(move("ann@example.com"));
  CHECK(o.assignments().front() == "+12025550101 ann 25 CA|US yes");
  CHECK(slug_of([&] { move("zoe@example.com"); }) == "users.unknown");
  deactivate_user(o.session(), o.workspace, "ann@example.com", std::nullopt, true);
  CHECK(slug_of([&] { move("bob@example.com"); }) == "assignments.not_assigned");
  CHECK(slug_of([&] { move("ann@example.com"); }) == "assignments.agent_inactive");
}
