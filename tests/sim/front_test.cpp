// REST and the control API over HTTP.
#include <fmt/format.h>

#include "sim/front_site.hpp"
#include "support/errors.hpp"

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

TEST_CASE("two networks do not share a port", "[sim]") {
  FrontSite site;
  sim::Front other(site.agenda, site.account, site.network, site.rest, site.timeline, site.faults,
                   {.listen = {net::Endpoint::parse(fmt::format("127.0.0.1:{}", site.front->port()))}});
  CHECK(slug_of([&] { other.start(); }) == "net.in_use");
  CHECK(site.control("GET", "state")["account_sid"] == k_account);
}

TEST_CASE("faults are listed as they were said, and those of nothing are refused", "[sim]") {
  const FrontSite site;
  const auto listed = site.control(
      "POST", "faults",
      R"({"faults": [{"of": "rest", "do": "503", "times": 3, "by": "1500ms"}, {"of": "voice", "do": "late"}]})");
  REQUIRE(listed["faults"].size() == 2);
  CHECK(listed["faults"][0]["times"] == 3);
  CHECK(listed["faults"][0]["by"] == "1s500ms");
  CHECK_FALSE(listed["faults"][1].contains("times"));
  const auto refused = [&](const std::string& body) {
    return site.control("POST", "faults", body)["error"].get<std::string>();
  };
  CHECK(refused(R"({"faults": [{"of": "vioce", "do": "late"}]})").find("did you mean voice?") !=
        std::string::npos);
  CHECK(refused(R"({"faults": [{"of": "rest", "do": "50x"}]})").find("500") != std::string::npos);
  CHECK(site.control("GET", "faults")["faults"].size() == 2);
}

TEST_CASE("a browser calls whom it is told to", "[sim]") {
  const FrontSite site;
  const std::string body =
      R"({"from": "client:ann", "to": "+16265550101", "with": {"FromNumber": "+12025550100"}})";
  CHECK(site.ask("POST", "/sim/v1/client-calls", body, "application/json").status == 404);  // no application
  const auto app = site.ask("POST", RestSite::at("/Applications.json"),
                            "FriendlyName=ours&VoiceUrl=https%3A%2F%2Fpbx.example.com%2Fvoice");
  REQUIRE(app.status == 201);
  const auto made = site.control("POST", "client-calls", body);
  const auto call = site.ask("GET", RestSite::at("/Calls/" + made["sid"].get<std::string>() + ".json"));
  CHECK(nlohmann::json::parse(call.body)["to"] == "+16265550101");
  CHECK(nlohmann::json::parse(call.body)["from"] == "client:ann");
}

TEST_CASE("people whom nobody knows are refused with the reason", "[sim]") {
  sim::Front::Options options;
  options.address_of = [](const std::string& address) -> std::string {
    throw Error(Errc::not_found, "users.unknown", address + " is no user's");
  };
  const FrontSite site(options);
  const std::string whose = R"("client:zoe@example.com")";
  for (const auto& [path, body] :
       {std::pair("people", R"({"address": )" + whose + R"(, "behaviour": {"busy": true}})"),
        std::pair("client-calls", R"({"from": )" + whose + "}")}) {
    const auto got = site.ask("POST", std::string("/sim/v1/") + path, body, "application/json");
    CHECK(got.status == 400);
    CHECK(got.body.find("client:zoe@example.com is no user's") != std::string::npos);
  }
}

TEST_CASE("a hanging request ends when it has hung long enough", "[sim]") {
  sim::Front::Options options;
  options.hangs = std::chrono::milliseconds(50);
  const FrontSite site(options);
  site.control("POST", "faults", R"({"faults": [{"of": "rest", "do": "hang", "times": 1}]})");
  CHECK_THROWS(site.ask("GET", RestSite::at("/Calls.json")));
  CHECK(site.ask("GET", RestSite::at("/Calls.json")).status == 200);
}

TEST_CASE("an answer is carried out and spoilt: cut off, huge, deep, dripping, slow", "[sim]") {
  const FrontSite site;
  const auto queues = RestSite::at("/Queues.json");
  const auto breaks = [&](const std::string& word, const std::string& more = {}) {
    site.control("POST", "faults",
                 R"({"faults": [{"of": "rest", "do": ")" + word + R"(", "times": 1)" + more + "}]}");
  };
  breaks("truncated");
  CHECK_THROWS(site.ask("POST", queues, "FriendlyName=cut"));
  breaks("huge");
  CHECK(site.ask("POST", queues, "FriendlyName=huge").body.size() > 50'000'000);
  breaks("deep");
  CHECK(site.ask("POST", queues, "FriendlyName=deep").body.find("[[[[[[[[[[") != std::string::npos);
  breaks("slow", R"(, "by": "300ms")");
  const auto began = std::chrono::steady_clock::now();
  CHECK(site.ask("POST", queues, "FriendlyName=slow").status == 201);
  // Its clock has whole milliseconds.
  CHECK(std::chrono::steady_clock::now() - began > std::chrono::milliseconds(290));
  breaks("drip");
  HttpClient impatient(site.front->port(), std::chrono::milliseconds(1500));
  CHECK_THROWS(impatient.request(
      "POST", queues, "FriendlyName=drip",
      {{"Authorization", basic(k_account, k_token)}, {"Content-Type", "application/x-www-form-urlencoded"}}));
  const auto made = nlohmann::json::parse(site.ask("GET", queues).body)["queues"];
  CHECK(made.size() == 5);
}

