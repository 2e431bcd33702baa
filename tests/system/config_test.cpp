// `ringctl config` and `ringctl profiles` as people and scripts run them.
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

TEST_CASE("a profile keeps the database and the workspace it was added with", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto url = "sqlite:" + (site.machine().home() / "branch.db").string();
  CHECK(site.run({"profiles", "add", "branch", "-n", "-d", url}).status == 0);
  CHECK(site.failure({"profiles", "show", "branch"}) == "5 profiles.unknown");
  const auto added = site.run({"profiles", "add", "branch", "--database", url, "--workspace", "main"});
  CHECK(added.status == 0);
  CHECK(added.err.find(url) != std::string::npos);
  const auto shown = site.ok({"profiles", "show", "branch", "-o", "csv", "--columns", "key,value"});
  CHECK(shown.find("database," + url + "\n") != std::string::npos);
  CHECK(shown.find("workspace,main\n") != std::string::npos);

  const auto secret = site.run({"profiles", "add", "prod", "--database", "postgresql://u:canary@h/db"});
  CHECK(secret.status == 2);
  CHECK(secret.err.find("config.secret_in_settings") != std::string::npos);
  CHECK(secret.err.find("canary") == std::string::npos);
  CHECK(site.failure({"profiles", "show", "prod"}) == "5 profiles.unknown");
}

TEST_CASE("a setting is said to be in the section it is in", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto set = site.run({"config", "set", "twilio.retries", "3"});
  CHECK(set.err.find("set twilio.retries in [twilio] of ") == 0);
  CHECK(test::read_text(site.machine().home() / ".config/ringctl/config.toml")
            .find("[twilio]\nretries = 3\n") != std::string::npos);
  CHECK(site.run({"config", "set", "twilio.retries", "-", "-n"})
            .err.find("would unset twilio.retries in [twilio] of ") == 0);
  CHECK(site.run({"config", "set", "twilio.retries", "-"}).err.find("unset twilio.retries in [twilio] of ") ==
        0);
  CHECK(site.run({"config", "set", "twilio.retries", "-"})
            .err.find("unchanged twilio.retries (it is not set in ") == 0);
  CHECK(site.failure({"config", "set", "account_sid", "AC123"}) == "7 config.bad_value");
  site.ok({"config", "set", "null_text", "-"});
  CHECK(site.ok({"config", "get", "null_text"}) == "-\n");
  CHECK(site.run({"config", "set", "limit", "3", "-n"}).err.find("would set limit in [defaults] of ") == 0);
  CHECK(site.failure({"config", "set", "limit", "many", "-n"}) == "7 config.bad_value");
}
