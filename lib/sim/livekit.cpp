#include "sim/livekit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "base/text.hpp"
#include "twilio/hmac.hpp"

namespace ringctl::sim {
namespace {

using Value = nlohmann::json;

// --- errors, as Twirp has them ---

struct Refused {
  int status;
  std::string code, message;
};
[[noreturn]] void refuse_with(int status, std::string_view code, std::string message) {
  throw Refused{status, std::string(code), std::move(message)};
}
[[noreturn]] void malformed(const std::string& why) {
  refuse_with(400, "malformed", "the json request could not be decoded: " + why);
}

// --- names in either case ---

std::string snake_of(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

/// What people name themselves stays as it is.
bool is_map(std::string_view name) {
  return name == "attributes" || name == "headers" || name == "headersToAttributes" ||
         name == "attributesToHeaders";
}

Value in_snake_case(const Value& value) {
  if (value.is_array()) {
    auto out = Value::array();
    for (const auto& one : value) out.push_back(in_snake_case(one));
    return out;
  }
  if (!value.is_object()) return value;
  auto out = Value::object();
  for (const auto& [name, one] : value.items()) out[snake_of(name)] = is_map(name) ? one : in_snake_case(one);
  return out;
}

using Names = std::span<const std::string_view>;

/// The object with its names as they are in `known`. Throws for one that is not there.
Value in_camel_case(const Value& given, Names known) {
  if (!given.is_object()) malformed("an object was expected");
  auto out = Value::object();
  for (const auto& [name, value] : given.items()) {
    const auto* const found =
        std::find_if(known.data(), known.data() + known.size(),
                     [&](std::string_view one) { return name == one || name == snake_of(one); });
    if (found == known.data() + known.size()) malformed(fmt::format("unknown field \"{}\"", name));
    out[std::string(*found)] = value;
  }
  return out;
}

constexpr auto k_trunk = std::to_array<std::string_view>(
    {"sipTrunkId", "name", "metadata", "numbers", "allowedAddresses", "allowedNumbers", "authUsername",
     "authPassword", "headers", "headersToAttributes", "attributesToHeaders", "includeHeaders",
     "ringingTimeout", "maxCallDuration", "krispEnabled", "mediaEncryption"});
constexpr auto k_create_trunk = std::to_array<std::string_view>({"trunk"});
constexpr auto k_update_trunk = std::to_array<std::string_view>({"sipTrunkId", "replace", "update"});
constexpr auto k_trunk_update =
    std::to_array<std::string_view>({"numbers", "allowedAddresses", "allowedNumbers", "authUsername",
                                     "authPassword", "name", "metadata", "mediaEncryption"});
constexpr auto k_list_update = std::to_array<std::string_view>({"set", "add", "remove", "clear"});
constexpr auto k_list_trunks = std::to_array<std::string_view>({"trunkIds", "numbers", "page"});
constexpr auto k_delete_trunk = std::to_array<std::string_view>({"sipTrunkId"});
constexpr auto k_rule = std::to_array<std::string_view>(
    {"sipDispatchRuleId", "rule", "trunkIds", "hidePhoneNumber", "inboundNumbers", "numbers", "name",
     "metadata", "attributes", "roomPreset", "roomConfig", "krispEnabled", "mediaEncryption"});
constexpr auto k_rule_wrapped = std::to_array<std::string_view>({"dispatchRule"});
constexpr auto k_rule_kinds =
    std::to_array<std::string_view>({"dispatchRuleDirect", "dispatchRuleIndividual", "dispatchRuleCallee"});
constexpr auto k_rule_kind =
    std::to_array<std::string_view>({"roomName", "roomPrefix", "pin", "noRandomness", "randomize"});
constexpr auto k_list_rules = std::to_array<std::string_view>({"dispatchRuleIds", "trunkIds", "page"});
constexpr auto k_delete_rule = std::to_array<std::string_view>({"sipDispatchRuleId"});

std::vector<std::string> texts(const Value& object, const char* name) {
  std::vector<std::string> all;
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return all;
  if (!at->is_array()) malformed(fmt::format("{} is no list", name));
  for (const auto& one : *at) {
    if (!one.is_string()) malformed(fmt::format("{} is no list of texts", name));
    all.push_back(one.get<std::string>());
  }
  return all;
}

std::string text(const Value& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return {};
  if (!at->is_string()) malformed(fmt::format("{} is no text", name));
  return at->get<std::string>();
}

bool shares(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& one) { return std::find(b.begin(), b.end(), one) != b.end(); });
}

// --- tokens ---

std::optional<std::string> base64_url_decoded(std::string_view text) {
  constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const auto digit = k_alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFFU);
  }
  return out;
}

