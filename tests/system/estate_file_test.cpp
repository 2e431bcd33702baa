// A whole estate as one file, through the real program: out of one database and into another.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

const std::vector<std::string> k_nouns = {"numbers",     "teams", "users",      "contacts", "optouts",
                                          "assignments", "pools", "extensions", "rules"};

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(RINGCTL_SOURCE_DIR "/fixtures") / name;
}

/// The sample estate, and what it has none of.
void load(const Site& site) {
  site.init();
  site.machine().file(
      "optouts.csv",
      "phone_number,channel,since,source\n+16265550109,voice,2026-03-08T07:59:58Z,asked by letter\n");
  site.ok({"numbers", "import", fixture("numbers.csv")});
  site.ok({"users", "import", fixture("users.csv"), "--map", "team=-"});
  for (const std::string noun : {"teams", "users", "contacts", "assignments", "extensions", "pools"})
    site.ok({noun, "import", fixture(noun + ".csv")});
  site.ok({"rules", "import", fixture("rules.json")});
  site.ok({"optouts", "import", "optouts.csv"});
  site.ok({"numbers", "update", "+12025550101", "--sms-mode", "claim", "--record-policy", "never"});
}

/// An empty place with the sample estate in estate.json.
struct Office {
  Office() {
    const Site first(db::Engine::sqlite);
    load(first);
    text = first.ok({"export", "estate"});
    site.machine().file("estate.json", text);
  }
  bool has_database() const { return std::filesystem::exists(site.sqlite_file()); }

  Site site{db::Engine::sqlite};
  std::string text;
};

/// Rows of an export without what Twilio has not told.
nlohmann::ordered_json told(nlohmann::ordered_json rows) {
  for (auto& row : rows)
    for (const auto* column : {"sid", "capabilities"})
      if (row.contains(column) && row.at(column).is_null()) row.erase(column);
  return rows;
}

/// `apply` of a file with this text, and what it says.
test::ProcessResult apply(const Site& site, const std::string& text) {
  site.machine().file("estate.json", text);
  return site.run({"apply", "-f", "estate.json"});
}

bool says(const test::ProcessResult& result, const std::string& what) {
  INFO(result.err);
  return result.err.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an estate is one file, the same bytes on both engines, with what each export writes",
          "[system][slow]") {
  std::string other;
  for (const auto engine : test::engines()) {
    const Site site(engine);
    load(site);
    const auto text = site.ok({"export", "estate"});
    const auto estate = nlohmann::ordered_json::parse(text);
    CHECK(estate.at("schema") == 1);
    CHECK(estate.at("workspace") == "default");
    CHECK(estate.size() == 2 + k_nouns.size());
    for (const auto& noun : k_nouns) {
      INFO(noun);
      CHECK_FALSE(estate.at(noun).empty());
      CHECK(estate.at(noun) == told(nlohmann::ordered_json::parse(site.ok({noun, "export", "-o", "json"}))));
    }
    site.ok({"export", "estate", "--out", "estate.json"});
    CHECK(test::read_text(site.machine().home() / "estate.json") == text);
    if (!other.empty()) CHECK(text == other);
    other = text;
    CHECK(site.ok({"export", "estate", "--tz", "America/New_York"}) == text);
  }
}

TEST_CASE("an estate that was applied comes out as it went in", "[system]") {
  const Office office;
  for (const auto engine : test::engines()) {
    const Site site(engine);
    if (engine == db::Engine::postgresql) site.init();
    site.machine().file("estate.json", office.text);
    const auto rows = site.json({"apply", "-f", "estate.json"});
    CHECK(rows.at(0).at("noun") == "numbers");
    CHECK(rows.at(0).at("action") == "new");
    CHECK_FALSE(rows.at(0).at("job").is_null());
    CHECK(rows.at(39).at("job") == rows.at(0).at("job"));
    CHECK(rows.at(40).at("noun") != "numbers");
    CHECK(site.ok({"export", "estate"}) == office.text);
  }
}

TEST_CASE("the same estate again changes nothing: no job, no line in the audit log", "[system][slow]") {
  const Office office;
  const auto& site = office.site;
  site.ok({"apply", "-f", "estate.json"});
  const auto jobs = site.json({"jobs", "list"}), audit = site.json({"audit", "list"});
  CHECK(site.json({"apply", "-f", "estate.json"}).empty());
  const auto all = site.json({"apply", "-f", "estate.json", "--all"});
  CHECK(all.size() > 90);
  for (const auto& row : all) {
    INFO(row);
    CHECK(row.at("action") == "same");
    CHECK(row.at("changes").empty());
    CHECK(row.at("job").is_null());
  }
  CHECK(says(site.run({"apply", "-f", "estate.json"}), "numbers: 40 unchanged\n"));
  CHECK(site.json({"jobs", "list"}) == jobs);
  CHECK(site.json({"audit", "list"}) == audit);
  site.ok({"apply", "-f", "estate.json", "--dry-run", "--exit-code"});
}

