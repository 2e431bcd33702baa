// Whose X-Forwarded-For is believed, and how far.
#include "net/proxies.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using net::Networks;

namespace {

std::string client(std::string_view remote, std::vector<net::Field> fields, std::string_view trusted) {
  net::Request request;
  request.remote = remote;
  request.fields = fields;
  return net::client_of(request, Networks::parse(trusted));
}

}  // namespace

TEST_CASE("a network holds the addresses of its bits, of both families", "[net]") {
  const auto networks = Networks::parse("127.0.0.1/32, 10.0.0.0/8,2001:db8::/33 ,192.0.2.7");
  for (const auto* inside :
       {"127.0.0.1", "10.255.0.1", "2001:db8::1", "2001:db8:7fff::", "192.0.2.7", "::ffff:10.0.0.1"}) {
    INFO(inside);
    CHECK(networks.contains(inside));
  }
  for (const auto* outside : {"127.0.0.2", "11.0.0.1", "2001:db8:8000::", "192.0.2.8", "::1", "unix", "",
                              "10.0.0.1.example", "10.0.0", "::10.0.0.1"}) {
    INFO(outside);
    CHECK_FALSE(networks.contains(outside));
  }
  CHECK(Networks::parse("0.0.0.0/0").contains("203.0.113.9"));
  CHECK_FALSE(Networks::parse("0.0.0.0/0").contains("2001:db8::1"));
  CHECK(Networks::parse("::/0").contains("2001:db8::1"));
  CHECK(Networks::parse("unix").contains("unix"));
  CHECK(Networks::parse("").empty());
}

TEST_CASE("what is no network is refused", "[net]") {
  for (const auto* list : {"10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.1/", "10.0.0.1/-1",
                           "pbx.example.com", "10.0.0.1 10.0.0.2"}) {
    INFO(list);
    CHECK(test::slug_of([&] { Networks::parse(list); }) == "net.bad_network");
  }
}

TEST_CASE("forwarded addresses count only from proxies that are trusted", "[net]") {
  const std::vector<net::Field> one = {{"X-Forwarded-For", "203.0.113.9"}};
  CHECK(client("192.0.2.1", one, "") == "192.0.2.1");
  CHECK(client("192.0.2.1", one, "192.0.2.2") == "192.0.2.1");
  CHECK(client("192.0.2.1", one, "192.0.2.0/24") == "203.0.113.9");
  CHECK(client("unix", one, "unix") == "203.0.113.9");
  CHECK(client("unix", one, "0.0.0.0/0") == "unix");
  CHECK(client("192.0.2.1", {}, "192.0.2.1") == "192.0.2.1");
}

TEST_CASE("of several forwarded addresses the last one that no trusted proxy has is the client's", "[net]") {
  const std::string_view trusted = "192.0.2.0/24";
  CHECK(client("192.0.2.1", {{"X-Forwarded-For", "198.51.100.1, 203.0.113.9 ,192.0.2.2"}}, trusted) ==
        "203.0.113.9");
  CHECK(client("192.0.2.1", {{"x-forwarded-for", "198.51.100.1"}, {"X-FORWARDED-FOR", "203.0.113.9"}},
               trusted) == "203.0.113.9");
  CHECK(client("192.0.2.1", {{"X-Forwarded-For", "192.0.2.3,192.0.2.2"}}, trusted) == "192.0.2.3");
  CHECK(client("192.0.2.1", {{"X-Forwarded-For", "203.0.113.9,garbage"}}, trusted) == "192.0.2.1");
  CHECK(client("192.0.2.1", {{"X-Forwarded-For", ""}}, trusted) == "192.0.2.1");
  CHECK(client("192.0.2.1", {{"Forwarded", "for=203.0.113.9"}, {"X-Real-IP", "203.0.113.9"}}, trusted) ==
        "192.0.2.1");
}
