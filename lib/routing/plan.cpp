#include "routing/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"

namespace ringctl::routing {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 10> k_reasons{
    "assigned",  "rule",        "owner", "everyone",       "last",
    "extension", "direct_line", "menu",  "unknown_number", "inactive_number"};
constexpr std::array<std::string_view, 9> k_steps{"ring",    "menu",    "queue",  "voicemail", "callback",
                                                  "message", "support", "reject", "hangup"};
constexpr std::array<std::string_view, 6> k_strategies{"ring_all",     "in_order",   "round_robin",
                                                       "longest_idle", "least_used", "random"};
constexpr std::array<std::string_view, 7> k_skips{"offline",  "busy",      "on_a_call",  "deactivated",
                                                  "no_phone", "is_caller", "not_reached"};

template <class Names, class Value>
std::string_view name_in(const Names& names, Value value) {
  return names.at(static_cast<std::size_t>(value));
}

template <class Value, class Names>
std::optional<Value> find_in(const Names& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Value>(found - names.begin());
}

// --- writing: by hand, for every call has one written ---

void put_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(key).append("\":");
  base::append_json(out, text);
}

void put_number(std::string& out, std::string_view key, int number) {
  if (number != 0) fmt::format_to(std::back_inserter(out), ",\"{}\":{}", key, number);
}

void put_flag(std::string& out, std::string_view key, bool flag) {
  if (flag) out.append(",\"").append(key).append("\":true");
}

void put_parties(std::string& out, const Step& step) {
  if (step.parties.empty()) return;
  out.append(",\"parties\":[");
  for (const auto& party : step.parties) {
    std::string fields;
    if (party.user) put_text(fields, "user", party.user->view());
    put_text(fields, party.device == Device::sip ? "sip" : "number", party.address);
    out.append("{").append(std::string_view(fields).substr(1)).append("},");
  }
  out.back() = ']';
  out.append(",\"waves\":[");
  for (const auto wave : step.waves) fmt::format_to(std::back_inserter(out), "{},", wave);
  out.back() = ']';
}

/// [["id","offline"],...]
void put_skipped(std::string& out, const Step& step) {
  if (step.skipped.empty()) return;
  out.append(",\"skipped\":[");
  for (const auto& skip : step.skipped)
    fmt::format_to(std::back_inserter(out), "[\"{}\",\"{}\"],", skip.user.view(), name_of(skip.why));
  out.back() = ']';
}

void put_step(std::string& out, const Step& step) {
  fmt::format_to(std::back_inserter(out), R"({{"kind":"{}","reason":"{}")", name_of(step.kind),
                 name_of(step.reason));
  if (!step.parties.empty()) put_text(out, "strategy", name_of(step.strategy));
  put_number(out, "timeout_s", step.timeout_s);
  put_number(out, "wait_s", step.wait_s);
  put_parties(out, step);
  put_skipped(out, step);
  put_text(out, "text", step.text);
  put_number(out, "digits", step.digits);
  put_number(out, "attempt", step.attempt);
  out.push_back('}');
}

// --- reading: whatever does not fit throws, and is no plan ---

struct NoPlan {};

std::string text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? std::string() : found->get<std::string>();
}
int number_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? 0 : found->get<int>();
}
bool flag_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->get<bool>();
}
base::Uuid uuid_in(const std::string& text) {
  const auto id = base::Uuid::try_parse(text);
  if (!id) throw NoPlan{};
  return *id;
}
template <class Value, class Names>
Value word_in(const Names& names, const std::string& text) {
  const auto value = find_in<Value>(names, text);
  if (!value) throw NoPlan{};
  return *value;
}

Party party_in(const Json& json) {
  Party party;
  if (json.contains("user")) party.user = uuid_in(text_in(json, "user"));
  party.address = text_in(json, json.contains("sip") ? "sip" : "number");
  if (json.contains("sip"))
    party.device = Device::sip;
  else if (json.contains("number"))
    party.device = party.user ? Device::phone : Device::number;
  if (party.address.empty() && !party.user) throw NoPlan{};
  return party;
}

void read_waves(const Json& json, Step& step) {
  std::size_t total = 0;
  for (const auto& wave : json.at("waves")) {
    const auto size = wave.get<int>();
    if (size < 1 || size > static_cast<int>(k_most_nouns)) throw NoPlan{};
    step.waves.push_back(static_cast<std::uint8_t>(size));
    total += step.waves.back();
  }
  if (total != step.parties.size()) throw NoPlan{};
}

