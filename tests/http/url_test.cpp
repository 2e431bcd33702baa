#include "http/url.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using http::parse_url;

TEST_CASE("a server is named with its port, whether the URL has one or not", "[http]") {
  CHECK(parse_url("https://pbx.example.com").server == "pbx.example.com:443");
  CHECK(parse_url("https://pbx.example.com:8443/voice").server == "pbx.example.com:8443");
  CHECK(parse_url("http://localhost/x").server == "localhost:80");
  CHECK(parse_url("http://[::1]:8080/").server == "[::1]:8080");
}

TEST_CASE("plain HTTP is for this machine only, however its address is written", "[http]") {
  for (const auto* url :
       {"http://localhost/", "http://LocalHost:1/", "http://127.0.0.1", "http://127.9.8.7/x", "http://127.1/",
        "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/"}) {
    INFO(url);
    CHECK(parse_url(url).loopback);
    CHECK_FALSE(parse_url(url).secure);
  }
  for (const auto* url :
       {"http://pbx.example.com/", "http://192.0.2.7/", "http://localhost.example.com/",
        "http://127.0.0.1.nip.example/", "http://localhost@pbx.example.com/", "http://128.0.0.1/",
        "http://[::2]/", "http://[::ffff:192.0.2.7]/", "http://0.0.0.0/"}) {
    INFO(url);
    CHECK(test::slug_of([&] { parse_url(url); }) == "http.not_secure");
  }
  CHECK(parse_url("https://pbx.example.com/").secure);
  CHECK_FALSE(parse_url("https://pbx.example.com/").loopback);
}

TEST_CASE("what is no URL of the web is refused", "[http]") {
  for (const std::string url : {"", "pbx.example.com", "/voice", "ftp://127.0.0.1/", "file:///etc/passwd",
                                "gopher://127.0.0.1/", "https://", "https:///voice", "https://a b/",
                                "https://127.0.0.1:99999/", "https://h/\r\nX: y", "javascript:1"}) {
    INFO(url);
    CHECK(test::slug_of([&] { parse_url(url); }) == "http.bad_url");
  }
  CHECK(test::slug_of([] { parse_url(std::string_view("https://h/\0x", 12)); }) == "http.bad_url");
}

TEST_CASE("a user and password never come out again", "[http]") {
  CHECK(parse_url("https://ann:hunter2@h.example/v?a=b#c").redacted == "https://***@h.example/v?a=b");
  CHECK(parse_url("https://token@h.example:8443/").redacted == "https://***@h.example:8443/");
  CHECK(parse_url("https://:hunter2@h.example/").redacted == "https://***@h.example/");
  CHECK(parse_url("https://h.example/v").redacted == "https://h.example/v");
  const auto error = test::error_of([] { parse_url("http://ann:hunter2@h.example/"); });
  REQUIRE(error);
  CHECK(error->message() == "h.example:80 is another machine, which is spoken to by https only");
}
