#pragma once
// What became of a call that was let through. Callbacks come late, twice and in any order; what they leave
// behind depends only on which came, not on when:
//
//   what is known of the call        attempts            connected
//   it exists (ringing and so on)    counted so far      counted so far
//   answered (in progress, completed) counted, connected  counted, connected
//   busy, failed, no answer, canceled counted             refunded, unless it was answered
//   no call within the time to live  expired: refunded   expired: refunded
//
// Every change goes to the day the call was reserved on, closed or not. A reservation that expired and whose
// call turns up after all is counted again, even where the day's room has gone to others since: the call was
// placed, and the counter tells the truth, if beyond the limit. Choose a time to live that makes this rare.

#include <optional>
#include <string>
#include <string_view>

#include "audit/log.hpp"
#include "base/zone.hpp"
#include "limits/settings.hpp"

namespace ringctl::limits {

enum class CallStatus {
  queued,
  initiated,
  ringing,
  in_progress,
  completed,
  busy,
  failed,
  no_answer,
  canceled
};
/// Twilio's words: "in-progress", "no-answer"; "answered" reads as in-progress.
std::optional<CallStatus> try_parse_call_status(std::string_view);

enum class State { open, counted, refunded, expired };
std::string_view state_name(State);
/// As stored. Throws Errc::db_corrupt [limits.bad_state] for any other word.
State state_of(std::string_view name);

struct Settled {
  base::Uuid reservation;
  base::Day day{};
  State state = State::open;
  bool connected = false;
  bool changed = false;  ///< by this call
};

// In the caller's transaction on the workspace if there is one, else each in one of its own.

/// nullopt: no such reservation (an incoming call, an emergency call).
std::optional<Settled> settle(audit::Session&, const base::Uuid& workspace, const base::Uuid& reservation,
                              CallStatus);
std::optional<Settled> settle(audit::Session&, const base::Uuid& workspace, std::string_view call_sid,
                              CallStatus);

/// A call that was counted and then not placed, whatever the policy: as if it had never been asked for.
/// nullopt: no such reservation. Nothing changes where the call is known to have been answered, or ended.
std::optional<Settled> give_back(audit::Session&, const base::Uuid& workspace, const base::Uuid& reservation);
std::optional<Settled> give_back(audit::Session&, const base::Uuid& workspace, std::string_view call_sid);

/// The call that a reservation was for. Again with the same call: nothing. Throws Errc::not_found
/// [limits.unknown_reservation]; Errc::conflict [limits.other_call] if it has another call, or the call
/// another reservation.
Settled attach(audit::Session&, const base::Uuid& workspace, const base::Uuid& reservation,
               const std::string& call_sid);

}  // namespace ringctl::limits
