#include "twilio/signature.hpp"

#include "base/digest.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::twilio;

namespace {

/// A URL, parameters and the signature that Twilio's helper library gives with token 12345.
struct Vector {
  std::string base, target;
  std::string form;
  std::string signature;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> k_all{
      {"https://example.com", "/myapp.php?foo=1&bar=2",
       "CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212",
       "L/OH5YylLD5NRKLltdqwSvS0BnU="},
      {"https://hooks.example.org", "/sms", "MediaUrl=b&MediaUrl=a&MediaUrl=b&Body=hi&From=%2B15005550006",
       "x6qK75Te4altfbJ1MsNSKD09tG0="},
      {"https://hooks.example.org", "/voice/in?tenant=1",
       "From=%2B41441234567&CallerCity=Z%C3%BCrich&SpeechResult=%E6%97%A5%E6%9C%AC%E8%AA%9E+%E2%98%8E+ok"
       "&To=%2B41449876543&Empty=",
       "MTF4kgMti1emI3xCMmBUlfKG8Bo="},
      {"https://hooks.example.org", "/voice?CallSid=CA1&From=%2B14155550100", "",
       "TNJJrySFizA0zpG0WNM6eYYFhws="},
      {"https://hooks.example.org", "/voice", "", "wYqlSYDYQXX+az4vhdS/trUF4ZA="},
      {"https://hooks.example.org:443", "/voice", "", "YwXwtXJ2y647gHNSP+bqXlvmffE="},
      {"https://hooks.example.org:8443", "/voice", "", "GjZTcQV30Eq455W42w3mAgd/PrU="},
  };
  return k_all;
}

Form form_of(std::string_view text) {
  Form form;
  REQUIRE(form.parse(text) == Parsed::ok);
  return form;
}

std::vector<base::Secret> tokens(std::initializer_list<std::string> values) {
  std::vector<base::Secret> out;
  for (const auto& value : values) out.emplace_back(value);
  return out;
}

Signed check(std::string_view base, std::string_view target, std::string_view signature,
             const Form* form = nullptr, std::string_view body = {}) {
  Scratch scratch;
  return verify({.base = base, .target = target, .signature = signature, .form = form, .body = body},
                tokens({"12345"}), scratch);
}

/// Signed for one URL, received as another.
bool passes(std::string_view signed_url, std::string_view base, std::string_view target) {
  return check(base, target, sign("12345", signed_url)) == Signed::ok;
}

constexpr std::string_view k_body = R"({"a":"Zürich","n":[1,2]})";
constexpr std::string_view k_body_target =
    "/events?x=1&bodySHA256=551ed51252b4e2bfa5601f1373a068c2e9ea349907c9898085c9e2edd5f38954";
constexpr std::string_view k_body_signature = "PB4hoLtjIUkqgI64uBDc9dWYfOE=";
constexpr std::string_view k_hooks = "https://hooks.example.org";

}  // namespace

TEST_CASE("every vector of Twilio's helper library is signed and verified alike", "[twilio]") {
  for (const auto& vector : vectors()) {
    INFO(vector.base << vector.target);
    const auto form = form_of(vector.form);
    CHECK(sign("12345", vector.base + vector.target, form) == vector.signature);
    CHECK(check(vector.base, vector.target, vector.signature, &form) == Signed::ok);
  }
}

TEST_CASE("parameters are sorted by bytes, duplicates count once, empty ones count", "[twilio]") {
  const auto messages = form_of(vectors()[1].form);
  CHECK(signed_parameters({.base = {}, .target = {}, .signature = {}, .form = &messages}) ==
        "BodyhiFrom+15005550006MediaUrlaMediaUrlb");
  const auto cities = form_of(vectors()[2].form);
  CHECK(signed_parameters({.base = {}, .target = {}, .signature = {}, .form = &cities}) ==
        "CallerCityZürichEmptyFrom+41441234567SpeechResult日本語 ☎ okTo+41449876543");
  const auto mixed = form_of("b=1&A=2&a=3&B=4");
  CHECK(signed_parameters({.base = {}, .target = {}, .signature = {}, .form = &mixed}) == "A2B4a3b1");
}

