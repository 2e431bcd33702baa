#include "twilio/sample_webhook.hpp"

#include <algorithm>
#include <set>

#include "support/catch.hpp"
#include "twilio/signature.hpp"

using namespace ringctl;
using namespace ringctl::twilio;

namespace {

WebhookFacts facts() {
  return {.account_sid = "AC" + std::string(32, '0'),
          .sid = "CA" + std::string(32, '1'),
          .leg_sid = "CA" + std::string(32, '2'),
          .from = "+12025550143",
          .to = "+12025550123",
          .at = base::parse_utc("2015-07-30T23:19:04.500Z")};
}

Form form_of(std::string_view kind, const WebhookFacts& given = facts()) {
  const auto* const found = find_webhook_kind(kind);
  REQUIRE(found != nullptr);
  return sample_webhook(*found, given);
}

}  // namespace

TEST_CASE("every kind names account and resource, and each parameter once", "[twilio]") {
  std::set<std::string_view> names;
  for (const auto& kind : webhook_kinds()) {
    INFO(kind.name);
    CHECK(names.insert(kind.name).second);
    const auto form = sample_webhook(kind, facts());
    CHECK(form.get("AccountSid") == facts().account_sid);
    CHECK(form.find(sid_prefix(kind) == "SM" ? "MessageSid" : "CallSid"));
    std::set<std::string_view> parameters;
    for (std::size_t i = 0; i < form.size(); ++i) CHECK(parameters.insert(form[i].name).second);
    CHECK(kind.status_parameter.empty() == kind.usual_status.empty());
    if (!kind.status_parameter.empty()) CHECK(form.get(kind.status_parameter) == kind.usual_status);
  }
  CHECK(names.size() == 10);
  CHECK(find_webhook_kind("call-inbound") == nullptr);
}

TEST_CASE("a call that comes in says what Twilio always says", "[twilio]") {
  const auto form = form_of("inbound-call");
  for (const auto& [name, value] : {std::pair("From", "+12025550143"), std::pair("Caller", "+12025550143"),
                                    std::pair("To", "+12025550123"), std::pair("Called", "+12025550123"),
                                    std::pair("CallStatus", "ringing"), std::pair("Direction", "inbound"),
                                    std::pair("ApiVersion", "2010-04-01")})
    CHECK(form.get(name) == value);
  CHECK(form.get("CallSid") == facts().sid);
}

TEST_CASE("a status comes with its time and its place in the order, a final one with how long it took",
          "[twilio]") {
  auto given = facts();
  const auto completed = form_of("status", given);
  CHECK(completed.get("CallStatus") == "completed");
  CHECK(completed.get("Timestamp") == "Thu, 30 Jul 2015 23:19:04 +0000");
  CHECK(completed.get("CallbackSource") == "call-progress-events");
  CHECK(completed.get("SequenceNumber") == "3");
  CHECK(completed.get("CallDuration") == "42");
  CHECK(completed.get("Duration") == "1");
  given.status = "busy";
  CHECK(form_of("status", given).get("CallDuration") == "0");
  CHECK_FALSE(form_of("status", given).find("Duration"));
  given.status = "ringing";
  CHECK(form_of("status", given).get("SequenceNumber") == "1");
  CHECK_FALSE(form_of("status", given).find("CallDuration"));
}

TEST_CASE("a dial that was answered says by which leg and for how long", "[twilio]") {
  auto given = facts();
  CHECK(form_of("dial-ended", given).get("DialCallStatus") == "no-answer");
  CHECK_FALSE(form_of("dial-ended", given).find("DialCallDuration"));
  given.status = "completed";
  CHECK(form_of("dial-ended", given).get("DialCallSid") == given.leg_sid);
  CHECK(form_of("dial-ended", given).get("DialCallDuration") == "42");
}

TEST_CASE("an agent's phone asks as the leg it is, of the caller's call", "[twilio]") {
  const auto form = form_of("agent-answered");
  CHECK(form.get("CallSid") == facts().leg_sid);
  CHECK(form.get("ParentCallSid") == facts().sid);
  CHECK(form.get("Direction") == "outbound-dial");
}

TEST_CASE("what is changed stands in its place, what is new or doubled behind the rest", "[twilio]") {
  auto given = facts();
  given.changes = {{"To", "+12025550199"}, {"MediaUrl", "a"}, {"MediaUrl", "b"}, {"To", ""}};
  const auto plain = form_of("inbound-call"), form = form_of("inbound-call", given);
  REQUIRE(form.size() == plain.size() + 3);
  for (std::size_t i = 0; i < plain.size(); ++i)
    CHECK(form[i].value == (form[i].name == "To" ? "+12025550199" : plain[i].value));
  CHECK(form[plain.size()] == Form::Parameter{"MediaUrl", "a"});
  CHECK(form[plain.size() + 1] == Form::Parameter{"MediaUrl", "b"});
  CHECK(form[plain.size() + 2] == Form::Parameter{"To", ""});
}

TEST_CASE("what is signed and posted verifies as what was received", "[twilio]") {
  const std::vector<base::Secret> tokens = {base::Secret("12345")};
  Scratch scratch;
  for (const auto& kind : webhook_kinds()) {
    INFO(kind.name);
    const auto form = sample_webhook(kind, facts());
    const auto signature = sign("12345", "https://hooks.example.org/voice?x=1", form);
    Form received;
    REQUIRE(received.parse(form.encoded()) == Parsed::ok);
    CHECK(verify({.base = "https://hooks.example.org",
                  .target = "/voice?x=1",
                  .signature = signature,
                  .form = &received},
                 tokens, scratch) == Signed::ok);
  }
}
