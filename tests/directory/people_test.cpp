// Described rows one at a time, as people add and change them; teams and users stand for all.
#include "directory/people.hpp"

#include <atomic>
#include <thread>

#include "records/records.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using records::Change;
using records::Records;
using test::slug_of;
using Lines = std::vector<std::string>;

namespace {

struct People : test::Estate {
  explicit People(db::Engine engine)
      : Estate(engine),
        users(session(), workspace, directory::users_noun()),
        teams(session(), workspace, directory::teams_noun()) {}

  static Change user(const std::string& email) { return {{directory::k_user_email, email}}; }
  static Change team(const std::string& name) { return {{directory::k_team_name, name}}; }

  /// "email|name|...", v1
  Lines lines(Records& of, const records::Filter& filter = {}, const records::Order& order = {},
              std::int64_t limit = 0) {
    Lines out;
    of.for_each(filter, order, limit, [&](const records::Record& record) {
      std::string line;
      for (const auto& cell : record.cells) line += (line.empty() ? "" : "|") + cell;
      out.push_back(line + " v" + std::to_string(record.version));
    });
    return out;
  }
  Lines actions() {
    return read([&] {
      Lines found;
      audit::for_each(db(), workspace, {}, false, 0, [&](const audit::Entry& e) {
        found.push_back(std::string(e.action) + " " + std::string(e.object_key));
      });
      CHECK_FALSE(audit::verify(db(), workspace).broken_at);
      return found;
    });
  }

  Records users, teams;
};

}  // namespace

TEST_CASE("a row that was added holds what was said, canonical, and what new rows are given", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.teams.add(p.team("Sales"));
  const auto plan = p.users.add({{directory::k_user_email, "ANN@Example.com"},
                                 {directory::k_user_name, "  Ann  "},
                                 {directory::k_user_role, "Sales_Rep"},
                                 {directory::k_user_team, "Sales"},
                                 {directory::k_user_skills, "solar | spanish|solar"}});
  CHECK_FALSE(plan.before);
  CHECK(p.lines(p.users) == Lines{"ann@example.com|Ann|agent|Sales||client|solar|spanish|online|yes v1"});
  CHECK(p.actions() == Lines{"teams.add Sales", "users.add ann@example.com"});
}

TEST_CASE("a row that is there already is left alone, or is a conflict that names what differs",
          "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.users.add(p.user("ann@example.com"));
  CHECK(p.users.add(p.user("Ann@example.com")).changed.empty());
  const auto error = test::error_of([&] {
    p.users.add({{directory::k_user_email, "ann@example.com"}, {directory::k_user_role, "admin"}});
  });
  REQUIRE(error);
  CHECK(error->errc() == Errc::conflict);
  CHECK(error->slug() == "users.exists");
  CHECK(error->details() == Lines{"role: \"agent\", not \"admin\""});
  CHECK(error->hint() == "ringctl users update ann@example.com --role admin");
  CHECK(p.actions().size() == 1);
}

TEST_CASE("adding a row that was taken out of use is a conflict that says how to bring it back",
          "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.users.add(p.user("ann@example.com"));
  p.teams.add(p.team("Night shift"));
  p.users.update("ann@example.com", {{directory::k_user_is_active, "no"}});
  p.teams.update("Night shift", {{directory::k_team_is_active, "no"}});
  for (const bool write : {false, true}) {
    const auto user = test::error_of([&] { p.users.add(p.user("ann@example.com"), write); });
    REQUIRE(user);
    CHECK(user->slug() == "users.exists");
    CHECK(user->message() == "ann@example.com exists already, but is not active");
    CHECK(user->details().empty());
    CHECK(user->hint() == "ringctl users update ann@example.com --is-active yes");
    const auto team = test::error_of([&] { p.teams.add(p.team("Night shift"), write); });
    REQUIRE(team);
    CHECK(team->hint() == "ringctl teams update 'Night shift' --is-active yes");
  }
  const auto both = test::error_of([&] {
    p.users.add({{directory::k_user_email, "ann@example.com"}, {directory::k_user_name, "Ann Ash"}});
  });
  REQUIRE(both);
  CHECK(both->details() == Lines{R"(name: "", not "Ann Ash")", R"(is_active: "no", not "yes")"});
  CHECK(both->hint() == "ringctl users update ann@example.com --name 'Ann Ash' --is-active yes");
  // Who says that it is to be out of use gets what is there.
  auto as_it_is = p.user("ann@example.com");
  as_it_is.push_back({directory::k_user_is_active, "no"});
  CHECK(p.users.add(as_it_is).changed.empty());
}

TEST_CASE("a plan says what would change and writes nothing", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  CHECK(p.users.add(p.user("ann@example.com"), false).changed.size() == 5);
  CHECK(p.lines(p.users).empty());
  p.users.add(p.user("ann@example.com"));
  const auto plan = p.users.update("ann@example.com", {{directory::k_user_name, "Ann"}}, false);
  CHECK(plan.changed == std::vector<std::string_view>{"name"});
  CHECK(p.lines(p.users) == Lines{"ann@example.com||agent|||client||online|yes v1"});
  CHECK(p.actions().size() == 1);
}

TEST_CASE("a field that is cleared holds what new rows are given", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.users.add({{directory::k_user_email, "ann@example.com"},
               {directory::k_user_role, "admin"},
               {directory::k_user_name, "Ann"}});
  p.users.update("ann@example.com", {{directory::k_user_role, "-"}, {directory::k_user_name, ""}});
  CHECK(p.lines(p.users) == Lines{"ann@example.com||agent|||client||online|yes v2"});
}

