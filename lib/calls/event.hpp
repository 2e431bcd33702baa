#pragma once
// One webhook about a call as it was taken: what Twilio sent, and what was decided when it came. serve writes
// it to its journal as bytes before it answers; apply.hpp makes rows of it, at once or much later.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "calls/state.hpp"

namespace ringctl::calls {

enum class Kind : std::uint8_t {
  inbound = 1,  ///< somebody calls us
  outbound,     ///< one of ours calls somebody
  status,       ///< status callback of a call, or (with a parent) of one of its legs
  menu,         ///< Gather's action: digits, or none
  next,         ///< the action of Dial or Enqueue: what came of a step
  wait,         ///< waitUrl of a queue
  accept,       ///< a phone was picked up: the prompt that asks for a key
  accepted,     ///< the key was pressed
  voicemail,    ///< Record's action
  recording,    ///< recording status callback
};
std::string_view kind_name(Kind);

/// What makes a leg an answer.
enum class Answers : std::uint8_t {
  picked_up,  ///< as soon as it is picked up
  accepted,   ///< when whoever picked up pressed a key, or Dial says that it was connected
  never,      ///< support number, outside number, assistant: nobody of ours, or (Dial's) maybe nobody
  by_plan,    ///< whichever of these the call's stored plan says
  moved,      ///< Dial's: the leg was put into the call's conference, and goes on there
};

/// Where in the plan.
struct Place {
  std::int64_t step = 0, wave = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// What was decided about a call when the webhook came. Ids that are gone when it is applied are left out.
struct Decision {
  std::optional<base::Uuid> number = {}, contact = {};
  std::optional<base::Uuid> user = {};         ///< outbound: who calls
  std::optional<base::Uuid> reservation = {};  ///< outbound: what limits counted it with
  std::string customer_name = {};
  std::string from_number = {},
              to_number = {};  ///< "" = as the form says; outbound: the number shown, dialled
  std::string routed_by = {}, rule = {};
  std::string plan = {};     ///< JSON object; its "call_back": false keeps a missed call out of the callbacks
  std::string refusal = {};  ///< code, where the call was not put through
  /// Outbound: let through while the limits could not be asked; to be counted when it is applied.
  bool uncounted = false;

  friend bool operator==(const Decision&, const Decision&) = default;
};

struct Event {
  using Parameter = std::pair<std::string, std::string>;

  Kind kind = Kind::status;
  base::Uuid workspace;
  std::string call_sid = {};    ///< of the call or leg that the webhook is about
  std::string parent_sid = {};  ///< of a leg: its call
  std::string status = {};      ///< CallStatus, as Twilio wrote it
  std::optional<std::int64_t> sequence = {};
  std::optional<base::Instant> timestamp = {};
  base::Instant received_at;
  std::string token = {};  ///< I-Twilio-Idempotency-Token
  std::vector<Parameter> parameters = {};
  // What the path and the plan say of it:
  std::optional<Place> place = {};
  std::string party = {};  ///< as Twilio was told: "client:agent_...", "+1...", "sip:..."
  std::optional<base::Uuid> user = {};
  Answers answers = Answers::picked_up;
  bool asks_call_back = false;  ///< the answer told the caller that somebody will call back
  std::optional<Decision> decision = {};

  /// The first parameter of that name; "" if there is none.
  std::string_view parameter(std::string_view name) const;
  /// When it happened, as far as that is known.
  base::Instant at() const { return timestamp.value_or(received_at); }

  friend bool operator==(const Event&, const Event&) = default;
};

/// An event from a form: CallSid, ParentCallSid, CallStatus, SequenceNumber and Timestamp read out of it.
Event event_from(Kind, const base::Uuid& workspace,
                 std::vector<std::pair<std::string, std::string>> parameters, base::Instant received_at);
/// What it says of how far its call or leg has come; nullopt: nothing.
std::optional<Report> report_of(const Event&);
/// Seconds; nullopt for anything else, and beyond thirty days.
std::optional<std::int64_t> try_parse_duration(std::string_view);
/// "Mon, 08 Mar 2026 12:00:00 +0000" (RFC 2822, any numeric offset, and GMT).
std::optional<base::Instant> try_parse_rfc2822(std::string_view);

/// What tells the same webhook sent again from a new one: SID, status and sequence, else SID, kind, place and
/// a digest of the form; not the idempotency token, which nobody signed. At most 200 bytes.
std::string event_key(const Event&);

/// The form as canonical JSON: names in order, values as texts, several as an array.
std::string form_json(const Event&);

// --- bytes ---
inline constexpr std::size_t k_most_event_bytes = 1 << 20;
inline constexpr std::size_t k_most_parameters = 2000;

using EventErrc = base::BytesErrc;

/// Throws Errc::invalid [calls.event_too_large] past k_most_event_bytes or k_most_parameters.
std::string to_bytes(const Event&);
/// Any bytes. Reads what every version so far wrote.
std::optional<Event> try_from_bytes(std::string_view, std::error_code&);

}  // namespace ringctl::calls
