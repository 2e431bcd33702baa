// Texts in scenarios: what users do with them, what is on record of them, and what a verdict says.
#include <algorithm>

#include "sim/ladder.hpp"
#include "sim/runner.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

using namespace ringctl;
using namespace ringctl::sim;

namespace {

const std::string k_given = R"("given": {
    "numbers": [{"phone_number": "+12025550100", "provider": "twilio", "sms_mode": "claim"}],
    "users": [{"email": "ann@example.com"}, {"email": "bob@example.com"}],
    "pools": [{"phone_number": "+12025550100", "user": "ann@example.com", "sms_access_enabled": true},
              {"phone_number": "+12025550100", "user": "bob@example.com", "sms_access_enabled": true}]},)";
const std::string k_hello =
    R"({"at": "0s", "text": {"from": "+16265550101", "to": "+12025550100", "body": "Hello?"}})";

Scenario scenario(const std::string& steps, const std::string& expect, const std::string& given = k_given) {
  return read_scenario(
      "s.json", "{\"scenario\": \"s\", " + given + "\"steps\": [" + steps + "], \"expect\": " + expect + "}",
      ".");
}

std::vector<std::string> play(const Scenario& scenario) {
  Runner runner;
  const auto result = runner.run(scenario);
  UNSCOPED_INFO(timeline_text(result.played));
  std::vector<std::string> all;
  for (const auto& difference : result.differences) all.push_back(difference.text());
  return all;
}
using Texts = std::vector<std::string>;

std::string refusal(const std::string& steps, const std::string& expect = "{}") {
  try {
    scenario(steps, expect);
  } catch (const Error& error) {
    CHECK(error.slug() == "scenario.bad");
    return error.message();
  }
  return "it was taken";
}

const std::string k_claims = k_hello + R"(,
    {"at": "5s", "claim": {"as": "ann@example.com", "thread": "+16265550101"}},
    {"at": "6s", "claim": {"name": "late", "as": "bob@example.com", "thread": "+16265550101"}})";

}  // namespace

TEST_CASE("a text is on record, and whoever it is for is told", "[sim]") {
  CHECK(play(scenario(k_hello, R"({
      "texts": [{"direction": "inbound", "body": "Hello", "status": "received", "has_sid": true}],
      "threads": [{"party_number": "+16265550101", "sms_mode": "claim", "assigned_to": null}],
      "notifications": [{"user": "bob@example.com"}, {"user": "ann@example.com", "reason": "pool"}],
      "opt_outs": []})")) == Texts());
}

TEST_CASE("what is on record of texts otherwise than expected is a difference with its place", "[sim]") {
  CHECK(play(scenario(k_hello, R"({"texts": [{"status": "failed"}]})")) ==
        Texts{"/expect/texts/0/status: expected failed, found received"});
  CHECK(play(scenario(k_hello, R"({"threads": [{"assigned_to": "ann@example.com"}]})")) ==
        Texts{"/expect/threads/0/assigned_to: expected ann@example.com, found nothing"});
  CHECK(play(scenario(k_hello, R"({"notifications": []})")) ==
        Texts{"/expect/notifications: expected 0 rows, found 2"});
  CHECK(play(scenario(k_hello, R"({"opt_outs": [{"phone_number": "+16265550101"}]})")).size() == 2);
}

TEST_CASE("who comes too late is refused, as the scenario says", "[sim]") {
  CHECK(play(scenario(k_claims, R"({"refused": {"late": "messages.claimed"}})")) == Texts());
}

TEST_CASE("a user who is refused where nobody expects it is a difference, and so is one who is not",
          "[sim]") {
  CHECK(play(scenario(k_claims, "{}")) ==
        Texts{"/steps/2: expected to be done, found messages.claimed: ann@example.com has it"});
  CHECK(
      play(scenario(k_claims, R"({"refused": {"late": "messages.not_yours"}})")) ==
      Texts{
          "/expect/refused/late: expected messages.not_yours, found messages.claimed: ann@example.com has it"});
  const auto first = k_hello + R"(, {"at": "5s", "claim": {"name": "first", "as": "ann@example.com",
                                                           "thread": "+16265550101"}})";
  CHECK(play(scenario(first, R"({"refused": {"first": "messages.claimed"}})")) ==
        Texts{"/expect/refused/first: expected messages.claimed, found it was not refused"});
}

TEST_CASE("what a user sends goes by the network's REST, and its callbacks say what became of it", "[sim]") {
  CHECK(play(scenario(
            k_hello + R"(, {"at": "5s", "send": {"as": "ann@example.com", "to": "+16265550101",
                                                           "body": "Good morning."}})",
            R"({"messages": [{"direction": "inbound"}, {"body": "Good morning.", "status": "delivered"}],
      "texts": [{}, {"direction": "outbound", "user": "ann@example.com", "status": "delivered"}],
      "threads": [{"assigned_to": "ann@example.com", "assigned_by": "reply", "assigned_at": "5s"}]})")) ==
        Texts());
}

