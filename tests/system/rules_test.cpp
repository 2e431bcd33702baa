// Rules from a file to the call they decide: the real program on the sample estate, on both engines.
#include <algorithm>
#include <regex>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

const std::filesystem::path k_fixtures = RINGCTL_SOURCE_DIR "/fixtures";

/// The sample estate with its rules.
void load(const Site& site) {
  site.init();
  const std::vector<Site::Arguments> imports = {
      {"numbers"},   {"users", "--map", "team=-"}, {"teams"}, {"users"}, {"contacts"}, {"assignments"},
      {"extensions"}};
  for (auto arguments : imports) {
    arguments.insert(arguments.begin() + 1, {"import", k_fixtures / (arguments[0] + ".csv")});
    site.ok(arguments);
  }
  CHECK(site.json({"rules", "import", k_fixtures / "rules.json"}).at("new") == 6);
}

std::vector<std::string> order(const Site& site) {
  std::vector<std::string> names;
  for (const auto& rule : site.json({"rules", "list"})) names.push_back(rule.at("name"));
  return names;
}

nlohmann::json explained(const Site& site, const std::string& from, const std::string& to,
                         Site::Arguments more = {}) {
  Site::Arguments arguments = {"route", "explain", "--from", from, "--to", to};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return site.json(arguments);
}

}  // namespace

TEST_CASE("rules come out as they went in, as JSON, JSON lines and CSV", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto rules = site.json({"rules", "export"});
  REQUIRE(rules.is_array());
  const auto daytime = std::find_if(rules.begin(), rules.end(), [](const nlohmann::json& rule) {
    return rule.at("name") == "Support line in the daytime";
  });
  REQUIRE(daytime != rules.end());
  CHECK(daytime->at("when").at("hours").at(0).at("from") == "08:00");
  CHECK(daytime->at("ring").at(0) == nlohmann::json{{"team", "Support"}});
  for (const std::string format : {"json", "jsonl", "csv", "tsv"}) {
    INFO(format);
    const auto file =
        site.machine().file("again." + format, site.ok({"rules", "export", "-o", format})).string();
    CHECK(site.json({"rules", "import", file}).at("same") == 6);
  }
  CHECK(nlohmann::json::parse(test::read_text(k_fixtures / "rules.json")).size() == 6);
}

TEST_CASE("a rule whose JSON makes no sense is refused with its place, and nothing is written",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto result =
      site.run({"rules", "add", "Lunch", "--when", R"({"hours": [{"from": "noon", "to": "13:00"}]})",
                "--ring", R"([{"voicemail": true}])"});
  CHECK(result.status == 7);
  CHECK(result.err.find("/when/hours/0/from: \"noon\" is no time of day") != std::string::npos);
  CHECK(site.failure({"rules", "add", "x", "--ring", R"([{"user": "nobody@example.com"}])"}) ==
        "5 rules.unknown_user");
  CHECK(site.failure({"rules", "add", "x", "--ring", R"([{"number": "+12025550123"}])"}) ==
        "7 rules.rings_itself");
  const auto file = site.machine()
                        .file("bad.json", R"([{"name": "x", "position": 5, "ring": [{"team": "Nobody"}]},)"
                                          R"({"name": "y", "position": 6, "ring": {"team": "Sales"}}])")
                        .string();
  CHECK(site.run({"rules", "import", file}).status == 7);
  CHECK(order(site).size() == 6);
}

