#include "sim/overrides.hpp"

#include "sim/urls.hpp"
#include "support/catch.hpp"

using namespace ringctl::sim;
using namespace std::chrono_literals;

TEST_CASE("without overrides only a connection that fails is tried again, once", "[sim]") {
  const auto overrides = parse_overrides("");
  CHECK(overrides.retries == 1);
  CHECK(overrides.connect_timeout == 5s);
  CHECK(overrides.read_timeout == 15s);
  CHECK(overrides.total == 15s);
  CHECK(overrides.retries_on(Miss::connect));
  for (const auto miss :
       {Miss::none, Miss::client_error, Miss::server_error, Miss::read, Miss::anything_else})
    CHECK_FALSE(overrides.retries_on(miss));
}

TEST_CASE("overrides say how long a URL is waited for and when it is asked again", "[sim]") {
  const auto overrides = parse_overrides("rc=3&rp=5xx,rt&ct=250&rt=1000&tt=9000&e=dublin&sni=y");
  CHECK(overrides.retries == 3);
  CHECK(overrides.connect_timeout == 250ms);
  CHECK(overrides.read_timeout == 1s);
  CHECK(overrides.total == 9s);
  CHECK(overrides.retries_on(Miss::server_error));
  CHECK(overrides.retries_on(Miss::read));
  CHECK_FALSE(overrides.retries_on(Miss::connect));
  CHECK_FALSE(overrides.retries_on(Miss::client_error));
  CHECK_FALSE(overrides.retries_on(Miss::none));
}

TEST_CASE("all is everything but an answer", "[sim]") {
  const auto overrides = parse_overrides("rp=all");
  for (const auto miss :
       {Miss::client_error, Miss::server_error, Miss::connect, Miss::read, Miss::anything_else})
    CHECK(overrides.retries_on(miss));
  CHECK_FALSE(overrides.retries_on(Miss::none));
}

TEST_CASE("an override that is out of its range or unreadable is as if it were not there", "[sim]") {
  for (const auto* text : {"rc=6", "rc=-1", "rc=", "rc", "rc=x", "ct=99", "ct=10001", "rt=15001", "tt=0", "=",
                           "&&&", "RC=3", "rt=99999999999999999999"}) {
    CAPTURE(text);
    const auto overrides = parse_overrides(text);
    CHECK(overrides.retries == 1);
    CHECK(overrides.connect_timeout == 5s);
    CHECK(overrides.read_timeout == 15s);
    CHECK(overrides.total == 15s);
  }
}

TEST_CASE("a relative URL is one of the document it stands in", "[sim]") {
  const std::string base = "https://pbx.example.com/api/voice/menu?a=b#rc=2";
  CHECK(resolve_url(base, "next") == "https://pbx.example.com/api/voice/next");
  CHECK(resolve_url(base, "/next?x=%20y#rt=100") == "https://pbx.example.com/next?x=%20y#rt=100");
  CHECK(resolve_url(base, "../sms/./in") == "https://pbx.example.com/api/sms/in");
  CHECK(resolve_url(base, "../../../../x") == "https://pbx.example.com/x");
  CHECK(resolve_url(base, "..") == "https://pbx.example.com/api/");
  CHECK(resolve_url(base, "?c") == "https://pbx.example.com/api/voice/menu?c");
  CHECK(resolve_url(base, "") == "https://pbx.example.com/api/voice/menu?a=b");
  CHECK(resolve_url(base, "//other.example.com/x") == "https://other.example.com/x");
  CHECK(resolve_url(base, "http://other.example.com/../x") == "http://other.example.com/../x");
  CHECK(resolve_url("https://pbx.example.com", "x") == "https://pbx.example.com/x");
  CHECK(resolve_url("", "x") == "x");
}

TEST_CASE("a path is decoded byte by byte, and what is no code stands as it is", "[sim]") {
  CHECK(percent_decoded("a%20b+c") == "a b+c");
  CHECK(percent_decoded("%C3%A9%") == "é%");
  CHECK(percent_decoded("%zz%2") == "%zz%2");
}

TEST_CASE("no user and password of a URL, and no password of SIP, is left in a text", "[sim]") {
  CHECK(without_passwords("<Play>https://ann:secret@a.example/b@c</Play>") ==
        "<Play>https://***@a.example/b@c</Play>");
  CHECK(without_passwords("http://a.example/?to=x@y wss://u@b") == "http://a.example/?to=x@y wss://***@b");
  CHECK(without_passwords("<Sip username=\"u\" password=\"secret\">sip:a@b</Sip>") ==
        "<Sip username=\"u\" password=\"***\">sip:a@b</Sip>");
  CHECK(without_passwords("password='x' password='open") == "password='***' password='***");
  CHECK(without_passwords("plain") == "plain");
}
