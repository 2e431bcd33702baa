#include "sim/verdict.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

const base::Instant k_began = default_beginning();

/// lin calls, ann and bob ring together, bob answers after 4 s, and all hang up after 24 s.
Played one_call() {
  Played played;
  played.began = k_began;
  played.ended = k_began + 24s;
  played.sids = {{"lin", "CA1"}};
  const auto leg = [&](const std::string& sid, const std::string& parent, const std::string& to) {
    Call call{.sid = sid, .parent_sid = parent, .from = "+16265550101", .to = to, .status = "completed"};
    call.direction = parent.empty() ? "inbound" : "outbound-dial";
    call.created_at = k_began;
    call.ended_at = k_began + 24s;
    played.timeline.push_back({.at = k_began,
                               .what = What::call,
                               .call_sid = sid,
                               .facts = {{"to", to}, {"parent", parent}, {"direction", call.direction}}});
    played.calls.push_back(call);
  };
  leg("CA1", "", "+12025550100");
  leg("CA2", "CA1", "client:ann@example.com");
  leg("CA3", "CA1", "client:bob@example.com");
  played.calls[0].answered_at = played.calls[2].answered_at = k_began + 4s;
  played.timeline.push_back(
      {.at = k_began,
       .what = What::webhook,
       .call_sid = "CA1",
       .facts = {{"kind", "voice"}, {"http", "200"}, {"twiml", "Say; Dial client:ann@example.com"}}});
  played.timeline.push_back({.at = k_began + 1s,
                             .what = What::heard,
                             .call_sid = "CA1",
                             .facts = {{"verb", "Say"}, {"text", "Welcome"}}});
  played.records.emplace();
  played.records->calls = {{{"call_sid", "CA1"},
                            {"status", "completed"},
                            {"duration_s", "24"},
                            {"answered_at", base::format_utc(k_began + 4s)}}};
  played.records->attempts = {
      {{"call_sid", "CA1"}, {"party", "client:ann@example.com"}, {"status", "canceled"}},
      {{"call_sid", "CA1"}, {"party", "client:bob@example.com"}, {"status", "completed"}}};
  return played;
}

std::vector<std::string> verdict(const std::string& expect, const Played& played = one_call()) {
  const auto scenario = read_scenario(
      "s.json",
      R"({"scenario": "s", "steps": [{"at": "0s", "call": {"name": "lin", "from": "+16265550101", "to": "+12025550100"}}], "expect": )" +
          expect + "}",
      ".");
  std::vector<std::string> all;
  for (const auto& difference : judge(scenario, played)) all.push_back(difference.text());
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what is not named is not looked at", "[sim]") { CHECK(verdict("{}").empty()); }

TEST_CASE("calls are held against status, length, rings, answer and what was heard", "[sim]") {
  CHECK(
      verdict(
          R"({"calls": {"lin": {"status": "completed", "duration": "20s", "answered_by": "client:bob@example.com",
      "rings": [["client:bob@example.com", "client:ann@example.com"]], "hears": "Welc", "does_not_hear": ["error"]}}})")
          .empty());
  CHECK(verdict(R"({"calls": {"lin": {"status": "busy"}}})") ==
        Texts{"/expect/calls/lin/status: expected busy, found completed"});
  CHECK(verdict(R"({"calls": {"lin": {"duration": "at least 21s"}}})") ==
        Texts{"/expect/calls/lin/duration: expected at least 21s, found 20s"});
  CHECK(verdict(R"({"calls": {"lin": {"rings": [["client:ann@example.com"]]}}})").size() == 1);
  CHECK(verdict(R"({"calls": {"lin": {"rings": []}}})").size() == 1);
  CHECK(verdict(R"({"calls": {"lin": {"answered_by": null}}})").size() == 1);
  CHECK(verdict(R"({"calls": {"lin": {"hears": ["welcome"]}}})").size() == 1);
  CHECK(verdict(R"({"calls": {"lin": {"does_not_hear": ["Welcome"]}}})").size() == 1);
}

