// Logins as people keep them: asked before they are kept, sealed, and never printed.

#include <csignal>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "support/serve_site.hpp"
#include "support/signed_form.hpp"
#include "system/box_site.hpp"

using namespace ringctl;
using test::BoxSite;

namespace {

const std::string k_other = "AC1123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("a login is kept, makes the main trunk, and is what commands ask with", "[system]") {
  BoxSite f(GENERATE(from_range(test::engines())));
  CHECK(f.failure({"callerids", "list"}) == "4 twilio.no_login");
  const auto result = f.run({"accounts", "set", f.account(), "--auth-token-file", "token.txt"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  CHECK((result.out + result.err).find(BoxSite::k_token) == std::string::npos);
  CHECK(f.times("POST /v1/Trunks") == 1);
  const auto account = f.json({"accounts", "show", f.account()});
  CHECK(account.at("is_main") == true);
  CHECK(account.at("login") == "auth_token");
  CHECK_FALSE(account.at("checked_at").is_null());
  CHECK(account.at("trunk_sid") == f.json({"trunks", "list"}).at(0).at("sid"));
  CHECK(f.json({"callerids", "list"}).empty());
  CHECK(std::filesystem::exists(f.machine().home() / ".config/ringctl/secrets.key"));
  f.log_in();
  CHECK(f.times("POST /v1/Trunks") == 1);
}

TEST_CASE("a login that Twilio refuses is not kept, nor one that is no secret's", "[system]") {
  BoxSite f(db::Engine::sqlite);
  f.secret("wrong.txt", "ffffffffffffffffffffffffffffffff\n");
  CHECK(f.failure({"accounts", "set", f.account(), "--auth-token-file", "wrong.txt"}) == "4 twilio.auth");
  f.secret("open.txt", BoxSite::k_token, true);
  CHECK(f.failure({"accounts", "set", f.account(), "--auth-token-file", "open.txt"}) ==
        "10 config.secret_permissions");
  f.secret("empty.txt", "\n");
  CHECK(f.failure({"accounts", "set", f.account(), "--auth-token-file", "empty.txt"}) == "7 secrets.empty");
  CHECK(f.failure({"accounts", "set", "AC1", "--auth-token-file", "token.txt"}) == "7 accounts.bad_sid");
  CHECK(f.failure({"accounts", "set", f.account()}) == "7 accounts.no_secret");
  CHECK(f.json({"accounts", "list"}).empty());
  CHECK(f.box().ledger().empty());
  CHECK_FALSE(std::filesystem::exists(f.machine().home() / ".config/ringctl/secrets.key"));
}

TEST_CASE("a plan of a login asks Twilio and writes nothing", "[system]") {
  BoxSite f(db::Engine::sqlite);
  CHECK(f.json({"accounts", "set", f.account(), "--auth-token-file", "token.txt", "-n"}).at("changed") ==
        true);
  CHECK(f.json({"accounts", "list"}).empty());
  CHECK(f.box().ledger().empty());
  CHECK_FALSE(std::filesystem::exists(f.machine().home() / ".config/ringctl/secrets.key"));
}

TEST_CASE("accounts are checked against Twilio, and one that is refused is told", "[system]") {
  BoxSite f(db::Engine::sqlite);
  f.log_in();
  const auto row = f.json({"accounts", "check"}).at(0);
  CHECK(row.at("ok") == true);
  CHECK(row.at("status") == "active");
  CHECK_FALSE(row.at("balance").is_null());
  f.secret("wrong.txt", "ffffffffffffffffffffffffffffffff\n");
  f.ok({"accounts", "set", f.account(), "--auth-token-file", "wrong.txt", "--no-check", "--no-trunk"});
  CHECK(f.failure({"accounts", "check", f.account()}) == "4 twilio.auth");
}

TEST_CASE("a login that is kept unchecked asks Twilio for nothing where its trunk is there", "[system]") {
  BoxSite f(db::Engine::sqlite);
  f.log_in();
  f.secret("wrong.txt", "ffffffffffffffffffffffffffffffff\n");
  CHECK(f.json({"accounts", "set", f.account(), "--auth-token-file", "wrong.txt", "--no-check"})
            .at("changed") == true);
  CHECK(f.failure({"accounts", "check", f.account()}) == "4 twilio.auth");
}

TEST_CASE("a login that Twilio does not take is named, by the doctor with what mends it", "[system]") {
  BoxSite f(db::Engine::sqlite);
  f.secret("wrong.txt", "ffffffffffffffffffffffffffffffff\n");
  const auto refused = "does not take the login " + f.account() + " with its auth token";
  const auto set = f.run({"accounts", "set", f.account(), "--auth-token-file", "wrong.txt"});
  CHECK(set.err.find(refused + "  [twilio.auth]") != std::string::npos);
  CHECK(set.err.find("hint: compare it with https://console.twilio.com") != std::string::npos);
  f.ok({"accounts", "set", f.account(), "--auth-token-file", "wrong.txt", "--no-check", "--no-trunk"});
  CHECK(f.run({"callerids", "list"}).err.find(refused + " (workspace default)") != std::string::npos);
  const auto result = f.run({"doctor", "twilio", "-w", "default", "-o", "json"});
  CHECK(result.status == 8);
  const auto report = nlohmann::json::parse(result.out);
  REQUIRE(report.size() == 2);
  CHECK(report[0].at("check") == "twilio.login");
  CHECK(report[0].at("status") == "fail");
  CHECK(report[0].at("evidence").get<std::string>().find(refused) != std::string::npos);
  CHECK(report[0].at("fix") ==
        "ringctl --workspace default accounts set " + f.account() + " --auth-token-file FILE");
  CHECK(report[1].at("check") == "twilio.reach");
  CHECK(report[1].at("status") == "ok");
}

TEST_CASE("a login that may not ask for something is a good one to the doctor, who tells what it may not",
          "[system]") {
  using test::RawServer;
  BoxSite f(db::Engine::sqlite);
  const auto forbidden =
      RawServer::answers(RawServer::response(R"({"code":20003,"message":"Permission Denied","status":403})",
                                             "Content-Type: application/json\r\nConnection: close\r\n", 403));
  RawServer twilio(std::vector<RawServer::Script>(20, forbidden));
  test::ProcessOptions options;
  options.environment = {{"RINGCTL_TWILIO_BASE_URL", twilio.url("")},
                         {"TWILIO_ACCOUNT_SID", f.account()},
                         {"TWILIO_API_KEY", "SK0123456789abcdef0123456789abcdef"},
                         {"TWILIO_API_SECRET", BoxSite::k_token}};
  const auto result = f.machine().run({"doctor", "twilio", "-o", "json"}, options);
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  std::map<std::string, std::string> status, evidence;
  for (const auto& row : nlohmann::json::parse(result.out)) {
    const auto check = row.at("check").get<std::string>();
    status[check] = row.at("status").get<std::string>();
    evidence[check] = row.at("evidence").get<std::string>();
  }
  CHECK(status["twilio.login"] == "ok");
  CHECK(status["twilio.reach"] == "ok");
  CHECK(status["twilio.account"] == "ok");
  CHECK(status["twilio.scope"] == "warn");
  CHECK(evidence["twilio.scope"].starts_with("the login may not ask for numbers, calls, "));
}

TEST_CASE("half a configured login is told with the half that is missing", "[system]") {
  BoxSite f(db::Engine::sqlite);
  const auto told = [&](std::map<std::string, std::string> environment,
                        const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"callerids", "list"};
    words.insert(words.end(), more.begin(), more.end());
    test::ProcessOptions options;
    options.environment["RINGCTL_TWILIO_BASE_URL"] = f.box().url();
    for (const auto& [name, value] : environment) options.environment[name] = value;
    return f.machine().run(words, options);
  };
  const auto missing = [&](const std::map<std::string, std::string>& environment, const std::string& part) {
    const auto result = told(environment);
    INFO(result.err);
    CHECK(result.status == 4);
    CHECK(result.err.find(": " + part + " is missing  [twilio.no_login]") != std::string::npos);
  };
  const std::string sid = "TWILIO_ACCOUNT_SID", token = "TWILIO_AUTH_TOKEN", key = "TWILIO_API_KEY",
                    secret = "TWILIO_API_SECRET", some_key = "SK0123456789abcdef0123456789abcdef";
  missing({{sid, f.account()}}, "auth_token");
  missing({{token, BoxSite::k_token}}, "account_sid");
  missing({{sid, f.account()}, {key, some_key}}, "api_secret");
  missing({{sid, f.account()}, {secret, "hidden"}}, "api_key");
  for (const auto& more : {std::vector<std::string>{}, {"--account", f.account()}}) {
    const auto warned = told({{sid, f.account()}, {token, BoxSite::k_token}, {key, some_key}}, more);
    CHECK(warned.status == 0);
    CHECK(warned.err.find("warning: api_key is configured without api_secret: the auth token logs in") !=
          std::string::npos);
  }
}

TEST_CASE("a login that the key does not open is told, and the others are asked", "[system]") {
  namespace fs = std::filesystem;
  BoxSite f(db::Engine::sqlite);
  const auto key = f.machine().home() / ".config/ringctl/secrets.key";
  f.ok({"accounts", "set", k_other, "--auth-token-file", "token.txt", "--no-check", "--no-trunk"});
  fs::rename(key, f.machine().home() / "old.key");
  f.ok({"accounts", "set", f.account(), "--auth-token-file", "token.txt", "--no-trunk"});
  const auto result = f.run({"accounts", "check", "-o", "json"});
  CHECK(result.status == 4);
  const auto rows = nlohmann::json::parse(result.out);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("account_sid") == k_other);
  CHECK(rows[0].at("status") == "unreadable");
  CHECK(rows[0].at("ok") == false);
  CHECK(rows[1].at("ok") == true);
}