TEST_CASE("rules are added behind the others, moved, switched off and taken back", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const Site::Arguments add = {"rules", "add", "Last", "--ring", R"([{"team": "Sales"}])"};
  site.ok(add);
  site.ok(add);  // the same again changes nothing
  CHECK(order(site).back() == "Last");
  site.ok({"rules", "move", "Last", "--to", "1"});
  CHECK(order(site).front() == "Last");
  site.ok({"rules", "move", "Last", "--after", "VIP contacts"});
  CHECK(order(site).at(1) == "Last");
  CHECK(site.json({"rules", "list"}) == site.json({"rules", "list", "--sort", "position"}));
  const auto by_name = site.json({"rules", "list", "--sort", "name"});
  CHECK(by_name != site.json({"rules", "list"}));
  CHECK(std::is_sorted(by_name.begin(), by_name.end(),
                       [](const auto& a, const auto& b) { return a.at("name") < b.at("name"); }));
  CHECK(site.failure({"rules", "move", "Last"}) == "2 usage.bad_value");
  site.ok({"rules", "disable", "Last"});
  CHECK_FALSE(site.json({"rules", "show", "Last"}).at("enabled").get<bool>());
  site.ok({"rules", "remove", "Last", "--yes"});
  CHECK(site.failure({"rules", "show", "Last"}) == "5 rules.unknown");
  const auto jobs = site.json({"jobs", "list"});
  for (const auto& job : jobs)
    if (job.at("kind") == "rules.import") site.run({"jobs", "undo", job.at("job"), "--yes"});
  CHECK(site.json({"audit", "verify"}).is_object());
}

TEST_CASE("rules without a position go behind the others, in the order of the file", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto before = order(site);
  const auto file = site.machine()
                        .file("more.json", R"([{"name": "z", "ring": [{"team": "Sales"}]},)"
                                           R"({"name": "a", "ring": [{"voicemail": true}]},)"
                                           R"({"name": "VIP contacts", "ring": [{"voicemail": true}]}])")
                        .string();
  CHECK(site.json({"rules", "import", file}).at("new") == 2);
  auto wanted = before;
  wanted.insert(wanted.end(), {"z", "a"});
  CHECK(order(site) == wanted);
  CHECK(site.json({"rules", "import", file}).at("same") == 3);
  CHECK(site.json({"route", "replay", "--rules", file}).empty());
  const auto wrapped =
      site.machine().file("wrapped.json", "{ \"rules\": [\n {\"name\": \"x\"}\n] }\n").string();
  CHECK(site.run({"rules", "import", wrapped})
            .err.find("hint: JSON is an array of objects, or one object a line") != std::string::npos);
}

TEST_CASE("a rule takes its time as a number and with a unit, and so does the workspace", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  for (const std::string time : {"20", "20s"}) {
    site.ok({"rules", "update", "VIP contacts", "--ring-timeout", time});
    CHECK(site.json({"rules", "show", "VIP contacts"}).at("ring_timeout") == 20);
    site.ok({"rules", "update", "VIP contacts", "--ring-timeout", "1m"});
    site.ok({"workspaces", "update", "default", "--ring-timeout", time});
    CHECK(site.json({"workspaces", "show"}).at("ring_timeout_s") == 20);
    site.ok({"workspaces", "update", "default", "--ring-timeout", "-"});
  }
}

TEST_CASE("a rule whose team has nobody any more is told by rules list and by doctor", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"teams", "add", "Night"});
  site.ok({"users", "update", "ann@example.com", "--team", "Night"});
  site.ok({"rules", "add", "Nights", "--ring", R"([{"team": "Night"}])"});
  const std::string wanted = R"(team "Night" is gone, or has nobody)";
  CHECK(site.run({"rules", "list"}).err.find(wanted) == std::string::npos);
  site.ok({"users", "update", "ann@example.com", "--team", "-"});
  CHECK(site.run({"rules", "list"}).err.find(R"(warning: rule "Nights": )" + wanted) != std::string::npos);
  CHECK(site.run({"doctor", "db"}).out.find(wanted) != std::string::npos);
}

TEST_CASE("a rule that names somebody who is deactivated is told by rules list and by doctor", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"users", "add", "zoe@example.com"});
  site.ok({"rules", "add", "Zoe alone", "--ring", R"([{"user": "zoe@example.com"}])"});
  const std::string wanted = R"(user "zoe@example.com" is not active)";
  CHECK(site.run({"rules", "list"}).err.find(wanted) == std::string::npos);
  site.ok({"users", "deactivate", "zoe@example.com", "--yes"});
  CHECK(site.run({"rules", "list"}).err.find(R"(warning: rule "Zoe alone": )" + wanted) != std::string::npos);
  CHECK(site.run({"doctor", "db"}).out.find(wanted) != std::string::npos);
}

