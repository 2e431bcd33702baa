// TLS as a client sees it: versions, names of the certificate, reload, stalls. Certificates are made on the
// spot.

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <memory>
#include <thread>

#include "net/listener.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/errors.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using net::Counter;
using test::Listener;

namespace {

using test::Certificate;
using Context = std::unique_ptr<SSL_CTX, test::Freed<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, test::Freed<SSL_free>>;

/// A new key and a certificate of it for `name`, in two files.
net::TlsFiles make_files(const test::TempDir& dir, const std::string& name) {
  test::make_certificate(dir.path(), {.name = name});
  return {dir / "certificate.pem", dir / "key.pem"};
}

/// A blocking TLS client over the test's plain one.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int most_version = TLS1_3_VERSION, const std::string& alpn = {})
      : client_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_.get(), 0);  // the client would take anything
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), most_version);
    if (!alpn.empty())
      SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned>(alpn.size()));
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), client_.fd());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  bool connected() const { return connected_; }
  std::string version() const { return SSL_get_version(ssl_.get()); }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  std::string server_name() const {
    const Certificate certificate(SSL_get1_peer_certificate(ssl_.get()));
    std::array<char, 64> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(),
                              name.size());
    return name.data();
  }
  /// What comes back for `request`, up to the end of `mark` or of the connection.
  std::string exchange(const std::string& request, const std::string& mark) {
    SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size()));
    std::string text;
    std::array<char, 4096> piece{};
    while (text.find(mark) == std::string::npos) {
      const int n = SSL_read(ssl_.get(), piece.data(), piece.size());
      if (n <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(n));
    }
    return text;
  }
  /// True if the server said that it ends, rather than just going.
  bool ended_politely() {
    char byte = 0;
    return SSL_read(ssl_.get(), &byte, 1) == 0 && SSL_get_error(ssl_.get(), 0) == SSL_ERROR_ZERO_RETURN;
  }

 private:
  test::HttpClient client_;
  Context context_;
  Ssl ssl_;
  bool connected_ = false;
};

void answer_secure(const net::Request& request, net::Respond respond) {
  respond({.body = (request.secure ? "secure " : "plain ") + std::string(request.body) + "."});
}

struct Secure {
  explicit Secure(const net::Limits& limits = {}, const base::Clock* clock = nullptr)
      : files(make_files(dir, "first.example")),
        listener(answer_secure, {.limits = limits, .endpoints = endpoints(), .tls = files, .clock = clock}) {}
  static std::vector<net::Endpoint> endpoints() {
    auto secure = net::Endpoint::parse("127.0.0.1:0");
    secure.tls = true;
    return {secure, net::Endpoint::parse("127.0.0.1:0")};
  }
  test::TempDir dir;
  net::TlsFiles files;
  Listener listener;
};

constexpr const char* k_get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_CASE("TLS 1.2 and 1.3 are spoken, older versions are not", "[net]") {
  const Secure secure;
  for (const auto& [version, name] :
       {std::pair(TLS1_2_VERSION, "TLSv1.2"), std::pair(TLS1_3_VERSION, "TLSv1.3")}) {
    TlsClient client(secure.listener.port(), version);
    REQUIRE(client.connected());
    CHECK(client.version() == name);
    CHECK(client.exchange(k_get, "secure .").ends_with("secure ."));
    CHECK(client
              .exchange(
                  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'x'),
                  "x.")
              .ends_with("x."));
  }
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION})
    CHECK_FALSE(TlsClient(secure.listener.port(), version).connected());
  CHECK(test::http_get(secure.listener.server.port(1), "/").body == "plain .");
  CHECK(secure.listener.counted(Counter::handshakes_failed, 2));
}

TEST_CASE("a client that also speaks HTTP/2 is told HTTP/1.1", "[net]") {
  const Secure secure;
  CHECK(TlsClient(secure.listener.port(), TLS1_3_VERSION, "\x02h2\x08http/1.1").protocol() == "http/1.1");
  TlsClient only_two(secure.listener.port(), TLS1_3_VERSION, "\x02h2");
  CHECK(only_two.connected());
  CHECK(only_two.protocol().empty());
}

