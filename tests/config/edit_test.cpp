#include "config/world.hpp"

namespace ringctl::config {
namespace {

/// The file's text after one set_value.
std::string after_set(const std::string& before, const std::string& profile, const std::string& key,
                      const std::string& value) {
  const World world;
  world.write(world.user_file(), before);
  set_value(world.user_file(), profile, key, value);
  return World::read(world.user_file());
}

TEST_CASE("a value is replaced where it stands", "[config]") {
  CHECK(after_set("# mine\n[defaults]\noutput  = \"table\"   # as I like it\nlimit = 5\n", "", "output",
                  "csv") == "# mine\n[defaults]\noutput  = \"csv\"   # as I like it\nlimit = 5\n");
  CHECK(after_set("[defaults]\nlimit=5# five\n", "", "limit", "10") == "[defaults]\nlimit=10# five\n");
  CHECK(after_set("[defaults]\nno_input = false\r\nlimit = 1\r\n", "", "no_input", "yes") ==
        "[defaults]\nno_input = true\r\nlimit = 1\r\n");
  CHECK(after_set("defaults = { workspace = 'é', limit = 5 } # ü\n", "", "limit", "6") ==
        "defaults = { workspace = 'é', limit = 6 } # ü\n");
  CHECK(after_set("[serve]\ntrusted_proxies = [ # ours\n  '::1',\n  '10.0.0.0/8',\n] # end\nlisten = 'a:1'\n",
                  "", "serve.trusted_proxies", "127.0.0.1/32, ::1") ==
        "[serve]\ntrusted_proxies = [\"127.0.0.1/32\", \"::1\"] # end\nlisten = 'a:1'\n");
  CHECK(after_set("[profiles.prod]\ntwilio.retries = 3\n", "prod", "twilio.retries", "4") ==
        "[profiles.prod]\ntwilio.retries = 4\n");
}

TEST_CASE("a new value goes behind the last one of its section", "[config]") {
  CHECK(after_set("[defaults]\nlimit = 5\n\n# production\n[profiles.prod]\nedge = 'x'\n", "", "output",
                  "csv") ==
        "[defaults]\nlimit = 5\noutput = \"csv\"\n\n# production\n[profiles.prod]\nedge = 'x'\n");
  CHECK(after_set("[profiles.prod]\nedge = 'x'", "prod", "region", "ie1") ==
        "[profiles.prod]\nedge = 'x'\nregion = \"ie1\"\n");
  CHECK(after_set("[profiles.prod.twilio]\nretries = 3\n", "prod", "twilio.timeout", "3s") ==
        "[profiles.prod.twilio]\nretries = 3\ntimeout = \"3s\"\n");
  CHECK(after_set("[serve]\nlisten = 'a:1'\n", "", "serve.drain_timeout", "5s") ==
        "[serve]\nlisten = 'a:1'\ndrain_timeout = \"5s\"\n");
}

TEST_CASE("a missing section is added at the end", "[config]") {
  CHECK(after_set("schema = 1\n", "", "output", "csv") == "schema = 1\n\n[defaults]\noutput = \"csv\"\n");
  CHECK(after_set("[defaults]\nlimit = 1\n", "prod", "edge", "ashburn") ==
        "[defaults]\nlimit = 1\n\n[profiles.prod]\nedge = \"ashburn\"\n");
  CHECK(after_set("[profiles.prod]\nedge = 'x'\n", "prod", "twilio.retries", "2") ==
        "[profiles.prod]\nedge = 'x'\n\n[profiles.prod.twilio]\nretries = 2\n");
  CHECK(after_set("", "", "serve.listen", "a:1") == "[serve]\nlisten = \"a:1\"\n");
}

TEST_CASE("the section that was written is told, and a plan writes nothing", "[config]") {
  const auto section = [](const std::string& before, const std::string& profile, const std::string& key) {
    const World world;
    world.write(world.user_file(), before);
    auto planned = set_value(world.user_file(), profile, key, "4", Act::plan);
    CHECK(World::read(world.user_file()) == before);
    CHECK(set_value(world.user_file(), profile, key, "4") == planned);
    return planned;
  };
  CHECK(section("", "", "limit") == "defaults");
  CHECK(section("[defaults]\nlimit = 1\n", "", "twilio.retries") == "twilio");
  CHECK(section("# c\n[twilio] # c\n\nretries = 1\n", "", "twilio.retries") == "twilio");
  CHECK(section("[defaults]\ntwilio.retries = 1\n", "", "twilio.retries") == "defaults");
  CHECK(section("[defaults.twilio]\ntimeout = '3s'\n", "", "twilio.retries") == "defaults.twilio");
  CHECK(section("twilio.retries = 1\n[defaults]\n", "", "twilio.retries").empty());
  CHECK(section("", "prod", "twilio.retries") == "profiles.prod.twilio");
  CHECK(section("", "prod", "limit") == "profiles.prod");
}

TEST_CASE("lines inside a value are not taken for headers", "[config]") {
  CHECK(after_set(
            "[profiles.a]\nworkspace = 'w'\n[serve]\ntrusted_proxies = [\n'::1',\n]\n[defaults]\nlimit = 1\n",
            "a", "edge", "e") ==
        "[profiles.a]\nworkspace = 'w'\nedge = \"e\"\n[serve]\ntrusted_proxies = "
        "[\n'::1',\n]\n[defaults]\nlimit = 1\n");
}

TEST_CASE("what is written reads back as it was given", "[config]") {
  for (const std::string text :
       {"plain", R"(with "quotes" and \ and #)", "ünïcode 📞", "'single'", "[brackets]"}) {
    const World world;
    set_value(world.user_file(), "", "workspace", text);
    INFO(text);
    CHECK(world.load().get("workspace") == text);
  }
}

TEST_CASE("a missing file is made, private and in a private folder", "[config]") {
  const World world;
  const auto file = world.root() / "new/folder/config.toml";
  set_value(file, "", "output", "json");
  CHECK(World::read(file) == "schema = 1\n\n[defaults]\noutput = \"json\"\n");
  CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0600));
  CHECK(std::filesystem::status(file.parent_path()).permissions() == std::filesystem::perms(0700));
}