Step step_in(const Json& json) {
  Step step;
  step.kind = word_in<StepKind>(k_steps, text_in(json, "kind"));
  step.reason = word_in<Reason>(k_reasons, text_in(json, "reason"));
  if (json.contains("strategy")) step.strategy = word_in<Strategy>(k_strategies, text_in(json, "strategy"));
  step.timeout_s = number_in(json, "timeout_s");
  step.wait_s = number_in(json, "wait_s");
  if (json.contains("parties")) {
    for (const auto& party : json.at("parties")) step.parties.push_back(party_in(party));
    read_waves(json, step);
  }
  if (json.contains("skipped"))
    for (const auto& skip : json.at("skipped"))
      step.skipped.push_back(
          {uuid_in(skip.at(0).get<std::string>()), word_in<Skipped>(k_skips, skip.at(1).get<std::string>())});
  const bool rings = step.kind == StepKind::ring || step.kind == StepKind::queue;
  if (rings == step.parties.empty()) throw NoPlan{};
  step.text = text_in(json, "text");
  step.digits = number_in(json, "digits");
  step.attempt = number_in(json, "attempt");
  return step;
}

}  // namespace

std::string_view name_of(Reason reason) { return name_in(k_reasons, reason); }
std::string_view name_of(StepKind kind) { return name_in(k_steps, kind); }
std::string_view name_of(Strategy strategy) { return name_in(k_strategies, strategy); }
std::string_view name_of(Skipped why) { return name_in(k_skips, why); }
std::span<const std::string_view> strategy_names() { return k_strategies; }
std::optional<Strategy> strategy_of(std::string_view name) { return find_in<Strategy>(k_strategies, name); }

bool reaches_nobody(const Plan& plan) {
  const bool turned_away = !plan.steps.empty() && plan.steps.back().kind == StepKind::hangup;
  return std::all_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    if (!step.skipped.empty()) return false;  // somebody was to be reached, and is not there
    return step.kind == StepKind::reject || step.kind == StepKind::hangup || step.kind == StepKind::menu ||
           (step.kind == StepKind::message && turned_away) || step.reason == Reason::unknown_number ||
           step.reason == Reason::inactive_number;
  });
}

bool takes_turns(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    return step.strategy == Strategy::round_robin && !step.parties.empty();
  });
}

std::string to_json(const Plan& plan) {
  std::string out;
  out.reserve(256 + plan.steps.size() * 128);
  fmt::format_to(std::back_inserter(out), R"({{"v":1,"routed_by":"{}")", name_of(plan.routed_by));
  put_text(out, "rule", plan.rule);
  put_text(out, "caller_id", plan.caller_id);
  put_flag(out, "recorded", plan.recorded);
  put_flag(out, "accept_prompt", plan.accept_prompt);
  put_flag(out, "announced", plan.announced);
  put_flag(out, "told", plan.told);
  put_flag(out, "after_menu", plan.after_menu);
  put_text(out, "consent", plan.consent);
  put_number(out, "turn", plan.turn);
  if (reaches_nobody(plan)) out.append(",\"call_back\":false");
  out.append(",\"steps\":[");
  for (const auto& step : plan.steps) {
    put_step(out, step);
    out.push_back(',');
  }
  out.back() = ']';
  out.push_back('}');
  return out;
}

std::optional<Plan> try_parse_plan(std::string_view text) {
  try {
    const auto json = Json::parse(text);
    Plan plan;
    if (number_in(json, "v") != 1) return std::nullopt;
    plan.routed_by = word_in<Reason>(k_reasons, text_in(json, "routed_by"));
    plan.rule = text_in(json, "rule");
    plan.caller_id = text_in(json, "caller_id");
    plan.recorded = flag_in(json, "recorded");
    plan.accept_prompt = flag_in(json, "accept_prompt");
    plan.announced = flag_in(json, "announced");
    plan.told = flag_in(json, "told");
    plan.after_menu = flag_in(json, "after_menu");
    plan.turn = number_in(json, "turn");
    plan.consent = text_in(json, "consent");
    for (const auto& step : json.at("steps")) plan.steps.push_back(step_in(step));
    if (plan.steps.empty() || !ends_call(plan.steps.back().kind)) return std::nullopt;
    return plan;
  } catch (const NoPlan&) {
  } catch (const Json::exception&) {  // not JSON, or other types than ours
  }
  return std::nullopt;
}

}  // namespace ringctl::routing