Value part_of_token(std::string_view part) {
  const auto text = base64_url_decoded(part);
  auto value = text ? Value::parse(*text, nullptr, false) : Value(Value::value_t::discarded);
  if (!value.is_object()) refuse_with(401, "unauthenticated", "invalid token");
  return value;
}

bool is_signed(std::string_view body, std::string_view signature, const base::Secret& secret) {
  twilio::Hmac hmac(twilio::Hash::sha256, secret.reveal());
  hmac.start();
  hmac.update(body);
  return twilio::base64_url(hmac.finish()) == signature;
}

/// Throws unless the header holds a token of this key that lets its bearer manage SIP.
void check_token(std::string_view authorization, const LivekitOptions& options, base::Instant now) {
  constexpr std::string_view k_bearer = "Bearer ";
  if (!authorization.starts_with(k_bearer))
    refuse_with(401, "unauthenticated", "no permissions to access the room");
  const auto token = authorization.substr(k_bearer.size());
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) refuse_with(401, "unauthenticated", "invalid token");
  const auto header = part_of_token(parts[0]), claims = part_of_token(parts[1]);
  if (header.value("alg", "") != "HS256") refuse_with(401, "unauthenticated", "invalid token");
  if (claims.value("iss", "") != options.api_key) refuse_with(401, "unauthenticated", "invalid API key");
  if (!is_signed(token.substr(0, parts[0].size() + 1 + parts[1].size()), parts[2], options.api_secret))
    refuse_with(401, "unauthenticated", "invalid token: error in cryptographic primitive");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  constexpr std::int64_t k_leeway = 60;
  if (claims.value("exp", std::int64_t{0}) + k_leeway < seconds ||
      claims.value("nbf", std::int64_t{0}) - k_leeway > seconds)
    refuse_with(401, "unauthenticated", "invalid token: token is expired or not valid yet");
  const auto sip = claims.find("sip");
  if (sip == claims.end() || !sip->is_object() || sip->value("admin", Value(false)) != Value(true))
    refuse_with(403, "permission_denied", "permissions denied");
}

}  // namespace

struct Livekit::Impl {
  using Method = Value (Impl::*)(const Value&);
  struct Named {
    std::string_view name;
    Method work;
  };

  Impl(Sids& chance, LivekitOptions wanted) : sids(chance), options(std::move(wanted)) {}

  static std::span<const Named> methods();
  RestAnswer answer(const RestRequest&, base::Instant now);

  void check(const Value& trunk) const;
  Value& find(std::vector<Value>& all, const char* id_name, const std::string& id, const char* what);
  Value create_trunk(const Value&);
  Value update_trunk(const Value&);
  Value list_trunks(const Value&);
  Value delete_trunk(const Value&);
  Value create_rule(const Value&);
  Value list_rules(const Value&);
  Value delete_rule(const Value&);

  Sids& sids;
  const LivekitOptions options;
  std::vector<Value> trunks = {}, rules = {};
};

/// A trunk does not take every call from anybody, and two that take one number could not be told apart.
void Livekit::Impl::check(const Value& trunk) const {
  const auto numbers = texts(trunk, "numbers");
  const bool knows_caller = !texts(trunk, "allowedAddresses").empty() || !text(trunk, "authUsername").empty();
  if (numbers.empty() && !knows_caller)
    refuse_with(
        400, "invalid_argument",
        "for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers");
  for (const auto& other : trunks)
    if (other["sipTrunkId"] != trunk["sipTrunkId"] && shares(texts(other, "numbers"), numbers))
      refuse_with(400, "invalid_argument",
                  fmt::format("Conflicting inbound SIP Trunks: {} and {}, using the same number(s)",
                              other["sipTrunkId"].get<std::string>(), text(trunk, "name")));
}

