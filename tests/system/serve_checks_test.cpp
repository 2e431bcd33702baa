// What `serve --check` and `doctor serve` say of a machine: the same checks, one by one or all at once.
#include <fmt/format.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "support/certificates.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using test::Machine;
using test::ServeSite;
using test::Site;

namespace {

/// A machine with a workspace, an auth token, a public URL and a free address.
struct Desk {
  Desk() : site(db::Engine::sqlite) {
    site.init();
    set("serve.public_url", ServeSite::k_public_url);
    set("serve.listen", "127.0.0.1:0");
    set("serve.metrics_listen", "127.0.0.1:0");
    environment["TWILIO_AUTH_TOKEN"] = ServeSite::k_token;
    environment["TWILIO_ACCOUNT_SID"] = ServeSite::k_account;
  }
  void set(const std::string& key, const std::string& value) const { site.ok({"config", "set", key, value}); }
  test::ProcessResult run(Machine::Arguments arguments) const {
    return site.machine().run(
        arguments,
        {.program = {}, .environment = environment, .input = {}, .directory = {}, .meanwhile = {}});
  }
  void certificate(const test::CertificateOptions& options) const {
    test::make_certificate(site.machine().home(), options);
    set("serve.tls_certificate", (site.machine().home() / "certificate.pem").string());
    set("serve.tls_key", (site.machine().home() / "key.pem").string());
  }
  /// "fail", of a check of `doctor serve`.
  std::string status(const std::string& id) const {
    const auto result = run({"doctor", "serve", "-o", "json"});
    INFO(result.out << result.err);
    bool failed = false;
    std::string found = "not looked at";
    for (const auto& row : nlohmann::json::parse(result.out)) {
      failed = failed || row["status"] == "fail";
      if (row["check"] == id) found = row["status"].get<std::string>();
    }
    CHECK(result.status == (failed ? 8 : 0));
    return found;
  }
  /// The status and slug of `serve --check`.
  std::string check() const {
    const auto result = run({"serve", "--check"});
    const auto open = result.err.rfind("  ["), close = result.err.find(']', open);
    if (result.status == 0) return "0";
    return std::to_string(result.status) + " " + result.err.substr(open + 3, close - open - 3);
  }

  Site site;
  std::map<std::string, std::string> environment;
};

}  // namespace

TEST_CASE("a machine that has what serve needs passes both looks", "[system]") {
  const Desk desk;
  for (const auto* id : {"serve.public_url", "serve.auth_token", "serve.account", "serve.tls", "serve.listen",
                         "serve.metrics", "serve.journal", "serve.api_key"}) {
    INFO(id);
    CHECK(desk.status(id) == "ok");
  }
  CHECK(desk.status("db.reach") == "not looked at");
  CHECK(desk.check() == "0");
  CHECK_FALSE(std::filesystem::exists(desk.site.machine().home() / ".local/state/ringctl/databases"));
  const auto all = desk.run({"doctor", "-o", "json"});
  CHECK(all.status == 0);
  CHECK(all.out.find("serve.journal") != std::string::npos);
}