TEST_CASE("an account goes when it is named, and the next one is the main one", "[system][slow]") {
  BoxSite f(GENERATE(from_range(test::engines())));
  f.log_in();
  f.ok({"accounts", "set", k_other, "--auth-token-file", "token.txt", "--no-check", "--no-trunk"});
  CHECK(f.failure({"accounts", "remove", f.account()}) == "2 usage.confirmation_needed");
  CHECK(f.failure({"accounts", "remove", "AC2", "--confirm", "AC2"}) == "5 accounts.unknown");
  CHECK(f.failure({"accounts", "set", k_other, "--auth-token-file", "token.txt", "--main", "--no-check"}) ==
        "6 trunks.other_account");
  f.ok({"accounts", "set", f.account(), "--auth-token-file", "token.txt", "--main"});
  const auto writes = f.box().ledger();
  f.ok({"accounts", "remove", f.account(), "--confirm", f.account()});
  CHECK(f.json({"accounts", "list"}).at(0).at("account_sid") == k_other);
  CHECK(f.json({"accounts", "list"}).at(0).at("is_main") == true);
  // Its trunks are forgotten with it, so that the next one can have a main one.
  CHECK(f.json({"trunks", "list"}).empty());
  CHECK(f.box().ledger() == writes);
}

TEST_CASE("what one key sealed is sealed anew, and opens with no other", "[system][slow]") {
  namespace fs = std::filesystem;
  BoxSite f(GENERATE(from_range(test::engines())));
  f.log_in();
  f.ok({"assistants", "add", "desk", "--host", f.box().url(), "--sip-domain", "sip.example.com", "--api-key",
        f.box().livekit_key(), "--api-secret-file", "livekit.txt"});
  f.secret("hook.txt", "what posts are signed with\n");
  f.ok({"notifications", "configure", "--url", "https://hooks.example.com/ringctl", "--secret-file",
        "hook.txt"});
  const auto key_of_hook = [&] { return f.json({"notifications", "status"}).at("key_id"); };
  const auto old_key = key_of_hook();
  const auto key = f.machine().home() / ".config/ringctl/secrets.key";
  fs::rename(key, f.machine().home() / "old.key");
  CHECK(f.failure({"callerids", "list"}) == "10 seal.no_key");
  const auto planned = f.json({"accounts", "rekey", "--old-key-file", "old.key", "-n"});
  CHECK(planned.at("secrets") == 3);
  CHECK_FALSE(fs::exists(key));
  const auto changed = f.json({"accounts", "rekey", "--old-key-file", "old.key"});
  CHECK(changed.at("secrets") == 3);
  CHECK(key_of_hook() != old_key);
  CHECK(fs::exists(key));
  CHECK(f.json({"callerids", "list"}).empty());
  CHECK(f.json({"accounts", "rekey", "--old-key-file", "old.key"}).at("changed") == false);
  CHECK(f.json({"accounts", "rekey", "--old-key-file", "old.key", "-n"}).at("changed") == false);
  f.secret("bad.key", "no hex digits\n");
  const auto bad = f.run({"accounts", "rekey", "--old-key-file", "bad.key"});
  CHECK(bad.status == 10);
  CHECK(bad.err.find("bad.key: ") != std::string::npos);
}

