#include "sync/livekit.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"
#include "sync/trunk_desk.hpp"
#include "twilio/hmac.hpp"

using namespace ringctl;
using test::slug_of;

namespace {

/// LiveKit alone, in one spelling or the other.
struct Site {
  explicit Site(bool snake_case = false) : box({.livekit_in_snake_case = snake_case}) {}
  sync::Livekit livekit(const base::Secret& secret) {
    return {{.host = box.url(), .api_key = box.livekit_key(), .api_secret = secret},
            clock,
            session,
            test::k_patience};
  }
  sync::Livekit livekit() { return livekit(box.livekit_secret()); }

  base::SystemClock clock;
  test::TwilioBox box;
  http::Session session;
};

sync::InboundTrunk trunk_of(const std::string& name, std::vector<std::string> numbers) {
  sync::InboundTrunk trunk;
  trunk.name = name;
  trunk.numbers = std::move(numbers);
  return trunk;
}

}  // namespace

TEST_CASE("a token of LiveKit's names the key, lasts ten minutes and may manage SIP", "[sync]") {
  const sync::LivekitLogin login{
      .host = "https://x", .api_key = "APIexample", .api_secret = base::Secret("secret")};
  const auto now = base::Instant(std::chrono::seconds(1'700'000'000));
  const auto token = sync::livekit_token(login, now);
  const auto parts = base::split(token, '.');
  REQUIRE(parts.size() == 3);
  CHECK(parts[0] == twilio::base64_url(R"({"alg":"HS256"})"));
  const nlohmann::json claims = {{"iss", "APIexample"},
                                 {"nbf", 1'700'000'000},
                                 {"exp", 1'700'000'600},
                                 {"video", nlohmann::json::object()},
                                 {"sip", {{"admin", true}}}};
  CHECK(parts[1] == twilio::base64_url(claims.dump()));
  CHECK(token.find("secret") == std::string::npos);
}

TEST_CASE("trunks and rules are made, listed, changed and deleted, however members are spelt", "[sync]") {
  Site f(GENERATE(false, true));
  auto livekit = f.livekit();
  CHECK(livekit.list_trunks().empty());
  auto trunk = livekit.create_trunk(trunk_of("one", {"+12025550101"}));
  CHECK(trunk.numbers == std::vector<std::string>{"+12025550101"});
  trunk.numbers.emplace_back("+12025550102");
  CHECK(livekit.update_trunk(trunk).numbers.size() == 2);
  REQUIRE(livekit.list_trunks().size() == 1);
  CHECK(livekit.list_trunks()[0].id == trunk.id);

  sync::DispatchRule rule;
  rule.name = "one";
  rule.room_prefix = "call-";
  rule.agent_name = "reception";
  rule.trunk_ids = {trunk.id};
  const auto made = livekit.create_rule(rule);
  const auto rules = livekit.list_rules();
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].id == made.id);
  CHECK(rules[0].room_prefix == "call-");
  CHECK(rules[0].agent_name == "reception");
  CHECK(rules[0].trunk_ids == rule.trunk_ids);

  livekit.delete_rule(made.id);
  livekit.delete_rule(made.id);
  livekit.delete_trunk(trunk.id);
  livekit.delete_trunk(trunk.id);
  CHECK(livekit.list_rules().empty());
  CHECK(livekit.list_trunks().empty());
}

TEST_CASE("what LiveKit refuses is told by what it was", "[sync]") {
  Site f;
  auto livekit = f.livekit();
  auto wrong = f.livekit(base::Secret("another secret"));
  const auto refused = test::error_of([&] { wrong.list_trunks(); });
  REQUIRE(refused);
  CHECK(refused->slug() == "livekit.auth");
  CHECK(refused->message().find("another secret") == std::string::npos);
  livekit.create_trunk(trunk_of("one", {"+12025550101"}));
  CHECK(slug_of([&] { livekit.create_trunk(trunk_of("two", {"+12025550101"})); }) == "livekit.refused");
  auto gone = trunk_of("one", {"+12025550101"});
  gone.id = "ST_gone";
  CHECK(slug_of([&] { livekit.update_trunk(gone); }) == "livekit.not_found");
}

TEST_CASE("a LiveKit that is not there made nothing, and one in the clear elsewhere is not asked", "[sync]") {
  base::SystemClock clock;
  http::Session session;
  const auto at = [&](const std::string& host) {
    return sync::Livekit({.host = host, .api_key = "APIexample", .api_secret = base::Secret("secret")}, clock,
                         session, test::k_patience);
  };
  const test::DeafPort deaf;
  auto nobody = at("http://127.0.0.1:" + std::to_string(deaf.number()));
  CHECK(slug_of([&] { nobody.list_trunks(); }) == "livekit.down");
  CHECK(slug_of([&] { nobody.create_trunk(trunk_of("one", {"+12025550101"})); }) == "livekit.down");
  CHECK(slug_of([&] { at("http://livekit.example.com"); }) == "http.not_secure");
}
