// People and the numbers they call from, from the files an operator starts with to the day one of them
// leaves: the real program, on both engines.
#include <fmt/format.h>

#include <algorithm>

#include "support/noon.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

constexpr int k_numbers = 50, k_agents = 10, k_each = k_numbers / k_agents;

/// In the order in which one can be imported after the other.
const std::vector<std::string> k_nouns = {"numbers",    "teams", "users",   "assignments",
                                          "extensions", "pools", "optouts", "contacts"};

std::string number(int i) { return fmt::format("+120255501{:02}", i); }
std::string agent(int i) { return fmt::format("agent{}@example.com", i); }

void lay_out_files(const test::Machine& machine) {
  std::string numbers, users = "email,name,role,team,skills,is_active\n";
  std::string assignments = "phone_number,agent,daily_limit,allowed_countries,agent_default,is_active\n";
  std::string extensions = "extension,user,phone_number\n";
  for (int i = 0; i < k_numbers; ++i) {
    numbers += fmt::format("{},twilio,US\n", number(i));
    assignments += fmt::format("{},{},200,{},{},yes\n", number(i), agent(i / k_each),
                               i % 2 == 0 ? "US|CA" : "", i % k_each == 0 ? "yes" : "");
  }
  for (int i = 0; i < k_agents; ++i) {
    users +=
        fmt::format("{},Agent {},sales_rep,{},solar|spanish,\n", agent(i), i, i < 5 ? "Sales" : "Support");
    extensions += fmt::format("{},{},\n", 100 + i, agent(i));
  }
  machine.file("numbers.csv", numbers);
  machine.file("users.csv",
               users + "sam@example.com,Sam,supervisor,Sales,,\ngus@example.com,Gus,agent,,,no\n");
  machine.file("teams.csv", "name,supervisor\nSales,sam@example.com\nSupport,\n");
  machine.file("assignments.csv", assignments);
  machine.file("extensions.csv", extensions + fmt::format("110,{},{}\n", agent(0), number(0)));
  machine.file(
      "pools.csv",
      fmt::format(
          "phone_number,user,sms_access_enabled,is_primary\n{0},{1},yes,yes\n{0},{2},yes,\n{0},gus@example.com,,\n",
          number(0), agent(0), agent(1)));
  machine.file("optouts.csv",
               "phone_number,channel,since,source\n+16265550109,,2026-03-08T07:59:58Z,asked by letter\n"
               "+16265550110,sms,2026-03-09,STOP\n");
  machine.file(
      "contacts.csv",
      fmt::format("phone_number,phones,name,state,country,tags,agents,notes\n"
                  "+16265550101,+16265550102|+442079460101,Lin Park,CA,US,vip|web,{0}|{1},\"two\nlines\"\n"
                  "+16265550103,,Moe Reyes,,,,{0},\n+16265550104,,,,,,,\n",
                  agent(0), agent(1)));
}

/// Users and teams refer to each other: users without teams, teams, users again.
const std::vector<Site::Arguments> k_imports = {{"numbers", "import", "numbers.csv"},
                                                {"users", "import", "users.csv", "--map", "team=-"},
                                                {"teams", "import", "teams.csv"},
                                                {"users", "import", "users.csv"},
                                                {"assignments", "import", "assignments.csv"},
                                                {"extensions", "import", "extensions.csv"},
                                                {"pools", "import", "pools.csv"},
                                                {"optouts", "import", "optouts.csv"},
                                                {"contacts", "import", "contacts.csv"}};

/// The reports of the imports, in their order.
std::vector<nlohmann::json> load(const Site& site) {
  site.init();
  lay_out_files(site.machine());
  std::vector<nlohmann::json> reports;
  reports.reserve(k_imports.size());
  for (const auto& arguments : k_imports) reports.push_back(site.json(arguments));
  return reports;
}

/// Every noun as its export writes it.
std::string exports(const Site& site, const std::string& format) {
  std::string all;
  for (const auto& noun : k_nouns) all += site.ok({noun, "export", "-o", format});
  return all;
}

