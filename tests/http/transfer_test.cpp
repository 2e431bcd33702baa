// Everything that can go wrong on the way, over TLS as well: what it is called, and whether the request may
// have been executed.
#include "http/transfer.hpp"

#include <cstdlib>

#include "net/listener.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/raw_server.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using http::Fault;
using http::Outcome;
using http::Request;
using http::Response;
using http::Session;
using test::RawPeer;
using test::RawServer;

namespace {

/// "broken, maybe executed", "tls, not sent", or the status of the answer.
std::string verdict_of(const Outcome& outcome) {
  const auto* const failure = std::get_if<http::Failure>(&outcome);
  if (failure == nullptr) return std::to_string(std::get<Response>(outcome).status);
  INFO(failure->message);
  CHECK_FALSE(failure->message.empty());
  CHECK(failure->message.find("secret") == std::string::npos);
  return std::string(slug_of(failure->fault)).substr(5) +
         (failure->maybe_executed ? ", maybe executed" : ", not sent");
}

std::string verdict(const RawServer::Script& script,
                    Request request = {.method = "POST", .url = {}, .body = "x"}) {
  RawServer server({script});
  request.url = server.url("/secret");
  Session session;
  return verdict_of(session.perform(std::move(request)));
}

/// One environment variable, as it was before at the end.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (old_)
      ::setenv(name_, old_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

/// A TLS server with a certificate of its own making, on "localhost".
struct Secure {
  explicit Secure(const test::CertificateOptions& certificate = {}) {
    test::make_certificate(dir.path(), certificate);
    auto endpoint = net::Endpoint::parse("127.0.0.1:0");
    endpoint.tls = true;
    listener.emplace(test::echo,
                     test::ListenerOptions{.endpoints = {endpoint},
                                           .tls = net::TlsFiles{dir / "certificate.pem", dir / "key.pem"}});
  }
  std::string url(std::string_view host = "localhost") const {
    return "https://" + std::string(host) + ":" + std::to_string(listener->port()) + "/";
  }
  std::uint64_t requests() const { return listener->server.stats().of(net::Counter::requests); }
  Outcome ask(std::filesystem::path ca_file, std::string_view host = "localhost") const {
    const Environment direct("NO_PROXY", "*");
    Session session({.ca_file = std::move(ca_file)});
    Request request{.method = "POST", .url = url(host), .body = "x"};
    request.login = http::Login{"AC1", base::Secret("secret")};
    return session.perform(std::move(request));
  }
  test::TempDir dir;
  std::optional<test::Listener> listener;
};

}  // namespace

TEST_CASE("where nobody listens nothing was sent", "[http]") {
  Session session;
  const test::DeafPort nobody;
  const auto url = "http://127.0.0.1:" + std::to_string(nobody.number()) + "/";
  const auto outcome = session.perform({.method = "POST", .url = url, .body = "x"});
  CHECK(verdict_of(outcome) == "unreachable, not sent");
  CHECK(std::get<http::Failure>(outcome).message.starts_with(url.substr(7, url.size() - 8) +
                                                             " cannot be reached: "));
}

TEST_CASE("a server that breaks off, at whatever point, may have executed the request", "[http]") {
  const auto head = std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  CHECK(verdict(RawServer::answers("")) == "broken, maybe executed");
  CHECK(verdict(RawServer::answers("HTTP/1.1 200 O")) == "broken, maybe executed");
  CHECK(verdict(RawServer::answers(head)) == "broken, maybe executed");
  CHECK(verdict(RawServer::answers(head + "half")) == "broken, maybe executed");
  CHECK(verdict(RawServer::answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")) ==
        "broken, maybe executed");
  CHECK(verdict([](RawPeer& peer) {
          peer.read();
          peer.reset();
        }) == "broken, maybe executed");
  CHECK(verdict([&](RawPeer& peer) {
          peer.read();
          peer.send(head + "half");
          peer.reset();
        }) == "broken, maybe executed");
}

TEST_CASE("an answer that is no HTTP is garbage", "[http]") {
  for (const std::string bytes : {"Welcome!\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n",
                                  "\x16\x03\x01\x02\r\n\r\n"}) {
    INFO(bytes);
    CHECK(verdict(RawServer::answers(bytes)) == "garbage, maybe executed");
  }
}

TEST_CASE("an answer beyond its bounds is cut off, whether it says so or not", "[http]") {
  Request small{.method = "POST", .url = {}, .body = "x"};
  small.max_body = 10;
  small.max_header = 1000;
  const std::string eleven(11, 'x'), ten(10, 'x');
  CHECK(verdict(RawServer::answers(RawServer::response(ten)), small) == "200");
  CHECK(verdict(RawServer::answers(RawServer::response(eleven)), small) == "too_large, maybe executed");
  CHECK(verdict(RawServer::answers("HTTP/1.1 200 OK\r\n\r\n" + eleven), small) ==
        "too_large, maybe executed");
  CHECK(
      verdict(
          RawServer::answers(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n6\r\nxxxxxx\r\n0\r\n\r\n"),
          small) == "too_large, maybe executed");
  CHECK(verdict(RawServer::answers(RawServer::response("", "X-A: " + std::string(900, 'a') + "\r\n")),
                small) == "200");
  CHECK(verdict(RawServer::answers(RawServer::response("", "X-A: " + std::string(1000, 'a') + "\r\n")),
                small) == "too_large, maybe executed");
}

TEST_CASE("an answer without an end is let go, not collected", "[http]") {
  const auto endless = [](const std::string& head, const std::string& piece) -> RawServer::Script {
    return [=](RawPeer& peer) {
      peer.read();
      peer.send(head);
      while (peer.send(piece)) {
      }
    };
  };
  CHECK(verdict(endless("HTTP/1.1 200 OK\r\n\r\n", std::string(4096, 'x'))) == "too_large, maybe executed");
  CHECK(verdict(endless("HTTP/1.1 200 OK\r\n", "X-A: b\r\n")) == "too_large, maybe executed");
  CHECK(verdict(endless("HTTP/1.1 200 OK\r\nX-A: ", std::string(4096, 'x'))) == "too_large, maybe executed");
  CHECK(verdict(endless("", "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n")) == "too_large, maybe executed");
}

TEST_CASE("a server that is silent or drips is left at the deadline", "[http]") {
  bool asked = false;
  const RawServer::Script silent = [&](RawPeer& peer) {
    asked = !peer.read().empty();
    peer.wait_until_gone();
  };
  const RawServer::Script drips = [&](RawPeer& peer) {
    asked = !peer.read().empty();
    peer.drip(RawServer::response(std::string(10'000, 'x')), 10ms);
  };
  for (const auto& script : {silent, drips}) {
    // A machine with too much to do may need longer than that to have sent it: then again, with more time.
    for (auto timeout = 200ms; !asked; timeout *= 4) {
      REQUIRE(timeout < test::k_patience);
      Request quick{.method = "POST", .url = {}, .body = "x"};
      quick.timeout = timeout;
      const auto begun = std::chrono::steady_clock::now();
      const auto heard = verdict(script, quick);
      CHECK(std::chrono::steady_clock::now() - begun >= timeout - 10ms);  // it counts whole milliseconds
      CHECK(std::chrono::steady_clock::now() - begun < test::k_patience);
      if (asked) CHECK(heard == "timeout, maybe executed");
    }
    asked = false;
  }
}

TEST_CASE("a server that never finishes the handshake was sent nothing", "[http]") {
  const Environment direct("NO_PROXY", "*");
  RawServer silent({[](RawPeer& peer) { peer.wait_until_gone(); }});
  Request request{
      .method = "POST", .url = "https://localhost:" + std::to_string(silent.port()) + "/", .body = "x"};
  request.connect_timeout = 200ms;
  Session session;
  const auto outcome = session.perform(request);
  CHECK(verdict_of(outcome) == "timeout, not sent");
  CHECK(std::get<http::Failure>(outcome).message.ends_with(" could not be reached within 0.2 s"));
}

// The kept connection looks alive until the second request is on it: the server may have executed that.
TEST_CASE("a request is sent again over a fresh connection only if it may be executed twice", "[http]") {
  const auto dies_at_the_second = [](RawPeer& peer) {
    peer.read();
    peer.send(RawServer::response("first"));
    peer.read();
  };
  RawServer server({dies_at_the_second, RawServer::answers(RawServer::response("again"))});
  Session session;
  CHECK(verdict_of(session.perform({.url = server.url()})) == "200");
  SECTION("a GET") {
    const auto outcome = session.perform({.url = server.url()});
    CHECK(verdict_of(outcome) == "200");
    CHECK(std::get<Response>(outcome).body == "again");
    CHECK(server.connections() == 2);
  }
  SECTION("a POST is not") {
    const auto outcome = session.perform({.method = "POST", .url = server.url(), .body = "buy"});
    CHECK(verdict_of(outcome) == "broken, maybe executed");
    CHECK(std::get<http::Failure>(outcome).message ==
          server.url().substr(7, server.url().size() - 8) +
              " ended a connection that was kept before it answered");
  }
}

TEST_CASE("TLS is spoken with a server whose certificate the roots vouch for", "[http]") {
  const Secure secure;
  const auto outcome = secure.ask(secure.dir / "certificate.pem");
  CHECK(verdict_of(outcome) == "200");
  CHECK(std::get<Response>(outcome).body == "POST / x");
}

TEST_CASE("a certificate that is not to be trusted ends it before anything is sent", "[http]") {
  SECTION("made by itself") {
    const Secure secure;
    CHECK(verdict_of(secure.ask({})) == "tls, not sent");
    CHECK(secure.requests() == 0);
  }
  SECTION("for another name") {
    const Secure secure({.name = "pbx.example.com"});
    CHECK(verdict_of(secure.ask(secure.dir / "certificate.pem")) == "tls, not sent");
    CHECK(secure.requests() == 0);
  }
  SECTION("for the name, asked for by the address") {
    const Secure secure;
    CHECK(verdict_of(secure.ask(secure.dir / "certificate.pem", "127.0.0.1")) == "tls, not sent");
  }
  SECTION("expired") {
    const Secure secure({.from = -48h, .until = -24h});
    CHECK(verdict_of(secure.ask(secure.dir / "certificate.pem")) == "tls, not sent");
  }
  SECTION("not valid yet") {
    const Secure secure({.from = 24h, .until = 48h});
    CHECK(verdict_of(secure.ask(secure.dir / "certificate.pem")) == "tls, not sent");
  }
  SECTION("with roots that are no file") {
    const Secure secure;
    CHECK(verdict_of(secure.ask(secure.dir / "nothing.pem")) == "tls, not sent");
  }
}

TEST_CASE("https to a server that speaks plain HTTP is no safe connection", "[http]") {
  const Environment direct("NO_PROXY", "*");
  RawServer plain({[](RawPeer& peer) { peer.send(RawServer::response("plain")); }});
  Session session;
  CHECK(verdict_of(session.perform({.url = "https://localhost:" + std::to_string(plain.port()) + "/"})) ==
        "tls, not sent");
}

TEST_CASE("https goes through the proxy of the environment, and a proxy that refuses was sent nothing",
          "[http]") {
  std::string asked;
  RawServer proxy({[&](RawPeer& peer) {
    asked = peer.read();
    peer.send(RawServer::response("", "X-Proxy: yes\r\n", 403));
  }});
  const Environment set("HTTPS_PROXY", proxy.url()), lower("https_proxy", proxy.url()), all("NO_PROXY", ""),
      no("no_proxy", "");
  Session session;
  Request request{.method = "POST", .url = "https://pbx.example.com/", .body = "x"};
  request.login = http::Login{"AC1", base::Secret("secret")};
  CHECK(verdict_of(session.perform(request)) == "unreachable, not sent");
  CHECK(asked.starts_with("CONNECT pbx.example.com:443 HTTP/1.1\r\n"));
  CHECK(asked.find("Authorization: Basic") == std::string::npos);
}

TEST_CASE("what may only go outside goes to the proxy, also to hosts that would be asked past it", "[http]") {
  std::string asked;
  RawServer proxy({[&](RawPeer& peer) {
    asked = peer.read();
    peer.send(RawServer::response("", "", 403));
  }});
  const Environment set("HTTPS_PROXY", proxy.url()), lower("https_proxy", proxy.url()), all("NO_PROXY", "*"),
      no("no_proxy", "*");
  Session session;
  Request request{.method = "POST", .url = "https://localhost/", .body = "x"};
  request.outside_only = true;
  CHECK(verdict_of(session.perform(request)) == "unreachable, not sent");
  CHECK(asked.starts_with("CONNECT localhost:443 HTTP/1.1\r\n"));
}

TEST_CASE("what goes to this machine in the clear goes through no proxy", "[http]") {
  RawServer proxy({}), server({RawServer::answers(RawServer::response("direct"))});
  const Environment set("http_proxy", proxy.url()), all("ALL_PROXY", proxy.url()),
      lower("all_proxy", proxy.url()), no("NO_PROXY", ""), none("no_proxy", "");
  Session session;
  const auto outcome = session.perform({.url = server.url()});
  CHECK(verdict_of(outcome) == "200");
  CHECK(proxy.connections() == 0);
}