TEST_CASE("route explain refuses a caller who is neither a number nor what Twilio says", "[system][slow]") {
  const Site site(db::Engine::sqlite);
  load(site);
  for (const std::string from : {"16265550101", "foo", "client:"})
    CHECK(site.failure({"route", "explain", "--from", from, "--to", "+12025550123"}) == "2 usage.bad_value");
  for (const std::string format : {"tsv", "csv"})
    CHECK(site.ok({"route", "explain", "--from", "+16265550101", "--to", "+12025550123", "--columns", "from",
                   "--no-header", "-o", format}) == "+16265550101\n");
}

TEST_CASE("route explain says whom a call rings and why", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const std::string evening = "2026-03-09T22:00:00Z", noon = "2026-03-09T12:00:00Z";
  const auto menu = explained(site, "+16265550101", "+12025550123");
  CHECK(menu.at("plan").at("steps").at(0).at("kind") == "menu");
  CHECK(menu.at("twiml").get<std::string>().find("<Gather") != std::string::npos);
  CHECK(explained(site, "+16265550101", "+12025550123").at("routed_by") == "assigned");
  CHECK(explained(site, "+16265550101", "+12025550123", {"--digits", "102"}).at("routed_by") == "extension");
  CHECK(explained(site, "+12125550142", "+12025550110", {"--at", noon}).at("rule") ==
        "Support line in the daytime");
  CHECK(explained(site, "+12125550142", "+12025550110", {"--at", evening}).at("rule") ==
        "Support line at night");
  CHECK(explained(site, "anonymous", "+12025550123").at("rule").is_null());
  CHECK(explained(site, "sip:door@example.com", "+12125550142").at("routed_by") == "unknown_number");
  const auto twiml = site.ok(
      {"route", "explain", "--from", "+16265550101", "--to", "+12025550123", "--digits", "101", "--twiml"});
  CHECK(std::regex_search(twiml, std::regex("agent_[0-9a-f]{32}")));
  CHECK(site.failure({"route", "explain", "--from", "+16265550101"}).front() == '2');
}

TEST_CASE("route replay lists the calls that other rules would send elsewhere", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto quoted = [](const std::string& text) { return "'" + text + "'"; };
  const auto workspace =
      site.json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>();
  int n = 0;
  for (const std::string to : {"+12025550110", "+12025550123"}) {
    const auto digit = std::to_string(++n);
    site.tamper(
        "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, started_at, "
        "created_at, updated_at) VALUES ('0190f5fe-7c00-7a00-8000-00000000000" +
        digit + "', " + quoted(workspace) + ", 'CA" + std::string(31, '0') + digit +
        "', 'inbound', 'completed', '+12125550142', " + quoted(to) +
        ", '2026-03-09T22:00:00.000Z', '2026-03-09T22:00:00.000Z', '2026-03-09T22:00:00.000Z')");
  }
  const auto file =
      site.machine()
          .file("other.json", R"([{"name": "All to Ann", "position": 1, "when": {"called": "+12025550110"},)"
                              R"( "ring": [{"user": "ann@example.com"}, {"voicemail": true}]}])")
          .string();
  site.tamper("UPDATE users SET availability = 'offline'");  // of an evening, when it is asked
  const auto differences = site.json({"route", "replay", "--since", "2026-03-01", "--rules", file});
  REQUIRE(differences.size() == 1);
  CHECK(differences.at(0).at("to") == "+12025550110");
  INFO(differences.dump(2));
  CHECK(differences.at(0).at("then").get<std::string>().find(
            "rule \"All to Ann\": menu; then ring ann@example.com") != std::string::npos);
  CHECK(
      site.json({"route", "replay", "--since", "2026-03-01", "--rules", k_fixtures / "rules.json"}).empty());
}