TEST_CASE("a plan of an estate writes nothing, and with --exit-code says that it differs", "[system][slow]") {
  const Office office;
  const auto& site = office.site;
  const auto plan = site.json({"apply", "-f", "estate.json", "-n"});
  CHECK(plan.at(0).at("record") == "+12025550100");
  CHECK(plan.at(0).at("action") == "new");
  CHECK(plan.at(0).at("changes").at("provider") == nlohmann::json{{"from", nullptr}, {"to", "twilio"}});
  CHECK(plan.at(0).at("job").is_null());
  CHECK_FALSE(office.has_database());
  CHECK(site.failure({"apply", "-f", "estate.json", "-n", "--exit-code"}) == "8 apply.differs");
  CHECK(site.failure({"apply", "-f", "estate.json", "--exit-code"}) == "2 usage.bad_value");
  CHECK_FALSE(office.has_database());
  site.ok({"apply", "-f", "estate.json"});
  site.ok({"numbers", "update", "+12025550101", "--label", "Elsewhere"});
  const auto estate = site.ok({"export", "estate"});
  CHECK(site.failure({"apply", "-f", "estate.json", "-n", "--exit-code"}) == "8 apply.differs");
  CHECK(site.ok({"export", "estate"}) == estate);
}

TEST_CASE(
    "what is filled in by hand where an estate's file has nothing differs from it, and is cleared again",
    "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  site.ok({"export", "estate", "--out", "estate.json"});
  site.ok({"numbers", "update", "+12025550123", "--label", "Elsewhere", "--sid",
           "PN0123456789abcdef0123456789abcdef"});
  CHECK(site.failure({"apply", "-f", "estate.json", "-n", "--exit-code"}) == "8 apply.differs");
  site.ok({"apply", "-f", "estate.json"});
  const auto number = site.json({"numbers", "show", "+12025550123"});
  CHECK(number.at("label").is_null());
  CHECK(number.at("sid") == "PN0123456789abcdef0123456789abcdef");
  site.ok({"apply", "-f", "estate.json", "-n", "--exit-code"});
}

TEST_CASE("an estate comes from standard input and from an archive", "[system][slow]") {
  const Office office;
  test::ProcessOptions options;
  options.input = office.text;
  const auto result = office.site.machine().run({"apply", "-f", "-"}, options);
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(office.site.ok({"export", "estate"}) == office.text);
  options = {};
  options.program = "/bin/gzip";
  REQUIRE(office.site.machine().run({"estate.json"}, options).status == 0);
  office.site.ok({"apply", "-f", "estate.json.gz", "-n", "--exit-code"});
}

TEST_CASE("a disk that is full does not hide what was applied, and -q says nothing", "[system][slow]") {
  const Office office;
  test::ProcessOptions options;
  options.out = test::Stream::full;
  const auto full = office.site.machine().run({"apply", "-f", "estate.json"}, options);
  CHECK(full.status == 40);
  CHECK(says(full, "rules were applied: ringctl jobs undo "));
  CHECK(office.site.ok({"export", "estate"}) == office.text);
  office.site.ok({"numbers", "update", "+12025550101", "--label", "Elsewhere"});
  const auto quiet = office.site.run({"apply", "-f", "estate.json", "-q"});
  CHECK(quiet.status == 0);
  CHECK(quiet.out + quiet.err == "");
  CHECK(office.site.ok({"export", "estate"}) == office.text);
}

TEST_CASE("what an estate made can be taken back, and what it does not name stays", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550143", "--label", "Desk"});
  site.machine().file("estate.json", R"({"schema": 1, "numbers": [{"phone_number": "+12025550123"}]})");
  const auto job = site.json({"apply", "-f", "estate.json"}).at(0).at("job").get<std::string>();
  CHECK(site.json({"numbers", "list"}).size() == 2);
  site.ok({"jobs", "undo", job, "--yes"});
  const auto left = site.json({"numbers", "list"});
  REQUIRE(left.size() == 1);
  CHECK(left[0].at("label") == "Desk");
}

TEST_CASE("one bad row means that nothing of an estate is written, and it is named with its section",
          "[system]") {
  const Site site(db::Engine::sqlite);
  auto result = apply(site, R"({"schema": 1,
  "numbers": [{"phone_number": "+12025550123"}],
  "extensions": [{"extension": "101", "user": "ann@example.com"}]})");
  CHECK(result.status == 7);
  CHECK(says(result, "estate.json: 1 of 2 rows is invalid; nothing was written  [apply.invalid_rows]"));
  CHECK(says(result, "extensions, item 1, "));
  CHECK(says(result, "ann@example.com"));
  CHECK(says(result, "numbers: 1 new\nextensions: 1 rejected\n"));
  CHECK(result.out == "");
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
  result = apply(site, R"({"schema": 1, "numbers": [{"phone_number": "+12025550123", "lable": "x"}]})");
  CHECK(result.status == 7);
  CHECK(says(result, "numbers in estate.json: unknown column \"lable\"  [import.unknown_column]"));
}

