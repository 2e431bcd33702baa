#include "sync/livekit.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "http/url.hpp"
#include "twilio/hmac.hpp"
#include "twilio/json.hpp"

namespace ringctl::sync {
namespace {

using Value = nlohmann::json;

constexpr std::string_view k_service = "/twirp/livekit.SIP/";
constexpr std::chrono::minutes k_token_lasts{10};

std::string base_of(const std::string& host) {
  auto url = host;
  if (url.starts_with("wss://")) url.replace(0, 3, "https");
  if (url.starts_with("ws://")) url.replace(0, 2, "http");
  while (url.ends_with('/')) url.pop_back();
  url += k_service;
  http::parse_url(url);  // throws for what must not be asked
  return url;
}

std::string snake_of(std::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) snake += '_';
    snake += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

/// A member by its name in protobuf's JSON, or in the .proto file: servers differ. Null: there is none.
const Value& member(const Value& object, std::string_view name) {
  static const Value k_none;
  if (!object.is_object()) return k_none;
  auto found = object.find(std::string(name));
  if (found == object.end()) found = object.find(snake_of(name));
  return found == object.end() ? k_none : *found;
}

std::string text_in(const Value& object, std::string_view name) {
  const auto& found = member(object, name);
  return found.is_string() ? found.get<std::string>() : std::string();
}

std::vector<std::string> texts_in(const Value& object, std::string_view name) {
  std::vector<std::string> all;
  for (const auto& one : member(object, name))
    if (one.is_string()) all.push_back(one.get<std::string>());
  return all;
}

Error garbage(std::string_view method, std::string_view why) {
  return {Errc::twilio_garbage, "livekit.garbage", fmt::format("LiveKit's answer to {} {}", method, why)};
}

InboundTrunk trunk_from(const Value& json, std::string_view method) {
  InboundTrunk trunk;
  trunk.id = text_in(json, "sipTrunkId");
  trunk.name = text_in(json, "name");
  trunk.numbers = texts_in(json, "numbers");
  if (trunk.id.empty()) throw garbage(method, "has no sipTrunkId");
  return trunk;
}

DispatchRule rule_from(const Value& json, std::string_view method) {
  DispatchRule rule;
  rule.id = text_in(json, "sipDispatchRuleId");
  rule.name = text_in(json, "name");
  rule.trunk_ids = texts_in(json, "trunkIds");
  if (rule.id.empty()) throw garbage(method, "has no sipDispatchRuleId");
  rule.room_prefix = text_in(member(member(json, "rule"), "dispatchRuleIndividual"), "roomPrefix");
  const auto& agents = member(member(json, "roomConfig"), "agents");
  if (agents.is_array() && !agents.empty()) rule.agent_name = text_in(agents.front(), "agentName");
  return rule;
}

template <class From>
auto all_from(const std::string& body, std::string_view method, const From& from) {
  const auto json = Value::parse(body);
  std::vector<decltype(from(json, method))> all;
  const auto& items = member(json, "items");  // an empty list may be left out
  if (!items.is_null() && !items.is_array()) throw garbage(method, "has no list of items");
  for (const auto& item : items) all.push_back(from(item, method));
  return all;
}

// --- errors ---

/// What a Twirp error says, for a message.
struct Twirp {
  std::string code = {}, message = {};
};
Twirp twirp_of(const http::Response& response) {
  const auto json = twilio::Json::try_parse(response.body);
  if (!json || !json->is_object()) return {};
  return {json->text("code"), json->text("msg")};
}

Error unknown_outcome(std::string_view method, std::string_view why) {
  return {Errc::unknown_outcome, "livekit.unknown_outcome",
          fmt::format("nobody knows whether LiveKit carried out {}: {}", method, why),
          "the same command again looks first"};
}

Error refused(std::string_view method, const http::Response& response) {
  const auto twirp = twirp_of(response);
  const auto said = twirp.message.empty()
                        ? fmt::format("HTTP {}", response.status)
                        : fmt::format("HTTP {}, {}", response.status, base::in_quotes(twirp.message));
  const auto text = fmt::format("LiveKit refused {} ({})", method, said);
  if (response.status == 401 || response.status == 403)
    return {Errc::auth, "livekit.auth", text,
            "ringctl assistants update NAME --api-key API... --api-secret-file FILE"};
  if (response.status == 404 && twirp.code == "not_found")
    return {Errc::not_found, "livekit.not_found", text};
  if (response.status == 429) return {Errc::twilio_rate, "livekit.rate_limited", text};
  if (response.status >= 400 && !twirp.code.empty() && twirp.code != "bad_route")
    return {Errc::twilio, "livekit.refused", text};
  return garbage(method, fmt::format("is none of its own ({}): is that its host?", said));
}

/// What was made is there, whatever the answer says of it.
template <class From>
auto made(const std::string& body, std::string_view method, const From& from) {
  try {
    return from(Value::parse(body), method);
  } catch (const Error& error) {
    throw unknown_outcome(method, error.message());
  }
}

}  // namespace

Livekit::Livekit(LivekitLogin login, const base::Clock& clock, http::Session& session,
                 std::chrono::milliseconds timeout)
    : login_(std::move(login)),
      base_(base_of(login_.host)),
      clock_(clock),
      session_(session),
      timeout_(timeout) {}

std::string Livekit::post(std::string_view method, const std::string& body, bool makes) {
  http::Request request;
  request.method = "POST";
  request.url = base_ + std::string(method);
  request.fields = {{"Authorization", "Bearer " + livekit_token(login_, clock_.now())},
                    {"Content-Type", "application/json"}};
  request.body = body;
  request.timeout = timeout_;
  const auto outcome = session_.perform(std::move(request));
  if (const auto* const failure = std::get_if<http::Failure>(&outcome)) {
    if (failure->fault == http::Fault::cancelled) throw http::to_error(*failure);
    if (makes && failure->maybe_executed) throw unknown_outcome(method, failure->message);
    if (failure->fault == http::Fault::garbage || failure->fault == http::Fault::too_large)
      throw garbage(method, fmt::format("is none: {}", failure->message));
    throw Error(Errc::twilio_down, "livekit.down", fmt::format("LiveKit: {}", failure->message));
  }
  const auto& response = std::get<http::Response>(outcome);
  if (response.status >= 500) {
    const auto why = fmt::format("HTTP {}", response.status);
    if (makes) throw unknown_outcome(method, why);
    throw Error(Errc::twilio_down, "livekit.down", fmt::format("LiveKit answered {} with {}", method, why));
  }
  if (response.status != 200) throw refused(method, response);
  // Its depth and its size are bounded there.
  const auto json = twilio::Json::try_parse(response.body);
  if (json && json->is_object()) return response.body;
  if (makes) throw unknown_outcome(method, "its answer is no JSON");
  throw garbage(method, "is no JSON");
}

std::vector<InboundTrunk> Livekit::list_trunks() {
  constexpr std::string_view k_method = "ListSIPInboundTrunk";
  return all_from(post(k_method, "{}"), k_method, trunk_from);
}

InboundTrunk Livekit::create_trunk(const InboundTrunk& trunk) {
  constexpr std::string_view k_method = "CreateSIPInboundTrunk";
  const Value body = {{"trunk", {{"name", trunk.name}, {"numbers", trunk.numbers}}}};
  return made(post(k_method, body.dump(), true), k_method, trunk_from);
}

InboundTrunk Livekit::update_trunk(const InboundTrunk& trunk) {
  constexpr std::string_view k_method = "UpdateSIPInboundTrunk";
  const Value body = {{"sipTrunkId", trunk.id}, {"update", {{"numbers", {{"set", trunk.numbers}}}}}};
  return trunk_from(Value::parse(post(k_method, body.dump())), k_method);
}

void Livekit::delete_trunk(std::string_view id) {
  try {
    post("DeleteSIPTrunk", Value{{"sipTrunkId", id}}.dump());
  } catch (const Error& error) {
    if (error.errc() != Errc::not_found) throw;
  }
}

std::vector<DispatchRule> Livekit::list_rules() {
  constexpr std::string_view k_method = "ListSIPDispatchRule";
  return all_from(post(k_method, "{}"), k_method, rule_from);
}

DispatchRule Livekit::create_rule(const DispatchRule& rule) {
  constexpr std::string_view k_method = "CreateSIPDispatchRule";
  Value body = {{"rule", {{"dispatchRuleIndividual", {{"roomPrefix", rule.room_prefix}}}}},
                {"trunkIds", rule.trunk_ids},
                {"name", rule.name}};
  if (!rule.agent_name.empty())
    body["roomConfig"] = {{"agents", Value::array({{{"agentName", rule.agent_name}}})}};
  return made(post(k_method, body.dump(), true), k_method, rule_from);
}

void Livekit::delete_rule(std::string_view id) {
  try {
    post("DeleteSIPDispatchRule", Value{{"sipDispatchRuleId", id}}.dump());
  } catch (const Error& error) {
    if (error.errc() != Errc::not_found) throw;
  }
}

std::string livekit_token(const LivekitLogin& login, base::Instant now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const Value claims = {{"iss", login.api_key},
                        {"nbf", seconds.count()},
                        {"exp", (seconds + k_token_lasts).count()},
                        {"video", Value::object()},
                        {"sip", {{"admin", true}}}};
  auto token = twilio::base64_url(R"({"alg":"HS256"})") + "." + twilio::base64_url(claims.dump());
  twilio::Hmac hmac(twilio::Hash::sha256, login.api_secret.reveal());
  hmac.start();
  hmac.update(token);
  return token + "." + twilio::base64_url(hmac.finish());
}

}  // namespace ringctl::sync
