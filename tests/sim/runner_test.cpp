#include "sim/runner.hpp"

#include "sim/ladder.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::sim;

namespace {

std::string k_given = R"("given": {
    "numbers": [{"phone_number": "+12025550100", "provider": "twilio"}],
    "users": [{"email": "ann@example.com"}, {"email": "bob@example.com"}]},
  "people": {"client:ann@example.com": {"answers_after": "4s", "then": [{"wait": "30s"}, {"hang_up": true}]},
             "client:bob@example.com": {"rings_out": true}},)";
std::string k_call =
    R"("steps": [{"at": "0s", "call": {"name": "lin", "from": "+16265550101", "to": "+12025550100"}}],)";

Scenario scenario(const std::string& expect, const std::string& steps = k_call,
                  const std::string& more = {}) {
  return read_scenario(
      "s.json", "{\"scenario\": \"s\", " + k_given + steps + more + "\"expect\": " + expect + "}", ".");
}

std::string differences(const Result& result) {
  std::string all;
  for (const auto& difference : result.differences) all += difference.text() + "\n";
  return all + timeline_text(result.played);
}

const std::string k_expected = R"({
  "calls": {"lin": {"status": "completed", "answered_by": "client:ann@example.com",
                    "rings": [["client:ann@example.com", "client:bob@example.com"]]}},
  "records": [{"call": "lin", "status": "completed", "user_email": "ann@example.com"}]})";

}  // namespace

TEST_CASE("a scenario of one call passes", "[sim]") {
  Runner runner;
  const auto result = runner.run(scenario(k_expected));
  INFO(differences(result));
  CHECK(result.passed());
}

TEST_CASE("what comes out otherwise is a difference with its place", "[sim]") {
  Runner runner;
  const auto result =
      runner.run(scenario(R"({"calls": {"lin": {"answered_by": "client:bob@example.com"}}})"));
  REQUIRE(result.differences.size() == 1);
  CHECK(result.differences.front().text() ==
        "/expect/calls/lin/answered_by: expected client:bob@example.com, found client:ann@example.com");
}

TEST_CASE("one seed is one timeline, byte for byte, on databases of their own", "[sim]") {
  Runner first, second;
  const auto one = timeline_text(first.run(scenario(k_expected)).played);
  CHECK(!one.empty());
  CHECK(timeline_text(first.run(scenario(k_expected)).played) == one);
  CHECK(timeline_text(second.run(scenario(k_expected)).played) == one);
  CHECK(one.find("agent_") == std::string::npos);
}

TEST_CASE("scenarios of one run know nothing of each other", "[sim]") {
  Runner runner;
  for (int i = 0; i < 3; ++i) {
    const auto result = runner.run(scenario(k_expected));
    INFO(differences(result));
    CHECK(result.passed());
    CHECK(result.played.records->calls.size() == 1);
  }
}

TEST_CASE("a server that is stopped answers nobody until it is started again", "[sim]") {
  Runner runner;
  const auto result = runner.run(scenario(
      R"({"calls": {"early": {"rings": []}, "late": {"answered_by": "client:ann@example.com"}}, "problems": ["11205", "11205"]})",
      R"("steps": [{"at": "0s", "stop_serve": true},
        {"at": "1s", "call": {"name": "early", "from": "+16265550101", "to": "+12025550100"}},
        {"at": "1m", "start_serve": true},
        {"at": "2m", "call": {"name": "late", "from": "+16265550102", "to": "+12025550100"}}],)"));
  INFO(differences(result));
  CHECK(result.passed());
}

TEST_CASE("an estate that changes while the scenario runs decides about the next call", "[sim]") {
  Runner runner;
  const auto result = runner.run(scenario(
      R"({"calls": {"one": {"rings": [["client:ann@example.com", "client:bob@example.com"]]},
                    "two": {"rings": [["client:ann@example.com"]]}}})",
      R"("steps": [{"at": "0s", "call": {"name": "one", "from": "+16265550101", "to": "+12025550100"}},
        {"at": "5m", "estate": {"users": [{"email": "bob@example.com", "availability": "offline"}]}},
        {"at": "10m", "call": {"name": "two", "from": "+16265550102", "to": "+12025550100"}}],)"));
  INFO(differences(result));
  CHECK(result.passed());
}

TEST_CASE("a number whose capabilities are known is called as any other", "[sim]") {
  Runner runner;
  auto one = scenario(k_expected);
  for (auto& rows : one.given.nouns)
    if (rows.noun == "numbers") {
      auto& row = rows.rows.front();
      row.names.emplace_back("capabilities");
      row.items.push_back({.kind = Json::Kind::text, .text = "voice|sms"});
    }
  const auto result = runner.run(one);
  INFO(differences(result));
  CHECK(result.passed());
}

TEST_CASE("a fault that never strikes is a difference", "[sim]") {
  Runner runner;
  const auto result = runner.run(scenario("{}", k_call, R"("faults": [{"of": "whisper", "do": "double"}],)"));
  REQUIRE(result.differences.size() == 1);
  CHECK(result.differences.front().path == "/faults/0");
}

TEST_CASE("people who are nobody's clients end the scenario, unless a step brings them", "[sim]") {
  Runner runner;
  auto slip = scenario("{}");
  slip.people["client:zoe@example.com"] = slip.people.at("client:ann@example.com");
  CHECK(test::slug_of([&] { runner.run(slip); }) == "scenario.bad");
  slip.people.erase("client:zoe@example.com");
  slip.people["client:anne@example.com"] = slip.people.at("client:ann@example.com");
  try {
    runner.run(slip);
    FAIL("it was played");
  } catch (const Error& error) {
    CHECK(error.message() ==
          "s.json: /people: client:anne@example.com is no user's; did you mean client:ann@example.com?");
  }
  auto later = scenario("{}", R"("steps": [
    {"at": "0s", "estate": {"users": [{"email": "zoe@example.com"}]}},
    {"at": "1m", "person": {"address": "client:zoe@example.com", "busy": true}}],)");
  later.people["client:zoe@example.com"] = later.people.at("client:ann@example.com");
  const auto result = runner.run(later);
  INFO(differences(result));
  CHECK(result.passed());
}

TEST_CASE("an estate that is refused ends the scenario with its place", "[sim]") {
  Runner runner;
  auto bad = scenario("{}");
  bad.given.workspace.emplace_back(
      "colour", Json{.kind = Json::Kind::text, .text = "red", .line = 9, .path = "/given/workspace/colour"});
  try {
    runner.run(bad);
    FAIL("it was played");
  } catch (const Error& error) {
    CHECK(error.message().find("s.json:9: /given/workspace/colour is not known") == 0);
  }
}

TEST_CASE("a cancelled run ends at once", "[sim]") {
  base::CancelToken cancel;
  cancel.cancel(130);
  Runner runner({.cancel = &cancel});
  CHECK_THROWS_AS(runner.run(scenario(k_expected, R"("steps": [{"at": "0s", "call": {"name": "lin",
    "from": "+16265550101", "to": "+12025550100"}}],)")),
                  Error);
}