TEST_CASE("a file that is no estate, or an empty one, makes no database", "[system]") {
  const Site site(db::Engine::sqlite);
  for (const auto& [text, slug] : std::vector<std::pair<std::string, std::string>>{
           {"", "estate.bad_json"},
           {"{\"schema\": 1, \"numbers\": [{\"phone_number\": \"+12025550123\"}", "estate.bad_json"},
           {"{\"schema\": 1, \"number\": []}", "estate.unknown_section"},
           {"{\"schema\": 1, \"numbers\": [], \"numbers\": []}", "estate.duplicate_key"},
           {"{\"numbers\": []}", "estate.bad_schema"},
           {"{\"schema\": 99}", "estate.bad_schema"}}) {
    site.machine().file("estate.json", text);
    INFO(text);
    CHECK(site.failure({"apply", "-f", "estate.json"}) == "7 " + slug);
  }
  CHECK(site.failure({"apply", "-f", "nowhere.json"}) == "2 input.not_found");
  site.machine().file("estate.json", "{\"schema\": 1, \"numbers\": []}");
  site.ok({"apply", "-f", "estate.json"});
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
}

TEST_CASE("a plan names each row, and what changes in it from what to what", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("estate.json", R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123", "label": "Sales"}, {"phone_number": "+12025550124"}],
"users": [{"email": "ann@example.com", "skills": "solar"}],
"assignments": [{"phone_number": "+12025550123", "agent": "ann@example.com"}]})");
  site.ok({"apply", "-f", "estate.json"});
  site.ok({"numbers", "update", "+12025550123", "--label", "Desk\tA"});
  site.ok({"users", "update", "ann@example.com", "--skills", "-"});
  site.ok({"assignments", "set", "+12025550123", "ann@example.com", "--daily-limit", "30"});
  CHECK(site.ok({"apply", "-f", "estate.json", "-n", "-o", "table"}) ==
        test::lines({"noun     record           action  changes",
                     "numbers  +12025550123     update  label: Desk␉A -> Sales",
                     "users    ann@example.com  update  skills: nothing -> solar"}));
  site.machine().file("limit.json", R"({"schema": 1,
"assignments": [{"phone_number": "+12025550123", "agent": "ann@example.com", "daily_limit": 40, "agent_default": true}]})");
  const auto plan = site.json({"apply", "-f", "limit.json", "-n"});
  REQUIRE(plan.size() == 1);
  CHECK(plan[0] == nlohmann::json::parse(R"({"noun": "assignments", "record": "+12025550123 ann@example.com",
    "action": "update", "changes": {"daily_limit": {"from": 30, "to": 40}, "agent_default": {"from": false, "to": true}},
    "job": null})"));
  CHECK(site.ok({"apply", "-f", "limit.json", "-n", "-o", "csv", "--columns", "action,changes"}) ==
        "action,changes\nupdate,\"{\"\"daily_limit\"\":{\"\"from\"\":30,\"\"to\"\":40},"
        "\"\"agent_default\"\":{\"\"from\"\":false,\"\"to\"\":true}}\"\n");
}

TEST_CASE("a table of a plan is bounded, and every other format is whole", "[system][slow]") {
  const Office office;
  const auto& site = office.site;
  const auto count = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const auto table = site.ok({"apply", "-f", "estate.json", "-n", "-o", "table"});
  CHECK(table.find("numbers      … 20 more") != std::string::npos);
  CHECK(count(site.ok({"apply", "-f", "estate.json", "-n", "-o", "table", "--all"})) ==
        count(site.ok({"apply", "-f", "estate.json", "-n"})));
  CHECK(count(table) < count(site.ok({"apply", "-f", "estate.json", "-n"})));
}

TEST_CASE("a user who left and an older file would bring back stands out, in the plan and when it is done",
          "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"users", "add", "ann@example.com"});
  site.ok({"users", "add", "bob@example.com"});
  site.ok({"export", "estate", "--out", "estate.json"});
  site.ok({"users", "deactivate", "bob@example.com", "--yes"});
  for (const std::string plan : {"-n", "-q"}) {
    const auto result = site.run({"apply", "-f", "estate.json", plan, "-o", "json"});
    CHECK(says(result, "warning: users: one is out of use and in use by the file: bob@example.com\n"));
    const auto rows = nlohmann::json::parse(result.out);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("action") == "activate");
    CHECK(rows[0].at("changes").at("is_active") == nlohmann::json{{"from", false}, {"to", true}});
  }
  CHECK_FALSE(says(site.run({"apply", "-f", "estate.json"}), "warning"));
}

