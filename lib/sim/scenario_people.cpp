// What people of a scenario do.
#include <fmt/format.h>

#include <array>

#include "sim/scenario_parts.hpp"

namespace ringctl::sim {
namespace {

const std::vector<std::string> k_doings = {"wait",    "hear", "wait_for_somebody", "press", "speak",
                                           "hang_up", "takes"};

void require_true(const JsonReader& read, const Json& json) {
  if (!read.flag(json)) read.refuse(json, "can only be true");
}

std::string read_digits(const JsonReader& read, const Json& json) {
  auto digits = read.text(json);
  if (digits.find_first_not_of("0123456789*#w") != std::string::npos)
    read.refuse(json, fmt::format("is {}: keys are 0 to 9, *, # and w for half a second", json.dump()));
  return digits;
}

Doing read_doing(const JsonReader& read, const Json& json) {
  read.object_of(json, k_doings);
  const auto* const takes = json.find("takes");
  const auto* const speak = json.find("speak");
  if (json.names.size() != (takes != nullptr ? 2U : 1U) || (takes != nullptr && speak == nullptr))
    read.refuse(json, "says more or less than one thing to do");
  if (speak != nullptr) {
    Speak said{.text = read.text(*speak)};
    if (takes != nullptr) said.takes = read_span(read, *takes);
    return said;
  }
  const auto& name = json.names.front();
  const auto& value = json.items.front();
  if (name == "wait") return WaitFor{read_span(read, value)};
  if (name == "hear") return WaitToHear{read.text(value)};
  if (name == "press") return Press{read_digits(read, value)};
  require_true(read, value);
  if (name == "wait_for_somebody") return WaitForSomebody{};
  return HangUp{};
}

struct PickupName {
  std::string_view name;
  Pickup pickup;
  bool takes_time;  ///< its value is how long it rings before; else it is true
};
constexpr std::array<PickupName, 6> k_pickups = {{{"answers_after", Pickup::answer, true},
                                                  {"declines_after", Pickup::decline, true},
                                                  {"voicemail_after", Pickup::voicemail, true},
                                                  {"rings_out", Pickup::ring_out, false},
                                                  {"busy", Pickup::busy, false},
                                                  {"unreachable", Pickup::unreachable, false}}};

void read_pickup(const JsonReader& read, const Json& json, Behaviour& behaviour) {
  std::string_view taken;
  for (const auto& [name, pickup, takes_time] : k_pickups) {
    const auto* const value = json.find(name);
    if (value == nullptr) continue;
    if (!taken.empty()) read.refuse(*value, fmt::format("contradicts \"{}\"", taken));
    taken = name;
    behaviour.pickup = pickup;
    if (takes_time)
      behaviour.after = read_span(read, *value);
    else
      require_true(read, *value);
  }
  if (behaviour.pickup == Pickup::voicemail) behaviour.answered_by = "machine_start";
}

}  // namespace

milliseconds read_span(const JsonReader& read, const Json& json) {
  const auto span = try_parse_span(read.text(json));
  if (!span) read.refuse(json, fmt::format("is {}, not a time such as 250ms, 20s or 1m30s", json.dump()));
  return *span;
}

std::vector<Doing> read_doings(const JsonReader& read, const Json& json) {
  std::vector<Doing> all;
  for (const auto& item : read.list(json).items) {
    if (!all.empty() && std::holds_alternative<HangUp>(all.back()))
      read.refuse(item, "comes after hanging up");
    all.push_back(read_doing(read, item));
  }
  return all;
}

Behaviour read_behaviour(const JsonReader& read, const Json& json) {
  std::vector<std::string> known = {"then", "registered", "one_call_at_a_time", "answered_by"};
  for (const auto& pickup : k_pickups) known.emplace_back(pickup.name);
  read.object_of(json, known);
  Behaviour behaviour;
  read_pickup(read, json, behaviour);
  if (const auto* const then = json.find("then")) behaviour.then = read_doings(read, *then);
  if (const auto* const registered = json.find("registered")) behaviour.registered = read.flag(*registered);
  if (const auto* const one = json.find("one_call_at_a_time")) behaviour.one_call_at_a_time = read.flag(*one);
  if (const auto* const by = json.find("answered_by"))
    behaviour.answered_by = read.one_of(*by, {"human", "machine_start", "machine_end_beep",
                                              "machine_end_silence", "machine_end_other", "fax", "unknown"});
  return behaviour;
}

}  // namespace ringctl::sim