TEST_CASE("a request with or without the default port passes for either", "[twilio]") {
  for (const auto* signature : {"wYqlSYDYQXX+az4vhdS/trUF4ZA=", "YwXwtXJ2y647gHNSP+bqXlvmffE="})
    for (const auto* base : {"https://hooks.example.org", "https://hooks.example.org:443"})
      CHECK(check(base, "/voice", signature) == Signed::ok);
}

TEST_CASE("what the helper library accepts and refuses of ports, slashes and queries", "[twilio]") {
  CHECK(passes("https://h/v", "https://h:443", "/v"));
  CHECK(passes("https://h:443/v", "https://h", "/v"));
  CHECK(passes("https://h/v", "https://h:8443", "/v"));
  CHECK_FALSE(passes("https://h:8443/v", "https://h", "/v"));
  CHECK_FALSE(passes("https://h", "https://h", "/"));
  CHECK_FALSE(passes("https://h/v?b=2&a=1", "https://h", "/v?a=1&b=2"));
  CHECK(passes("http://h:80/v", "http://h", "/v"));
  CHECK_FALSE(passes("http://h:443/v", "http://h", "/v"));
  CHECK(passes("https://[2001:db8::1]/v", "https://[2001:db8::1]:8443", "/v"));
  CHECK(passes("https://[2001:db8::1]:443/v", "https://[2001:db8::1]", "/v"));
}

TEST_CASE("a query passes as it was sent, as a URL parser writes it, and written anew", "[twilio]") {
  CHECK(passes("https://h/v?n=o'clock", "https://h", "/v?n=o'clock"));
  CHECK(passes("https://h/v?n=o%27clock", "https://h", "/v?n=o'clock"));
  CHECK(passes("https://h/v?a=x%20y", "https://h", "/v?a=x+y"));
  CHECK(passes("https://h:443/v?a=x%20y", "https://h", "/v?a=x+y"));
  CHECK(passes("https://h/v?", "https://h", "/v?"));
  CHECK_FALSE(passes("https://h/v", "https://h", "/v?"));
  CHECK(passes("https://h/v", "https://H", "/v"));
}

TEST_CASE("a prefix of the public URL belongs to what is signed; user and password do not", "[twilio]") {
  CHECK(passes("https://h/ring/v", "https://h/ring", "/v"));
  CHECK(passes("https://h/ring/v", "https://h/ring/", "/v"));
  CHECK(passes("https://h/v", "https://user:pa@ss@h", "/v"));
  CHECK(passes("https://h/v", "https://user:1@h:443", "/v"));
}

TEST_CASE("a JSON request is signed by its URL, which holds the hash of its body", "[twilio]") {
  CHECK(sign("12345", std::string(k_hooks) + std::string(k_body_target)) == k_body_signature);
  CHECK(check(k_hooks, k_body_target, k_body_signature, nullptr, k_body) == Signed::ok);
  CHECK(check(k_hooks, k_body_target, k_body_signature, nullptr, std::string(k_body).append(" ")) ==
        Signed::body_mismatch);
  CHECK(check(k_hooks, k_body_target, k_body_signature, nullptr, "") == Signed::body_mismatch);
  CHECK(check(k_hooks, k_body_target, "PB4hoLtjIUkqgI64uBDc9dWYfOF=", nullptr, k_body) == Signed::mismatch);
}

TEST_CASE("a body that nothing vouches for is refused", "[twilio]") {
  CHECK(check(k_hooks, "/voice", "wYqlSYDYQXX+az4vhdS/trUF4ZA=", nullptr, k_body) == Signed::body_mismatch);
  const std::string elsewhere = "/bodySHA256/" + base::sha256_hex(k_body);
  CHECK(check(k_hooks, elsewhere, sign("12345", std::string(k_hooks) + elsewhere), nullptr, k_body) ==
        Signed::body_mismatch);
}

