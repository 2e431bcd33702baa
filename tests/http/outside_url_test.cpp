#include "http/outside_url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <string>

#include "http/session.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"

using namespace ringctl;
using ringctl::http::is_outside;
using ringctl::http::origin_of;
using ringctl::http::why_not_outside;

namespace {

/// Whether a socket would be connected to it.
bool goes_to(const std::string& address) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1)
    std::memcpy(&storage, &v4, sizeof v4);
  else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1)
    std::memcpy(&storage, &v6, sizeof v6);
  else
    FAIL(address << " is no address");
  return is_outside(reinterpret_cast<const sockaddr&>(storage));
}

/// What becomes of a request that may only go outside.
http::Outcome ask_outside(http::Session& session, const std::string& url) {
  http::Request request{.method = "POST", .url = url, .body = "x"};
  request.outside_only = true;
  return session.perform(std::move(request));
}

void check_refused(const http::Outcome& outcome) {
  const auto* const failure = std::get_if<http::Failure>(&outcome);
  REQUIRE(failure != nullptr);
  CHECK(failure->fault == http::Fault::unreachable);
  CHECK_FALSE(failure->maybe_executed);
  CHECK(failure->message.ends_with(" leads to an address of this machine or of a private network"));
}

}  // namespace

TEST_CASE("a public http or https URL is taken, with Twilio's connection overrides", "[http]") {
  for (const auto* url : {
           "https://pbx.example.com/voice",
           "http://pbx.example.com/voice?x=1",
           "HTTPS://PBX.Example.COM:8443/voice",
           "https://pbx.example.com",
           "https://pbx.example.com./voice",
           "https://a-b.1c.example.co.uk/x",
           "https://xn--bcher-kva.example.com/",
           "https://93.184.216.34/voice",
           "https://[2606:2800:220:1:248:1893:25c8:1946]/voice",
           "https://pbx.example.com/voice#rc=2&rp=ct,5xx",
           "https://pbx.example.com/voice#ct=2000&rt=5000&e=ashburn,dublin&sni=y",
       }) {
    INFO(url);
    CHECK(why_not_outside(url).empty());
  }
}

TEST_CASE("what leads to this machine or its networks is refused, however it is written", "[http]") {
  for (const auto* url : {
           // this machine
           "http://127.0.0.1/",
           "https://127.0.0.1:8080/x",
           "http://127.1/",
           "http://127.0.1/",
           "http://0/",
           "http://0.0.0.0/",
           "http://2130706433/",
           "http://0x7f000001/",
           "http://0x7f.0.0.1/",
           "http://0x7f.1/",
           "http://017700000001/",
           "http://0177.0.0.1/",
           "http://0177.1/",
           "http://127.0.0.01/",
           "http://00.0.0.0/",
           "http://127.255.255.254/",
           "http://localhost/",
           "http://LOCALHOST:80/",
           "http://localhost./",
           "http://x.localhost/",
           "http://[::1]/",
           "http://[0:0:0:0:0:0:0:1]/",
           "http://[::]/",
           "http://[::ffff:127.0.0.1]/",
           "http://[::ffff:7f00:1]/",
           "http://[::127.0.0.1]/",
           // private and link-local networks
           "http://10.0.0.1/",
           "http://10.255.255.255/",
           "http://172.16.0.1/",
           "http://172.31.255.255/",
           "http://192.168.0.1/",
           "http://169.254.169.254/latest/meta-data/",
           "http://2852039166/",
           "http://0xa9fea9fe/",
           "http://0251.0376.0251.0376/",
           "http://169.254.43518/",
           "http://100.64.0.1/",
           "http://100.127.255.255/",
           "http://[fe80::1]/",
           "http://[fe80::1%25eth0]/",
           "http://[fc00::1]/",
           "http://[fd12:3456::1]/",
           "http://[::ffff:10.0.0.1]/",
           "http://[::ffff:a9fe:a9fe]/",
           "http://[64:ff9b::7f00:1]/",
           "http://[64:ff9b::10.0.0.1]/",
           "http://[2002:7f00:1::]/",
           "http://[2002:c0a8:1::]/",
           "http://[2001::7f00:1]/",
           "http://[fec0::1]/",
           // not for hosts
           "http://192.0.0.1/",
           "http://192.0.2.1/",
           "http://198.51.100.1/",
           "http://203.0.113.9/",
           "http://198.18.0.1/",
           "http://192.88.99.1/",
           "http://224.0.0.1/",
           "http://239.255.255.250/",
           "http://240.0.0.1/",
           "http://255.255.255.255/",
           "http://[ff02::1]/",
           "http://[2001:db8::1]/",
           "http://[3fff::1]/",
           "http://[100::1]/",
           // names of inner networks
           "http://intranet/",
           "http://db/",
           "http://pbx/voice",
           "http://metadata.google.internal/",
           "http://printer.local/",
           "http://host.localdomain/",
           "http://router.lan/",
           "http://x.home.arpa/",
           "http://wiki.corp/",
           "http://abc.onion/",
           "http://files.intranet/",
           // numbers that are no addresses
           "http://1.2.3.4.5/",
           "http://256.1.1.1/",
           "http://1.2.3/",
           "http://x.0x1/",
           "http://x.1/",
           "http://[1:2]/",
           "http://[]/",
           "http://[::1/",
           "http://[gggg::1]/",
       }) {
    INFO(url);
    CHECK_FALSE(why_not_outside(url).empty());
  }
}