TEST_CASE("what serve lacks is named by the same words in both", "[system][slow]") {
  Desk desk;
  SECTION("no auth token") {
    desk.environment.erase("TWILIO_AUTH_TOKEN");
    CHECK(desk.status("serve.auth_token") == "fail");
    CHECK(desk.check() == "10 serve.no_auth_token");
  }
  SECTION("no public URL") {
    desk.environment["RINGCTL_CONFIG"] = desk.site.machine().file("empty.toml", "").string();
    CHECK(desk.status("serve.public_url") == "fail");
    CHECK(desk.check() == "10 serve.no_public_url");
    // Nobody asked for a server here.
    CHECK(desk.run({"doctor"}).status == 0);
  }
  SECTION("a public URL that anybody can listen to") {
    desk.set("serve.public_url", "http://localhost:8080");
    CHECK(desk.status("serve.public_url") == "warn");
    CHECK(desk.check() == "0");
  }
  SECTION("a public URL of which calls would lose the path") {
    CHECK(desk.run({"config", "set", "serve.public_url", "https://pbx.example.com/voice"}).status == 7);
    const auto refused = desk.run({"serve", "--check", "--public-url", "https://pbx.example.com/voice"});
    CHECK(refused.status == 2);
    CHECK(refused.err.find("[serve.bad_public_url]") != std::string::npos);
  }
  SECTION("a public URL with a password, which everybody can read") {
    const auto refused =
        desk.run({"serve", "--check", "--public-url", "https://user:canary-9d41@pbx.example.com"});
    CHECK(refused.status == 2);
    CHECK(refused.err.find("[usage.login_in_argv]") != std::string::npos);
    CHECK(refused.err.find("canary") == std::string::npos);
  }
  SECTION("no account at all, or none of one workspace") {
    desk.environment.erase("TWILIO_ACCOUNT_SID");
    CHECK(desk.status("serve.account") == "fail");
    CHECK(desk.check() == "10 serve.no_account");
    desk.site.ok({"workspaces", "update", "default", "--twilio-accounts", ServeSite::k_account});
    CHECK(desk.status("serve.account") == "ok");
    desk.site.ok({"workspaces", "add", "West"});
    CHECK(desk.status("serve.account") == "warn");
    CHECK(desk.run({"serve", "--check"}).err.find("whose webhooks they take: West") != std::string::npos);
  }
  SECTION("a certificate without its key") {
    desk.set("serve.tls_certificate", "/nowhere/certificate.pem");
    CHECK(desk.status("serve.tls") == "fail");
    CHECK(desk.check() == "10 serve.half_tls");
  }
  SECTION("an address in use") {
    const test::RawServer other({});
    desk.set("serve.listen", "127.0.0.1:" + std::to_string(other.port()));
    CHECK(desk.status("serve.listen") == "warn");
    CHECK(desk.run({"serve", "--check"}).err.find("is in use") != std::string::npos);
  }
  SECTION("an address of another machine") {
    desk.set("serve.listen", "192.0.2.1:8080");
    CHECK(desk.status("serve.listen") == "fail");
    CHECK(desk.check() == "10 net.listen_failed");
  }
  SECTION("an address for metrics that is in use, or another machine's") {
    const test::RawServer other({});
    desk.set("serve.metrics_listen", "127.0.0.1:" + std::to_string(other.port()));
    CHECK(desk.status("serve.metrics") == "warn");
    desk.set("serve.metrics_listen", "192.0.2.1:9464");
    CHECK(desk.status("serve.metrics") == "fail");
    CHECK(desk.check() == "10 net.listen_failed");
  }
  SECTION("a Unix socket in a folder that is not there, or in the place of a file") {
    const auto file = desk.site.machine().file("plain", "");
    for (const std::string path : {"/nowhere/at/all.sock", file.c_str()}) {
      desk.set("serve.listen", "unix:" + path);
      CHECK(desk.status("serve.listen") == "fail");
      CHECK(desk.check() == "10 net.listen_failed");
    }
    CHECK(std::filesystem::is_regular_file(file));
  }
  SECTION("a Unix socket where somebody listens") {
    ServeSite other(db::Engine::sqlite);
    other.start();
    desk.set("serve.listen", "unix:" + (other.site().machine().home() / "serve.sock").string());
    CHECK(desk.status("serve.listen") == "warn");
    CHECK(other.get("/healthz").status() == 200);
  }
  SECTION("a descriptor that was not handed over") {
    desk.set("serve.listen", "fd:77");
    CHECK(desk.status("serve.listen") == "fail");
    CHECK(desk.check() == "10 net.listen_failed");
  }
  SECTION("a journal's place that is a file") {
    desk.environment["XDG_STATE_HOME"] = desk.site.machine().file("state", "").string();
    CHECK(desk.status("serve.journal") == "fail");
    CHECK(desk.check() == "10 serve.journal_unwritable");
  }
  SECTION("a journal's place where nobody can write, whatever the permissions") {
    desk.environment["XDG_STATE_HOME"] = "/proc/state";
    CHECK(desk.status("serve.journal") == "fail");
    CHECK(desk.check() == "10 serve.journal_unwritable");
  }
  SECTION("a journal that may take more than there is") {
    desk.set("serve.journal_size", "4000000GiB");
    CHECK(desk.status("serve.journal") == "warn");
  }
  SECTION("half an API key") {
    desk.environment["TWILIO_API_KEY"] = "SK0123456789abcdef0123456789abcdef";
    CHECK(desk.status("serve.api_key") == "warn");
    CHECK(desk.check() == "0");
  }
  SECTION("several at once") {
    desk.environment.erase("TWILIO_AUTH_TOKEN");
    desk.set("serve.tls_key", "/nowhere/key.pem");
    CHECK(desk.check() == "10 serve.no_auth_token");
    CHECK(
        desk.run({"serve", "--check"})
            .err.find("serve.tls_certificate and serve.tls_key are needed together (ringctl config show)") !=
        std::string::npos);
  }
}