TEST_CASE("what Twilio refuses is refused with its code, and on record as failed", "[sim]") {
  // Twilio heeds the word though nobody could be told of it.
  CHECK(play(scenario(k_hello + R"(, {"at": "2s", "stop_serve": true},
      {"at": "3s", "text": {"from": "+16265550101", "to": "+12025550100", "body": "STOP"}},
      {"at": "4s", "start_serve": true},
      {"at": "5s", "send": {"name": "more", "as": "ann@example.com", "to": "+16265550101", "body": "Oh."}})",
                      R"({"refused": {"more": "21610"}, "problems": ["11205"],
      "texts": [{}, {"direction": "outbound", "status": "failed", "error_code": 21610}],
      "opt_outs": [{"phone_number": "+16265550101", "source": "Twilio 21610"}]})")) == Texts());
}

TEST_CASE("texts are by the estate of the moment they came, however soon it changes", "[sim]") {
  CHECK(play(scenario(k_hello + R"(,
      {"at": "0s", "estate": {"pools": [{"phone_number": "+12025550100", "user": "ann@example.com",
                                        "sms_access_enabled": false}]}},
      {"at": "0s", "text": {"from": "+16265550102", "to": "+12025550100", "body": "Hello?"}})",
                      R"({"notifications": [
      {"user": "ann@example.com", "from_number": "+16265550101"},
      {"user": "bob@example.com", "from_number": "+16265550101"},
      {"user": "bob@example.com", "from_number": "+16265550102"}]})")) == Texts());
}

TEST_CASE("a text may carry further parameters of its webhook, in the place of its own", "[sim]") {
  CHECK(play(scenario(R"({"text": {"from": "+16265550101", "to": "+12025550100", "body": "ENOUGH",
                                   "with": {"OptOutType": "STOP", "NumSegments": "3"}}})",
                      R"({"texts": [{"keyword": "stop", "segments": 3}],
                          "opt_outs": [{"phone_number": "+16265550101", "channel": "all"}]})")) == Texts());
}

TEST_CASE("a text of which Twilio's answer says nothing has not failed", "[sim]") {
  CHECK(play(scenario(R"({"send": {"as": "ann@example.com", "to": "+12025550143", "body": "Hello?"}})",
                      R"({"texts": [{"direction": "outbound", "status": "accepted", "has_sid": false}]})",
                      k_given + R"("faults": [{"of": "rest", "do": "503", "times": 1}],)")) == Texts());
}

TEST_CASE("slips in steps about texts are told with their place", "[sim]") {
  CHECK(refusal(R"({"send": {"to": "+16265550101", "body": "Hi"}})").find("needs \"as\"") !=
        std::string::npos);
  CHECK(refusal(R"({"claim": {"as": "ann@example.com", "thread": "+16265550101", "to": "x"}})")
            .find("/steps/0/claim/to is not known") != std::string::npos);
  CHECK(
      refusal(R"({"reassign": {"as": "ann@example.com", "thread": "+16265550101"}})").find("needs \"to\"") !=
      std::string::npos);
  CHECK(refusal(k_claims, R"({"refused": {"lat": "messages.claimed"}})").find("did you mean late?") !=
        std::string::npos);
  CHECK(refusal(k_hello, R"({"texts": [{"from": "+16265550101"}]})").find("is not known") !=
        std::string::npos);
}

TEST_CASE("a way to deal messages out that there is none of is refused with its place", "[sim]") {
  Runner runner;
  const auto bad = scenario(
      k_hello, "{}",
      "\"given\": {\n\"numbers\": [\n{\"phone_number\": \"+12025550100\", \"sms_mode\": \"lottery\"}]},");
  try {
    runner.run(bad);
    FAIL("it was played");
  } catch (const Error& error) {
    CHECK(error.slug() == "scenario.bad");
    CHECK(error.message().find("s.json:3: /given/numbers/0/sms_mode is refused") == 0);
  }
}

TEST_CASE("texts come out alike on PostgreSQL", "[sim][slow]") {
  const auto engines = test::engines();
  if (std::find(engines.begin(), engines.end(), db::Engine::postgresql) == engines.end()) return;
  const test::TestDatabase server(db::Engine::postgresql, test::Schema::none);
  Runner runner({.database = server.url()});
  const auto result = runner.run(scenario(k_claims, R"({"refused": {"late": "messages.claimed"},
      "threads": [{"assigned_to": "ann@example.com", "assigned_by": "claim", "lease_expires_at": "24h5s"}],
      "notifications": [{"user": "ann@example.com"}, {"user": "bob@example.com"}]})"));
  INFO(timeline_text(result.played));
  CHECK(result.passed());
}