TEST_CASE("an unknown key, a bad value and a secret are refused, and the file stays", "[config]") {
  const World world;
  const std::string before = "[defaults]\nlimit = 5\n";
  world.write(world.user_file(), before);
  const auto refused = [&](const char* profile, const char* key, const char* value) {
    auto error = error_of([&] { set_value(world.user_file(), profile, key, value); });
    CHECK(World::read(world.user_file()) == before);
    return error;
  };
  const auto unknown = refused("", "outptu", "csv");
  CHECK(unknown.errc() == Errc::usage);
  CHECK(unknown.details() == std::vector<std::string>{"did you mean: output"});
  const auto bad = refused("", "output", "yaml");
  CHECK(bad.errc() == Errc::invalid);
  CHECK(bad.message() == "output must be one of table, tsv, json, jsonl, csv, md, html, not \"yaml\"");
  const auto secret = refused("", "api_secret", "canary-9d41");
  CHECK(secret.errc() == Errc::usage);
  CHECK(secret.hint().find("credentials.toml") != std::string::npos);
  CHECK(whole(secret).find("canary") == std::string::npos);
  const auto password = refused("", "database", "postgresql://u:canary-9d41@db/x");
  CHECK(password.errc() == Errc::usage);
  CHECK(whole(password).find("canary") == std::string::npos);
  CHECK(refused("a b", "limit", "1").errc() == Errc::invalid);
  CHECK(refused("prod", "profile", "x").errc() == Errc::usage);
}

TEST_CASE("a value is taken away with its lines, and others stay", "[config]") {
  const World world;
  const auto left = [&](const std::string& before, const char* profile, const char* key) {
    world.write(world.user_file(), before);
    unset_value(world.user_file(), profile, key);
    return World::read(world.user_file());
  };
  CHECK(left("# ours\n[defaults]\nlimit = 5 # rows\nedge = 'x'\n", "", "limit") ==
        "# ours\n[defaults]\nedge = 'x'\n");
  CHECK(left("[serve]\ntrusted_proxies = [\n  '::1',\n]\nlisten = 'a:1'\n", "", "serve.trusted_proxies") ==
        "[serve]\nlisten = 'a:1'\n");
  CHECK(left("[defaults]\nlimit = 5\n[profiles.prod]\nlimit = 6\n", "prod", "limit") ==
        "[defaults]\nlimit = 5\n[profiles.prod]\n");
  world.write(world.user_file(), "[defaults]\nlimit = 5\n");
  CHECK_FALSE(unset_value(world.user_file(), "", "edge"));
  CHECK(unset_value(world.user_file(), "", "limit", Act::plan) == "defaults");
  CHECK(World::read(world.user_file()) == "[defaults]\nlimit = 5\n");
  const std::string one_line = "defaults = { workspace = 'a', limit = 5 }\n";
  world.write(world.user_file(), one_line);
  CHECK(error_of([&] { unset_value(world.user_file(), "", "limit"); }).slug() == "config.cannot_edit");
  CHECK(World::read(world.user_file()) == one_line);
  CHECK(error_of([&] { unset_value(world.user_file(), "", "auth_token"); }).errc() == Errc::usage);
}

