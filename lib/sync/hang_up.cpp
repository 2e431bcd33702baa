#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/sid.hpp"
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

/// Legs of the call that go on at Twilio, whatever is on record: a transfer leaves its customer with somebody
/// else when its own leg is over. Asked by what is known of it, and from there on by who dialled whom.
std::set<std::string> live_legs(Account& account, const calls::Call& call) {
  const auto details = reading(account, [&](db::Connection& db) {
    return calls::get_details(db, account.workspace.id, call.call_sid);
  });
  std::set<std::string> known, live;
  const std::function<void(const std::string&)> ask_below = [&](const std::string& parent) {
    std::vector<std::string> below;
    twilio::list_calls(account.client, {.parent_sid = parent}, [&](const twilio::Call& leg) {
      if (known.insert(leg.sid).second && !leg.is_over()) below.push_back(leg.sid);
      return true;
    });
    for (const auto& leg : below) {
      live.insert(leg);
      ask_below(leg);
    }
  };
  const auto ask = [&](const std::string& sid) {
    if (!known.insert(sid).second) return;
    const auto leg = twilio::find_call(account.client, sid);
    if (!leg) return;
    if (!leg->is_over()) live.insert(sid);
    if (!leg->is_over() || sid == call.call_sid) ask_below(sid);
  };
  ask(call.call_sid);
  for (const auto& attempt : details.attempts) ask(attempt.leg_sid);
  return live;
}

}  // namespace

calls::Call find_call_of(Account& account, std::string_view what) {
  constexpr int k_deepest = 5;
  const auto on_record = [&](std::string_view sid) {
    return reading(account, [&](db::Connection& db) { return calls::get(db, account.workspace.id, sid); });
  };
  std::string sid(what);
  for (int i = 0;; ++i) {
    try {
      return on_record(sid);
    } catch (const Error& error) {
      if (error.errc() != Errc::not_found || !base::is_sid(what, "CA")) throw;
    }
    // A leg that nobody told of: the call is that of whoever dialled it.
    const auto leg = i < k_deepest ? twilio::find_call(account.client, sid) : std::nullopt;
    if (!leg || leg->parent_sid.empty()) return on_record(what);  // throws
    sid = leg->parent_sid;
  }
}

/// A conference would go on without the call's own leg.
bool hang_up(Account& account, const calls::Call& call, bool write) {
  const auto live = live_legs(account, call);
  if (call.ended_at && live.empty()) return false;
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
  for (const auto& leg : others_of(account, call, room)) account.client.try_send(twilio::end_call_ask(leg));
  if (!call.ended_at) ended = end_leg(account, call.call_sid) || ended;
  for (const auto& leg : live)
    if (leg != call.call_sid || call.ended_at) ended = end_leg(account, leg) || ended;
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
