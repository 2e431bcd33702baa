// LiveKit's side of the simulator: its trunks, its rules, and who may change them.
#include "sim/livekit.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "twilio/hmac.hpp"

using namespace ringctl;
using Value = nlohmann::json;

namespace {

constexpr const char* k_key = "APItest";
constexpr const char* k_secret = "the secret of a test";

struct Answer {
  int status;
  Value json;
  std::string code() const { return json.value("code", ""); }
};

struct Site {
  explicit Site(bool snake_case = false)
      : livekit(sids, {.api_key = k_key, .api_secret = base::Secret(k_secret), .snake_case = snake_case}) {}

  Value claims() const {
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    return {{"iss", k_key},
            {"nbf", second},
            {"exp", second + 600},
            {"video", Value::object()},
            {"sip", {{"admin", true}}}};
  }
  static std::string token(const Value& claims, const char* secret = k_secret) {
    const auto body = twilio::base64_url(R"({"alg":"HS256"})") + "." + twilio::base64_url(claims.dump());
    twilio::Hmac hmac(twilio::Hash::sha256, secret);
    hmac.start();
    hmac.update(body);
    return "Bearer " + body + "." + twilio::base64_url(hmac.finish());
  }
  Answer post_as(const std::string& authorization, const std::string& method, const Value& body) {
    const auto answer = livekit.handle({.method = "POST",
                                        .target = "/twirp/livekit.SIP/" + method,
                                        .authorization = authorization,
                                        .content_type = "application/json",
                                        .body = body.dump()},
                                       now);
    return {answer.status, Value::parse(answer.body)};
  }
  Answer post(const std::string& method, const Value& body) { return post_as(token(claims()), method, body); }
  Answer make_trunk(const std::string& name, const std::string& number) {
    return post("CreateSIPInboundTrunk", {{"trunk", {{"name", name}, {"numbers", {number}}}}});
  }

  base::Instant now = base::parse_utc("2026-03-09T15:00:00.000Z");
  sim::Sids sids{7};
  sim::Livekit livekit;
};

}  // namespace

TEST_CASE("an inbound trunk is made, listed, given a number more and removed", "[sim]") {
  Site site;
  const auto made = site.make_trunk("ringctl main", "+12025550100");
  CHECK(made.status == 200);
  const auto id = made.json["sipTrunkId"].get<std::string>();
  CHECK(id.starts_with("ST_"));
  const Value more = {{"sipTrunkId", id}, {"update", {{"numbers", {{"add", {"+12025550101"}}}}}}};
  CHECK(site.post("UpdateSIPInboundTrunk", more).status == 200);
  auto items = site.post("ListSIPInboundTrunk", Value::object()).json["items"];
  REQUIRE(items.size() == 1);
  CHECK(items[0]["numbers"] == Value({"+12025550100", "+12025550101"}));
  CHECK(items[0]["name"] == "ringctl main");
  const Value whole = {{"sip_trunk_id", id}, {"replace", {{"name", "other"}, {"numbers", {"+12025550102"}}}}};
  CHECK(site.post("UpdateSIPInboundTrunk", whole).json["numbers"] == Value({"+12025550102"}));
  const Value none = {{"sipTrunkId", id}, {"update", {{"numbers", {{"remove", {"+12025550102"}}}}}}};
  CHECK(site.post("UpdateSIPInboundTrunk", none).code() == "invalid_argument");
  CHECK(site.post("CreateSIPInboundTrunk", {{"trunk", {{"name", "every call"}}}}).code() ==
        "invalid_argument");
  CHECK(site.livekit.trunks().at(0).name == "other");
  CHECK(site.post("DeleteSIPTrunk", {{"sipTrunkId", id}}).status == 200);
  CHECK(site.post("DeleteSIPTrunk", {{"sipTrunkId", id}}).code() == "not_found");
  CHECK(site.livekit.trunks().empty());
}