/// Of the rows of a list, those where `column` holds `value`.
std::vector<nlohmann::json> rows_where(const Site& site, const std::string& noun, const std::string& column,
                                       const nlohmann::json& value) {
  std::vector<nlohmann::json> rows;
  for (auto& row : site.json({noun, "list"}))
    if (row.at(column) == value) rows.push_back(std::move(row));
  return rows;
}

std::vector<nlohmann::json> live_assignments(const Site& site, const std::string& agent) {
  auto rows = rows_where(site, "assignments", "agent", agent);
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [](const nlohmann::json& row) { return !row.at("is_active").get<bool>(); }),
             rows.end());
  return rows;
}

/// What an import of these assignments says on standard error.
test::ProcessResult import_assignments(const Site& site, const std::string& rows) {
  site.machine().file("more.csv", "phone_number,agent,daily_limit,is_active\n" + rows);
  return site.run({"assignments", "import", "more.csv"});
}

bool says(const test::ProcessResult& result, const std::string& text) {
  return result.err.find(text) != std::string::npos;
}

/// The command that a hint names, as one would copy it.
Site::Arguments hinted(const test::ProcessResult& result) {
  const auto at = result.err.find("  hint: ringctl ");
  REQUIRE(at != std::string::npos);
  auto words = test::shell_words(result.err.substr(at + 8, result.err.find('\n', at) - at - 8));
  words.erase(words.begin());
  return words;
}

}  // namespace

TEST_CASE("fifty numbers go to ten agents, five each, by files", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  const auto reports = load(site);
  const std::vector<int> created = {k_numbers, k_agents + 2, 2, 0, k_numbers, k_agents + 1, 2, 2, 3};
  const std::vector<int> updated = {0, 0, 0, k_agents + 1, 0, 0, 1, 0, 0};
  for (std::size_t i = 0; i < reports.size(); ++i) {
    INFO(reports[i].dump());
    CHECK(reports[i].at("new") == created[i]);
    CHECK(reports[i].at("updated") == updated[i]);
    CHECK(reports[i].at("rejected") == 0);
  }
  for (int i = 0; i < k_agents; ++i) {
    const auto held = live_assignments(site, agent(i));
    CHECK(held.size() == k_each);
    for (const auto& row : held) CHECK(row.at("daily_limit") == 200);
  }
  CHECK(site.json({"users", "show", agent(3)}).at("role") == "agent");
  CHECK(site.json({"teams", "show", "Sales"}).at("members") == 6);
  CHECK(site.json({"audit", "verify"}).at("rows") > 0);
}

TEST_CASE("users who name teams that are not there yet are refused, every line of them", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  lay_out_files(site.machine());
  const auto result = site.run({"users", "import", "users.csv"});
  CHECK(result.status == 7);
  CHECK(says(result, R"(line 2, team: "Sales" is no team of this workspace)"));
  CHECK(site.json({"users", "list"}).empty());
  CHECK(site.failure({"teams", "add", "Night", "--supervisor", "sam@example.com"}) == "5 users.unknown");
}

TEST_CASE("a first file that refers to what is not there makes a workspace and nothing in it",
          "[system][slow]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("contacts.csv", "phone_number,agents\n+16265550101,nobody@example.com\n");
  site.machine().file("garbage.csv", "phone_number,agents\nnonsense,nobody@example.com\n");
  CHECK(site.failure({"contacts", "import", "garbage.csv"}) == "7 import.invalid_rows");
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
  CHECK(site.failure({"contacts", "import", "contacts.csv", "-n"}) == "7 import.invalid_rows");
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
  CHECK(site.failure({"contacts", "import", "contacts.csv"}) == "7 import.invalid_rows");
  CHECK(site.json({"workspaces", "list"}).size() == 1);
  CHECK(site.json({"contacts", "list"}).empty());
  CHECK(site.json({"jobs", "list"}).empty());
}

