// Every state that commands bring an estate into goes through its file: on the same database nothing changes,
// and an empty one becomes the same.
#include <fmt/format.h>

#include <random>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

using Words = Site::Arguments;

/// What there is to begin with, and what the commands below work on.
void open_office(const Site& site) {
  site.init();
  site.machine().file("office.json", R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123"}, {"phone_number": "+12025550124"}, {"phone_number": "+12025550125"}],
"teams": [{"name": "Night"}, {"name": "Sales", "supervisor": "sam@example.com"}],
"users": [{"email": "ann@example.com", "team": "Sales", "skills": "solar"},
  {"email": "bob@example.com", "team": "Night"},
  {"email": "sam@example.com", "role": "supervisor"}],
"contacts": [{"phone_number": "+16265550101", "agents": "ann@example.com"}, {"phone_number": "+16265550102"}],
"assignments": [{"phone_number": "+12025550123", "agent": "ann@example.com"}],
"pools": [{"phone_number": "+12025550123", "user": "ann@example.com"},
  {"phone_number": "+12025550124", "user": "bob@example.com", "is_primary": true}],
"extensions": [{"extension": "101", "user": "ann@example.com"}],
"rules": [{"name": "Day", "when": {"called": ["+12025550125"]}, "ring": [{"user": "ann@example.com"}]},
  {"name": "Late", "ring": [{"team": "Night"}, {"extension": "101"}]},
  {"name": "Sun", "ring": [{"skill": "solar"}]}]})");
  site.ok({"apply", "-f", "office.json"});
}

void check_round_trip(const Site& site) {
  site.ok({"export", "estate", "--out", "estate.json"});
  const auto text = test::read_text(site.machine().home() / "estate.json");
  INFO(text);
  const auto again = site.run({"apply", "-f", "estate.json", "-n", "--exit-code"});
  {
    INFO(again.err);
    CHECK(again.status == 0);
  }
  const Site other(site.engine());
  if (site.engine() == db::Engine::postgresql) other.init();
  other.machine().file("estate.json", text);
  const auto applied = other.run({"apply", "-f", "estate.json", "--accept-dangling"});
  INFO(applied.err);
  CHECK(applied.status == 0);
  CHECK(other.ok({"export", "estate"}) == text);
}

class Chance {
 public:
  explicit Chance(std::uint32_t seed) : random_(seed) {}
  const std::string& of(const std::vector<std::string>& words) { return words[random_() % words.size()]; }
  std::string number() { return of({"+12025550123", "+12025550124", "+12025550125", "+12025550126"}); }
  std::string user() {
    return of({"ann@example.com", "bob@example.com", "cem@example.com", "sam@example.com"});
  }
  std::string contact() { return of({"+16265550101", "+16265550102", "+16265550103"}); }
  std::string team() { return of({"Night", "Sales", "Third"}); }
  std::string rule() { return of({"Day", "Late", "Sun", "New"}); }
  std::string extension() { return of({"101", "102"}); }
  std::string text() { return of({"-", " - ", "'-", "=1+1", "a|b", "Léa \"L\"", "two\nlines"}); }
  std::string yes() { return of({"yes", "no"}); }
  std::string ring() {
    return of({R"([{"team":"Sales"}])", R"([{"user":"bob@example.com"}])", R"([{"extension":"102"}])",
               R"([{"skill":"solar"},{"number":"+12025550126"}])"});
  }