TEST_CASE("a change anywhere breaks the signature", "[twilio]") {
  const auto& vector = vectors()[0];
  const auto form = form_of(vector.form);
  for (const auto* other :
       {"/myapp.php?foo=1&bar=3", "/myapp.php?bar=2&foo=1", "/myapp.php", "/Myapp.php?foo=1&bar=2"})
    CHECK(check(vector.base, other, vector.signature, &form) == Signed::mismatch);
  for (const auto* base :
       {"http://example.com", "https://example.org", "https://www.example.com", "https://example.com/a"})
    CHECK(check(base, vector.target, vector.signature, &form) == Signed::mismatch);
  for (const auto& changed : {vector.form + "&X=", vector.form + "1", vector.form.substr(1), std::string()}) {
    const auto other = form_of(changed);
    CHECK(check(vector.base, vector.target, vector.signature, &other) == Signed::mismatch);
  }
}

TEST_CASE("missing, cut, long and altered signatures are refused", "[twilio]") {
  const auto& right = vectors()[4].signature;
  CHECK(check(k_hooks, "/voice", "") == Signed::missing);
  CHECK(check(k_hooks, "/voice", right.substr(0, 27)) == Signed::mismatch);
  CHECK(check(k_hooks, "/voice", right + "=") == Signed::mismatch);
  CHECK(check(k_hooks, "/voice", " " + right) == Signed::mismatch);
  CHECK(check(k_hooks, "/voice", std::string(10240, 'A')) == Signed::mismatch);
  for (std::size_t i = 0; i < right.size(); ++i)
    for (const char c : {'A', 'b', '=', '\0', '\xFF'}) {
      auto altered = right;
      altered[i] = c;
      CHECK(check(k_hooks, "/voice", altered) == (altered == right ? Signed::ok : Signed::mismatch));
    }
}

TEST_CASE("while tokens rotate either passes, and no other", "[twilio]") {
  Scratch scratch;
  Match match;
  const auto both = tokens({"new token", "12345"});
  const Request request{.base = k_hooks, .target = "/voice", .signature = vectors()[5].signature};
  CHECK(verify(request, both, scratch, &match) == Signed::ok);
  CHECK(match.token == 1);
  CHECK(match.url == "https://hooks.example.org:443/voice");
  CHECK(verify(request, tokens({"new token"}), scratch) == Signed::mismatch);
  CHECK(verify(request, {}, scratch) == Signed::no_token);
  CHECK(verify(request, both, scratch) == Signed::ok);
}

TEST_CASE("more tokens than are kept ready still all count", "[twilio]") {
  std::vector<base::Secret> many;
  for (int i = 0; i < 200; ++i) many.emplace_back("token " + std::to_string(i));
  many.emplace_back("12345");
  Scratch scratch;
  for (int i = 0; i < 3; ++i)
    CHECK(verify({.base = k_hooks, .target = "/voice", .signature = vectors()[4].signature}, many, scratch) ==
          Signed::ok);
}

TEST_CASE("one scratch serves requests of every kind in turn", "[twilio]") {
  Scratch scratch;
  const auto token = tokens({"12345"});
  for (int round = 0; round < 3; ++round)
    for (const auto& vector : vectors()) {
      const auto form = form_of(vector.form);
      CHECK(
          verify({.base = vector.base, .target = vector.target, .signature = vector.signature, .form = &form},
                 token, scratch) == Signed::ok);
      CHECK(verify({.base = vector.base, .target = "/other", .signature = vector.signature, .form = &form},
                   token, scratch) == Signed::mismatch);
    }
}

TEST_CASE("the spellings of a URL that are tried, in order", "[twilio]") {
  CHECK(candidate_urls({.base = "https://h", .target = "/v", .signature = {}}) ==
        std::vector<std::string>{"https://h/v", "https://h:443/v"});
  CHECK(candidate_urls({.base = "https://H:8443/p", .target = "/v?a='+", .signature = {}}) ==
        std::vector<std::string>{"https://H/p/v?a='+", "https://H:8443/p/v?a='+", "https://h/p/v?a=%27+",
                                 "https://h:8443/p/v?a=%27+", "https://h/p/v?a='%20",
                                 "https://h:8443/p/v?a='%20"});
}

TEST_CASE("a base that is no URL verifies nothing and breaks nothing", "[twilio]") {
  for (const auto* base :
       {"", "https", "://", "https://", "https://:443", "https://[", "https://@", "/", "?#"})
    CHECK(check(base, "/voice", vectors()[4].signature) == Signed::mismatch);
}