TEST_CASE("a dispatch rule is taken flat and wrapped, and one of the same trunk is refused", "[sim]") {
  Site site;
  const Value rule = {{"rule", {{"dispatchRuleIndividual", {{"roomPrefix", "call-"}}}}},
                      {"trunkIds", {"ST_1"}},
                      {"name", "first"},
                      {"attributes", {{"theirOwn", "x"}}}};
  const auto made = site.post("CreateSIPDispatchRule", rule);
  CHECK(made.status == 200);
  CHECK(made.json["sipDispatchRuleId"].get<std::string>().starts_with("SDR_"));
  CHECK(site.post("CreateSIPDispatchRule", rule).code() == "invalid_argument");
  auto other = rule;
  other["trunkIds"] = {"ST_2"};
  CHECK(site.post("CreateSIPDispatchRule", {{"dispatchRule", other}}).status == 200);
  CHECK(site.livekit.rules().size() == 2);
  CHECK(site.livekit.rules().at(0).room_prefix == "call-");
  const Value gone = {{"sipDispatchRuleId", made.json["sipDispatchRuleId"]}};
  CHECK(site.post("DeleteSIPDispatchRule", gone).status == 200);
  CHECK(site.post("ListSIPDispatchRule", Value::object()).json["items"].size() == 1);
}

TEST_CASE("two trunks cannot have one number", "[sim]") {
  Site site;
  site.make_trunk("a", "+12025550100");
  const auto second = site.make_trunk("b", "+12025550100");
  CHECK(second.status == 400);
  CHECK(second.code() == "invalid_argument");
}

TEST_CASE("LiveKit answers in snake case where it is told to, and leaves people's own names alone", "[sim]") {
  Site site(true);
  const auto made = site.make_trunk("a", "+12025550100");
  CHECK(made.json.contains("sip_trunk_id"));
  const Value rule = {{"rule", {{"dispatchRuleIndividual", {{"roomPrefix", "call-"}}}}},
                      {"attributes", {{"theirOwn", "x"}}}};
  const auto shown = site.post("CreateSIPDispatchRule", rule).json;
  CHECK(shown["rule"]["dispatch_rule_individual"]["room_prefix"] == "call-");
  CHECK(shown["attributes"]["theirOwn"] == "x");
}

TEST_CASE("only a token of the key's own secret, in its time, for SIP, is let in", "[sim]") {
  Site site;
  const auto status = [&](const std::string& authorization) {
    return site.post_as(authorization, "ListSIPInboundTrunk", Value::object()).status;
  };
  CHECK(status(Site::token(site.claims())) == 200);
  CHECK(status("") == 401);
  CHECK(status("Bearer nonsense") == 401);
  CHECK(status("Bearer a.b.c") == 401);
  CHECK(status(Site::token(site.claims(), "another secret")) == 401);
  auto claims = site.claims();
  claims["iss"] = "APIother";
  CHECK(status(Site::token(claims)) == 401);
  claims = site.claims();
  claims["exp"] = claims["nbf"].get<std::int64_t>() - 3600;
  CHECK(status(Site::token(claims)) == 401);
  claims = site.claims();
  claims["sip"] = {{"call", true}};
  CHECK(status(Site::token(claims)) == 403);
}

TEST_CASE("what a method does not take is refused, and so is what is no JSON", "[sim]") {
  Site site;
  CHECK(site.post("CreateSIPInboundTrunk", {{"trunc", Value::object()}}).code() == "malformed");
  CHECK(site.post("CreateSIPInboundTrunk", Value::object()).code() == "invalid_argument");
  CHECK(site.post("CreateSIPInboundTrunk", {{"trunk", {{"numbers", 7}}}}).code() == "malformed");
  CHECK(site.post("Nonsense", Value::object()).code() == "bad_route");
  const auto answer = site.livekit.handle({.method = "POST",
                                           .target = "/twirp/livekit.SIP/ListSIPInboundTrunk",
                                           .authorization = Site::token(site.claims()),
                                           .content_type = "application/json",
                                           .body = "{"},
                                          site.now);
  CHECK(answer.status == 400);
}
