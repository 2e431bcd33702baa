// Who was told of which message, and the webhook that is told too, as people see and configure them.

#include "support/catch.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using test::ServeSite;
using test::Site;

namespace {

const std::string k_url = "https://hooks.example.com/ringctl";
const std::string k_secret = "correct horse battery staple";

bool has_key(const Site& site) {
  return std::filesystem::exists(site.machine().home() / ".config/ringctl/secrets.key");
}

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// What only its owner may read.
void lay_secret(const Site& site, const std::string& name, const std::string& text) {
  const auto file = site.machine().file(name, text + "\n");
  std::filesystem::permissions(file,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

/// With a key that only this command has.
void configure(const Site& site) {
  lay_secret(site, "hook.txt", k_secret);
  test::ProcessOptions process;
  process.environment["RINGCTL_SECRETS_KEY"] = std::string(64, 'a');
  if (!site.url().empty()) process.environment["RINGCTL_DATABASE_URL"] = site.url();
  const auto set = site.machine().run(
      {"notifications", "configure", "--url", k_url, "--secret-file", "hook.txt"}, process);
  INFO(set.err);
  REQUIRE(set.status == 0);
}

}  // namespace

TEST_CASE("a workspace's webhook is configured piece by piece, and its secret is never shown", "[system]") {
  Site site(any_engine());
  site.init();
  CHECK(site.json({"notifications", "status"}).at("url").is_null());
  lay_secret(site, "hook.txt", k_secret);
  const Site::Arguments set{"notifications", "configure", "--url", k_url, "--secret-file", "hook.txt"};
  auto rehearsed = set;
  rehearsed.emplace_back("-n");
  site.ok(rehearsed);
  CHECK(site.json({"notifications", "status"}).at("url").is_null());
  CHECK_FALSE(has_key(site));

  CHECK(site.json(set).at("changed") == true);
  CHECK(has_key(site));
  CHECK(site.json(set).at("changed") == false);
  const auto status = site.json({"notifications", "status"});
  CHECK(status.at("url") == k_url);
  CHECK(status.at("is_active") == true);
  CHECK(status.at("waiting") == 0);
  CHECK(status.at("last_done_at").is_null());
  CHECK(site.json({"notifications", "configure", "--active", "no"}).at("changed") == true);
  CHECK(site.json({"notifications", "status"}).at("is_active") == false);

  test::ProcessOptions process;
  if (!site.url().empty()) process.environment["RINGCTL_DATABASE_URL"] = site.url();
  process.input = "another secret of theirs\n";
  const auto fed = site.machine().run({"notifications", "configure", "--secret-stdin"}, process);
  CHECK(fed.status == 0);
  CHECK((fed.out + fed.err).find("another secret") == std::string::npos);
  CHECK(site.json({"audit", "list", "--action", "notifications.configure"}).size() == 3);
  CHECK(site.ok({"audit", "export", "-o", "jsonl"}).find("horse") == std::string::npos);
}

TEST_CASE("a webhook that cannot be told is refused, and nothing is kept", "[system]") {
  Site site(any_engine());
  site.init();
  lay_secret(site, "hook.txt", k_secret);
  lay_secret(site, "short.txt", "fifteen letters");
  site.machine().file("open.txt", k_secret + "\n");
  std::filesystem::permissions(site.machine().home() / "open.txt", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const auto failure = [&](const Site::Arguments& flags) {
    Site::Arguments all{"notifications", "configure"};
    all.insert(all.end(), flags.begin(), flags.end());
    return site.failure(all);
  };
  CHECK(failure({}) == "2 usage.bad_value");
  CHECK(failure({"--url", k_url}) == "2 notifications.incomplete");
  CHECK(failure({"--secret-file", "hook.txt"}) == "2 notifications.incomplete");
  CHECK(failure({"--active", "yes"}) == "2 notifications.incomplete");
  CHECK(failure({"--url", k_url, "--secret-file", "short.txt"}) == "7 notifications.weak_secret");
  CHECK(failure({"--url", k_url, "--secret-file", "open.txt"}) == "10 config.secret_permissions");
  for (const auto* inside : {"https://127.0.0.1/sms", "https://localhost/sms", "https://10.1.2.3/sms",
                             "https://[::1]/sms", "http://127.0.0.1:8080/sms", "http://hooks.example.com/sms",
                             "https://ann@hooks.example.com/sms", "hooks.example.com/sms"}) {
    INFO(inside);
    CHECK(failure({"--url", inside, "--secret-file", "hook.txt"}) == "7 notifications.bad_url");
  }
  CHECK(site.json({"notifications", "status"}).at("url").is_null());
  CHECK_FALSE(has_key(site));
}

TEST_CASE(
    "who was told is listed with what became of it at the webhook, and what was given up is queued anew",
    "[system][slow]") {
  ServeSite serve(any_engine());
  const auto& site = serve.site();
  serve.lay_out(2);
  for (int i = 0; i < 2; ++i) site.ok({"pools", "add", test::k_main_line, test::agent_email(i)});
  configure(site);
  serve.start();  // it has no key, so it tells nobody outside
  const std::string sid = "SM00000000000000000000000000000001";
  CHECK(serve
            .post("/api/twilio/webhook", {{"AccountSid", ServeSite::k_account},
                                          {"Body", "Hello"},
                                          {"From", "+16265550101"},
                                          {"MessageSid", sid},
                                          {"To", test::k_main_line}})
            .status() == 200);
  CHECK(serve.terminate() == 0);

  const auto told = site.json({"notifications", "list"});
  REQUIRE(told.size() == 2);
  for (const auto& row : told) {
    CHECK(row.at("reason") == "pool");
    CHECK(row.at("kind") == "inbound_client_message");
    CHECK(row.at("from_number") == "+16265550101");
    CHECK(row.at("our_number") == test::k_main_line);
    CHECK(row.at("delivery") == "waiting");
  }
  const auto csv = site.ok({"notifications", "list", "--columns", "from_number", "-o", "csv"});
  CHECK(csv == "from_number\n+16265550101\n+16265550101\n");  // a number is no formula
  CHECK(site.json({"notifications", "list", "--user", test::agent_email(1)}).size() == 1);
  CHECK(site.json({"notifications", "list", "--message", sid, "--since", "-1h"}).size() == 2);
  CHECK(site.json({"notifications", "list", "--until", "-1h"}).empty());
  CHECK(site.failure({"notifications", "list", "--user", "nobody@example.com"}).starts_with("5 "));
  CHECK(site.failure({"notifications", "list", "--message", "SM1"}) == "5 messages.unknown");
  CHECK(site.json({"notifications", "status"}).at("waiting") == 1);

  CHECK(site.json({"notifications", "retry"}).at("changed") == false);
  site.tamper(
      "UPDATE message_deliveries SET state = 'given_up', attempts = 24, last_error = 'it answered 500'");
  auto status = site.json({"notifications", "status"});
  CHECK(status.at("given_up") == 1);
  CHECK(status.at("last_error") == "it answered 500");
  site.ok({"notifications", "retry", "-n"});
  CHECK(site.json({"notifications", "status"}).at("given_up") == 1);
  const auto queued = site.json({"notifications", "retry"});
  CHECK(queued.at("changed") == true);
  CHECK(queued.at("deliveries") == 1);
  status = site.json({"notifications", "status"});
  CHECK(status.at("given_up") == 0);
  CHECK(status.at("waiting") == 1);
  CHECK(site.json({"notifications", "list"}).at(0).at("delivery") == "waiting");
}
