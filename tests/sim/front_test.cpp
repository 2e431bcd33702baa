// REST and the control API over HTTP.
#include "sim/front_site.hpp"

using namespace ringctl;
using namespace ringctl::test;

TEST_CASE("answers carry Twilio's headers", "[sim]") {
  const FrontSite site;
  const auto got = site.ask("GET", RestSite::at("/Calls.json"));
  CHECK(got.status == 200);
  CHECK(got.header("Twilio-Request-Id").size() == 34);
  CHECK(got.header("Twilio-Request-Id").starts_with("RQ"));
  CHECK(got.header("Twilio-Concurrent-Requests") == "1");
  CHECK(got.header("Twilio-Request-Duration").find('.') != std::string::npos);
  CHECK(got.header("Content-Type") == "application/json");
}

TEST_CASE("REST is broken as faults say, as often as they say", "[sim]") {
  const FrontSite site;
  const auto calls = RestSite::at("/Queues.json");
  const auto breaks = [&](const std::string& word) {
    site.control("POST", "faults", R"({"faults": [{"of": "rest", "do": ")" + word + R"(", "times": 1}]})");
  };
  breaks("429");
  const auto refused = site.ask("GET", calls);
  CHECK(refused.status == 429);
  CHECK(nlohmann::json::parse(refused.body)["code"] == 20429);
  breaks("503");
  CHECK(site.ask("GET", calls).status == 503);
  breaks("garbage");
  CHECK_FALSE(nlohmann::json::accept(site.ask("GET", calls).body));
  breaks("reset");
  CHECK_THROWS(site.ask("POST", calls, "FriendlyName=never"));
  breaks("executed_lost");
  CHECK_THROWS(site.ask("POST", calls, "FriendlyName=made"));
  const auto queues = nlohmann::json::parse(site.ask("GET", calls).body)["queues"];
  REQUIRE(queues.size() == 1);
  CHECK(queues[0]["friendly_name"] == "made");
  CHECK(site.control("GET", "faults")["faults"].size() == 5);
  CHECK(site.ask("DELETE", "/sim/v1/faults").status == 204);
  CHECK(site.control("GET", "faults")["faults"].empty());
}

TEST_CASE("a hanging request ends when it has hung long enough", "[sim]") {
  sim::Front::Options options;
  options.hangs = std::chrono::milliseconds(50);
  const FrontSite site(options);
  site.control("POST", "faults", R"({"faults": [{"of": "rest", "do": "hang", "times": 1}]})");
  CHECK_THROWS(site.ask("GET", RestSite::at("/Calls.json")));
  CHECK(site.ask("GET", RestSite::at("/Calls.json")).status == 200);
}

TEST_CASE("the control API wants the account's login", "[sim]") {
  const FrontSite site;
  CHECK(http_get(site.front->port(), "/sim/v1/state").status == 401);
  CHECK(site.control("GET", "state")["account_sid"] == k_account);
}

TEST_CASE("somebody calls in, and the timeline tells of it from where one left off", "[sim]") {
  const FrontSite site;
  const auto made =
      site.control("POST", "calls", R"({"from": "+16265550101", "to": "+12025550101", "then": []})");
  REQUIRE(made.contains("sid"));
  const auto all = site.control("GET", "timeline");
  REQUIRE_FALSE(all["entries"].empty());
  CHECK(all["entries"][0]["what"] == "call");
  CHECK(all["entries"][0]["call_sid"] == made["sid"]);
  const auto later = site.control("GET", "timeline?since=1000000");
  CHECK(later["entries"].empty());
  CHECK(later["next"].get<int>() >= all["next"].get<int>());
}

TEST_CASE("what the control API does not understand, it names", "[sim]") {
  const FrontSite site;
  CHECK(site.ask("POST", "/sim/v1/calls", R"({"form": "+16265550101"})", "application/json").status == 400);
  CHECK(site.ask("POST", "/sim/v1/calls", "{", "application/json").status == 400);
  CHECK(site.ask("GET", "/sim/v1/timeline?since=x").status == 400);
  CHECK(site.ask("GET", "/sim/v1/nonsense").status == 404);
  CHECK(site.ask("PUT", "/sim/v1/state").status == 405);
  CHECK(
      site.control("POST", "people", R"({"address": "+12025550191", "behaviour": {"sings": true}})")["error"]
          .get<std::string>()
          .find("sings") != std::string::npos);
}
