#pragma once
// What legs are answered that leave the plain pair of a Dial: put into their call's conference, handed over
// to somebody else, or asked for a key before they call on. Conferences are named from the call's SID: no
// personal data in names.

#include <optional>
#include <string>
#include <string_view>

#include "routing/answer.hpp"

namespace ringctl::routing {

struct Seat {
  std::string room;
  bool ends_room = true;   ///< the call is over when this one leaves
  bool recorded = false;   ///< from the start of the conference, and told to room_recording_link()
  std::string after = {};  ///< the Dial's action: end_link() for a call's own leg, "" for one with callbacks
};

/// "call-CA...", of the parent leg.
std::string room_name(std::string_view call_sid);
/// <Dial><Conference>, without beep or waiting music; after it the leg is hung up. All seats of a room say
/// the same of it, since the first one's settings are the conference's.
twiml::Response seat_answer(const Seat&, const Links&);

/// A leg sent on to somebody: <Dial> to one party, hung up afterwards. `after`: the Dial's action.
struct Handover {
  Party party;
  std::string caller_id;
  int timeout_s = 30;
  std::string after;
  bool accept_prompt = false;
  std::string status = {};        ///< status callback of the new leg; "" = none
  std::string recording_to = {};  ///< recorded, and told to this: room_recording_link(); "" = not
};
twiml::Response handover_answer(const Handover&, const Links&);

/// Before an agent's phone calls on: any key does, and without one the leg is hung up. `action`: where the
/// key is posted.
twiml::Response key_prompt(const std::string& action);

/// Dial's action where no ring plan goes on: the call is over.
std::string end_link(const Links&);
/// Status callback of a leg that was added to a call beside its Dials: its call stands in the path, and the
/// user whose phone it rings.
std::string leg_link(const Links&, std::string_view call_sid, const std::optional<base::Uuid>& user = {});
/// What stands there.
struct LegPath {
  std::string_view call_sid;
  std::optional<base::Uuid> user = {};
};
/// nullopt for anything else.
std::optional<LegPath> try_parse_leg(std::string_view);
/// Recording status callback of a call's conference, whose forms name no call.
std::string room_recording_link(const Links&, std::string_view room);
/// How a call goes on that begins with its agent's leg. It stands in the path of what that leg runs, so that
/// an agent who picks up at once is led the same way.
struct StartPath {
  base::Uuid reservation = {};
  bool in_room = false;   ///< the agent is seated in the call's conference; whoever is called is added to it
  bool recorded = false;  ///< the conference is
};
/// What the leg of the agent runs, and where the key goes that was asked for.
std::string started_link(const Links&, const StartPath&);
std::string pressed_link(const Links&, const StartPath&);
/// What stands there; nullopt for anything else.
std::optional<StartPath> try_parse_start(std::string_view);

}  // namespace ringctl::routing