TEST_CASE("an estate of another workspace is applied only where that is confirmed by name", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"init", "--yes", "--zone", "UTC"});
  site.machine().file(
      "estate.json",
      R"({"schema": 1, "workspace": "support", "numbers": [{"phone_number": "+12025550123"}]})");
  const auto refused = site.run({"apply", "-f", "estate.json"});
  CHECK(test::failure_of(refused) == "6 apply.other_workspace");
  CHECK(says(refused, "--confirm default applies it to this one all the same"));
  CHECK(says(refused, "hint: ringctl init --workspace support"));
  for (const Site::Arguments& said : std::vector<Site::Arguments>{
           {"-w", "default"}, {"-n"}, {"-w", "default", "-n"}, {"--yes"}, {"--confirm", "support"}}) {
    Site::Arguments words{"apply", "-f", "estate.json"};
    words.insert(words.end(), said.begin(), said.end());
    CHECK(site.failure(words) == "6 apply.other_workspace");
  }
  CHECK(site.json({"numbers", "list"}).empty());
  site.ok({"apply", "-f", "estate.json", "--confirm", "default"});
  CHECK(site.json({"numbers", "list"}).size() == 1);
}

TEST_CASE("a hint of apply leads to the workspace of the file, in the database of the run", "[system]") {
  const Site site(db::Engine::sqlite);
  const std::string url = "sqlite:office.db";
  for (const std::string name : {"default", "support"})
    site.ok({"init", "--yes", "--zone", "UTC", "--workspace", name, "-d", url});
  site.machine().file(
      "estate.json",
      R"({"schema": 1, "workspace": "support", "numbers": [{"phone_number": "+12025550123"}]})");
  const std::string there =
      "hint: ringctl --database sqlite:office.db --workspace support apply -f estate.json\n";
  const auto unnamed = site.run({"apply", "-f", "estate.json", "-d", url});
  CHECK(test::failure_of(unnamed) == "2 workspaces.ambiguous");
  CHECK(says(unnamed, there));
  const auto other = site.run({"apply", "-f", "estate.json", "-d", url, "-w", "default"});
  CHECK(test::failure_of(other) == "6 apply.other_workspace");
  CHECK(says(other, there));
  const auto differs =
      site.run({"apply", "-f", "estate.json", "-d", url, "-w", "support", "-n", "--exit-code"});
  CHECK(test::failure_of(differs) == "8 apply.differs");
  CHECK(says(differs, there));
  const auto confirmed = site.run({"apply", "-f", "estate.json", "-d", url, "-w", "default", "--confirm",
                                   "default", "-n", "--exit-code"});
  CHECK(says(
      confirmed,
      "hint: ringctl --database sqlite:office.db --workspace default apply -f estate.json --confirm default\n"));
}

TEST_CASE("an estate goes into an archive by its name, and comes back out of it", "[system][slow]") {
  const Office office;
  const auto& site = office.site;
  site.ok({"apply", "-f", "estate.json"});
  for (const std::string name : {"packed.json.gz", "packed.json.zst"}) {
    site.ok({"export", "estate", "--out", name});
    const auto packed = test::read_text(site.machine().home() / name);
    CHECK(packed.size() < office.text.size() / 2);
    site.ok({"apply", "-f", name, "-n", "--exit-code"});
  }
  CHECK(site.failure({"export", "estate", "--out", "packed.csv.gz"}) == "2 usage.no_format");
  site.ok({"numbers", "export", "--out", "numbers.csv.gz"});
  const Site other(db::Engine::sqlite);
  other.ok({"numbers", "import", (site.machine().home() / "numbers.csv.gz").string()});
  CHECK(other.ok({"numbers", "export"}) == site.ok({"numbers", "export"}));
}

TEST_CASE("export and apply are commands like others: flags in front of them, words in the wrong order",
          "[system][slow]") {
  const Office office;
  office.site.ok({"-f", "estate.json", "apply"});
  const auto swapped = office.site.run({"export", "numbers"});
  CHECK(swapped.status == 2);
  CHECK(says(swapped, "did you mean: numbers export"));
  CHECK(office.site.failure({"apply"}).starts_with("2 usage."));
}

TEST_CASE("an estate is written as JSON only", "[system]") {
  const Site site(db::Engine::sqlite);
  site.init();
  CHECK(site.failure({"export", "estate", "-o", "csv"}) == "2 usage.no_format");
  CHECK(site.failure({"export", "estate", "--out", "estate.xlsx"}) == "2 usage.no_format");
  const auto estate = nlohmann::json::parse(site.ok({"export", "estate", "--json"}));
  for (const auto& noun : k_nouns) CHECK(estate.at(noun).empty());
}
