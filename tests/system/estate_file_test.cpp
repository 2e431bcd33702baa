// A whole estate as one file, through the real program: out of one database and into another.
#include <fmt/format.h>

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
    CHECK(rows.at(0).at("new") == 40);
    CHECK_FALSE(rows.at(0).at("job").is_null());
    CHECK(site.ok({"export", "estate"}) == office.text);
  }
}

TEST_CASE("the same estate again changes nothing: no job, no line in the audit log", "[system]") {
  const Office office;
  const auto& site = office.site;
  site.ok({"apply", "-f", "estate.json"});
  const auto jobs = site.json({"jobs", "list"}), audit = site.json({"audit", "list"});
  for (const auto& row : site.json({"apply", "-f", "estate.json"})) {
    INFO(row);
    CHECK(row.at("new") == 0);
    CHECK(row.at("updated") == 0);
    CHECK(row.at("rejected") == 0);
    CHECK(row.at("unchanged") > 0);
    CHECK(row.at("job").is_null());
  }
  CHECK(site.json({"jobs", "list"}) == jobs);
  CHECK(site.json({"audit", "list"}) == audit);
  site.ok({"apply", "-f", "estate.json", "--dry-run", "--exit-code"});
}

TEST_CASE("a plan of an estate writes nothing, and with --exit-code says that it differs", "[system]") {
  const Office office;
  const auto& site = office.site;
  const auto plan = site.json({"apply", "-f", "estate.json", "-n"});
  CHECK(plan.at(0) == nlohmann::json{{"noun", "numbers"},
                                     {"new", 40},
                                     {"updated", 0},
                                     {"unchanged", 0},
                                     {"rejected", 0},
                                     {"job", nullptr}});
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

TEST_CASE("an estate comes from standard input and from an archive", "[system]") {
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

TEST_CASE("a disk that is full does not hide what was applied, and -q says nothing", "[system]") {
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
  CHECK(result.out ==
        "noun\tnew\tupdated\tunchanged\trejected\tjob\nnumbers\t1\t0\t0\t0\t\\N\n"
        "extensions\t0\t0\t0\t1\t\\N\n");
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

TEST_CASE("an estate of another workspace is applied only where that is said", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"init", "--yes", "--zone", "UTC"});
  site.machine().file(
      "estate.json",
      R"({"schema": 1, "workspace": "support", "numbers": [{"phone_number": "+12025550123"}]})");
  CHECK(site.failure({"apply", "-f", "estate.json"}) == "6 apply.other_workspace");
  CHECK(site.json({"numbers", "list"}).empty());
  site.ok({"apply", "-f", "estate.json", "-w", "default"});
  CHECK(site.json({"numbers", "list"}).size() == 1);
}

TEST_CASE("export and apply are commands like others: flags in front of them, words in the wrong order",
          "[system]") {
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