TEST_CASE("a broken file is not edited", "[config]") {
  const World world;
  world.write(world.user_file(), "[defaults]\nlimit = \n");
  CHECK(error_of([&] { set_value(world.user_file(), "", "output", "csv"); }).slug() == "config.syntax");
  CHECK(World::read(world.user_file()) == "[defaults]\nlimit = \n");
}

TEST_CASE("a layout where the edit would touch something else is left alone", "[config]") {
  const World world;
  const std::string before = "defaults.limit = 5\n";
  world.write(world.user_file(), before);
  CHECK(error_of([&] { set_value(world.user_file(), "", "output", "csv"); }).slug() == "config.cannot_edit");
  CHECK(World::read(world.user_file()) == before);
}

TEST_CASE("a profile is added at the end, once", "[config]") {
  const World world;
  world.write(world.user_file(), "# c\n[defaults]\nlimit = 5\n");
  add_profile(world.user_file(), "prod");
  CHECK(World::read(world.user_file()) == "# c\n[defaults]\nlimit = 5\n\n[profiles.prod]\n");
  CHECK(error_of([&] { add_profile(world.user_file(), "prod"); }).errc() == Errc::conflict);
  CHECK(error_of([&] { add_profile(world.user_file(), "a.b"); }).errc() == Errc::invalid);
}

TEST_CASE("a profile is added whole, with what it holds, or not at all", "[config]") {
  const World world;
  world.write(world.user_file(), "[defaults]\nlimit = 5\n");
  const auto before = World::read(world.user_file());
  const ProfileValues secret = {{"workspace", "main"}, {"database", "postgresql://u:canary@h/db"}};
  CHECK(error_of([&] { add_profile(world.user_file(), "prod", secret); }).slug() ==
        "config.secret_in_settings");
  const ProfileValues values = {{"database", "sqlite:/srv/a.db"}, {"workspace", "main"}};
  add_profile(world.user_file(), "prod", values, Act::plan);
  CHECK(World::read(world.user_file()) == before);
  add_profile(world.user_file(), "prod", values);
  CHECK(World::read(world.user_file()) ==
        before + "\n[profiles.prod]\ndatabase = \"sqlite:/srv/a.db\"\nworkspace = \"main\"\n");
}

TEST_CASE("a profile goes with all its sections, and what belongs to others stays", "[config]") {
  const World world;
  world.write(world.user_file(),
              "[defaults]\nlimit = 5\n\n# the old one\n[profiles.old]\nedge = 'x' # "
              "x\n\n[profiles.older]\nedge = 'y'\n\n"
              "[profiles.old.twilio]\nretries = 1\n\n# what we serve\n[serve]\nlisten = 'a:1'\n");
  remove_profile(world.user_file(), "old");
  CHECK(World::read(world.user_file()) ==
        "[defaults]\nlimit = 5\n\n# the old one\n[profiles.older]\nedge = 'y'\n\n# what we "
        "serve\n[serve]\nlisten = 'a:1'\n");
  CHECK(error_of([&] { remove_profile(world.user_file(), "old"); }).errc() == Errc::not_found);
}

TEST_CASE("the profile used by default is not removed", "[config]") {
  const World world;
  world.write(world.user_file(), "[defaults]\nprofile = 'p'\n[profiles.p]\n");
  CHECK(error_of([&] { remove_profile(world.user_file(), "p"); }).errc() == Errc::conflict);
}

TEST_CASE("credentials are edited only while they are private", "[config]") {
  const World world;
  world.write(world.credentials(), "[profiles.p]\napi_key = 'SK'\n", 0644);
  CHECK(error_of([&] { remove_profile(world.credentials(), "p"); }).slug() == "config.secret_permissions");
  world.write(world.credentials(), "[profiles.p]\napi_key = 'SK'\n[profiles.q]\napi_key = 'SK'\n", 0600);
  remove_profile(world.credentials(), "p");
  CHECK(World::read(world.credentials()) == "[profiles.q]\napi_key = 'SK'\n");
}

}  // namespace
}  // namespace ringctl::config