TEST_CASE("an assignment that cannot be is refused by hand", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"numbers", "add", "+12025550150"});
  site.ok({"numbers", "add", "+12025550151", "--status", "inactive"});
  const auto before = exports(site, "csv");
  const auto set = [&](const std::string& to, const std::string& who, const Site::Arguments& more = {}) {
    Site::Arguments arguments = {"assignments", "set", to, who};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto planned = arguments;
    planned.emplace_back("-n");
    auto failure = site.failure(arguments);
    CHECK(site.failure(planned) == failure);
    return failure;
  };
  CHECK(set("+12025550150", "nobody@example.com") == "5 users.unknown");
  CHECK(set("+12025550160", agent(0)) == "5 assignments.unknown_number");
  CHECK(set(number(0), agent(1)) == "6 assignments.number_taken");
  const auto taken = site.run({"assignments", "set", number(0), agent(1)});
  CHECK(says(taken, fmt::format("ringctl: {} is assigned to {}  [", number(0), agent(0))));
  CHECK(hinted(taken) == Site::Arguments{"assignments", "move", number(0), agent(1)});
  CHECK(set("+12025550150", "gus@example.com") == "7 assignments.agent_inactive");
  CHECK(set("+12025550151", agent(0)) == "7 assignments.number_inactive");
  CHECK(set("+12025550150", agent(0), {"--daily-limit", "-1"}) == "7 assignments.invalid");
  CHECK(set("+12025550150", agent(0), {"--allowed-countries", "US|XX"}) == "7 assignments.invalid");
  CHECK(says(site.run({"assignments", "set", "+12025550150", agent(0), "--allowed-countries", "US,CA"}),
             "; | separates them: US|CA"));
  CHECK(site.failure({"assignments", "move", "+12025550150", agent(0)}) == "6 assignments.not_assigned");
  CHECK(site.failure({"assignments", "remove", "+12025550150", agent(0)}) == "5 assignments.unknown");
  CHECK(exports(site, "csv") == before);
}

TEST_CASE("a file with assignments that cannot be changes nothing, and every line is named",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  for (const auto* free : {"+12025550150", "+12025550151", "+12025550152", "+12025550153"})
    site.ok({"numbers", "add", free});
  const auto before = exports(site, "csv");
  const auto result = import_assignments(
      site,
      fmt::format(
          "+12025550150,nobody@example.com,200,yes\n{},{},200,yes\n+12025550151,gus@example.com,200,yes\n"
          "+12025550152,{},-1,yes\n+12025550153,{},200,yes\n+12025550160,{},200,yes\n",
          number(0), agent(1), agent(1), agent(1), agent(1)));
  INFO(result.err);
  CHECK(result.status == 7);
  CHECK(says(result, R"(line 2, agent: "nobody@example.com" is no user of this workspace)"));
  CHECK(says(result,
             fmt::format("line 3, phone_number: {0} is assigned to {1}; ringctl assignments move {0} {2}",
                         number(0), agent(0), agent(1))));
  CHECK(says(result, "line 4, agent: gus@example.com is not active"));
  CHECK(says(result, R"(line 5, daily_limit: "-1" is no whole number)"));
  CHECK(says(result, R"(line 7, phone_number: "+12025550160" is no number of this workspace)"));
  CHECK(says(result, "--max-errors 5 to import the other 1"));
  CHECK(exports(site, "csv") == before);
}

TEST_CASE("a file of which only taken numbers are wrong is a conflict", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto result = import_assignments(site, fmt::format("{},{},200,yes\n", number(0), agent(1)));
  CHECK(result.status == 6);
  CHECK(says(result, "[import.conflicts]"));
  // Handed over first, the same file is welcome.
  site.ok({"assignments", "move", number(0), agent(1)});
  CHECK(import_assignments(site, fmt::format("{},{},200,yes\n", number(0), agent(1))).status == 0);
}