Value& Livekit::Impl::find(std::vector<Value>& all, const char* id_name, const std::string& id,
                           const char* what) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Value& one) { return one[id_name] == id; });
  if (at == all.end()) refuse_with(404, "not_found", fmt::format("requested {} does not exist", what));
  return *at;
}

Value Livekit::Impl::create_trunk(const Value& request) {
  const auto given = in_camel_case(request, k_create_trunk);
  if (!given.contains("trunk")) refuse_with(400, "invalid_argument", "missing trunk");
  auto trunk = in_camel_case(given["trunk"], k_trunk);
  if (!text(trunk, "sipTrunkId").empty()) refuse_with(400, "invalid_argument", "trunk ID must not be set");
  trunk["sipTrunkId"] = "";
  check(trunk);
  trunk["sipTrunkId"] = sids.next("ST_");
  trunks.push_back(trunk);
  return trunk;
}

/// {"set": []}, or {"add": [], "remove": []}.
void change_list(Value& list, const Value& request) {
  const auto change = in_camel_case(request, k_list_update);
  if (change.value("clear", false)) list = Value::array();
  if (change.contains("set")) list = texts(change, "set");
  for (const auto& one : texts(change, "add"))
    if (std::find(list.begin(), list.end(), Value(one)) == list.end()) list.push_back(one);
  for (const auto& one : texts(change, "remove"))
    list.erase(std::remove(list.begin(), list.end(), Value(one)), list.end());
}

Value Livekit::Impl::update_trunk(const Value& request) {
  const auto given = in_camel_case(request, k_update_trunk);
  auto& trunk = find(trunks, "sipTrunkId", text(given, "sipTrunkId"), "sip trunk");
  if (given.contains("replace") == given.contains("update"))
    refuse_with(400, "invalid_argument", "missing or unsupported action");
  auto changed = trunk;
  if (given.contains("replace")) {
    changed = in_camel_case(given["replace"], k_trunk);
    changed["sipTrunkId"] = trunk["sipTrunkId"];
  } else {
    const auto update = in_camel_case(given["update"], k_trunk_update);
    for (const auto& [name, value] : update.items()) {
      if (!value.is_object()) {
        changed[name] = value;
        continue;
      }
      if (!changed.contains(name)) changed[name] = Value::array();
      change_list(changed[name], value);
    }
  }
  check(changed);
  trunk = changed;
  return trunk;
}

/// Those of `all` that have one of the ids, and one of the others' values, where any are named.
Value listed(const std::vector<Value>& all, const char* id_name, const std::vector<std::string>& ids,
             const char* list_name, const std::vector<std::string>& wanted) {
  auto items = Value::array();
  for (const auto& one : all) {
    if (!ids.empty() && std::find(ids.begin(), ids.end(), one[id_name].get<std::string>()) == ids.end())
      continue;
    if (!wanted.empty() && !shares(texts(one, list_name), wanted)) continue;
    items.push_back(one);
  }
  return {{"items", items}};
}

Value Livekit::Impl::list_trunks(const Value& request) {
  const auto given = in_camel_case(request, k_list_trunks);
  return listed(trunks, "sipTrunkId", texts(given, "trunkIds"), "numbers", texts(given, "numbers"));
}

Value Livekit::Impl::delete_trunk(const Value& request) {
  const auto given = in_camel_case(request, k_delete_trunk);
  auto gone = find(trunks, "sipTrunkId", text(given, "sipTrunkId"), "sip trunk");
  std::erase(trunks, gone);
  return gone;
}

Value Livekit::Impl::create_rule(const Value& request) {
  const bool is_wrapped =
      request.is_object() && (request.contains("dispatchRule") || request.contains("dispatch_rule"));
  auto rule =
      in_camel_case(is_wrapped ? in_camel_case(request, k_rule_wrapped)["dispatchRule"] : request, k_rule);
  if (!rule.contains("rule")) refuse_with(400, "invalid_argument", "missing rule");
  rule["rule"] = in_camel_case(rule["rule"], k_rule_kinds);
  if (rule["rule"].size() != 1) refuse_with(400, "invalid_argument", "missing rule");
  auto& kind = rule["rule"].front();
  kind = in_camel_case(kind, k_rule_kind);
  const auto trunk_ids = texts(rule, "trunkIds");
  for (const auto& other : rules) {
    const auto others = texts(other, "trunkIds");
    const bool same_pin = text(other["rule"].front(), "pin") == text(kind, "pin");
    if (same_pin && (shares(others, trunk_ids) || (others.empty() && trunk_ids.empty())))
      refuse_with(
          400, "invalid_argument",
          fmt::format("Conflicting SIP Dispatch Rules: same Trunk+Number+PIN combination for {} and {}",
                      other["sipDispatchRuleId"].get<std::string>(), text(rule, "name")));
  }
  rule["sipDispatchRuleId"] = sids.next("SDR_");
  rules.push_back(rule);
  return rule;
}

