// `ringctl numbers` as people and scripts run it, on both engines.
#include <fmt/format.h>

#include <future>

#include "support/eventually.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::lines;
using test::Site;

namespace {

/// Four numbers with everything that can be awkward about text.
void fill(const Site& site) {
  site.ok({"numbers", "add", "+12025550123", "--label", "Sales", "--capabilities", "sms|voice", "--sid",
           "PN0123456789abcdef0123456789abcdef"});
  site.ok({"numbers", "add", "+12025550124", "--label", "=1+1", "--provider", "telnyx"});
  site.ok(
      {"numbers", "add", "+442079460123", "--label", "Tab\there, \"quoted\"\nÉcole", "--status", "inactive"});
  site.ok({"numbers", "add", "+16135550111"});
}

}  // namespace

TEST_CASE("a file is not given the name of a format there is not", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  for (const auto* name : {"foo.pdf", "foo.ods"}) {
    CHECK(site.failure({"numbers", "export", "--out", name}) == "2 usage.no_format");
    CHECK(site.failure({"numbers", "delete", "+12025550123", "--yes", "--out", name}) == "2 usage.no_format");
    CHECK_FALSE(std::filesystem::exists(site.machine().home() / name));
    CHECK(site.run({"numbers", "export", "--out", name, "-o", "csv"}).status == 0);
  }
}

TEST_CASE("the first number makes the embedded database and the workspace default", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto result = site.run({"numbers", "add", "+12025550123", "--label", "Sales"});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(result.err ==
        fmt::format("created sqlite:{} with workspace default (UTC)\nadded +12025550123 to default\n",
                    site.sqlite_file().string()));
  CHECK(site.json({"workspaces", "list"}).at(0).at("name") == "default");
  CHECK((std::filesystem::status(site.sqlite_file()).permissions() & std::filesystem::perms::mask) ==
        static_cast<std::filesystem::perms>(0600));
}

TEST_CASE("reading without a database says how to make one", "[system]") {
  const Site site(db::Engine::sqlite);
  CHECK(site.failure({"numbers", "list"}) == "10 db.missing");
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
}

TEST_CASE("a dry run on a machine without a database plans and makes nothing", "[system]") {
  const Site site(db::Engine::sqlite);
  CHECK(site.run({"numbers", "add", "+12025550123", "-n"}).err == "would add +12025550123 to default\n");
  CHECK(site.failure({"numbers", "add", "+12025550123", "--status", "x", "-n"}) == "7 numbers.invalid");
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
}

TEST_CASE("a command that is mistaken leaves no database behind", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto& m = site.machine();
  m.file("header.csv", "telephone,label\n+12025550123,Sales\n");
  m.file("rows.csv", "phone_number\n+12025550123\nnonsense\n");
  const std::vector<Site::Arguments> mistaken = {{"numbers", "import", "nofile", "--default-country", "DE"},
                                                 {"numbers", "import", "header.csv"},
                                                 {"numbers", "import", "rows.csv"},
                                                 {"numbers", "import", ".", "-q"},
                                                 {"numbers", "add", "garbage"},
                                                 {"numbers", "add", "+12025550123", "--status", "asleep"},
                                                 {"numbers", "add", "+12025550123", "--delimiter", "xx"},
                                                 {"numbers", "add", "+12025550123", "-w", "typo"},
                                                 {"numbers", "import", "rows.csv", "-w", "typo"},
                                                 {"workspaces", "add", " x"},
                                                 {"init", "--country", "XX"},
                                                 {"jobs", "undo", "5be01d7a", "--yes"},
                                                 {"numbers", "list", "-w", "typo"}};
  for (const auto& arguments : mistaken) {
    INFO(arguments[0] << " " << arguments[1]);
    CHECK(site.run(arguments).status != 0);
    CHECK_FALSE(std::filesystem::exists(site.sqlite_file().parent_path()));
  }
}