TEST_CASE("every value that is refused is named", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  const auto error = test::error_of([&] {
    p.users.add({{directory::k_user_email, "ann@example.com"},
                 {directory::k_user_role, "boss"},
                 {directory::k_user_phone_number, "12"}});
  });
  REQUIRE(error);
  CHECK(error->errc() == Errc::invalid);
  CHECK(error->slug() == "users.invalid");
  CHECK(error->details().size() == 2);
  CHECK(slug_of([&] { p.users.add(p.user("nobody")); }) == "users.invalid");
  CHECK(slug_of([&] { p.users.add(p.user("-")); }) == "users.invalid");
}

TEST_CASE("a reference to nothing is refused, also to something of another workspace", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  Records elsewhere(p.session(), p.database.add_workspace("other"), directory::teams_noun());
  elsewhere.add(p.team("Night"));
  const auto error = test::error_of([&] {
    p.users.add({{directory::k_user_email, "ann@example.com"}, {directory::k_user_team, "Night"}});
  });
  REQUIRE(error);
  CHECK(error->errc() == Errc::not_found);
  CHECK(error->slug() == "users.unknown_team");
}

TEST_CASE("a row is found by its key as typed, or by its id; a version that moved on is refused",
          "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.users.add(p.user("ann@example.com"));
  const auto ann = p.users.get("ANN@example.com");
  CHECK(p.users.get(ann.id.text()).cells == ann.cells);
  CHECK_FALSE(p.users.find("bob@example.com"));
  CHECK(slug_of([&] { p.users.get("bob@example.com"); }) == "users.unknown");
  CHECK(slug_of([&] {
          p.users.update("bob@example.com", {{directory::k_user_name, "x"}});
        }) == "users.unknown");
  p.users.update("ann@example.com", {{directory::k_user_name, "Ann"}}, true, 1);
  CHECK(slug_of([&] {
          p.users.update("ann@example.com", {{directory::k_user_name, "A"}}, true, 1);
        }) == "users.stale");
}

TEST_CASE("a row that others refer to is not deleted", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.teams.add(p.team("Sales"));
  p.users.add({{directory::k_user_email, "ann@example.com"}, {directory::k_user_team, "Sales"}});
  CHECK(slug_of([&] { p.teams.remove("Sales"); }) == "teams.in_use");
  p.users.update("ann@example.com", {{directory::k_user_team, "-"}});
  p.teams.remove("Sales", false);
  CHECK(p.lines(p.teams).size() == 1);
  p.teams.remove("Sales");
  CHECK(p.lines(p.teams).empty());
  CHECK(p.actions().back() == "teams.delete Sales");
}

TEST_CASE("lists are filtered, searched, sorted and cut", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.teams.add(p.team("Sales"));
  p.users.add(
      {{0, "ann@example.com"}, {directory::k_user_team, "Sales"}, {directory::k_user_skills, "solar"}});
  p.users.add(
      {{0, "bob@example.com"}, {directory::k_user_name, "Ünal"}, {directory::k_user_skills, "solar|gas"}});
  p.users.add({{0, "cleo@example.com"}, {directory::k_user_is_active, "no"}});
  const auto emails = [&](const records::Filter& filter, const records::Order& order = {},
                          std::int64_t limit = 0) {
    Lines out;
    p.users.for_each(filter, order, limit,
                     [&](const records::Record& r) { out.push_back(r.cells[0].substr(0, 3)); });
    CHECK((limit != 0 || p.users.count(filter) == std::ssize(out)));
    return out;
  };
  CHECK(emails({}) == Lines{"ann", "bob", "cle"});
  CHECK(emails({}, {"email", true}, 2) == Lines{"cle", "bob"});
  CHECK(emails({}, {"team", false}) == Lines{"ann", "bob", "cle"});
  CHECK(emails({.equals = {{directory::k_user_team, "Sales"}}}) == Lines{"ann"});
  CHECK(emails({.equals = {{directory::k_user_team, ""}}}) == Lines{"bob", "cle"});
  CHECK(emails({.equals = {{directory::k_user_is_active, "no"}}}) == Lines{"cle"});
  CHECK(emails({.holds = {{directory::k_user_skills, "gas"}}}) == Lines{"bob"});
  CHECK(emails({.search = "üNAL"}) == Lines{"bob"});
  CHECK(emails({.search = "example"}, {}, 1) == Lines{"ann"});
}

TEST_CASE("many writers of one row: one after the other, none lost", "[directory]") {
  People p(GENERATE(from_range(test::engines())));
  p.users.add(p.user("ann@example.com"));
  constexpr int k_writers = 4, k_each = 10;
  std::vector<std::thread> writers;
  std::atomic<int> written{0};
  writers.reserve(k_writers);
  for (int writer = 0; writer < k_writers; ++writer)
    writers.emplace_back([&, writer] {
      test::Actor actor(p.database.connect(), p.clock, "os:bob");
      Records users(actor.session, p.workspace, directory::users_noun());
      for (int i = 0; i < k_each; ++i) {
        const auto name = std::to_string(writer) + "-" + std::to_string(i);
        written += users.update("ann@example.com", {{directory::k_user_name, name}}).changed.empty() ? 0 : 1;
      }
    });
  for (auto& writer : writers) writer.join();
  CHECK(written == k_writers * k_each);
  CHECK(p.users.get("ann@example.com").version == 1 + k_writers * k_each);
  CHECK(p.actions().size() == 1 + k_writers * k_each);
}
