#include "config/settings.hpp"

#include <algorithm>
#include <stdexcept>

#include "config/world.hpp"

namespace ringctl::config {
namespace {

TEST_CASE("a value comes from the first source that has it", "[config]") {
  // One row per source, strongest first; with the first n taken away, the next one counts.
  struct Source {
    std::string value, origin;
  };
  const std::vector<Source> sources = {
      {"jsonl", "flag --output"},
      {"json", "environment RINGCTL_OUTPUT"},
      {"csv", "home/.config/ringctl/config.toml:2 [profiles.prod]"},
      {"tsv", "home/.config/ringctl/config.toml:3 [defaults]"},
      {"md", "etc/config.toml:2 [profiles.prod]"},
      {"csv", "etc/config.toml:3 [defaults]"},
  };
  const auto first = GENERATE(range(0, 7));
  World world;
  const auto has = [&](int source) { return source >= first; };
  world.flags["profile"] = "prod";
  if (has(0)) world.flags["output"] = "jsonl";
  if (has(1)) world.environment["RINGCTL_OUTPUT"] = "json";
  world.write(world.user_file(), std::string("[profiles.prod]\n") + (has(2) ? "output = 'csv'\n" : "") +
                                     "[defaults]\n" + (has(3) ? "output = 'tsv'\n" : ""));
  world.write(world.system_file(), std::string("[profiles.prod]\n") + (has(4) ? "output = 'md'\n" : "") +
                                       "[defaults]\n" + (has(5) ? "output = 'csv'\n" : ""));
  const auto settings = world.load();
  const auto value = settings.find("output");
  if (first == 6) {
    CHECK_FALSE(value);
    CHECK(settings.get("output").empty());
    return;
  }
  const auto& expected = sources[static_cast<std::size_t>(first)];
  REQUIRE(value);
  CHECK(value->text == expected.value);
  auto origin = expected.origin;
  if (first >= 2) origin = (world.root() / origin).string();
  CHECK(value->origin == origin);
}

TEST_CASE("what nobody sets has its built-in value", "[config]") {
  const World world;
  const auto settings = world.load();
  CHECK(settings.get("color") == "auto");
  CHECK(settings.find("color")->origin == "built-in");
  CHECK(settings.get("twilio.retries") == "5");
}

TEST_CASE("every built-in value passes the checks of its key", "[config]") {
  for (const auto& key : keys()) {
    if (key.built_in.empty()) continue;
    World world;
    world.flags[std::string(key.name)] = std::string(key.built_in);
    INFO(key.name);
    CHECK(world.load().get(key.name) == key.built_in);
  }
}

TEST_CASE("tables of a profile and of the root give dotted keys", "[config]") {
  World world;
  world.write(
      world.user_file(),
      "schema = 1\n[defaults]\nprofile = \"prod\"\n[profiles.prod.twilio]\nretries = 7\ntimeout = \"3s\"\n"
      "[serve]\nlisten = \"127.0.0.1:9000\"\ntrusted_proxies = [\"127.0.0.1/32\", \"10.0.0.0/8\"]\n");
  const auto settings = world.load();
  CHECK(settings.profile() == "prod");
  CHECK(settings.get("twilio.retries") == "7");
  CHECK(settings.get("twilio.timeout") == "3s");
  CHECK(settings.get("serve.listen") == "127.0.0.1:9000");
  CHECK(settings.get("serve.trusted_proxies") == "127.0.0.1/32,10.0.0.0/8");
  CHECK(settings.find("serve.listen")->origin == world.user_file().string() + ":8 [serve]");
  CHECK(settings.find("twilio.retries")->origin == world.user_file().string() + ":5 [profiles.prod]");
}

TEST_CASE("the profile is named by flag, environment or defaults, else it is `default`", "[config]") {
  World world;
  world.write(world.user_file(),
              "[defaults]\nprofile = 'a'\n[profiles.a]\nworkspace = 'wa'\n[profiles.b]\nworkspace = 'wb'\n"
              "[profiles.c]\nworkspace = 'wc'\n[profiles.default]\nworkspace = 'wd'\n");
  CHECK(world.load().get("workspace") == "wa");
  world.environment["RINGCTL_PROFILE"] = "b";
  CHECK(world.load().get("workspace") == "wb");
  world.flags["profile"] = "c";
  CHECK(world.load().get("workspace") == "wc");
  world.flags.clear();
  world.environment.erase("RINGCTL_PROFILE");
  world.write(world.user_file(), "[profiles.default]\nworkspace = 'wd'\n");
  CHECK(world.load().get("workspace") == "wd");
  CHECK(world.load().profiles() == std::vector<std::string>{"default"});
}

TEST_CASE("a profile that does not exist is an error that suggests the nearest", "[config]") {
  World world;
  world.write(world.user_file(), "[profiles.prod]\n[profiles.test]\n");
  world.flags["profile"] = "prd";
  const auto error = error_of([&] { world.load(); });
  CHECK(error.errc() == Errc::config);
  CHECK(error.slug() == "config.unknown_profile");
  CHECK(error.message() == "there is no profile \"prd\"");
  CHECK(error.details() == std::vector<std::string>{"named by flag --profile", "did you mean: prod"});
}

TEST_CASE("profiles come from all files, sorted, each once", "[config]") {
  World world;
  world.write(world.user_file(), "[profiles.b]\n[profiles.a]\n");
  world.write(world.credentials(), "[profiles.b]\napi_key = 'SK1'\n[profiles.d]\napi_key = 'SK2'\n");
  world.write(world.system_file(), "[profiles.c]\n[profiles.a]\n", 0644);
  CHECK(world.load().profiles() == std::vector<std::string>{"a", "b", "c", "d"});
}

TEST_CASE("an empty environment variable counts as not set", "[config]") {
  World world;
  world.environment["RINGCTL_OUTPUT"] = "";
  CHECK_FALSE(world.load().find("output"));
}

TEST_CASE("a bad value in the environment names the variable, in a flag the flag", "[config]") {
  World world;
  world.environment["RINGCTL_LOG_LEVEL"] = "loud";
  const auto error = error_of([&] { world.load(); });
  CHECK(error.errc() == Errc::config);
  CHECK(error.message() == "RINGCTL_LOG_LEVEL must be one of error, warn, info, debug, trace, not \"loud\"");
  world.flags["output"] = "yaml";
  world.environment.clear();
  const auto usage = error_of([&] { world.load(); });
  CHECK(usage.errc() == Errc::usage);
  CHECK(usage.message() == "--output must be one of table, tsv, json, jsonl, csv, md, html, not \"yaml\"");
}

TEST_CASE("RINGCTL_TZ wins over TZ, and a TZ that names no zone is ignored", "[config]") {
  World world;
  world.environment["TZ"] = ":Europe/Berlin";
  CHECK(world.load().get("timezone") == "Europe/Berlin");
  CHECK(world.load().find("timezone")->origin == "environment TZ");
  world.environment["RINGCTL_TZ"] = "America/New_York";
  CHECK(world.load().get("timezone") == "America/New_York");
  world.environment.erase("RINGCTL_TZ");
  world.environment["TZ"] = "<+03>-3";
  CHECK_FALSE(world.load().find("timezone"));
}

TEST_CASE("what a variable of other programs hides is still known", "[config]") {
  World world;
  world.environment["TZ"] = "Europe/Berlin";
  CHECK_FALSE(world.load().find_own("timezone"));
  world.write(world.user_file(), "[defaults]\ntimezone = \"Asia/Tokyo\"\n");
  CHECK(world.load().get("timezone") == "Europe/Berlin");
  CHECK(world.load().find_own("timezone")->text == "Asia/Tokyo");
  world.environment["RINGCTL_TZ"] = "America/New_York";
  CHECK(world.load().find_own("timezone")->text == "America/New_York");
  world.flags["timezone"] = "UTC";
  CHECK(world.load().find_own("timezone")->origin == "flag --tz");
  CHECK(world.load().find_own("limit").has_value() == world.load().find("limit").has_value());
}

TEST_CASE("RINGCTL_PAGER wins over PAGER", "[config]") {
  World world;
  world.environment["PAGER"] = "more";
  CHECK(world.load().get("pager") == "more");
  world.environment["RINGCTL_PAGER"] = "less -S";
  CHECK(world.load().get("pager") == "less -S");
}

TEST_CASE(
    "a file named by flag wins over RINGCTL_CONFIG, which wins over XDG_CONFIG_HOME, which wins over HOME",
    "[config]") {
  World world;
  const auto place = [&](const char* folder) {
    std::filesystem::create_directories(world.root() / folder / "ringctl");
    return world.write(world.root() / folder / "ringctl/config.toml",
                       std::string("[defaults]\nworkspace = '") + folder + "'\n");
  };
  world.write(world.user_file(), "[defaults]\nworkspace = 'home'\n");
  CHECK(world.load().get("workspace") == "home");
  place("xdg");
  world.environment["XDG_CONFIG_HOME"] = (world.root() / "xdg").string();
  CHECK(world.load().get("workspace") == "xdg");
  world.environment["RINGCTL_CONFIG"] = place("named").string();
  CHECK(world.load().get("workspace") == "named");
  world.flags["config"] = place("flag").string();
  CHECK(world.load().get("workspace") == "flag");
  CHECK(world.load().credentials_file() == world.root() / "flag/ringctl/credentials.toml");
}

TEST_CASE("a configuration file that was named must exist", "[config]") {
  World world;
  world.environment["RINGCTL_CONFIG"] = (world.root() / "missing.toml").string();
  const auto error = error_of([&] { world.load(); });
  CHECK(error.errc() == Errc::config);
  CHECK(error.slug() == "config.not_found");
  CHECK(error.message() ==
        "there is no file " + (world.root() / "missing.toml").string() + " (RINGCTL_CONFIG)");
}

TEST_CASE("without HOME there are no user files, and folders are asked for only when needed", "[config]") {
  World world;
  world.write(world.system_file(), "[defaults]\nworkspace = 'w'\n", 0644);
  world.environment.erase("HOME");
  const auto settings = world.load();
  CHECK(settings.get("workspace") == "w");
  CHECK(settings.user_file().empty());
  CHECK(settings.credentials_file().empty());
  CHECK(error_of([&] { settings.database_url(); }).slug() == "config.no_home");
  world.environment["HOME"] = "relative";
  CHECK(error_of([&] { world.load().database_url(); }).message() == "HOME is no absolute path: \"relative\"");
  world.environment["XDG_DATA_HOME"] = "/data";
  CHECK(world.load().database_url() == "sqlite:/data/ringctl/ringctl.db");
}

TEST_CASE("a relative XDG folder is ignored", "[config]") {
  World world;
  world.environment["XDG_DATA_HOME"] = "data";
  CHECK(world.load().data_dir() == world.root() / "home/.local/share/ringctl");
}

TEST_CASE("folders follow XDG", "[config]") {
  World world;
  CHECK(world.load().state_dir() == world.root() / "home/.local/state/ringctl");
  CHECK(world.load().cache_dir() == world.root() / "home/.cache/ringctl");
  world.environment["XDG_STATE_HOME"] = "/s";
  world.environment["XDG_CACHE_HOME"] = "/c";
  CHECK(world.load().state_dir() == "/s/ringctl");
  CHECK(world.load().cache_dir() == "/c/ringctl");
}

TEST_CASE("no file of the current directory is read", "[config]") {
  World world;
  world.write(world.root() / "config.toml", "[defaults]\nworkspace = 'here'\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(world.root());
  const auto settings = world.load();
  std::filesystem::current_path(before);
  CHECK_FALSE(settings.find("workspace"));
}

TEST_CASE("effective lists every value once, sorted, and hides a database password", "[config]") {
  World world;
  world.environment["RINGCTL_DATABASE_URL"] =
      "postgresql://ringctl:canary-5f2a@db/ringctl?password=canary-5f2a";
  const auto all = world.load().effective();
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const auto& a, const auto& b) { return a.first->name < b.first->name; }));
  bool seen = false;
  for (const auto& [key, value] : all) {
    CHECK(value.text.find("canary") == std::string::npos);
    CHECK_FALSE(value.origin.empty());
    seen |= key->name == "database";
  }
  CHECK(seen);
  CHECK(world.load().database_url() == world.environment["RINGCTL_DATABASE_URL"]);
}