TEST_CASE("a change that cannot be told was made all the same, and the error says so", "[system]") {
  const Site site(db::Engine::sqlite);
  test::ProcessOptions full;
  full.out = test::Stream::full;
  const auto told = site.machine().run({"numbers", "add", "+12025550123", "-o", "json"}, full);
  CHECK(told.status == 40);
  CHECK(told.err.find("the change was made all the same: added +12025550123") != std::string::npos);
  CHECK(site.json({"numbers", "list"}).size() == 1);
  const auto planned = site.machine().run({"numbers", "add", "+12025550124", "-n", "-o", "json"}, full);
  CHECK(planned.status == 40);
  CHECK(planned.err.find("was made") == std::string::npos);
}

TEST_CASE("a first import that is refused keeps its rejects", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("rows.csv", "phone_number\n+12025550123\nnonsense\n");
  CHECK(site.failure({"numbers", "import", "rows.csv", "--rejects", "bad.csv"}) == "7 import.invalid_rows");
  CHECK(test::read_text(site.machine().home() / "bad.csv").find("nonsense") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
}

TEST_CASE("the first write makes the workspace default and no other", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto result = site.run({"numbers", "add", "+12025550123", "-w", "defualt"});
  CHECK(result.status == 5);
  CHECK(result.err.find("did you mean: default") != std::string::npos);
  CHECK(site.run({"numbers", "add", "+12025550123", "-w", "defualt", "-n"}).status == 5);
  CHECK(site.failure({"numbers", "add", "+12025550123", "-w", "default"}) == "0");
  CHECK(site.failure({"numbers", "add", "+12025550124", "-w", "defualt"}) == "5 workspaces.unknown");
  CHECK(site.json({"workspaces", "list"}).size() == 1);
}

TEST_CASE("a dry run plans as well where the database holds no workspace yet", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"db", "migrate"});
  CHECK(site.run({"numbers", "add", "+12025550123", "-n"}).err == "would add +12025550123 to default\n");
  CHECK(site.json({"workspaces", "list"}).empty());
}

TEST_CASE("several first writes at once make one database and one workspace", "[system]") {
  const Site site(db::Engine::sqlite);
  std::vector<std::future<std::string>> runs;
  runs.reserve(4);
  for (int i = 0; i < 4; ++i)
    runs.push_back(std::async(std::launch::async, [&site, i] {
      std::string failure;
      // Who is told that others are too slow for it tries again.
      test::eventually([&] {
        failure = site.failure({"numbers", "add", "+1202555012" + std::to_string(i)});
        return !failure.starts_with("31 ") && !failure.starts_with("11 ");
      });
      return failure;
    }));
  for (auto& run : runs) CHECK(run.get() == "0");
  CHECK(site.json({"numbers", "list"}).size() == 4);
  CHECK(site.json({"workspaces", "list"}).size() == 1);
  CHECK(site.json({"audit", "verify"})["rows"] == 5);
}

TEST_CASE("a PostgreSQL database waits for init", "[system]") {
  for (const auto engine : test::engines()) {
    if (engine == db::Engine::sqlite) continue;
    const Site site(engine, test::Schema::none);
    CHECK(site.failure({"numbers", "add", "+12025550123"}) == "12 schema.too_old");
    CHECK(site.failure({"init"}) == "2 usage.confirmation_needed");
    site.init();
    CHECK(site.failure({"numbers", "add", "+12025550123"}) == "0");
  }
}

TEST_CASE("which calls of a number are recorded is set by hand and by file, and cleared", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  const auto policy = [&](const std::string& number) {
    return site.json({"numbers", "show", number}).at("record_policy");
  };
  CHECK(site.run({"numbers", "update", "+12025550123", "--record-policy", "Never", "-n"}).err ==
        "would update +12025550123 (record_policy)\n");
  site.ok({"numbers", "update", "+12025550123", "--record-policy", "never"});
  CHECK(policy("+12025550123") == "never");
  CHECK(site.failure({"numbers", "update", "+12025550123", "--record-policy", "sometimes"}) ==
        "7 numbers.invalid");
  const auto file = site.machine()
                        .file("numbers.csv",
                              "phone_number,record_policy\n+12025550123,-\n+12025550124,inbound\n"
                              "+12025550125,always\n")
                        .string();
  site.ok({"numbers", "import", file});
  CHECK(policy("+12025550123").is_null());
  CHECK(policy("+12025550124") == "inbound");
  CHECK(policy("+12025550125") == "always");
}

