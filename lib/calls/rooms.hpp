#pragma once
// Calls whose parties are in a conference of their own, so that they can be held, handed over and listened
// to; and who of ours listens in.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

struct Room {
  base::Uuid id, call;
  std::string parent_sid;  ///< the call's own leg: serve answers its Dial's action with the room
  std::string room;        ///< the conference's name
  std::string conference_sid = {}, agent_sid = {}, customer_sid = {};
  std::string consult_sid = {}, consult_to = {};  ///< of an attended transfer that is under way
  bool recorded = false;
  std::optional<base::Instant> ended_at = {};
  std::int64_t version = 1;
};

// Inside the caller's transaction.
/// Before Twilio is told. The room that the call has already is handed back; one that is over begins anew.
Room open_room(audit::Session&, const base::Uuid& workspace, const Room&);
/// Errc::conflict [calls.stale] if it moved on.
void save_room(audit::Session&, const base::Uuid& workspace, Room&);
/// One that is not over.
std::optional<Room> find_room(db::Connection&, const base::Uuid& workspace, const base::Uuid& call);
/// A room that the parties never got into: serve goes on as if it had not been.
void drop_room(audit::Session&, const base::Uuid& workspace, const base::Uuid& id);

/// Rooms and listeners of calls that are over end with them; how many there were.
std::int64_t close_rooms(audit::Session&, const base::Uuid& workspace);
/// SID of the call whose parties are, or were, in that conference.
std::optional<std::string> find_call_of_conference(db::Connection&, const base::Uuid& workspace,
                                                   std::string_view conference_sid);

/// For serve: the room of a parent leg, if it has one that is not over.
db::Read room_read(const base::Uuid& workspace, std::string_view parent_sid);
struct RoomOfLeg {
  std::string room;  ///< "" = none
  bool recorded = false;
};
RoomOfLeg room_of(db::Rows&);

enum class Mode { listen, whisper, barge };
std::string_view mode_name(Mode);

struct Monitor {
  base::Uuid id, call, user;
  Mode mode = Mode::listen;
  std::string leg_sid;
  base::Instant started_at{};
  std::optional<base::Instant> ended_at = {};
};
/// Who listens in now.
std::optional<Monitor> find_monitor(db::Connection&, const base::Uuid& workspace, const base::Uuid& call,
                                    const base::Uuid& user);
std::vector<Monitor> monitors_of(db::Connection&, const base::Uuid& workspace, const base::Uuid& call);
/// Each audited as calls.listen, whisper, barge or stop.
void start_monitor(audit::Session&, const base::Uuid& workspace, Monitor&);
void change_monitor(audit::Session&, const base::Uuid& workspace, const base::Uuid& id, Mode);
void end_monitor(audit::Session&, const base::Uuid& workspace, const base::Uuid& id);

}  // namespace ringctl::calls