TEST_CASE("a refusal says when to come back, where the fault does", "[sim]") {
  const FrontSite site;
  site.control("POST", "faults", R"({"faults": [{"of": "rest", "do": "429", "times": 1, "by": "1500ms"}]})");
  const auto refused = site.ask("GET", RestSite::at("/Calls.json"));
  CHECK(refused.status == 429);
  CHECK(refused.header("Retry-After") == "2");
  site.control("POST", "faults", R"({"faults": [{"of": "rest", "do": "500", "times": 1}]})");
  const auto broken = site.ask("GET", RestSite::at("/Calls.json"));
  CHECK(broken.status == 500);
  CHECK(nlohmann::json::parse(broken.body)["code"] == 20500);
}

TEST_CASE("REST takes as long as it is told to", "[sim]") {
  sim::Front::Options options;
  options.latency = std::chrono::milliseconds(200);
  const FrontSite site(options);
  const auto began = std::chrono::steady_clock::now();
  CHECK(site.ask("GET", RestSite::at("/Calls.json")).status == 200);
  // Its clock has whole milliseconds.
  CHECK(std::chrono::steady_clock::now() - began > std::chrono::milliseconds(190));
  CHECK(site.front->load().requests == 1);
  CHECK(site.front->load().most_at_once == 1);
}

TEST_CASE("LiveKit answers beside REST, where there is one", "[sim]") {
  sim::Sids ids(7);
  sim::Livekit livekit(ids, {.api_key = "APItest", .api_secret = base::Secret("a secret")});
  sim::Front::Options options;
  options.livekit = &livekit;
  const std::string list = "/twirp/livekit.SIP/ListSIPInboundTrunk";
  {
    const FrontSite site(options);
    const auto refused = site.ask("POST", list, "{}", "application/json");
    CHECK(refused.status == 401);
    CHECK(nlohmann::json::parse(refused.body)["code"] == "unauthenticated");
  }
  const FrontSite without;
  const auto nobody = without.ask("POST", list, "{}", "application/json");
  CHECK(nobody.status == 404);
  CHECK(nlohmann::json::parse(nobody.body)["code"] == 20404);
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

TEST_CASE("an error of the control API says why in its own form", "[sim]") {
  const FrontSite site;
  const auto got = http_get(site.front->port(), "/sim/v1/state");
  CHECK(got.status == 401);
  CHECK(nlohmann::json::parse(got.body).contains("error"));
}

TEST_CASE("the control API takes people by their names where they are known", "[sim]") {
  sim::Front::Options options;
  options.address_of = [](const std::string& written) {
    return written == "client:ann@example.com" ? std::string("client:agent_1") : written;
  };
  const FrontSite site(options);
  CHECK(site.control(
            "POST", "people",
            R"({"address": "client:ann@example.com", "behaviour": {"answers_after": "1s"}})")["done"] ==
        true);
  site.control("POST", "calls", R"({"from": "client:ann@example.com", "to": "+12025550101", "then": []})");
  const auto all = site.control("GET", "timeline");
  REQUIRE_FALSE(all["entries"].empty());
  CHECK(all["entries"][0]["facts"]["from"] == "client:agent_1");
}

TEST_CASE("a long timeline is told in parts", "[sim]") {
  FrontSite site;
  for (int i = 0; i < 2500; ++i) site.timeline.add({.text = std::to_string(i)});
  std::size_t next = 0, seen = 0;
  for (int i = 0; i < 3; ++i) {
    const auto part = site.control("GET", "timeline?since=" + std::to_string(next));
    CHECK(part["entries"].size() <= 1000);
    CHECK(part["entries"][0]["text"] == std::to_string(next));
    seen += part["entries"].size();
    next = part["next"];
  }
  CHECK(seen == 2500);
  CHECK(next == 2500);
}

TEST_CASE("only REST counts as asked at once", "[sim]") {
  sim::Front::Options options;
  options.at_once = 1;
  const FrontSite site(options);
  for (int i = 0; i < 3; ++i) CHECK(site.control("GET", "state")["account_sid"] == k_account);
  const auto got = site.ask("GET", RestSite::at("/Calls.json"));
  CHECK(got.status == 200);
  CHECK(got.header("Twilio-Concurrent-Requests") == "1");
}

TEST_CASE("somebody texts with what a messaging service adds, and the network heeds it", "[sim]") {
  const FrontSite site;
  const auto text = [&](const std::string& with) {
    return site.control(
        "POST", "texts",
        R"({"from": "+16265550101", "to": "+12025550101", "body": "No more", "with": )" + with + "}");
  };
  CHECK(text(R"({"OptOutType": "STOP"})").contains("sid"));
  const auto refused = site.ask("POST", RestSite::at("/Messages.json"),
                                "To=%2B16265550101&From=%2B12025550101&Body=One%20more");
  CHECK(refused.status == 400);
  CHECK(nlohmann::json::parse(refused.body)["code"] == 21610);
  CHECK(text(R"(["OptOutType"])").contains("error"));
}