TEST_CASE("serve takes the webhooks of a login that is kept, and goes on where its key cannot be read",
          "[system]") {
  namespace fs = std::filesystem;
  using test::ServeSite;
  const std::string token = "00112233445566778899aabbccddeeff";
  ServeSite serve(GENERATE(from_range(test::engines())));
  serve.lay_out(1);
  serve.start();
  const auto& machine = serve.site().machine();
  fs::permissions(machine.file("token.txt", token + "\n"), fs::perms(0600));
  const auto status = [&] {
    auto call = serve.inbound("+16265550101", test::k_main_line);
    call.at(0).second = k_other;
    const auto path = serve.voice();
    return serve.post_signed_as(path, call, test::signature(token, ServeSite::k_public_url + path, call))
        .status();
  };
  serve.site().ok({"accounts", "set", k_other, "--auth-token-file", "token.txt", "--no-check", "--no-trunk"});
  CHECK(status() == 403);
  serve.signal(SIGHUP);
  CHECK(test::eventually([&] { return status() == 200; }, 20));
  const std::string reloaded = R"("event":"reloaded","auth_tokens":"read anew")";
  CHECK(test::eventually([&] { return serve.log().find(reloaded) != std::string::npos; }, 20));
  CHECK(serve.post(serve.voice(), serve.inbound("+16265550101", test::k_main_line)).status() == 200);
  fs::permissions(machine.home() / ".config/ringctl/secrets.key", fs::perms(0644));
  serve.signal(SIGHUP);
  CHECK(test::eventually([&] { return serve.log().find("seal.not_read") != std::string::npos; }, 20));
  CHECK(status() == 200);
  CHECK(serve.log().find(token) == std::string::npos);
}