TEST_CASE("what readers of URLs disagree about is refused", "[http]") {
  for (const auto* url : {
           "",
           "pbx.example.com",
           "//pbx.example.com/",
           "ftp://pbx.example.com/",
           "file:///etc/passwd",
           "gopher://pbx.example.com/",
           "javascript:alert(1)",
           "https:pbx.example.com",
           "https:///voice",
           "https://",
           "https://:443/",
           "https://user@pbx.example.com/",
           "https://user:pw@pbx.example.com/",
           "https://pbx.example.com@127.0.0.1/",
           "https://127.0.0.1@pbx.example.com/",
           "https://pbx.example.com\\@127.0.0.1/",
           "https://pbx.example.com /",
           "https://pbx.example.com/a b",
           "https://pbx.example.com/\r\nHost: x",
           "https://pbx.example.com/\t",
           "https://pbx.example.com:0/",
           "https://pbx.example.com:65536/",
           "https://pbx.example.com:/",
           "https://pbx.example.com:80x/",
           "https://pbx.example.com:-1/",
           "https://pbx.example.com:000080/",
           "https://pbx_1.example.com/",
           "https://-pbx.example.com/",
           "https://pbx-.example.com/",
           "https://pbx..example.com/",
           "https://.example.com/",
           "https://%31%32%37.0.0.1/",
           "https://pbx%2eexample.com/",
           "https://b\xc3\xbc"
           "cher.example.com/",
           "https://\xef\xbd\x81.example.com/",
           "https://pbx.example.com/voice#top",
           "https://pbx.example.com/voice#",
           "https://pbx.example.com/#rc",
           "https://pbx.example.com/#rc=2&x=1",
           "https://pbx.example.com/#rc=",
           "https://pbx.example.com/<x>",
       }) {
    INFO(url);
    CHECK_FALSE(why_not_outside(url).empty());
  }
  CHECK_FALSE(why_not_outside("https://" + std::string(64, 'a') + ".example.com/").empty());
  CHECK_FALSE(why_not_outside("https://pbx.example.com/" + std::string(2100, 'a')).empty());
  CHECK_FALSE(why_not_outside(std::string("https://pbx.example.com/\0x", 26)).empty());
}

TEST_CASE("a simulator on this machine is taken where that is allowed, and nothing else private", "[http]") {
  for (const auto* url : {"http://127.0.0.1:8080/voice", "http://localhost:8080/voice", "http://[::1]:80/"})
    CHECK(why_not_outside(url, true).empty());
  for (const auto* url : {"http://10.0.0.1/", "http://0x7f000001/", "http://u@localhost/",
                          "http://[fe80::1]/", "http://intranet/", "http://localhost:0/"})
    CHECK_FALSE(why_not_outside(url, true).empty());
}

TEST_CASE("two URLs are of one origin whatever their case, path, user and usual port", "[http]") {
  CHECK(origin_of("https://PBX.example.com:443/a?b#c") == "https://pbx.example.com");
  CHECK(origin_of("https://u:p@pbx.example.com./") == "https://pbx.example.com");
  CHECK(origin_of("http://pbx.example.com:80") == "http://pbx.example.com");
  CHECK(origin_of("https://pbx.example.com:8443/") == "https://pbx.example.com:8443");
  CHECK(origin_of("http://[::1]:8080/x") == "http://[::1]:8080");
  for (const auto* none : {"", "pbx.example.com", "ftp://pbx.example.com", "https://"})
    CHECK(origin_of(none).empty());
}

TEST_CASE("an address is judged as the URL that spells it", "[http]") {
  for (const auto* address : {"93.184.216.34", "8.8.8.8", "172.15.255.255", "172.32.0.0", "223.255.255.255",
                              "2606:2800:220:1:248:1893:25c8:1946"}) {
    INFO(address);
    CHECK(goes_to(address));
  }
  for (const auto* address : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.0.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "192.0.2.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fd12:3456::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:93.184.216.34",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "2001:db8::1"}) {
    INFO(address);
    CHECK_FALSE(goes_to(address));
  }
  sockaddr_un socket{};
  socket.sun_family = AF_UNIX;
  CHECK_FALSE(is_outside(reinterpret_cast<const sockaddr&>(socket)));
}

TEST_CASE("a request that may only go outside connects to nobody here, whatever the name was", "[http]") {
  test::RawServer server({});
  http::Session session;
  check_refused(ask_outside(session, server.url()));
  // Only looking the name up tells where it leads.
  check_refused(ask_outside(session, "http://localhost:" + std::to_string(server.port()) + "/"));
  CHECK(server.connections() == 0);
}

TEST_CASE("a request that may only go outside uses no connection that another one opened to this machine",
          "[http]") {
  std::atomic<bool> asked_again = false;
  {
    test::RawServer server({[&](test::RawPeer& peer) {
      peer.read();
      peer.send(test::RawServer::response("once"));
      asked_again = !peer.read().empty();
    }});
    http::Session session;
    const auto outcome = session.perform({.method = "GET", .url = server.url()});
    REQUIRE(std::holds_alternative<http::Response>(outcome));
    check_refused(ask_outside(session, server.url()));
    CHECK(server.connections() == 1);
  }
  CHECK_FALSE(asked_again);
}