TEST_CASE("when an agent leaves, all they hold goes to whoever is named", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto before = exports(site, "csv");
  const auto leaves = [&](Site::Arguments more) {
    Site::Arguments arguments = {"users", "deactivate", agent(0), "--move-to"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  CHECK(site.failure(leaves({"nobody@example.com", "--yes"})) == "5 users.unknown");
  CHECK(site.failure(leaves({"gus@example.com", "--yes"})) == "6 users.inactive_successor");
  CHECK(site.failure(leaves({agent(0), "--yes"})) == "6 users.same_successor");
  CHECK(site.failure(leaves({agent(1)})) == "2 usage.confirmation_needed");
  auto plan = site.json(leaves({agent(1), "-n"}));
  CHECK(exports(site, "csv") == before);

  const auto report = site.json(leaves({agent(1), "--yes"}));
  CHECK(plan.at("dry_run") == true);
  plan.erase("dry_run");
  plan["action"] = report.at("action");
  CHECK(plan == report);
  CHECK(report.at("numbers") == k_each);
  CHECK(report.at("extensions") == 2);
  CHECK(report.at("pools") == 1);
  CHECK(report.at("contacts") == 2);
  CHECK(site.json({"contacts", "show", "+16265550103"}).at("agents") == agent(1));
  const auto held = live_assignments(site, agent(1));
  REQUIRE(held.size() == 2 * k_each);
  CHECK(held[0].at("phone_number") == number(0));
  CHECK(held[0].at("allowed_countries") == "CA|US");
  for (const auto& row : held) CHECK(row.at("daily_limit") == 200);
  CHECK(rows_where(site, "extensions", "user", agent(0)).empty());
  CHECK(rows_where(site, "extensions", "user", agent(1)).size() == 3);
  CHECK(rows_where(site, "pools", "user", agent(0)).empty());
  CHECK(site.json({"users", "show", agent(0)}).at("is_active") == false);
  // What was theirs stays on record.
  CHECK(live_assignments(site, agent(0)).empty());
  CHECK(rows_where(site, "assignments", "agent", agent(0)).size() == k_each);
  CHECK(site.run(leaves({agent(1), "--yes"})).err == fmt::format("unchanged {}\n", agent(0)));
  CHECK(site.failure({"assignments", "set", number(0), agent(0)}) == "7 assignments.agent_inactive");
}

TEST_CASE("an office of ten agents makes 10,000 calls a day, also when one of them leaves",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"workspaces", "update", "default", "--timezone", test::zone_of_noon()});  // no day ends meanwhile
  const auto capacity = [&] {
    std::int64_t calls = 0;
    for (const auto& row : site.json({"limits", "capacity"})) calls += row.at("capacity").get<std::int64_t>();
    return calls;
  };
  const auto call = [&](const std::string& who) {
    return site.json(
        {"limits", "check", "--agent", who, "--to", "+12125550123", "--from-number", number(0), "--reserve"});
  };
  CHECK(capacity() == 10'000);
  for (int used = 1; used <= 3; ++used) CHECK(call(agent(0)).at("used") == used);

  site.ok({"users", "deactivate", agent(0), "--move-to", agent(1), "--yes"});
  CHECK(capacity() == 10'000);
  CHECK(site.failure({"limits", "check", "--agent", agent(0), "--to", "+12125550123"}) ==
        "8 limits.no_number");
  // The number has another owner, with a count of their own; what was called stays with whom it was called
  // by.
  CHECK(call(agent(1)).at("used") == 1);
  std::map<std::string, int> used_today;
  for (const auto& row : rows_where(site, "assignments", "phone_number", number(0)))
    used_today[row.at("agent")] = row.at("used_today");
  CHECK(used_today == std::map<std::string, int>{{agent(0), 3}, {agent(1), 1}});
  CHECK(site.json({"audit", "verify"}).at("ok") == true);
}

TEST_CASE("a contact is found by any phone, handed around and noted on, and forgotten for good",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const auto shown = [&](const std::string& key) { return site.json({"contacts", "show", key}); };
  CHECK(shown("+442079460101").at("name") == "Lin Park");
  site.ok({"contacts", "assign", "+16265550102", agent(2)});
  site.ok({"contacts", "unassign", "+16265550101", agent(0)});
  site.ok({"contacts", "note", "+16265550102", "and a third"});
  CHECK(shown("+16265550101").at("agents") == agent(1) + "|" + agent(2));
  CHECK(shown("+16265550101").at("notes") == "two\nlines\nand a third");
  CHECK(site.json({"contacts", "list", "--agents", agent(2)}).size() == 1);
  CHECK(site.failure({"contacts", "assign", "+16265550101", "gus@example.com"}) ==
        "7 contacts.agent_inactive");
  CHECK(site.failure({"contacts", "assign", "+16265550101", "nobody@example.com"}) == "5 users.unknown");
  CHECK(site.failure({"contacts", "unassign", "+16265550101", "nobody@example.com"}) == "5 users.unknown");
  CHECK(site.failure({"contacts", "add", "+16265550102"}) == "6 contacts.phone_taken");
  CHECK(says(site.run({"contacts", "add", "+16265550102"}),
             "+16265550102 is a phone of contact +16265550101 (Lin Park)"));
  CHECK(says(site.run({"contacts", "update", "+16265550103", "--phones", "+16265550104"}),
             "+16265550104 is a contact of its own"));
  CHECK(site.failure({"contacts", "show", "+16265550199"}) == "5 contacts.unknown");
  CHECK(site.failure({"contacts", "erase", "+16265550101"}) == "2 usage.confirmation_needed");

  const std::string id = shown("+16265550101").at("id");
  site.ok({"contacts", "erase", "+16265550101", "-n"});
  CHECK(shown("+16265550101").at("name") == "Lin Park");
  site.ok({"contacts", "erase", "+16265550102", "--confirm", "+16265550101"});
  CHECK(site.failure({"contacts", "show", "+16265550101"}) == "5 contacts.unknown");
  CHECK(shown(id).at("name").is_null());
  CHECK(site.json({"contacts", "list"}).size() == 2);
  const auto log = site.ok({"audit", "export", "-o", "jsonl"});
  for (const auto* trace : {"Lin Park", "+16265550101", "+442079460101", "a third"}) {
    INFO(trace);
    CHECK(log.find(trace) == std::string::npos);
  }
  CHECK(site.json({"audit", "verify"}).at("ok") == true);
  CHECK(site.run({"contacts", "erase", id}).err == fmt::format("unchanged {}\n", id));
}

TEST_CASE("what an agent gives up is free for others", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"users", "deactivate", agent(0), "--yes"});
  CHECK(live_assignments(site, agent(0)).empty());
  CHECK(site.json({"extensions", "show", "100"}).at("is_active") == false);
  site.ok({"assignments", "set", number(0), agent(1)});
  CHECK(live_assignments(site, agent(1)).size() == k_each + 1);
}

