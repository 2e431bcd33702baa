#include "serve/paths.hpp"

#include <set>
#include <string_view>

#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

const std::string k_id = "0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f";
std::string under(const std::string& rest) { return "/api/workspaces/" + k_id + rest; }

struct Case {
  std::string path;
  Endpoint endpoint;
  std::string rest = {};
};

TEST_CASE("every path under a workspace leads to its endpoint, with the workspace and what follows",
          "[serve][paths]") {
  const Case cases[] = {
      {under("/voice"), Endpoint::voice},
      {under("/voice/status"), Endpoint::status},
      {under("/voice/status/s2w0"), Endpoint::status, "s2w0"},
      {under("/voice/menu/1"), Endpoint::menu, "1"},
      {under("/voice/next/s0w1"), Endpoint::next, "s0w1"},
      {under("/voice/wait/s0w1"), Endpoint::wait, "s0w1"},
      {under("/voice/accept/s0w1"), Endpoint::accept, "s0w1"},
      {under("/voice/accepted/s0w1"), Endpoint::accepted, "s0w1"},
      {under("/voice/consent"), Endpoint::consent, ""},
      {under("/voice/started/" + k_id), Endpoint::started, k_id},
      {under("/voice/pressed/" + k_id), Endpoint::pressed, k_id},
      {under("/voice/leg/CA1"), Endpoint::leg, "CA1"},
      {under("/voice/voicemail"), Endpoint::voicemail},
      {under("/voice/recording"), Endpoint::recording},
      {under("/voice/recording/CA1"), Endpoint::recording, "CA1"},
      {under("/sms"), Endpoint::message},
      {under("/sms/status"), Endpoint::message_status},
      {under("/sms/status/" + k_id), Endpoint::message_status, k_id},
      {under("/token"), Endpoint::token},
  };
  for (const auto& [path, endpoint, rest] : cases) {
    CAPTURE(path);
    const auto route = route_of(path);
    CHECK(route.endpoint == endpoint);
    REQUIRE(route.workspace);
    CHECK(route.workspace->text() == k_id);
    CHECK(route.rest == rest);
  }
}

TEST_CASE("paths without a workspace lead to their endpoints", "[serve][paths]") {
  CHECK(route_of("/api/twilio/voice/inbound").endpoint == Endpoint::voice_by_number);
  CHECK(route_of("/api/twilio/webhook").endpoint == Endpoint::message_by_number);
  CHECK(route_of("/api/twilio/token").endpoint == Endpoint::own_token);
  CHECK(route_of("/healthz").endpoint == Endpoint::health);
  CHECK(route_of("/readyz").endpoint == Endpoint::ready);
  CHECK_FALSE(route_of("/healthz").workspace);
}

TEST_CASE("no other path leads anywhere", "[serve][paths]") {
  const std::string paths[] = {"",
                               "/",
                               "/api",
                               "/api/workspaces",
                               "/api/workspaces/",
                               "/api/workspaces/" + k_id,
                               "/api/workspaces/not-a-uuid-but-as-long-as-one-is-00/voice",
                               under("/"),
                               under("/voic"),
                               under("/voice/"),
                               under("/voices"),
                               under("/voice/menu"),
                               under("/voice/menu/"),
                               under("/voice/menu/1/2"),
                               under("/voice/voicemail/1"),
                               under("/voice/started"),
                               under("/voice/pressed/"),
                               under("/voice/leg"),
                               under("/voice/recording/1/2"),
                               under("/voice/status/"),
                               under("/voice/statuses"),
                               under("/sms/"),
                               under("/sms/statuses"),
                               under("/sms/status/"),
                               under("/sms/status/1/2"),
                               under("/sms/1"),
                               under("/token/x"),
                               under("/token/"),
                               "/api/twilio/token/",
                               "/api/twilio/voice/inbound/",
                               "/api/twilio/webhook/",
                               "/api/twilio/webhooks",
                               "/healthz/",
                               "/HEALTHZ",
                               "/metrics"};
  for (const auto& path : paths) {
    CAPTURE(path);
    CHECK(route_of(path).endpoint == Endpoint::unknown);
  }
}

TEST_CASE("Twilio signs what it posts to, and nothing else", "[serve][paths]") {
  CHECK(is_webhook(Endpoint::voice));
  CHECK(is_webhook(Endpoint::recording));
  CHECK(is_webhook(Endpoint::message));
  CHECK(is_webhook(Endpoint::message_by_number));
  CHECK(is_webhook(Endpoint::message_status));
  CHECK_FALSE(is_webhook(Endpoint::token));
  CHECK_FALSE(is_webhook(Endpoint::own_token));
  CHECK_FALSE(is_webhook(Endpoint::health));
  CHECK_FALSE(is_webhook(Endpoint::unknown));
}

TEST_CASE("the path of a workspace's calls leads back to it", "[serve][paths]") {
  const auto id = *base::Uuid::try_parse(k_id);
  const auto path = voice_path(id);
  CHECK(path == under("/voice"));
  CHECK(route_of(path).workspace == id);
}

TEST_CASE("the path that a message's callbacks come to names workspace and message", "[serve][paths]") {
  const auto workspace = base::Uuid::parse(k_id);
  const auto message = base::Uuid::parse("0190f6d2-7b3c-7a10-8f00-000000000001");
  const auto path = message_status_path(workspace, message);
  CHECK(path == under("/sms/status/0190f6d2-7b3c-7a10-8f00-000000000001"));
  const auto route = route_of(path);
  CHECK(route.endpoint == Endpoint::message_status);
  CHECK(route.workspace == workspace);
  CHECK(route.rest == message.view());
}

TEST_CASE("what is about messages is told from what is about calls, and each has a name of its own",
          "[serve][paths]") {
  std::set<std::string_view> names;
  int about_messages = 0;
  for (std::size_t i = 0; i < k_endpoints; ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    names.insert(endpoint_name(endpoint));
    if (!is_about_messages(endpoint)) continue;
    ++about_messages;
    CHECK(endpoint_name(endpoint).starts_with("sms"));
  }
  CHECK(names.size() == k_endpoints);
  CHECK(about_messages == 3);
}

}  // namespace
}  // namespace ringctl::serve
