// Tokens and signatures from the command line: the real program.
#include <algorithm>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

const std::string k_account = "AC0123456789abcdef0123456789abcdef",
                  k_app = "AP0123456789abcdef0123456789abcdef";
const std::string k_secret = "a secret that must not be seen";

void write_credentials(const Site& site, const std::string& lines) {
  const auto file = site.machine().file(".config/ringctl/credentials.toml", "[defaults]\n" + lines);
  std::filesystem::permissions(file,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

test::ProcessResult verify(const Site& site, const std::string& signature, const std::string& form) {
  test::ProcessOptions options;
  options.input = form;
  return site.machine().run({"webhooks", "verify", "--url", "https://hooks.example.org/sms", "--signature",
                             signature, "--body", "-", "-o", "json"},
                            options);
}

}  // namespace

TEST_CASE("a token is minted once everything it needs is there; what is missing is named", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init().ok({"users", "add", "ann@example.com"});
  const Site::Arguments mint{"token", "mint", "ann@example.com"};
  CHECK(site.failure(mint) == "4 token.no_account_sid");
  site.ok({"config", "set", "account_sid", k_account});
  CHECK(site.failure(mint) == "4 token.no_api_key");
  write_credentials(site, "api_key = \"SK0123456789abcdef0123456789abcdef\"\n");
  CHECK(site.failure(mint) == "4 token.no_api_secret");
  write_credentials(site,
                    "api_key = \"SK0123456789abcdef0123456789abcdef\"\napi_secret = \"" + k_secret + "\"\n");
  CHECK(site.failure(mint) == "10 token.no_twiml_app");
  site.ok({"workspaces", "update", "default", "--twiml-app-sid", k_app});

  const auto token = site.ok(mint);
  CHECK(std::count(token.begin(), token.end(), '.') == 2);
  CHECK(token.ends_with("\n"));
  const auto object = site.json({"token", "mint", "ann@example.com", "--ttl", "15m"});
  const auto user = site.json({"users", "show", "ann@example.com"});
  auto identity = "agent_" + user["id"].get<std::string>();
  std::erase(identity, '-');
  CHECK(object["identity"] == identity);
  CHECK(object["user"] == "ann@example.com");

  CHECK(site.failure({"token", "mint", "ann@example.com", "--ttl", "25h"}) == "7 token.bad_ttl");
  CHECK(site.failure({"token", "mint", "nobody@example.com"}) == "5 users.unknown");
  site.ok({"users", "update", "ann@example.com", "--is-active", "no"});
  CHECK(site.failure(mint) == "6 users.inactive");
}

TEST_CASE("API tokens are shown once, listed without what they read, and revoked", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init().ok({"users", "add", "ann@example.com"});
  CHECK(site.ok({"users", "token", "ann@example.com", "-n"}).empty());
  CHECK(site.json({"users", "token", "ann@example.com", "--list"}).empty());

  const auto made = site.json({"users", "token", "ann@example.com", "--label", "CRM", "--expires", "90d"});
  const auto secret = made["token"].get<std::string>(), id = made["id"].get<std::string>();
  CHECK(secret.starts_with("rct_"));
  const auto listed = site.ok({"users", "token", "ann@example.com", "--list", "-o", "json"});
  CHECK(listed.find(secret) == std::string::npos);
  CHECK(nlohmann::json::parse(listed)[0]["works"] == true);
  CHECK(nlohmann::json::parse(listed)[0]["label"] == "CRM");

  site.ok({"users", "token", "ann@example.com", "--revoke", id, "-n"});
  CHECK(site.json({"users", "token", "ann@example.com", "--list"})[0]["works"] == true);
  site.ok({"users", "token", "ann@example.com", "--revoke", id});
  CHECK(site.json({"users", "token", "ann@example.com", "--list"})[0]["works"] == false);
  site.ok({"users", "token", "ann@example.com", "--revoke", id});
  CHECK(site.failure({"users", "token", "ann@example.com", "--revoke",
                      "00000000-0000-7000-8000-000000000000"}) == "5 tokens.unknown");
  CHECK(site.failure({"users", "token", "ann@example.com", "--revoke", "1"}) == "2 usage.bad_value");
  CHECK(site.failure({"users", "token", "ann@example.com", "--list", "--label", "x"}) == "2 usage.bad_value");
  CHECK(site.failure({"users", "token", "nobody@example.com"}) == "5 users.unknown");
}

TEST_CASE("a signature is explained without a token or a value", "[system]") {
  const Site site(db::Engine::sqlite);
  const std::string form = "Body=a+private+word&From=%2B15005550006&From=%2B15005550006&Empty=";
  CHECK(verify(site, std::string(28, 'A'), form).status == 4);
  write_credentials(site, "auth_token = \"0123456789abcdefTAIL\"\nauth_token_secondary = \"12345\"\n");

  const auto wrong = verify(site, std::string(28, 'A'), form);
  CHECK(wrong.status == 8);
  const auto said = nlohmann::json::parse(wrong.out);
  CHECK(said["matches"] == false);
  CHECK(said["token"].is_null());
  CHECK(said["parameters"] == "Body Empty From");
  CHECK(said["signed_text"] == "https://hooks.example.org/smsBody***EmptyFrom***");
  CHECK(said["tried"] == "https://hooks.example.org/sms https://hooks.example.org:443/sms");
  for (const auto* hidden : {"private", "5005550006", "0123456789abcdef", "12345"})
    CHECK((wrong.out + wrong.err).find(hidden) == std::string::npos);

  const auto right = verify(site, "rA1X2s/8EED4SQ/y/clWbOMRc6Q=", "From=%2B15005550006&Body=hi\n");
  CHECK(right.status == 0);
  CHECK(nlohmann::json::parse(right.out)["matches"] == true);
  CHECK(nlohmann::json::parse(right.out)["url"] == "https://hooks.example.org/sms");
  CHECK(verify(site, "rA1X2s/8EED4SQ/y/clWbOMRc6Q=", std::string(70000, 'x')).status == 7);
}
