#pragma once
// The ring plan of one call: what rings, in order, and what happens when nobody answers. Decided once and
// stored with the call, so that an edit in mid-call cannot break it. Holds all that its answers need, and ids
// rather than names.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"

namespace ringctl::routing {

enum class Strategy : std::uint8_t { ring_all, in_order, round_robin, longest_idle, least_used, random };

enum class StepKind : std::uint8_t {
  ring,       ///< parties, in waves
  menu,       ///< press an extension, or stay on the line for what follows
  queue,      ///< music between the waves, until the wait is over
  voicemail,  ///< say the text, record a message
  callback,   ///< say that somebody will call back
  message,    ///< say the text
  support,    ///< ring the support number
  reject,
  hangup,
};

/// Why the call came to a step.
enum class Reason : std::uint8_t {
  assigned,        ///< tier 1: the agents who look after the caller's contact
  rule,            ///< tier 2
  owner,           ///< of the number called
  everyone,        ///< tier 3
  last,            ///< nobody answered
  extension,       ///< the caller pressed one
  direct_line,     ///< the number called is a user's own
  menu,            ///< the number has extensions
  unknown_number,  ///< not one of this workspace
  inactive_number,
};

enum class Skipped : std::uint8_t {
  offline,
  busy,
  on_a_call,
  deactivated,
  no_phone,     ///< is rung on a phone and has none, or one that is a number of ours
  is_caller,    ///< the call comes from their phone
  not_reached,  ///< there are more than can be rung in the time
};

enum class Device : std::uint8_t {
  client,  ///< of the user: browser or app
  phone,   ///< of the user
  number,  ///< outside; nobody of ours
  sip,
};

struct Party {
  Device device = Device::client;
  std::optional<base::Uuid> user = {};
  std::string address = {};  ///< E.164 or SIP URI; "" = a client, whose address follows from the user
  friend bool operator==(const Party&, const Party&) = default;
};

struct Skip {
  base::Uuid user;
  Skipped why;
  friend bool operator==(const Skip&, const Skip&) = default;
};

struct Step {
  StepKind kind = StepKind::ring;
  Reason reason = Reason::last;
  Strategy strategy = Strategy::ring_all;
  int timeout_s = 0;                     ///< each wave rings so long
  int wait_s = 0;                        ///< queue: the longest wait
  std::vector<Party> parties = {};       ///< in ring order
  std::vector<std::uint8_t> waves = {};  ///< how many parties each takes; 1 to 10
  std::vector<Skip> skipped = {};
  /// What is said ("" = the built-in text), the music of a queue, the support number, "busy" of a reject.
  std::string text = {};
  int digits = 0;   ///< menu: how many an extension has; 0 = # ends it
  int attempt = 0;  ///< menu: 1 = the first digits were wrong
  friend bool operator==(const Step&, const Step&) = default;
};

struct Plan {
  Reason routed_by = Reason::last;  ///< of the first step that rings somebody, else of the first
  std::string rule = {};            ///< the rule that decided, if one did
  std::string caller_id = {};       ///< what the called see, if not the caller as Twilio knows them
  bool recorded = false;
  bool accept_prompt = false;    ///< who answers a phone presses a key first
  bool announced = false;        ///< `consent` is said before the first step
  bool told = false;             ///< it was, by the plan whose menu this one follows
  bool after_menu = false;       ///< so the call is answered
  std::string consent = {};      ///< "" = the built-in text
  int turn = 0;                  ///< the one that round_robin began with
  std::vector<Step> steps = {};  ///< never empty; the last one needs nobody to answer
  friend bool operator==(const Plan&, const Plan&) = default;
};

inline constexpr std::size_t k_most_nouns = 10;  ///< of one Dial, as Twilio has it

/// As plans, columns and the command line name them: "assigned", "ring", "on_a_call".
std::string_view name_of(Reason);
std::string_view name_of(StepKind);
std::string_view name_of(Strategy);
std::string_view name_of(Skipped);
std::optional<Strategy> strategy_of(std::string_view);
std::span<const std::string_view> strategy_names();
/// True where the call needs nobody to answer it.
constexpr bool ends_call(StepKind kind) { return kind > StepKind::queue && kind != StepKind::support; }

/// True where nobody is to be reached: rejected, hung up on (whatever is said before), a number not in
/// service. Such calls are not to be called back. A message as the last word turns nobody away, nor does a
/// list whose agents are only not there now.
bool reaches_nobody(const Plan&);
/// True where the order depends on whose turn it is.
bool takes_turns(const Plan&);
inline constexpr std::uint64_t k_most_turns = 1'000'000'000;

/// Canonical JSON, compact: the same plan gives the same text.
std::string to_json(const Plan&);
/// nullopt for anything that to_json does not write.
std::optional<Plan> try_parse_plan(std::string_view json);

}  // namespace ringctl::routing