Value Livekit::Impl::list_rules(const Value& request) {
  const auto given = in_camel_case(request, k_list_rules);
  return listed(rules, "sipDispatchRuleId", texts(given, "dispatchRuleIds"), "trunkIds",
                texts(given, "trunkIds"));
}

Value Livekit::Impl::delete_rule(const Value& request) {
  const auto given = in_camel_case(request, k_delete_rule);
  auto gone = find(rules, "sipDispatchRuleId", text(given, "sipDispatchRuleId"), "sip dispatch rule");
  std::erase(rules, gone);
  return gone;
}

std::span<const Livekit::Impl::Named> Livekit::Impl::methods() {
  static constexpr Named k_methods[] = {
      {"CreateSIPInboundTrunk", &Impl::create_trunk}, {"UpdateSIPInboundTrunk", &Impl::update_trunk},
      {"ListSIPInboundTrunk", &Impl::list_trunks},    {"DeleteSIPTrunk", &Impl::delete_trunk},
      {"CreateSIPDispatchRule", &Impl::create_rule},  {"ListSIPDispatchRule", &Impl::list_rules},
      {"DeleteSIPDispatchRule", &Impl::delete_rule}};
  return k_methods;
}

RestAnswer Livekit::Impl::answer(const RestRequest& request, base::Instant now) {
  constexpr std::string_view k_service = "/twirp/livekit.SIP/";
  const std::string_view path = request.target;
  const auto known = methods();
  const auto named = [&](const Named& one) {
    return path.starts_with(k_service) && path.substr(k_service.size()) == one.name;
  };
  const auto method = std::find_if(known.begin(), known.end(), named);
  if (method == known.end() || request.method != "POST")
    refuse_with(404, "bad_route", fmt::format("no handler for path \"{}\"", path));
  if (base::ascii_lower(base::trim(request.content_type.substr(0, request.content_type.find(';')))) !=
      "application/json")
    refuse_with(404, "bad_route", fmt::format("unexpected Content-Type: \"{}\"", request.content_type));
  check_token(request.authorization, options, now);
  const auto body = Value::parse(request.body, nullptr, false);
  if (body.is_discarded()) malformed("syntax error");
  const auto made = (this->*method->work)(body);
  return answer_ok((options.snake_case ? in_snake_case(made) : made).dump());
}

Livekit::Livekit(Sids& sids, LivekitOptions options)
    : impl_(std::make_unique<Impl>(sids, std::move(options))) {}
Livekit::~Livekit() = default;

RestAnswer Livekit::handle(const RestRequest& request, base::Instant now) {
  try {
    return impl_->answer(request, now);
  } catch (const Refused& refused) {
    RestAnswer answer{.status = refused.status};
    answer.body = Value{{"code", refused.code}, {"msg", refused.message}}.dump();
    return answer;
  } catch (const Value::exception& error) {
    // A member of another type than it should be.
    RestAnswer answer{.status = 400};
    answer.body = Value{{"code", "malformed"}, {"msg", error.what()}}.dump();
    return answer;
  }
}

std::vector<Livekit::Trunk> Livekit::trunks() const {
  std::vector<Trunk> all;
  for (const auto& one : impl_->trunks)
    all.push_back({text(one, "sipTrunkId"), text(one, "name"), texts(one, "numbers")});
  return all;
}

std::vector<Livekit::Rule> Livekit::rules() const {
  std::vector<Rule> all;
  for (const auto& one : impl_->rules)
    all.push_back({text(one, "sipDispatchRuleId"), text(one, "name"), text(one["rule"].front(), "roomPrefix"),
                   texts(one, "trunkIds")});
  return all;
}

}  // namespace ringctl::sim
