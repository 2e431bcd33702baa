#pragma once
// Calls placed, ended, handed over and listened to. Every act is audited; what rings somebody is journaled
// first (jobs/effects.hpp) and never asked for twice.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "calls/calls.hpp"
#include "calls/rooms.hpp"
#include "limits/reserve.hpp"
#include "sync/effect_row.hpp"

namespace ringctl::sync {

// --- start ---

struct StartOptions {
  std::string agent;                        ///< e-mail or id
  std::string to;                           ///< as dialled
  std::string from_number = {};             ///< "" = by the workspace's rotation
  std::string ring_on = {};                 ///< client, phone; "" = as the user says
  std::optional<base::Uuid> callback = {};  ///< completed once the destination answered
  bool write = true;
};
struct Started {
  limits::Verdict verdict;
  std::string call_sid;   ///< of the agent's leg, under which the call is on record; "" where it was refused
  std::string rung;       ///< "client:agent_..." or "+1..."
  std::string room = {};  ///< where the workspace has conference_calls
};
/// Limits first (a refusal is Errc::differs [limits.refused] with every reason), then the agent's leg, and
/// the destination once it is up. Gives the reservation back where Twilio refused the call. An answer that
/// never came: Errc::unknown_outcome [calls.unknown_outcome] with the effect to resolve; nothing is dialled
/// again. Errc::conflict [callbacks.being_called] while another call for the same callback goes on,
/// [callbacks.call_unknown] while nobody knows whether one does; [calls.same_number] where the agent would be
/// rung at the number that rings.
Started start_call(Account&, const StartOptions&);

// --- end, hand over ---

/// As calls::get(); a leg that is not on record is looked up at Twilio, for the call that it is of.
calls::Call find_call_of(Account&, std::string_view what);
/// The whole call: its own leg, and every other that goes on at Twilio. False if none did.
bool hang_up(Account&, const calls::Call&, bool write);

struct TransferOptions {
  std::string to;         ///< a user (e-mail, id or extension), or a number
  bool attended = false;  ///< speak to them first, the customer on hold
  std::string as = {};    ///< who asks; "" = whoever has the call
  bool write = true;
};
struct Transferred {
  std::string to;     ///< "client:agent_...", "+1..."
  std::string state;  ///< transferred, consulting, completed, cancelled
  std::string room = {};
  std::string name = {};  ///< the user's e-mail where that is known, else the number
};
/// An outside number counts as a call of the agent against limits. Errc::conflict [calls.not_connected] while
/// there are not two parties, [calls.consulting] if a transfer is under way, [calls.own_call] if it is their
/// own, [calls.same_number] for the number that the call is of; Errc::not_found.
Transferred transfer(Account&, const calls::Call&, const TransferOptions&);
/// The consulted party gets the customer, and the agent leaves. `as`: who asks, "" = whoever has the call.
/// Errc::conflict [calls.not_consulting, calls.not_answered].
Transferred complete_transfer(Account&, const calls::Call&, const std::string& as, bool write);
/// The consulted party is let go, and the customer comes off hold.
Transferred cancel_transfer(Account&, const calls::Call&, const std::string& as, bool write);

// --- listen in ---

/// A call with two parties put into its conference, by twilio.md 7: stored, then the child leg, then (through
/// serve) the parent. Waits until both are in it. Errc::conflict [calls.not_connected], Errc::timeout
/// [calls.not_moved]: the call goes on as it can, and what happened is told.
calls::Room ensure_room(Account&, const calls::Call&, std::chrono::milliseconds patience);

struct MonitorOptions {
  std::string as;  ///< the supervisor's e-mail or id: role supervisor (of the agent's team) or admin
  calls::Mode mode = calls::Mode::listen;
  std::string on = {};  ///< client, phone or an E.164 of theirs; "" = as the user says
  std::chrono::milliseconds patience{20'000};
  bool write = true;
};
struct Monitored {
  std::string leg_sid, conference_sid, agent_sid;
  calls::Mode mode = calls::Mode::listen;
  bool changed = false;                  ///< false: it was so already
  bool muted = false, coaching = false;  ///< as read back from Twilio
};
/// Dials the supervisor into the call's conference, or changes the leg that is there. Reads the state back:
/// one that should be unheard and is not is removed at once, Errc::twilio [calls.not_muted]. Errc::auth
/// [calls.may_not_monitor]; Errc::conflict [calls.same_number] for a supervisor at the number that rings.
Monitored monitor(Account&, const calls::Call&, const MonitorOptions&);
/// False if they were not listening.
bool stop_monitor(Account&, const calls::Call&, std::string_view as, bool write);

}  // namespace ringctl::sync