TEST_CASE("a filter that names what is not there is an error, not an empty list", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  for (const std::string verb : {"list", "export"}) {
    CHECK(site.failure({"users", verb, "--team", "Nope"}) == "5 users.unknown_team");
    CHECK(site.failure({"contacts", verb, "--agents", "nobody@example.com"}) == "5 users.unknown");
    CHECK(site.failure({"assignments", verb, "--agent", "nobody@example.com"}) == "5 users.unknown");
    CHECK(site.failure({"extensions", verb, "--phone-number", "+12025550199"}) ==
          "5 extensions.unknown_number");
    site.ok({"users", verb, "--team", "-"});
    site.ok({"users", verb, "--team", "Support"});
  }
  CHECK(site.json({"numbers", "list", "--provider", "Twilio"}).size() == k_numbers);
}

TEST_CASE("a user may be called by name wherever one is asked for", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  CHECK(site.json({"users", "show", "agent 1"}).at("email") == agent(1));
  site.ok({"assignments", "move", number(0), "Agent 1"});
  CHECK(live_assignments(site, agent(1)).size() == k_each + 1);
  CHECK(site.json({"assignments", "list", "--agent", "Agent 1"}).size() ==
        site.json({"assignments", "list", "--agent", agent(1)}).size());
  CHECK(site.json({"limits", "check", "--agent", "Agent 1", "--to", "+12125550123"}).at("agent") == agent(1));
  site.ok({"contacts", "update", "+16265550103", "--agents", "Agent 2|" + agent(3)});
  CHECK(site.json({"contacts", "show", "+16265550103"}).at("agents") == agent(2) + "|" + agent(3));
  CHECK(site.failure({"limits", "check", "--agent", "Agent 99", "--to", "+12125550123"}) ==
        "5 users.unknown");
  site.ok({"users", "add", "other@example.com", "--name", "AGENT 1"});
  const auto several = site.run({"users", "availability", "Agent 1", "busy"});
  CHECK(several.status == 2);
  CHECK(says(several, "  " + agent(1) + "\n  other@example.com\n"));
  CHECK(site.json({"users", "show", agent(1)}).at("availability") == "online");
}