TEST_CASE("more threads than any machine has work for are refused", "[system]") {
  const Desk desk;
  CHECK(desk.run({"serve", "--check", "--threads", "256"}).status == 0);
  const auto refused = desk.run({"serve", "--check", "--threads", "257"});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("--threads: 257 is above 256") != std::string::npos);
}

TEST_CASE("a server without a database says so and nothing else", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto result =
      site.machine().run({"serve", "--listen", "127.0.0.1:0", "--public-url", ServeSite::k_public_url},
                         {.program = {},
                          .environment = {{"TWILIO_AUTH_TOKEN", ServeSite::k_token}},
                          .input = {},
                          .directory = {},
                          .meanwhile = {}});
  CHECK(result.status == 10);
  INFO(result.err);
  CHECK(result.err.starts_with("ringctl: there is no database at "));
  CHECK(result.err.find("hint: ringctl init") != std::string::npos);
}

TEST_CASE("a server says where it listens, what it refuses, and what came of a reload", "[serve]") {
  ServeSite serve(db::Engine::sqlite);
  const auto& home = serve.site().machine().home();
  test::make_certificate(home);
  serve.site().ok({"config", "set", "serve.tls_certificate", (home / "certificate.pem").string()});
  serve.site().ok({"config", "set", "serve.tls_key", (home / "key.pem").string()});
  serve.start();
  const auto logged = [&](const std::string& text) {
    INFO(text);
    return test::eventually([&] { return serve.log().find(text) != std::string::npos; }, 5);
  };
  CHECK(logged(
      fmt::format(R"("event":"listening","address":"unix:{0}/serve.sock","metrics":"unix:{0}/metrics.sock")",
                  home.string())));
  CHECK(serve.send("\x16\x03\x01\r\n\r\n").status() == 400);
  CHECK(logged(R"("event":"listener.refused","reason":"request_line","status":400,"remote":"unix")"));
  serve.signal(SIGHUP);
  CHECK(logged(R"("event":"reloaded","certificate":"read anew","auth_tokens":"read anew")"));
  test::write_text(home / "certificate.pem", "nothing");
  serve.signal(SIGHUP);
  CHECK(logged(R"("kept":"the certificate in use")"));
  CHECK(logged(R"("event":"reloaded","certificate":"kept")"));
}

TEST_CASE("a certificate is looked at as the server would use it", "[system][slow]") {
  const Desk desk;
  SECTION("one that is good") {
    desk.certificate({.until = 90 * 24h});
    CHECK(desk.status("serve.tls") == "ok");
    CHECK(desk.check() == "0");
  }
  SECTION("one that expires within days") {
    desk.certificate({.until = 13 * 24h});
    CHECK(desk.status("serve.tls") == "warn");
    CHECK(desk.check() == "0");
  }
  SECTION("one that has expired") {
    desk.certificate({.from = -48h, .until = -24h});
    CHECK(desk.status("serve.tls") == "fail");
    CHECK(desk.check() == "10 tls.expired");
  }
  SECTION("the key of another one") {
    desk.certificate({.until = 90 * 24h});
    const test::TempDir elsewhere;
    test::make_certificate(elsewhere.path());
    test::write_text(desk.site.machine().home() / "key.pem", test::read_text(elsewhere / "key.pem"));
    CHECK(desk.status("serve.tls") == "fail");
    CHECK(desk.check() == "10 tls.unusable");
  }
  SECTION("a key that everybody may read") {
    desk.certificate({.until = 90 * 24h});
    ::chmod((desk.site.machine().home() / "key.pem").c_str(), 0644);
    CHECK(desk.status("serve.tls") == "fail");
    CHECK(desk.check() == "10 tls.key_permissions");
  }
  SECTION("no file") {
    desk.certificate({.until = 90 * 24h});
    std::filesystem::remove(desk.site.machine().home() / "certificate.pem");
    CHECK(desk.status("serve.tls") == "fail");
    CHECK(desk.check() == "10 tls.unusable");
  }
}