TEST_CASE("an export has the same bytes on both engines", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  CHECK(site.ok({"numbers", "export", "-o", "csv"}) ==
        lines({"phone_number,provider,country_code,label,status,capabilities,sid,record_policy,sms_mode",
               "+12025550123,twilio,US,Sales,active,voice|sms,PN0123456789abcdef0123456789abcdef,,notify_all",
               "+12025550124,telnyx,US,'=1+1,active,,,,notify_all",
               "+16135550111,twilio,CA,,active,,,,notify_all",
               "+442079460123,twilio,GB,\"Tab\there, \"\"quoted\"\"", "École\",inactive,,,,notify_all"}));
  CHECK(
      site.ok({"numbers", "export", "-o", "jsonl", "--country", "uk"}) ==
      R"({"phone_number":"+442079460123","provider":"twilio","country_code":"GB",)"
      R"("label":"Tab\there, \"quoted\"\nÉcole","status":"inactive","capabilities":null,"sid":null,"record_policy":null,)"
      R"("sms_mode":"notify_all"})"
      "\n");
}

TEST_CASE("a list is filtered, searched, ordered and cut", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  const auto list = [&](Site::Arguments more) {
    Site::Arguments arguments = {"numbers", "list", "-o", "csv", "--no-header", "--columns", "phone_number"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return site.ok(arguments);
  };
  CHECK(list({}) == lines({"+12025550123", "+12025550124", "+16135550111", "+442079460123"}));
  CHECK(list({"--status", "inactive"}) == lines({"+442079460123"}));
  CHECK(list({"--provider", "telnyx"}) == lines({"+12025550124"}));
  CHECK(list({"--country", "CA"}) == lines({"+16135550111"}));
  CHECK(list({"--label", "SALES"}) == lines({"+12025550123"}));
  CHECK(list({"--search", "éCOLE"}) == lines({"+442079460123"}));
  CHECK(list({"--search", "(202) 555"}) == lines({"+12025550123", "+12025550124"}));
  CHECK(list({"--sort", "country_code:desc", "--limit", "3"}) ==
        lines({"+12025550123", "+12025550124", "+442079460123"}));
  CHECK(list({"--search", "nothing like it"}).empty());
}

TEST_CASE("a list that was cut says how many there are", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  CHECK(site.run({"numbers", "list", "--limit", "2"}).err.find("showing 2 of 4") != std::string::npos);
  CHECK(site.run({"numbers", "list", "--limit", "4"}).err.empty());
}

TEST_CASE("JSON carries every column, and an empty list is an empty array", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  CHECK(site.json({"numbers", "list"}) == nlohmann::json::array());
  fill(site);
  const auto all = site.json({"numbers", "list"});
  REQUIRE(all.size() == 4);
  CHECK(all[0].size() == 22);
  CHECK(all[0]["version"] == 1);
  CHECK(all[0]["trunk_sid"].is_null());
  CHECK(all[0] == site.json({"numbers", "show", "+12025550123"}));
}

TEST_CASE("adding again says unchanged, or what differs", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  CHECK(site.run({"numbers", "add", "+12025550123", "--label", "Sales"}).err == "unchanged +12025550123\n");
  CHECK(site.json({"numbers", "add", "+12025550123", "--label", "Sales"}).at("changed") == false);
  const auto result = site.run({"numbers", "add", "+12025550123", "--label", "Support"});
  CHECK(result.status == 6);
  CHECK(result.err.find(R"(label: "Sales", not "Support")") != std::string::npos);
}

TEST_CASE("a bad value is refused with its field, and nothing changes", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const auto result = site.run({"numbers", "add", "+12025550123", "--country-code", "CA"});
  CHECK(result.status == 7);
  CHECK(result.err.find("country_code: +12025550123 is a number of US, not of CA") != std::string::npos);
  CHECK(site.failure({"numbers", "add", "555-0123"}) == "7 phone.invalid");
  CHECK(site.failure({"numbers", "add", "+12025550123", "--status", "asleep"}) == "7 numbers.invalid");
  CHECK(site.failure({"numbers", "list", "--status", "asleep"}).substr(0, 2) == "2 ");
  CHECK(site.failure({"numbers", "list", "--country", "XX"}).substr(0, 2) == "2 ");
  CHECK(site.json({"numbers", "list"}).empty());
}

TEST_CASE("an update names the number by label, and refuses a version that moved on", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  CHECK(site.run({"numbers", "update", "Sales", "--label", "Support"}).err == "updated +12025550123\n");
  CHECK(site.run({"numbers", "update", "Support", "--label", "Support"}).err == "unchanged +12025550123\n");
  CHECK(site.run({"numbers", "update", "Support", "--status", "inactive", "-n"}).err ==
        "would update +12025550123 (status)\n");
  CHECK(site.failure({"numbers", "update", "Support", "--label", "x", "--if-version", "1"}) ==
        "6 numbers.stale");
  CHECK(site.failure({"numbers", "update", "Support"}) == "2 usage.nothing_to_do");
  CHECK(site.failure({"numbers", "update", "nobody", "--label", "x"}) == "5 numbers.unknown");
  const auto shown = site.json({"numbers", "show", "Support"});
  CHECK(shown["version"] == 2);
  CHECK(shown["status"] == "active");
}

TEST_CASE("a plan of an update is refused as the run would be", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  const std::vector<Site::Arguments> refused = {
      {"numbers", "update", "Sales", "--label", "x", "--if-version", "7"},
      {"numbers", "update", "+12025550124", "--sid", "PN0123456789abcdef0123456789abcdef"},
      {"numbers", "update", "Sales", "--status", "asleep"}};
  for (auto arguments : refused) {
    const auto run = site.failure(arguments);
    arguments.emplace_back("-n");
    INFO(arguments[3] << " " << arguments[4]);
    CHECK(run != "0");
    CHECK(site.failure(arguments) == run);
  }
  CHECK(site.failure({"numbers", "update", "Sales", "--label", "x", "--if-version", "1", "-n"}) == "0");
}

TEST_CASE("a plan on a server without the database is refused as the run would be", "[system]") {
  for (const auto engine : test::engines()) {
    if (engine == db::Engine::sqlite) continue;
    const Site site(engine);
    auto url = site.url();
    url.replace(url.find('/', 13) + 1, url.find('?') - url.find('/', 13) - 1, "not_there");
    CHECK(site.failure({"numbers", "add", "+12025550123", "-d", url}) == "10 db.missing");
    CHECK(site.failure({"numbers", "add", "+12025550123", "-d", url, "-n"}) == "10 db.missing");
  }
}

TEST_CASE("an export takes its format from the name of the file", "[system]") {
  const Site site(db::Engine::sqlite);
  fill(site);
  const auto home = site.machine().home();
  const auto written = [&](const std::string& name, Site::Arguments more) {
    more.insert(more.begin(), {"numbers", "export", "--out", name});
    site.ok(more);
    return test::read_text(home / name);
  };
  for (const auto* format : {"csv", "tsv", "json", "jsonl", "md"}) {
    const auto asked = site.ok({"numbers", "export", "-o", format});
    CHECK(written(std::string("x.") + format, {}) == asked);
  }
  CHECK(written("x.CSV", {}) == site.ok({"numbers", "export", "-o", "csv"}));
  CHECK(written("y.csv", {"-o", "jsonl"}) == site.ok({"numbers", "export", "-o", "jsonl"}));
  CHECK(written("numbers", {}) == site.ok({"numbers", "export", "-o", "tsv"}));
  site.ok({"config", "set", "output", "md"});
  CHECK(written("z.csv", {}) == site.ok({"numbers", "export", "-o", "csv"}));
  CHECK(written("z", {}) == site.ok({"numbers", "export", "-o", "md"}));
}

TEST_CASE("deleting asks, and a mistyped number among several deletes none", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  CHECK(site.failure({"numbers", "delete", "+12025550123"}) == "2 usage.confirmation_needed");
  CHECK(site.failure({"numbers", "delete", "+12025550123", "nobody", "--yes"}) == "5 numbers.unknown");
  CHECK(site.json({"numbers", "list"}).size() == 4);
  CHECK(site.run({"numbers", "delete", "Sales", "+12025550123", "+12025550124", "--yes"}).err ==
        lines({"deleted +12025550123", "deleted +12025550124"}));
  CHECK(site.json({"numbers", "list"}).size() == 2);
}

TEST_CASE("a number that is in use is not deleted, and what helps is said", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  site.ok({"users", "add", "ann@example.com"});
  site.ok({"extensions", "add", "101", "--user", "ann@example.com", "--phone-number", "+12025550123"});
  site.ok({"pools", "add", "+12025550123", "ann@example.com"});
  const auto refused = [&](const std::string& hint) {
    const auto result = site.run({"numbers", "delete", "+12025550123", "+12025550124", "--yes"});
    CHECK(result.status == 6);
    INFO(result.err);
    CHECK(result.err.find("hint: " + hint + "\n") != std::string::npos);
  };
  refused("ringctl extensions remove 101");
  site.ok({"extensions", "remove", "101"});
  refused("ringctl pools remove +12025550123 ann@example.com");
  site.ok({"pools", "remove", "+12025550123", "ann@example.com"});
  CHECK(site.json({"numbers", "list"}).size() == 4);
  site.ok({"numbers", "delete", "+12025550123", "+12025550124", "--yes"});
  CHECK(site.json({"extensions", "show", "101"}).at("is_active") == false);
}

TEST_CASE("declining a deletion changes nothing and exits 9", "[system]") {
  const Site site(db::Engine::sqlite);
  fill(site);
  test::TerminalOptions typed;
  typed.input = "n\n";
  CHECK(site.machine().run_in_terminal({"numbers", "delete", "Sales"}, typed).status == 9);
  typed.input = "y\n";
  CHECK(site.machine().run_in_terminal({"numbers", "delete", "Sales"}, typed).status == 0);
  CHECK(site.json({"numbers", "list"}).size() == 3);
}

TEST_CASE("a number of another workspace is a conflict that does not name it", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  fill(site);
  site.ok({"workspaces", "add", "secret rival"});
  CHECK(site.failure({"numbers", "list"}) == "2 workspaces.ambiguous");
  const auto result = site.run({"numbers", "add", "+12025550123", "-w", "secret rival"});
  CHECK(result.status == 6);
  CHECK(result.err.find("held by another workspace") != std::string::npos);
  CHECK(result.err.find("default") == std::string::npos);
  CHECK(site.json({"numbers", "list", "-w", "secret rival"}).empty());
}

TEST_CASE("numbers are offered by completion", "[system]") {
  const Site site(db::Engine::sqlite);
  fill(site);
  std::string offered;  // nothing where the machine was too slow for a shell
  test::eventually([&] {
    return offered = site.ok({"__complete", "--", "numbers", "show", "+4"}), !offered.empty();
  });
  CHECK(offered.find("+442079460123") != std::string::npos);
  CHECK(offered.find("+12025550123") == std::string::npos);
}

TEST_CASE("a number of ours goes by its label and its SID wherever a command takes one", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const std::string number = "+12025550123", sid = "PN0123456789abcdef0123456789abcdef";
  site.ok({"numbers", "add", number, "--label", "Front desk", "--sid", sid});
  site.ok({"users", "add", "ann@example.com"});
  const auto called = GENERATE_COPY(as<std::string>(), "Front desk", sid);
  site.ok({"numbers", "assign", called, "ann@example.com"});
  CHECK(site.json({"assignments", "show", called, "ann@example.com"}).at("phone_number") == number);
  site.ok({"pools", "add", called, "ann@example.com"});
  CHECK(site.json({"pools", "list", "--phone-number", called}).size() == 1);
  site.ok({"extensions", "add", "101", "--user", "ann@example.com", "--phone-number", called});
  CHECK(site.json({"extensions", "show", "101"}).at("phone_number") == number);
  CHECK(site.json({"limits", "status", "--number", called}).at(0).at("phone_number") == number);
  CHECK(site.run({"assignments", "set", "Back door", "ann@example.com"}).status != 0);
}