TEST_CASE("the end over TLS is polite, after a refusal as well", "[net]") {
  const Secure secure;
  TlsClient closing(secure.listener.port());
  CHECK(closing.exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "secure .")
            .ends_with("secure ."));
  CHECK(closing.ended_politely());
  TlsClient refused(secure.listener.port());
  CHECK(refused.exchange("GET / HTTP/1.1\r\n\r\n" + std::string(5'000, 'x'), "\r\n\r\n")
            .starts_with("HTTP/1.1 400 "));
  CHECK(refused.ended_politely());
}

TEST_CASE("plain HTTP to a TLS port is no handshake", "[net]") {
  const Secure secure;
  auto plain = secure.listener.connect();
  plain.send(k_get);
  CHECK_FALSE(plain.read());
  CHECK(secure.listener.counted(Counter::handshakes_failed, 1));
}

TEST_CASE("a reload swaps the certificate and drops nobody; bad files change nothing", "[net]") {
  Secure secure;
  auto& server = secure.listener.server;
  TlsClient before(secure.listener.port());
  CHECK(before.server_name() == "first.example");
  CHECK(before.exchange(k_get, "secure .").ends_with("secure ."));

  make_files(secure.dir, "second.example");
  CHECK(server.reload().code.empty());
  TlsClient after(secure.listener.port());
  CHECK(after.server_name() == "second.example");
  CHECK(before.exchange(k_get, "secure .").ends_with("secure ."));
  REQUIRE(server.certificate_expires_at());
  const auto left = *server.certificate_expires_at() - base::SystemClock().now();
  CHECK(left > 23h);
  CHECK(left <= 24h);

  const auto good_key = test::read_text(secure.files.key);
  SECTION("no certificate") { test::write_text(secure.files.certificate, "nothing"); }
  SECTION("another key") {
    const test::TempDir elsewhere;
    test::write_text(secure.files.key, test::read_text(make_files(elsewhere, "x").key));
  }
  SECTION("no file") { std::filesystem::remove(secure.files.key); }
  SECTION("a key that everybody may read") { ::chmod(secure.files.key.c_str(), 0644); }
  const auto finding = server.reload();
  CHECK(finding.code.starts_with("tls."));
  CHECK(finding.message.find(".pem") != std::string::npos);
  CHECK(TlsClient(secure.listener.port()).server_name() == "second.example");
}

TEST_CASE("certificates are swapped a hundred times under load without a failure", "[net]") {
  Secure secure;
  std::atomic<bool> stop = false;
  std::atomic<int> good = 0, bad = 0;
  std::thread client([&] {
    while (!stop) {
      TlsClient tls(secure.listener.port());
      ++(tls.connected() && tls.exchange(k_get, "secure .").ends_with("secure .") ? good : bad);
    }
  });
  for (int i = 0; i < 100; ++i) {
    const int so_far = good;
    CHECK(secure.listener.server.reload().code.empty());
    if (i % 10 == 0) REQUIRE(test::eventually([&] { return good > so_far || bad > 0; }));
  }
  stop = true;
  client.join();
  CHECK(bad == 0);
  CHECK(good >= 10);
}

TEST_CASE("a client that stalls its handshake is let go", "[net]") {
  test::FakeClock clock;
  net::Limits limits;
  limits.tick = 1ms;
  const Secure secure(limits, &clock);
  auto silent = secure.listener.connect();
  // Its ten seconds begin some time after it was accepted.
  REQUIRE(test::eventually([&] {
    clock.advance(1s);
    return secure.listener.server.stats().of(Counter::timeout_handshake) == 1;
  }));
  CHECK(silent.closed());
}

TEST_CASE("a server that cannot use its certificate does not start", "[net]") {
  const test::TempDir dir;
  auto files = make_files(dir, "a.example");
  const base::SystemClock clock;
  const auto slug = [&] {
    return test::slug_of([&] { const net::Server server(answer_secure, {.tls = files}, clock); });
  };
  CHECK(slug().empty());
  ::chmod(files.key.c_str(), 0640);
  CHECK(slug().empty());
  ::chmod(files.key.c_str(), 0644);
  CHECK(slug() == "tls.key_permissions");
  files.key = dir / "absent.pem";
  CHECK(slug() == "tls.unusable");
  CHECK(test::slug_of([&] {
          net::Server server(answer_secure, {}, clock);
          server.listen(Secure::endpoints());
        }) == "tls.missing");
}