TEST_CASE("what was taken out of use is not added again in silence, and the hint brings it back",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"extensions", "remove", "101"});
  site.ok({"teams", "deactivate", "Support"});
  site.ok({"numbers", "update", number(1), "--status", "inactive"});
  const std::vector<Site::Arguments> k_again = {{"extensions", "add", "101", "--user", agent(1)},
                                                {"teams", "add", "Support"},
                                                {"users", "add", "gus@example.com"},
                                                {"numbers", "add", number(1)}};
  for (const auto& arguments : k_again) {
    const auto refused = site.run(arguments);
    INFO(refused.err);
    CHECK(refused.status == 6);
    CHECK(says(refused, "exists already, but is not active"));
    site.ok(hinted(refused));
    CHECK(says(site.run(arguments), "unchanged"));
  }
  CHECK(site.json({"extensions", "show", "101"}).at("is_active") == true);
  CHECK(site.json({"teams", "show", "Support"}).at("is_active") == true);
  CHECK(site.json({"users", "show", "gus@example.com"}).at("is_active") == true);
  CHECK(site.json({"numbers", "show", number(1)}).at("status") == "active");
}

TEST_CASE("every noun comes out the same on both engines, and goes back in as what is there",
          "[system][slow]") {
  std::map<std::string, std::string> first;
  for (const auto engine : test::engines()) {
    const Site site(engine);
    load(site);
    site.ok({"users", "deactivate", agent(0), "--move-to", agent(1), "--yes"});
    for (const std::string format : {"csv", "tsv", "jsonl"}) {
      const auto bytes = exports(site, format);
      CHECK(first.try_emplace(format, bytes).first->second == bytes);
      for (const auto& noun : k_nouns) {
        const auto file = fmt::format("{}.{}", noun, format);
        site.ok({noun, "export", "--out", file});
        const auto report = site.json({noun, "import", file});
        INFO(file << " " << report.dump());
        CHECK(report.at("same") == report.at("rows"));
        CHECK(report.at("rows") > 0);
        CHECK(report.at("changed") == false);
      }
    }
  }
}

TEST_CASE("an export of people and what they hold makes the same estate elsewhere", "[system][slow]") {
  const Site from(GENERATE(from_range(test::engines())));
  load(from);
  const Site to(db::Engine::sqlite);
  for (auto arguments : k_imports) {
    const auto path = to.machine().home() / arguments[2];
    test::write_text(path, from.ok({arguments[0], "export", "-o", "csv"}));
    to.ok(arguments);
  }
  CHECK(exports(to, "csv") == exports(from, "csv"));
}

