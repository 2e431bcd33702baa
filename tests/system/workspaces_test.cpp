// `ringctl init` and `ringctl workspaces` as people and scripts run them, on both engines.
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

TEST_CASE("first use says what it made, unless quiet, and never again", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto add = [&](const std::string& name, const std::string& number, const Site::Arguments& more) {
    Site::Arguments arguments = {"numbers", "add", number, "-d",
                                 "sqlite:" + (site.machine().home() / "new/dir" / name).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = site.run(arguments);
    CHECK(result.status == 0);
    return result.err;
  };
  const auto folder = (site.machine().home() / "new/dir").string();
  const auto first = "created sqlite:" + folder + "/a.db with workspace default (UTC)\n";
  CHECK(add("a.db", "+12025550123", {"-n"}).find("created") == std::string::npos);
  CHECK(add("a.db", "+12025550123", {}).find(first) == 0);
  CHECK(add("a.db", "+12025550124", {}).find("created") == std::string::npos);
  CHECK(add("b.db", "+12025550123", {"-q"}).empty());
}

TEST_CASE("init makes a usable database once", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  const auto made = site.json({"init", "--yes", "--zone", "Europe/Paris", "--country", "FR"});
  CHECK(made["changed"] == true);
  CHECK(made["workspace"] == "default");
  CHECK(made["timezone"] == "Europe/Paris");
  CHECK(made["default_country"] == "FR");

  CHECK(site.json({"init"})["changed"] == false);
  CHECK(site.failure({"init", "--zone", "Europe/Paris"}) == "0");
  CHECK(site.failure({"init", "--zone", "UTC"}) == "6 workspaces.exists");
  CHECK(site.json({"workspaces", "list"}).size() == 1);
}

TEST_CASE("init with a name makes a second workspace, without one it makes none", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  site.ok({"init", "--yes", "-w", "main"});
  CHECK(site.json({"init"})["changed"] == false);
  CHECK(site.json({"init", "-w", "second"})["object"] == "workspace second");
  CHECK(site.json({"workspaces", "list"}).size() == 2);
}

TEST_CASE("a dry run of init makes nothing", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  CHECK(site.run({"init", "-n", "--zone", "UTC"}).err == "would create workspace default (UTC)\n");
  CHECK_FALSE(std::filesystem::exists(site.sqlite_file()));
  if (site.engine() == db::Engine::postgresql) CHECK(site.json({"db", "status"})["state"] == "empty");
}

TEST_CASE("init refuses a zone or country that is none", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  CHECK(site.failure({"init", "--yes", "--zone", "Mars/Olympus"}) == "7 time.unknown_zone");
  CHECK(site.failure({"init", "--yes", "--country", "XX"}) == "7 phone.unknown_region");
}

TEST_CASE("a plan of a workspace is refused as the run would be", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.ok({"workspaces", "add", "second"});
  const std::vector<Site::Arguments> refused = {{"workspaces", "add", "second"},
                                                {"workspaces", "add", " x"},
                                                {"workspaces", "add", "x", "--timezone", "Berlin"},
                                                {"workspaces", "add", "x", "--default-country", "XX"},
                                                {"workspaces", "update", "default", "--name", "second"}};
  for (auto arguments : refused) {
    const auto run = site.failure(arguments);
    arguments.emplace_back("-n");
    INFO(arguments[2]);
    CHECK(run != "0");
    CHECK(site.failure(arguments) == run);
  }
}

TEST_CASE("the default country of a workspace reads national numbers", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.ok({"init", "--yes", "--country", "US"});
  CHECK(site.run({"numbers", "add", "(202) 555-0123"}).err == "added +12025550123 to default\n");
  CHECK(site.json({"numbers", "show", "202-555-0123"})["phone_number"] == "+12025550123");
}

TEST_CASE("a workspace is added, changed, shown and taken out of use", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.ok({"workspaces", "add", "Acme Süd", "--timezone", "Europe/Berlin", "--default-country", "de"});
  CHECK(site.failure({"workspaces", "add", "Acme Süd"}) == "6 workspaces.exists");
  CHECK(site.json({"workspaces", "show", "Acme Süd"})["default_country"] == "DE");

  CHECK(site.run({"workspaces", "update", "Acme Süd", "--default-country", "-"}).err ==
        "updated Acme Süd (default_country)\n");
  CHECK(site.json({"workspaces", "show", "Acme Süd"})["default_country"].is_null());
  CHECK(site.run({"workspaces", "update", "Acme Süd", "--default-country", "-"}).err ==
        "unchanged Acme Süd\n");
  CHECK(site.failure({"workspaces", "update", "Acme Süd"}) == "2 usage.nothing_to_do");
  CHECK(site.failure({"workspaces", "update", "Acme Sud", "--timezone", "UTC"}) == "5 workspaces.unknown");
  CHECK(site.failure({"workspaces", "update", "Acme Süd", "--timezone", "Berlin"}) == "7 time.unknown_zone");

  CHECK(site.failure({"workspaces", "deactivate", "Acme Süd"}) == "2 usage.confirmation_needed");
  site.ok({"workspaces", "deactivate", "Acme Süd", "--yes"});
  CHECK(site.failure({"numbers", "list", "-w", "Acme Süd"}) == "6 workspaces.inactive");
  CHECK(site.failure({"numbers", "list"}) == "0");
  site.ok({"workspaces", "update", "Acme Süd", "--is-active", "yes"});
  CHECK(site.failure({"numbers", "list", "-w", "Acme Süd"}) == "0");
}

TEST_CASE("where no workspace is active, everybody is told how to have one again", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.ok({"workspaces", "update", "default", "--name", "Ann's"});
  site.ok({"workspaces", "deactivate", "Ann's", "--yes"});
  for (const auto& words : std::vector<test::Machine::Arguments>{
           {"numbers", "list"}, {"numbers", "add", "+12025550123"}, {"init", "--yes"}}) {
    const auto refused = site.run(words);
    CHECK(refused.status == 6);
    CHECK(refused.err.find("[workspaces.inactive]") != std::string::npos);
    CHECK(refused.err.find("hint: ringctl workspaces update 'Ann'\\''s' --is-active yes\n") !=
          std::string::npos);
  }
  site.ok({"workspaces", "update", "Ann's", "--is-active", "yes"});
  CHECK(site.failure({"numbers", "add", "+12025550123"}) == "0");
}

TEST_CASE("a change in a dry run is only told", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  CHECK(site.run({"workspaces", "add", "x", "-n"}).err.substr(0, 11) == "would add x");
  CHECK(site.run({"workspaces", "update", "default", "--name", "y", "-n"}).err ==
        "would update default (name)\n");
  CHECK(site.run({"workspaces", "deactivate", "default", "-n"}).err == "would deactivate default\n");
  const auto all = site.json({"workspaces", "list"});
  REQUIRE(all.size() == 1);
  CHECK(all[0]["name"] == "default");
  CHECK(all[0]["version"] == 1);
}

TEST_CASE("an export holds every workspace with the columns of the list", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.ok({"workspaces", "add", "Acme"});
  for (const auto* format : {"csv", "tsv", "json", "jsonl", "md", "table"})
    CHECK(site.ok({"workspaces", "export", "-o", format}) ==
          site.ok({"workspaces", "list", "-o", format, "--limit", "0"}));
  CHECK(site.failure({"workspaces", "export", "--limit", "1"}) == "2 usage.not_here");
}

TEST_CASE("what a workspace decides about calls is set by flags and shown in columns", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const auto fresh = site.json({"workspaces", "show"});
  CHECK(fresh["ring_timeout_s"] == 30);
  CHECK(fresh["ring_owner"] == true);
  CHECK(fresh["outcomes"].is_null());

  site.ok({"workspaces", "update", "default", "--ring-timeout", "20s", "--wave-size", "5", "--ring-owner",
           "no", "--after-ring", "support", "--support-number", "+12025550143", "--outcomes",
           "sold|call back", "--consent-message", "=1+1"});
  const auto shown = site.json({"workspaces", "show"});
  CHECK(shown["ring_timeout_s"] == 20);
  CHECK(shown["wave_size"] == 5);
  CHECK(shown["ring_owner"] == false);
  CHECK(shown["after_ring"] == "support");
  CHECK(shown["support_number"] == "+12025550143");
  CHECK(shown["outcomes"] == "sold|call back");
  CHECK(site.json({"workspaces", "list"})[0] == shown);
  CHECK(site.ok({"workspaces", "list", "-o", "tsv", "--no-header", "--columns",
                 "ring_timeout_s,ring_owner,support_number,consent_message"}) ==
        "20\tfalse\t+12025550143\t'=1+1\n");

  CHECK(site.run({"workspaces", "update", "default", "--ring-timeout", "20s"}).err == "unchanged default\n");
  site.ok(
      {"workspaces", "update", "default", "--ring-timeout", "-", "--after-ring", "-", "--ring-owner", "-"});
  CHECK(site.json({"workspaces", "show"})["ring_timeout_s"] == 30);
  CHECK(site.json({"workspaces", "show"})["ring_owner"] == true);
}

TEST_CASE("a setting that may not be so is refused, planned or not", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const std::vector<Site::Arguments> refused = {{"--ring-timeout", "11m"},
                                                {"--wave-size", "11"},
                                                {"--hold-music-url", "ftp://music.example.com/a.mp3"},
                                                {"--support-number", "911"},
                                                {"--after-ring", "support"},
                                                {"--consent-countries", "Mars"},
                                                {"--twilio-accounts", "AC1"},
                                                {"--twiml-app-sid", "AP1"},
                                                {"--default-user", "gus@example.com"}};
  site.ok({"users", "add", "gus@example.com", "--is-active", "no"});
  for (const auto& flags : refused) {
    Site::Arguments arguments = {"workspaces", "update", "default"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    INFO(flags[0]);
    CHECK(site.failure(arguments) == "7 workspaces.bad_value");
    arguments.emplace_back("-n");
    CHECK(site.failure(arguments) == "7 workspaces.bad_value");
  }
  CHECK(site.failure({"workspaces", "update", "default", "--after-ring", "sleep"}) == "2 usage.bad_value");
  CHECK(site.run({"workspaces", "update", "default", "--wave-size", "11"}).err.find("1 to 10") !=
        std::string::npos);
  CHECK(site.json({"workspaces", "show"})["version"] == 1);
}

TEST_CASE("on an empty server every hint leads to a database that can be used", "[system][postgresql]") {
  const auto hint = [](const test::ProcessResult& result) {
    const auto at = result.err.find("  hint: ");
    return at == std::string::npos ? result.err
                                   : result.err.substr(at + 8, result.err.find('\n', at) - at - 8);
  };
  const Site site(db::Engine::postgresql, test::Schema::none);
  CHECK(hint(site.run({"numbers", "list"})) == "ringctl init --yes");
  for (const auto& arguments : {Site::Arguments{"db", "check", "-o", "jsonl"}, {"doctor", "-o", "jsonl"}})
    CHECK(site.run(arguments).out.find("ringctl init --yes") != std::string::npos);
  site.ok({"db", "migrate"});
  CHECK(hint(site.run({"numbers", "list"})) == "ringctl init");
  CHECK(hint(site.run({"numbers", "list", "-w", "sales"})) == "ringctl init --workspace sales");
  site.ok({"init", "--workspace", "sales"});
  site.ok({"numbers", "add", "+12025550123"});
}

TEST_CASE("hints that name a command can be copied", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.ok({"numbers", "add", "+12025550100", "--label", "Old"});
  const std::vector<Site::Arguments> refused = {
      {"-p", "nope", "numbers", "list"},
      {"numbers", "add", "+12025550100", "--label", "New desk"},
      {"init", "--zone", "America/New_York"},
  };
  for (const auto& arguments : refused) {
    const auto result = site.run(arguments);
    INFO(result.err);
    const auto at = result.err.find("  hint: ringctl ");
    REQUIRE(at != std::string::npos);
    auto words = test::shell_words(result.err.substr(at + 8, result.err.find('\n', at) - at - 8));
    words.erase(words.begin());
    site.ok(words);
  }
  CHECK(site.json({"numbers", "show", "+12025550100"}).at("label") == "New desk");
  CHECK(site.json({"workspaces", "show", "default"}).at("timezone") == "America/New_York");
}

TEST_CASE("a second workspace is announced to whoever names none, once", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const std::string wanted = "every command needs --workspace NAME";
  CHECK(site.run({"workspaces", "add", "two"}).err.find(wanted) != std::string::npos);
  CHECK(site.run({"workspaces", "add", "three"}).err.find(wanted) == std::string::npos);
  const auto result = site.run({"numbers", "list", "-w", "nope"});
  CHECK(result.status == 5);
  CHECK(result.err.find("--workspace nope") == std::string::npos);
}

TEST_CASE("what is called otherwise elsewhere is suggested", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto suggests = [&](const Site::Arguments& arguments, const std::string& wanted) {
    const auto result = site.run(arguments);
    INFO(result.err);
    CHECK(result.status == 2);
    CHECK(result.err.find("did you mean: " + wanted + "\n") != std::string::npos);
  };
  suggests({"workspaces", "update", "default", "--zone", "Europe/Paris"}, "--timezone");
  suggests({"init", "--timezone", "UTC"}, "--zone");
  suggests({"init", "--default-country", "US"}, "--country");
  suggests({"limits", "set", "+12025550123", "--daily-limit", "5"}, "assignments set");
}