TEST_CASE("get refuses names that are no plain keys", "[config]") {
  const World world;
  CHECK_THROWS_AS(world.load().get("no_such_key"), std::logic_error);
  CHECK_THROWS_AS(world.load().get("api_secret"), std::logic_error);
}

TEST_CASE("keys are found by name, flags and environment names belong to one key each", "[config]") {
  std::map<std::string_view, int> used;
  for (const auto& key : keys()) {
    CHECK(find_key(key.name) == &key);
    CHECK_FALSE(key.summary.empty());
    if (!key.flag.empty()) ++used[key.flag];
    if (!key.environment.empty()) ++used[key.environment];
  }
  for (const auto& [name, times] : used) {
    INFO(name);
    CHECK(times == 1);
  }
  CHECK(find_key("no_such_key") == nullptr);
}

TEST_CASE("a value that says nothing or nonsense is refused", "[config]") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"workspace", ""},
      {"edge", ""},
      {"serve.listen", "foo"},
      {"serve.listen", ":80"},
      {"serve.listen", ""},
      {"serve.listen", "localhost:70000"},
      {"serve.listen", "unix:"},
      {"output", "xlsx"},
      {"account_sid", "AC123"},
      {"account_sid", ""},
      {"serve.public_url", "https://pbx.example.com/x?y"},
      {"serve.public_url", "https://pbx.example.com?y"},
      {"serve.public_url", "pbx.example.com"},
      {"serve.trusted_proxies", "10.0.0.0/33"},
      {"serve.metrics_listen", "fd:x"}};
  const World world;
  for (const auto& [key, value] : bad) {
    INFO(key << " = " << value);
    CHECK(error_of([&, &key = key, &value = value] {
            set_value(world.user_file(), "", key, value);
          }).slug() == "config.bad_value");
  }
  for (const auto* listen : {"127.0.0.1:8080", "[::1]:80", "unix:/run/x", "fd:3", "pbx:0"})
    CHECK_NOTHROW(set_value(world.user_file(), "", "serve.listen", listen));
  for (const auto* url : {"https://pbx.example.com", "https://pbx.example.com/", "http://localhost:8080"})
    CHECK_NOTHROW(set_value(world.user_file(), "", "serve.public_url", url));
  CHECK_NOTHROW(set_value(world.user_file(), "", "null_text", ""));
  CHECK_NOTHROW(set_value(world.user_file(), "", "serve.trusted_proxies", "::1, 10.0.0.0/8"));
}

TEST_CASE("what is wrong is collected where that is asked for, and the rest is known", "[config]") {
  World world;
  world.write(world.user_file(),
              "[defaults]\nedge = 'ashburn'\nlimt = 1\nregion = 2\n[profiles.'a b']\nlimit = 1\n");
  world.write(world.system_file(), "[defaults\n");
  world.environment["RINGCTL_TZ"] = "Nowhere";
  std::vector<Error> failures;
  const auto settings = Settings::load(world.sources(), &failures);
  CHECK(settings.get("edge") == "ashburn");
  CHECK(failures.size() == 5);
  CHECK_FALSE(settings.find("region"));
}

}  // namespace
}  // namespace ringctl::config