TEST_CASE("each import is taken back as if it had not been", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  lay_out_files(site.machine());
  for (const auto& arguments : k_imports) {
    INFO(arguments[0]);
    const auto before = exports(site, "csv");
    const std::string job = site.json(arguments).at("job_id");
    CHECK(exports(site, "csv") != before);
    site.ok({"jobs", "undo", job, "--yes"});
    CHECK(exports(site, "csv") == before);
    site.ok(arguments);
  }
}

TEST_CASE("an undo names a row by all parts of its key", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  const std::string job = load(site).at(4).at("job_id");
  site.ok({"assignments", "set", number(7), agent(1), "--daily-limit", "50"});
  const auto result = site.run({"jobs", "undo", job, "--yes"});
  CHECK(result.status == 3);
  CHECK(says(result, fmt::format("kept {} {}: it changed since\n", number(7), agent(1))));
}

TEST_CASE("an undo of a job that changed nothing has nothing to do", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  const std::string job = site.json({"numbers", "import", "numbers.csv"}).at("job_id");
  for (const auto* flag : {"-n", "--yes"}) {
    const auto result = site.run({"jobs", "undo", job, flag});
    CHECK(result.status == 0);
    CHECK(says(result, "unchanged job "));
  }
}

TEST_CASE("an undo keeps the people that others refer to by now", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  const auto reports = load(site);
  const auto result = site.run({"jobs", "undo", reports[1].at("job_id"), "--yes"});
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK(says(result, "[jobs.all_in_use]"));
  CHECK(says(result, "hint: undo the jobs that came later first: ringctl jobs list"));
  CHECK(site.json({"users", "list"}).size() == k_agents + 2);
  // Of two new numbers one has an agent by now: the other goes, and this one says why it stays.
  site.machine().file("free.csv", "phone_number\n+12025550150\n+12025550151\n");
  const std::string job = site.json({"numbers", "import", "free.csv"}).at("job_id");
  site.ok({"assignments", "set", "+12025550151", agent(0)});
  const auto partly = site.run({"jobs", "undo", job, "--yes"});
  CHECK(partly.status == 3);
  CHECK(says(partly, "kept +12025550151: others refer to it\n"));
  CHECK(says(partly, "1 kept because others refer to them"));
  site.ok({"assignments", "remove", "+12025550151", agent(0)});
  CHECK(site.run({"jobs", "undo", job, "--yes"}).status == 0);
  CHECK(site.run({"numbers", "show", "+12025550151"}).status == 5);
}

TEST_CASE("a direct line that somebody else calls from is warned of", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  load(site);
  site.ok({"assignments", "set", number(7), agent(1)});
  const auto holder = site.json({"numbers", "show", number(7)}).at("assigned_to").get<std::string>();
  const auto added = site.run({"users", "add", "zoe@example.com", "--phone-number", number(7)});
  CHECK(added.status == 0);
  CHECK(says(added, fmt::format("warning: {} is a number of this workspace, which {} has: calls to it ring "
                                "zoe@example.com and nobody else",
                                number(7), holder)));
  CHECK_FALSE(says(site.run({"users", "update", agent(2), "--phone-number", "+16265550188"}), "warning"));
}

TEST_CASE("what is missing or mixed up is said with what helps", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.machine().file("users.csv", "email,team\nann@example.com,Sales\nbob@example.com,\n");
  CHECK(says(site.run({"users", "import", "users.csv"}), "or add --map team=-"));
  CHECK(says(site.run({"assignments", "set", "bob@example.com", "+12025550100"}),
             R"(ringctl: "+12025550100" is no user of this workspace)"));
  CHECK(says(site.run({"assignments", "set", "+12025550100", "nobody"}),
             R"(ringctl: "nobody" is no user of this workspace)"));
  CHECK(says(site.run({"rules", "add", "x", "--ring", "team:Sales"}), R"(like [{"team": "Sales"}])"));
  CHECK(
      says(site.run({"rules", "add", "x", "--ring", R"([{"team": "Nobody"}])"}), "hint: ringctl teams list"));
}
