#include "twilio/access_token.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::twilio;

namespace {

VoiceGrant grant() {
  return {.account_sid = "AC" + std::string(32, '0'),
          .api_key = "SK" + std::string(32, '1'),
          .api_secret = base::Secret("secret-0123456789"),
          .identity = "agent_7",
          .application_sid = "AP" + std::string(32, '2'),
          .push_credential_sid = "CR" + std::string(32, '3')};
}

constexpr base::Instant k_now{std::chrono::seconds(1700000000)};

}  // namespace

TEST_CASE("the token is byte for byte that of Twilio's helper library", "[twilio]") {
  CHECK(mint(grant(), k_now) ==
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImN0eSI6InR3aWxpby1mcGE7dj0xIn0."
        "eyJqdGkiOiJTSzExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExLTE3MDAwMDAwMDAiLCJncmFudHMiOnsiaW"
        "RlbnRpdHkiOiJhZ2VudF83Iiwidm9pY2UiOnsiaW5jb21pbmciOnsiYWxsb3ciOnRydWV9LCJvdXRnb2luZyI6eyJh"
        "cHBsaWNhdGlvbl9zaWQiOiJBUDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyIn0sInB1c2hfY3JlZGVudG"
        "lhbF9zaWQiOiJDUjMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzIn19LCJpYXQiOjE3MDAwMDAwMDAsImV4"
        "cCI6MTcwMDAwMzYwMCwiaXNzIjoiU0sxMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMSIsInN1YiI6IkFDMD"
        "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAifQ.BafwLDo3vRw1OjS6_880jFld_93PZPsPczEamr9AREs");
}

TEST_CASE("milliseconds of the clock do not reach the token", "[twilio]") {
  CHECK(mint(grant(), k_now + std::chrono::milliseconds(999)) == mint(grant(), k_now));
  CHECK(mint(grant(), k_now + std::chrono::milliseconds(1000)) != mint(grant(), k_now));
}

TEST_CASE("an identity is letters, digits and underscores", "[twilio]") {
  CHECK(valid_identity("agent_0123456789abcdef0123456789abcdef"));
  CHECK(valid_identity(std::string(121, 'a')));
  for (const auto& wrong :
       {std::string(), std::string(122, 'a'), std::string("agent-7"), std::string("agent 7"),
        std::string("ägent"), std::string("a\0b", 3), std::string("a\"b")}) {
    INFO(wrong);
    CHECK_FALSE(valid_identity(wrong));
    auto bad = grant();
    bad.identity = wrong;
    CHECK(test::slug_of([&] { mint(bad, k_now); }) == "token.bad_identity");
  }
}

TEST_CASE("a token lives from a second to a day", "[twilio]") {
  auto asked = grant();
  for (const int good : {1, 86400}) {
    asked.ttl = std::chrono::seconds(good);
    CHECK_NOTHROW(mint(asked, k_now));
  }
  for (const int wrong : {-1, 0, 86401}) {
    asked.ttl = std::chrono::seconds(wrong);
    CHECK(test::slug_of([&] { mint(asked, k_now); }) == "token.bad_ttl");
  }
}

TEST_CASE("what is no SID is refused by its name", "[twilio]") {
  auto asked = grant();
  asked.api_key = "AC" + std::string(32, '1');
  CHECK(test::slug_of([&] { mint(asked, k_now); }) == "token.bad_sid");
  asked = grant();
  asked.application_sid = "AP1";
  CHECK(test::slug_of([&] { mint(asked, k_now); }) == "token.bad_sid");
  asked = grant();
  asked.api_secret = base::Secret();
  CHECK(test::slug_of([&] { mint(asked, k_now); }) == "token.no_secret");
}