TEST_CASE("parties rung at different moments are different waves", "[sim]") {
  auto played = one_call();
  played.timeline[2].at += 15s;
  CHECK(waves_of(played, "CA1") ==
        std::vector<Texts>{{"client:ann@example.com"}, {"client:bob@example.com"}});
}

TEST_CASE("answers are held against the verbs they have and have not", "[sim]") {
  CHECK(verdict(R"({"twiml": [{"of": "lin", "kind": "voice", "has": "Dial client:ann", "not": "Gather"}]})")
            .empty());
  CHECK(verdict(R"({"twiml": [{"of": "lin", "kind": "voice", "has": "Gather"}]})") ==
        Texts{"/expect/twiml/0/has: expected \"Gather\", found voice: Say; Dial client:ann@example.com"});
  CHECK(verdict(R"({"twiml": [{"kind": "voice", "not": "Dial"}]})").size() == 1);
  CHECK(verdict(R"({"twiml": [{"kind": "gather", "has": "Dial"}]})").size() == 1);
}

TEST_CASE("records are held against their columns", "[sim]") {
  CHECK(
      verdict(
          R"({"records": [{"call": "lin", "status": "completed", "duration_s": 24, "duration": "at most 24s",
      "answered_at": "4s", "rule": null}]})")
          .empty());
  CHECK(verdict(R"({"records": [{"call": "lin", "rule": "VIP"}]})") ==
        Texts{"/expect/records/0/rule: expected VIP, found nothing"});
  CHECK(verdict(R"({"records": []})") == Texts{"/expect/records: expected 0 rows, found 1"});
  CHECK(verdict(R"({"records": [{"answered_at": "2026-03-09T15:00:04Z"}]})").empty());
  CHECK(verdict(R"({"records": [{"answered_at": "5s"}]})").size() == 1);
}

TEST_CASE("attempts come in any order, each one once", "[sim]") {
  CHECK(verdict(R"({"attempts": [{"call": "lin", "party": "client:bob@example.com", "status": "completed"},
                                 {"call": "lin", "party": "client:ann@example.com", "status": "canceled"}]})")
            .empty());
  CHECK(verdict(R"({"attempts": [{"status": "completed"}, {"status": "completed"}]})") ==
        Texts{"/expect/attempts/1/status: expected completed, found canceled"});
}

TEST_CASE("problems that nobody expected are a difference, and so are those that did not come", "[sim]") {
  auto played = one_call();
  played.timeline.push_back({.what = What::problem, .text = "11200: voice", .facts = {{"code", "11200"}}});
  CHECK(verdict("{}", played) == Texts{"/expect/problems: expected none, found 11200: voice"});
  CHECK(verdict(R"({"problems": [11200]})", played).empty());
  CHECK(verdict(R"({"problems": ["11200"]})").size() == 1);
}

TEST_CASE("bodies of REST answers need only what is named", "[sim]") {
  const auto scenario = read_scenario("s.json", R"({"scenario": "s",
    "steps": [{"at": "0s", "rest": {"name": "r1", "path": "/Calls.json"}}],
    "expect": {"rest": {"r1": {"status": 200, "body": {"calls": [{"status": "queued"}], "page": 0}}}}})",
                                      ".");
  auto played = one_call();
  played.rest["r1"] = {200, R"({"calls": [{"status": "queued", "sid": "CA9"}], "page": 0, "end": 1})"};
  CHECK(judge(scenario, played).empty());
  played.rest["r1"].body = R"({"calls": [{"status": "busy"}], "page": 0})";
  REQUIRE(judge(scenario, played).size() == 1);
  CHECK(judge(scenario, played).front().text() ==
        "/expect/rest/r1/body/calls/0/status: expected queued, found busy");
}

TEST_CASE("webhooks are counted by kind, and time is measured", "[sim]") {
  CHECK(verdict(R"({"webhooks": {"voice": 1, "status": 0}, "takes": "at most 1m"})").empty());
  CHECK(verdict(R"({"webhooks": {"voice": 2}})") == Texts{"/expect/webhooks/voice: expected 2, found 1"});
  CHECK(verdict(R"({"takes": "at most 10s"})") == Texts{"/expect/takes: expected at most 10s, found 24s"});
}