  Words command() {
    const std::vector<Words> all{
        {"numbers", "add", number(), "--label", text()},
        {"numbers", "update", number(), "--status", of({"active", "inactive"})},
        {"numbers", "update", number(), "--label", text()},
        {"numbers", "delete", number(), "--yes"},
        {"numbers", "assign", number(), user()},
        {"numbers", "unassign", number()},
        {"teams", "add", team()},
        {"teams", "update", team(), "--supervisor", of({user(), "-"})},
        {"teams", "deactivate", team()},
        {"users", "add", user(), "--team", team(), "--skills", of({"solar", "-|x", "a|b"})},
        {"users", "update", user(), "--name", text(), "--is-active", yes()},
        {"users", "update", user(), "--team", of({team(), "-"}), "--phone-number", number()},
        {"users", "availability", user(), of({"online", "busy", "offline"})},
        {"users", "deactivate", user(), "--yes"},
        {"users", "deactivate", user(), "--yes", "--move-to", user()},
        {"contacts", "add", contact(), "--name", text()},
        {"contacts", "update", contact(), "--tags", text(), "--phones", contact()},
        {"contacts", "note", contact(), text()},
        {"contacts", "assign", contact(), user()},
        {"contacts", "unassign", contact(), user()},
        {"contacts", "erase", contact(), "--confirm", contact()},
        {"assignments", "set", number(), user(), "--allowed-countries", of({"US|CA", "*", "-"})},
        {"assignments", "set", number(), user(), "--agent-default", yes(), "--is-active", yes()},
        {"assignments", "move", number(), user()},
        {"assignments", "remove", number(), user()},
        {"pools", "add", number(), user()},
        {"pools", "set", number(), user(), "--is-primary", yes(), "--sms-access-enabled", yes()},
        {"pools", "remove", number(), user()},
        {"extensions", "add", extension(), "--user", user(), "--phone-number", of({number(), "-"})},
        {"extensions", "update", extension(), "--user", user(), "--is-active", yes()},
        {"extensions", "remove", extension()},
        {"rules", "add", rule(), "--ring", ring()},
        {"rules", "update", rule(), "--when", of({"{}", R"({"after_assigned":true})"})},
        {"rules", of({"enable", "disable"}), rule()},
        {"rules", "move", rule(), "--to", "1"},
        {"rules", "remove", rule(), "--yes"},
        {"optouts", "add", contact(), "--source", text()},
    };
    return all[random_() % all.size()];
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("what no import would make, commands do, and an estate's file takes it along", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  open_office(site);
  site.machine().file("rest.jsonl", R"({"email": "gus@example.com"})");
  const auto job = site.json({"users", "import", "rest.jsonl"}).at("job_id").get<std::string>();
  for (const Words& command : std::vector<Words>{
           {"numbers", "update", "+12025550123", "--status", "inactive"},  // and stays assigned
           {"rules", "add", "Gus", "--ring", R"([{"user":"gus@example.com"}])"},
           {"jobs", "undo", job, "--yes"},  // a rule that rings nobody there is
           {"rules", "add", "Home", "--ring", R"([{"number":"+12025550126"}])"},
           {"numbers", "add", "+12025550126"},              // which is ours now
           {"numbers", "delete", "+12025550125", "--yes"},  // that a rule is for
           {"assignments", "set", "+12025550124", "bob@example.com"},
           {"users", "deactivate", "bob@example.com", "--yes"},  // all of a team that a rule rings
           {"extensions", "remove", "101"},                      // that a rule rings
           {"users", "update", "ann@example.com", "--skills", "-"},
           {"users", "availability", "ann@example.com", "offline"},
           {"pools", "remove", "+12025550123", "ann@example.com"},
           {"teams", "deactivate", "Sales"},
           {"contacts", "erase", "+16265550102", "--confirm", "+16265550102"}})
    site.ok(command);
  check_round_trip(site);
  const auto users = site.json({"users", "list"});
  CHECK(users.at(0).at("availability") == "offline");
}

TEST_CASE("whatever commands do to an estate goes through its file", "[system][slow]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const auto seed = GENERATE(1U, 2U, 3U);
  const Site site(engine);
  open_office(site);
  Chance chance(seed);
  std::string done;
  for (int i = 0; i < 60; ++i) {
    const auto command = chance.command();
    const auto result = site.run(command);
    CAPTURE(command, result.err);
    CHECK(result.status <= 9);  // done, or refused for what it is
    if (result.status == 0) done += fmt::format("{}\n", fmt::join(command, " "));
  }
  INFO(done);
  check_round_trip(site);
}

TEST_CASE("a rule that names what is not there is refused, and taken with a warning where that is asked for",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const auto target = GENERATE(as<std::string>(), R"({"user":"an@example.com"})", R"({"team":"Sails"})",
                               R"({"extension":"110"})", R"({"user":"gone@example.com"},{"team":"Sails"})");
  site.machine().file(
      "estate.json",
      R"({"schema": 1, "users": [{"email": "ann@example.com"}, {"email": "gone@example.com", "is_active": false}],
"rules": [{"name": "Day", "ring": [)" +
          target + "]}]}");
  const auto refused = site.run({"apply", "-f", "estate.json"});
  CHECK(test::failure_of(refused) == "7 apply.invalid_rows");
  CHECK(refused.err.find("apply -f estate.json --accept-dangling") != std::string::npos);
  CHECK(site.json({"rules", "list"}).empty());
  const auto taken = site.run({"apply", "-f", "estate.json", "--accept-dangling"});
  INFO(taken.err);
  CHECK(taken.status == 0);
  CHECK(taken.err.find("item 1, ring: /ring/") != std::string::npos);
  CHECK(site.json({"rules", "list"}).size() == 1);
  site.ok({"apply", "-f", "estate.json", "-n", "--exit-code"});  // what is there may stay as it is
}

TEST_CASE("a text that is but a hyphen is a text, in an estate and in a table", "[system][slow]") {
  const Site site(db::Engine::sqlite);
  const std::string estate = R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123", "label": "-"}],
"users": [{"email": "ann@example.com", "name": "-"}],
"contacts": [{"phone_number": "+16265550101", "name": "-", "product": "-", "notes": "-"}],
"optouts": [{"phone_number": "+16265550101", "since": "2026-03-08T07:59:58Z", "source": "-"}]})";
  site.machine().file("estate.json", estate);
  site.ok({"apply", "-f", "estate.json"});
  CHECK(site.json({"contacts", "show", "+16265550101"}).at("notes") == "-");
  check_round_trip(site);
  const auto text = site.ok({"export", "estate"});
  for (const std::string format : {"csv", "tsv", "json", "jsonl"}) {
    const Site other(db::Engine::sqlite);
    for (const std::string noun : {"numbers", "users", "contacts", "optouts"}) {
      const auto rows = site.ok({noun, "export", "-o", format});
      other.machine().file("rows." + format, rows);
      other.ok({noun, "import", "rows." + format});
      INFO(rows);
      CHECK(other.ok({noun, "export", "-o", format}) == rows);
    }
    CHECK(other.ok({"export", "estate"}) == text);
  }
}

TEST_CASE("what rows refer to is not called -, in a table either", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("teams.csv", "name\n'-\n");
  CHECK(site.failure({"teams", "import", "teams.csv"}) == "7 import.invalid_rows");
  site.machine().file("estate.json", R"({"schema": 1, "teams": [{"name": "-"}]})");
  CHECK(site.failure({"apply", "-f", "estate.json"}) == "7 apply.invalid_rows");
  CHECK(site.failure({"users", "add", "ann@example.com", "--skills", "-|x"}) == "7 users.invalid");
}
