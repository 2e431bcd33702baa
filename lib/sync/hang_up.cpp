#include <set>

#include "sync/acts.hpp"
#include "sync/talk.hpp"

namespace ringctl::sync {

namespace {

/// Those who are in the call's conference, or on their way into it, beside its own leg.
std::set<std::string> others_of(Account& account, const calls::Call& call,
                                const std::optional<calls::Room>& room) {
  std::set<std::string> legs;
  reading(account, [&](db::Connection& db) {
    for (const auto& one : calls::monitors_of(db, account.workspace.id, call.id)) legs.insert(one.leg_sid);
    return true;
  });
  if (room) legs.insert({room->agent_sid, room->customer_sid, room->consult_sid});
  legs.erase(std::string());
  legs.erase(call.call_sid);
  return legs;
}

}  // namespace

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
  // Who still rings would come into a conference of their own.
  for (const auto& leg : others_of(account, call, room))
    account.client.try_send(twilio::end_call_ask(leg));
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
