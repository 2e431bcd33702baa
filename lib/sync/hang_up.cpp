#include "sync/acts.hpp"
#include "sync/talk.hpp"

namespace ringctl::sync {

/// A conference would go on without the call's own leg.
bool hang_up(Account& account, const calls::Call& call, bool write) {
  if (call.ended_at) return false;
  if (!write) return true;
  auto room = reading(
      account, [&](db::Connection& db) { return calls::find_room(db, account.workspace.id, call.id); });
  bool ended = false;
  if (room)
    if (const auto conference = twilio::find_conference(account.client, room->room)) {
      twilio::end_conference(account.client, conference->sid);
      ended = true;
    }
  ended = end_leg(account, call.call_sid) || ended;
  if (!ended) return false;
  if (room)
    writing(account, [&] {
      auto over = *room;
      over.ended_at = account.session.clock.now();
      calls::save_room(account.session, account.workspace.id, over);
    });
  record_act(account, call, "calls.hangup", R"({"status":"in-progress"})", R"({"status":"completed"})");
  return true;
}

}  // namespace ringctl::sync
