#pragma once
// What a call and its legs come to, from what is reported of them. Reports are lost, come late, twice and in
// any order; what they leave behind depends only on which came:
//
//   queued < initiated < ringing < in-progress < completed, busy, no-answer, failed, canceled
//
// A status only moves forward, and an end stays. Of two ends the one that Twilio numbered lower is the end,
// for what comes after it cannot be one. Pure: no database, no clock.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "limits/settle.hpp"

namespace ringctl::calls {

/// Twilio's words for a call and for each of its legs.
using Status = limits::CallStatus;
/// "in-progress"; limits::try_parse_call_status reads it.
std::string_view status_name(Status);
bool is_end(Status);
/// What an inbound call comes to that nobody of ours answered: a word of ours, beside Twilio's.
inline constexpr std::string_view k_missed = "missed";

enum class Direction { inbound, outbound };
std::string_view direction_name(Direction);

/// What a status callback, or the CallStatus of any other webhook, says of one call or leg.
struct Report {
  Status status;
  std::optional<std::int64_t> sequence = {};    ///< Twilio's SequenceNumber, from 0 per leg
  base::Instant at;                             ///< Twilio's Timestamp, else when it came
  std::optional<std::int64_t> duration_s = {};  ///< CallDuration, of an end
};

/// How far a call or a leg has come.
struct Progress {
  Status status = Status::queued;
  std::optional<std::int64_t> sequence = {};  ///< of the report that gave the status
  std::optional<base::Instant> started_at = {}, ringing_at = {};
  std::optional<base::Instant> ended_at = {};   ///< set if and only if the status is an end
  std::optional<std::int64_t> duration_s = {};  ///< the longest that Twilio gave

  friend bool operator==(const Progress&, const Progress&) = default;
};

/// Every transition there is. In whatever order reports are taken, and however often, the same progress.
void advance(Progress&, const Report&);

/// When somebody picked up, as far as this report knows: in progress since then, or over after so long.
std::optional<base::Instant> picked_up_at(const Report&);

/// A party that was rung, as a call sees it.
struct Leg {
  Status status = Status::queued;
  base::Instant started_at;
  std::optional<base::Instant> answered_at =
      {};  ///< when one of ours (outbound: the called party) took the call
  std::optional<base::Uuid> user = {};
  std::string_view sid;
};

/// What the call itself and its legs come to together.
struct Outcome {
  std::string_view status;  ///< a Status, or k_missed
  std::optional<base::Instant> answered_at = {};
  std::optional<base::Uuid> answered_by = {};
  bool ended = false;
};

/// Inbound: answered or missed once it is over, whatever Twilio calls the end. Outbound: what became of the
/// party called, for the agent's own leg always completes; failed if it was refused.
Outcome outcome_of(Direction, const Progress&, bool refused, std::span<const Leg>);

/// What a reservation is settled with (limits/settle.hpp).
Status settlement_of(const Outcome&);

}  // namespace ringctl::calls
