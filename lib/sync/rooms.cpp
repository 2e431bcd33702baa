// A plain pair moved into a conference: the child leg first, for Twilio hangs it up when its parent goes.
// That ends the parent's Dial, whose action serve answers with the same conference.

#include <fmt/format.h>

#include "base/error.hpp"
#include "directory/workspace_settings.hpp"
#include "routing/decide.hpp"
#include "routing/room.hpp"
#include "sync/acts.hpp"
#include "sync/talk.hpp"
#include "twiml/write.hpp"

namespace ringctl::sync {
namespace {

/// Whether both talk in the conference; its SID then.
std::string both_in(Account& account, const Sides& sides, const std::string& room) {
  const auto conference = twilio::find_conference(account.client, room);
  if (!conference) return {};
  for (const auto& sid : {sides.agent_sid, sides.customer_sid})
    if (!is_in(twilio::find_participant(account.client, conference->sid, sid))) return {};
  return conference->sid;
}

void drop(Account& account, const base::Uuid& room) {
  writing(account, [&] { calls::drop_room(account.session, account.workspace.id, room); });
}

/// Refused: nothing has happened, and nothing is to be waited for. No answer: maybe it has.
void redirect(Account& account, std::string_view leg, const calls::Room& room) {
  const auto links = account.links();
  const auto twiml =
      twiml::write(routing::seat_answer({.room = room.room, .recorded = room.recorded}, links));
  auto outcome = account.client.try_send(twilio::redirect_call_ask(leg, twiml));
  const auto* const failed = std::get_if<twilio::Failed>(&outcome);
  if (failed == nullptr || failed->maybe_executed) return;
  drop(account, room.id);
  throw twilio::to_error(*failed);
}

/// Of a pair that was to be moved and was not: where the end of the Dial has no answer, legs end.
std::string what_became(Account& account, const Sides& sides) {
  const auto over = [&](const std::string& sid) {
    const auto leg = twilio::find_call(account.client, sid);
    return leg && leg->is_over();
  };
  const bool agent = over(sides.agent_sid), customer = over(sides.customer_sid);
  if (agent && customer) return "it is over";
  if (agent) return "the agent's leg is over, the customer's goes on";
  if (customer) return "the customer's leg is over, the agent's goes on";
  return "it goes on as it can";
}

/// With where its parties are by now.
calls::Room kept(Account& account, calls::Room room, const std::string& conference, const Sides& sides) {
  if (room.conference_sid == conference && room.agent_sid == sides.agent_sid &&
      room.customer_sid == sides.customer_sid)
    return room;
  room.conference_sid = conference;
  room.agent_sid = sides.agent_sid;
  room.customer_sid = sides.customer_sid;
  auto saved = room;
  writing(account, [&] {
    saved = room;
    calls::save_room(account.session, account.workspace.id, saved);
  });
  return saved;
}

}  // namespace

bool is_recorded(Account& account, const calls::Call& call) {
  const auto& workspace = account.workspace.id;
  const auto stored = reading(account, [&](db::Connection& db) {
    return calls::get_details(db, workspace, call.call_sid).call.plan;
  });
  if (const auto plan = routing::try_parse_plan(stored)) return plan->recorded;
  const auto settings =
      reading(account, [&](db::Connection& db) { return directory::read_voice_settings(db, workspace); });
  const auto facts =
      routing::read_facts(account.session.db, workspace, {}, own_number(call), account.session.clock.now());
  return routing::is_recorded(settings, facts.number ? facts.number->record_policy : std::string(),
                              call.direction);
}

calls::Room ensure_room(Account& account, const calls::Call& call, std::chrono::milliseconds patience) {
  const auto& workspace = account.workspace.id;
  const auto lease = lock_call(account, call, patience);
  const auto standing =
      reading(account, [&](db::Connection& db) { return calls::find_room(db, workspace, call.id); });
  const auto sides = sides_of(account, call, standing);
  calls::Room room{
      .id = {}, .call = call.id, .parent_sid = call.call_sid, .room = routing::room_name(call.call_sid)};
  room.agent_sid = sides.agent_sid;
  room.customer_sid = sides.customer_sid;
  // Also without a row: whoever moved them may have been stopped before they were in. A leg that is sent into
  // its conference again would end it.
  auto conference = both_in(account, sides, room.room);
  const bool there = !conference.empty();
  if (standing && there) return kept(account, *standing, conference, sides);

  room.recorded = is_recorded(account, call);  // a pair that was goes on being recorded
  writing(account, [&] { room = calls::open_room(account.session, workspace, room); });
  if (there) return kept(account, room, conference, sides);
  const bool agent_is_child = sides.customer_sid == call.call_sid;
  redirect(account, agent_is_child ? sides.agent_sid : sides.customer_sid, room);
  const bool moved = wait_until(account.cancel, patience, [&] {
    conference = both_in(account, sides, room.room);
    return !conference.empty();
  });
  if (!moved) {
    drop(account, room.id);
    throw Error(
        Errc::timeout, "calls.not_moved",
        fmt::format("call {} did not come into a conference within {} s; {}", call.call_sid,
                    std::chrono::ceil<std::chrono::seconds>(patience).count(), what_became(account, sides)),
        "ringctl doctor twilio")
        .detail("serve has to answer the end of the Dial: does Twilio reach it?");
  }
  return kept(account, room, conference, sides);
}

}  // namespace ringctl::sync
