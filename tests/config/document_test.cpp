#include "config/document.hpp"

#include "config/world.hpp"

namespace ringctl::config {
namespace {

struct Bad {
  const char* what;
  FileKind kind;
  const char* text;
  const char* message;  ///< without the path
  const char* slug;
  const char* detail;  ///< "" = none
};

constexpr auto k_settings = FileKind::settings;
constexpr auto k_credentials = FileKind::credentials;

const Bad k_bad[] = {
    {"misspelt key", k_settings, "[defaults]\noutptu = 'csv'\n", "2:1: unknown key \"outptu\"",
     "config.unknown_key", "did you mean: output"},
    {"misspelt key of a group", k_settings, "[profiles.prod.twilio]\n  retrys = 3\n",
     "2:3: unknown key \"twilio.retrys\"", "config.unknown_key", "did you mean: twilio.retries"},
    {"key like no other", k_settings, "[defaults]\nzzzzzzzzzz = 1\n", "2:1: unknown key \"zzzzzzzzzz\"",
     "config.unknown_key", ""},
    {"misspelt section", k_settings, "[default]\n", "1:2: unknown key \"default\"", "config.unknown_key",
     "did you mean: defaults"},
    {"key outside a section", k_settings, "output = 'csv'\n", "1:1: \"output\" must stand under a section",
     "config.unknown_key", ""},
    {"number for text", k_settings, "[defaults]\noutput = 4\n",
     "2:10: output must be text, not a whole number", "config.wrong_type", ""},
    {"text for number", k_settings, "[twilio]\nretries = '4'\n",
     "2:11: twilio.retries must be a whole number, not text", "config.wrong_type", ""},
    {"fraction for number", k_settings, "[twilio]\nretries = 1.5\n",
     "2:11: twilio.retries must be a whole number, not a fraction", "config.wrong_type", ""},
    {"text for truth", k_settings, "[defaults]\nno_input = 'yes'\n",
     "2:12: no_input must be true or false, not text", "config.wrong_type", ""},
    {"text for a list", k_settings, "[serve]\ntrusted_proxies = '::1'\n",
     "2:19: serve.trusted_proxies must be a list of text, not text", "config.wrong_type", ""},
    {"number in a list", k_settings, "[serve]\ntrusted_proxies = ['::1', 1]\n",
     "2:27: serve.trusted_proxies must hold only text, not a whole number", "config.wrong_type", ""},
    {"value for a section", k_settings, "defaults = 1\n",
     "1:1: \"defaults\" must be a section, not a whole number", "config.wrong_type", ""},
    {"value for a group", k_settings, "[defaults]\ntwilio = 1\n",
     "2:1: \"twilio\" must be a section, not a whole number", "config.wrong_type", ""},
    {"negative number", k_settings, "[defaults]\nlimit = -1\n",
     "2:9: limit must be a whole number, 0 or more, not \"-1\"", "config.bad_value", ""},
    {"choice that is none", k_settings, "[defaults]\ncolor = 'blue'\n",
     "2:9: color must be one of auto, always, never, not \"blue\"", "config.bad_value", ""},
    {"no duration", k_settings, "[defaults]\ntimeout = '10 parsecs'\n",
     "2:11: timeout must be a duration such as 90s, 10m or 1h30m, not \"10 parsecs\"", "config.bad_value",
     ""},
    {"no size", k_settings, "[serve]\njournal_size = 'big'\n",
     "2:16: serve.journal_size must be a size such as 512MiB or 1GiB, not \"big\"", "config.bad_value", ""},
    {"no zone", k_settings, "[defaults]\ntimezone = 'Mars/Olympus'\n",
     "2:12: timezone must be an IANA time zone such as America/New_York, not \"Mars/Olympus\"",
     "config.bad_value", ""},
    {"no database", k_settings, "[defaults]\ndatabase = 'mysql://db/x'\n",
     "2:12: database must be sqlite:PATH or postgresql://...", "config.bad_value", ""},
    {"database in memory", k_settings, "[defaults]\ndatabase = 'sqlite::memory:mine'\n",
     "2:12: database must be sqlite:PATH or postgresql://...; what is in memory is gone with the command "
     "(a file of that name is sqlite:./:memory:)",
     "config.bad_value", ""},
    {"plain http off loopback", k_settings, "[twilio]\nbase_url = 'http://api.example.com'\n",
     "2:12: twilio.base_url must be an https:// URL (http:// only on loopback)", "config.bad_value", ""},
    {"loopback as user info", k_settings, "[twilio]\nbase_url = 'http://127.0.0.1:80@example.com'\n",
     "2:12: twilio.base_url must be an https:// URL (http:// only on loopback)", "config.bad_value", ""},
    {"escape sequence in text", k_settings, "[defaults]\nworkspace = \"a\\u001bb\"\n",
     "2:13: workspace must not hold control characters, not \"a\x1b"
     "b\"",
     "config.bad_value", ""},
    {"profile inside a profile", k_settings, "[profiles.a]\nprofile = 'b'\n",
     "2:1: a profile cannot name another profile", "config.unknown_key", ""},
    {"profile with a strange name", k_settings, "[profiles.'a b']\n",
     "1:11: \"a b\" is no profile name: letters, digits, - and _, at most 64", "config.bad_value", ""},
    {"newer file", k_settings, "schema = 2\n",
     "1:10: schema 2 is not known to this ringctl, which reads schema 1", "config.newer_schema", ""},
    {"schema that is no number", k_settings, "schema = '1'\n", "1:1: schema must be a whole number, not text",
     "config.wrong_type", ""},
    {"the same key in [serve] and [defaults.serve]", k_settings,
     "[defaults.serve]\nlisten = 'a:1'\n[serve]\nlisten = 'b:1'\n",
     "4:1: serve.listen is set twice for [serve]", "config.duplicate_key", ""},
    {"secret among the settings", k_settings, "[defaults]\napi_secret = 'x'\n",
     "2:1: api_secret does not belong in this file", "config.secret_in_settings", ""},
    {"command for a secret among the settings", k_settings, "[defaults]\nauth_token_command = ['id']\n",
     "2:1: auth_token does not belong in this file", "config.secret_in_settings", ""},
    {"setting among the secrets", k_credentials, "[defaults]\noutput = 'csv'\n",
     "2:1: output is no credential", "config.unknown_key", ""},
    {"misspelt secret", k_credentials, "[defaults]\napi_secert_file = '/x'\n",
     "2:1: unknown key \"api_secert_file\"", "config.unknown_key", "did you mean: api_secret_file"},
    {"a secret and its file", k_credentials, "[profiles.a]\napi_key = 'SK'\napi_key_file = '/x'\n",
     "3:1: api_key is set twice for [profiles.a]", "config.duplicate_key", ""},
    {"command as one text", k_credentials, "[profiles.a]\napi_key_command = 'pass show x'\n",
     "2:19: api_key_command must be a list of text, not text", "config.wrong_type", ""},
    {"command without a program", k_credentials, "[profiles.a]\napi_key_command = []\n",
     "2:19: api_key_command must name a program", "config.bad_value", ""},
    {"empty secret", k_credentials, "[profiles.a]\napi_key = ''\n", "2:11: api_key must not be empty",
     "config.bad_value", ""},
};

TEST_CASE("a mistake is named with its place", "[config]") {
  for (const auto& bad : k_bad) {
    const auto error = error_of([&] { parse_document(bad.text, "conf.toml", bad.kind); });
    INFO(bad.what);
    CHECK(error.errc() == Errc::config);
    CHECK(error.message() == std::string("conf.toml:") + bad.message);
    CHECK(error.slug() == bad.slug);
    const std::vector<std::string> details =
        *bad.detail == '\0' ? std::vector<std::string>{} : std::vector<std::string>{bad.detail};
    CHECK(error.details() == details);
  }
}

TEST_CASE("text that is no TOML is named with its place", "[config]") {
  const auto error = error_of([] { parse_document("[defaults]\noutput = \n", "conf.toml", k_settings); });
  CHECK(error.slug() == "config.syntax");
  CHECK(error.message().starts_with("conf.toml:2:"));
}

TEST_CASE("a key given twice is a mistake", "[config]") {
  CHECK(error_of([] { parse_document("[defaults]\nlimit = 1\nlimit = 2\n", "c", k_settings); }).slug() ==
        "config.syntax");
}

TEST_CASE("a syntax error in credentials quotes nothing of the file", "[config]") {
  // The parser stumbles over the missing quotes, in the middle of the secret, at every cut.
  const std::string text = "[profiles.a]\napi_secret = canary5f2a9c\n";
  for (std::size_t cut = text.size() - 13; cut <= text.size(); ++cut) {
    const auto error =
        error_of([&] { parse_document(text.substr(0, cut), "credentials.toml", k_credentials); });
    INFO(whole(error));
    CHECK(whole(error).find("can") == std::string::npos);
    CHECK(error.message().starts_with("credentials.toml:2:"));
  }
}

TEST_CASE("a secret of the wrong type is not quoted", "[config]") {
  const auto error =
      error_of([] { parse_document("[profiles.a]\napi_secret = 12345678\n", "c", k_credentials); });
  CHECK(error.message() == "c:2:14: api_secret must be text, not a whole number");
}

TEST_CASE("an absent file is an empty one", "[config]") {
  const World world;
  const auto document = load_document(world.root() / "none.toml", k_settings);
  CHECK(document.defaults.empty());
  CHECK(document.profiles.empty());
}

TEST_CASE("a folder in place of the file is an error", "[config]") {
  const World world;
  std::filesystem::create_directory(world.root() / "dir.toml");
  CHECK(error_of([&] { load_document(world.root() / "dir.toml", k_settings); }).errc() == Errc::config);
}

TEST_CASE("credentials must be private, whatever the mode's details", "[config]") {
  struct Mode {
    mode_t mode;
    bool accepted;
  };
  constexpr Mode k_modes[] = {{0600, true},  {0400, true},  {0700, true},  {0640, false},
                              {0604, false}, {0644, false}, {0660, false}, {0620, false},
                              {0601, false}, {0666, false}, {0777, false}};
  for (const auto& [mode, accepted] : k_modes) {
    const World world;
    world.write(world.credentials(), "[profiles.a]\napi_key = 'SK'\n", mode);
    INFO(std::oct << mode);
    if (accepted) {
      CHECK_NOTHROW(load_document(world.credentials(), k_credentials));
    } else {
      const auto error = error_of([&] { load_document(world.credentials(), k_credentials); });
      CHECK(error.errc() == Errc::config);
      CHECK(error.slug() == "config.secret_permissions");
      CHECK(error.hint().find("chmod 600 ") != std::string::npos);
    }
  }
}

TEST_CASE("settings may be open to all unless a database URL in them holds a password", "[config]") {
  const World world;
  world.write(world.user_file(), "[profiles.a]\ndatabase = 'postgresql://u@db/x'\n", 0644);
  CHECK_NOTHROW(load_document(world.user_file(), k_settings));
  world.write(world.user_file(), "[profiles.a]\ndatabase = 'postgresql://u:pw@db/x'\n", 0644);
  CHECK(error_of([&] { load_document(world.user_file(), k_settings); }).slug() ==
        "config.secret_permissions");
  world.write(world.user_file(), "[profiles.a]\ndatabase = 'postgresql://u:pw@db/x'\n", 0600);
  CHECK_NOTHROW(load_document(world.user_file(), k_settings));
}

TEST_CASE("the configuration that the documents show is read", "[config]") {
  const auto settings = parse_document(R"(schema = 1
[defaults]
profile = "prod"
output  = "table"
timezone = "America/New_York"     # IANA; used for limits, reports, display
[profiles.prod]
account_sid = "AC0123456789abcdef0123456789abcdef"
database = "postgresql://ringctl@db1,db2/ringctl?target_session_attrs=read-write&connect_timeout=3"
region = "us1"
edge = "ashburn"
[profiles.prod.twilio]
max_concurrency = 8
retries = 5
timeout = "10s"
[serve]
listen = "127.0.0.1:8080"
public_url = "https://pbx.example.com"   # what Twilio signs; never taken from the Host header
trusted_proxies = ["127.0.0.1/32"]
)",
                                       "config.toml", k_settings);
  CHECK(settings.defaults.size() == 6);
  CHECK(settings.profiles.at("prod").size() == 7);
  const auto credentials = parse_document(R"([profiles.prod]
api_key = "SKxxxxxxxx"
api_secret_file = "/etc/ringctl/secrets/api_secret"
auth_tokens_command = ["pass", "show", "twilio/auth-token"]
)",
                                          "credentials.toml", k_credentials);
  CHECK(credentials.profiles.at("prod").size() == 3);
}

}  // namespace
}  // namespace ringctl::config
