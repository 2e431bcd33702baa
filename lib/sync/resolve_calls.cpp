// Calls and participants that were asked for and whose answer never came: looked for among what Twilio has,
// by who called whom around the time. One is it; several are for people to tell apart.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "calls/price.hpp"
#include "jobs/effects.hpp"
#include "limits/settle.hpp"
#include "sync/effect_row.hpp"
#include "sync/start.hpp"

namespace ringctl::sync {
namespace {

/// So long after a call was asked for Twilio may not show it yet.
constexpr std::chrono::seconds k_shown_after{60};
/// Clocks differ, and a request that is lost may arrive late.
constexpr std::chrono::minutes k_around{5};
/// Where the list has come so far back, what follows is older still.
constexpr std::chrono::hours k_long_before{24};

EffectRow row_of(const jobs::Effect& effect, std::string_view state, std::string sid = {},
                 std::string message = {}) {
  return {.object = effect.key,
          .kind = effect.kind,
          .state = std::string(state),
          .sid = std::move(sid),
          .code = {},
          .message = std::move(message)};
}

/// Calls between the two that were placed around the time, and that nobody here knows.
std::vector<twilio::Call> candidates(Account& account, const std::string& from, const std::string& to,
                                     base::Instant at, const std::string& of_call) {
  std::vector<twilio::Call> found;
  // Not asked by the time of their start, which one that still rings has none of. The newest come first.
  twilio::list_calls(account.client, {.to = to, .from = from}, [&](const twilio::Call& call) {
    const auto made = call.created_at ? call.created_at : call.started_at;
    if (made && *made >= at - k_around && *made <= at + k_around &&
        call.direction.starts_with("outbound-api"))
      found.push_back(call);
    return !made || *made >= at - k_long_before;
  });
  // What is on record is another one: it was heard of.
  std::vector<std::string_view> sids;
  for (const auto& call : found) sids.emplace_back(call.sid);
  const auto others = reading(account, [&](db::Connection& db) {
    auto known = calls::on_record(db, account.workspace.id, sids);
    // Unless as a leg of the very call that it was added to.
    const auto legs = calls::find_known(db, account.workspace.id, sids);
    std::erase_if(known, [&](const std::string& sid) {
      const auto leg = legs.find(sid);
      return leg != legs.end() && leg->second.is_leg && leg->second.call_sid == of_call;
    });
    return known;
  });
  std::erase_if(found, [&](const twilio::Call& call) {
    return std::find(others.begin(), others.end(), call.sid) != others.end();
  });
  return found;
}

EffectRow stays(Account& account, const jobs::Effect& effect, const std::string& message) {
  if (effect.state == jobs::EffectState::sent)
    writing(account, [&] {
      jobs::Effects(account.session.db, account.session.clock, account.workspace.id)
          .unknown(effect.id, message);
    });
  return row_of(effect, "unknown", {}, message);
}

/// In one transaction: the effect, and what should have followed it.
void settle(Account& account, const std::function<void(jobs::Effects&)>& work) {
  writing(account, [&] {
    jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
    work(effects);
  });
}

EffectRow not_happened(Account& account, const jobs::Effect& effect,
                       const std::optional<base::Uuid>& reservation) {
  constexpr std::string_view k_why = "Twilio has no such call";
  settle(account, [&](jobs::Effects& effects) { effects.undone(effect.id, k_why); });
  if (reservation) limits::give_back(account.session, account.workspace.id, *reservation);
  return row_of(effect, "undone", {}, std::string(k_why));
}

std::string text_in(const nlohmann::json& request, const char* name) {
  const auto found = request.find(name);
  return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_fresh(Account& account, const jobs::Effect& effect) {
  return account.session.clock.now() - effect.created_at < k_shown_after;
}

/// nullopt: it could not be told; `row` says why.
std::optional<std::string> only_one(Account& account, const jobs::Effect& effect, const std::string& from,
                                    const std::string& to, const std::string& of_call, EffectRow& row,
                                    bool& none) {
  const auto found = candidates(account, from, to, effect.created_at, of_call);
  none = found.empty() && !is_fresh(account, effect);
  if (found.size() == 1) return found.front().sid;
  if (none) return std::nullopt;
  if (found.empty()) {
    row = stays(account, effect, "Twilio shows calls with a delay; ask again in a minute");
    return std::nullopt;
  }
  std::string sids;
  for (const auto& call : found) sids += (sids.empty() ? "" : " ") + call.sid;
  row = stays(account, effect, fmt::format("it is one of several: {}", sids));
  return std::nullopt;
}

EffectRow resolve_start(Account& account, const jobs::Effect& effect, const nlohmann::json& request) {
  const auto reservation = base::Uuid::try_parse(text_in(request, "reservation"));
  const auto from = text_in(request, "from"), rung = text_in(request, "rung");
  EffectRow row;
  bool none = false;
  // Whoever was rung may have answered, and serve has it on record by now.
  auto sid = !reservation ? std::nullopt : reading(account, [&](db::Connection& db) {
    return calls::find_call_of_reservation(db, account.workspace.id, *reservation,
                                           effect.created_at - k_around);
  });
  if (!sid) sid = only_one(account, effect, from, rung, {}, row, none);
  if (none) return not_happened(account, effect, reservation);
  if (!sid) return row;
  limits::Verdict verdict;
  verdict.from_number = from;
  verdict.to_number = text_in(request, "to");
  verdict.reservation = reservation;
  const auto agent = reading(account, [&](db::Connection& db) {
    return calls::find_person(db, account.workspace.id, text_in(request, "agent"));
  });
  const auto facts = routing::read_facts(account.session.db, account.workspace.id, verdict.to_number, from,
                                         account.session.clock.now());
  auto decision = decision_of(agent ? agent->id : base::Uuid(), verdict, facts);
  if (!agent) decision.user.reset();
  settle(account, [&](jobs::Effects& effects) {
    note_call(account, *sid, rung, decision, base::Uuid::try_parse(text_in(request, "callback")));
    effects.done(effect.id, *sid);
  });
  return row_of(effect, "done", *sid);
}

/// What should have been written of whoever was put into a call's conference.
void note_participant(Account& account, const nlohmann::json& request, const std::string& leg) {
  const auto& workspace = account.workspace.id;
  const auto as = text_in(request, "as");
  const auto call = calls::get(account.session.db, workspace, text_in(request, "call"));
  if (as == "monitor") {
    const auto user = base::Uuid::try_parse(text_in(request, "user"));
    if (!user || calls::find_monitor(account.session.db, workspace, call.id, *user)) return;
    calls::Monitor monitor;
    monitor.call = call.id;
    monitor.user = *user;
    for (const auto mode : {calls::Mode::listen, calls::Mode::whisper, calls::Mode::barge})
      if (calls::mode_name(mode) == text_in(request, "mode")) monitor.mode = mode;
    monitor.leg_sid = leg;
    return calls::start_monitor(account.session, workspace, monitor);
  }
  auto room = calls::find_room(account.session.db, workspace, call.id);
  if (!room) return;
  if (as == k_customer) {
    room->customer_sid = leg;
  } else {
    room->consult_sid = leg;
    room->consult_to = text_in(request, "to");
  }
  calls::save_room(account.session, workspace, *room);
}

EffectRow resolve_participant(Account& account, const jobs::Effect& effect, const nlohmann::json& request) {
  const auto reservation = base::Uuid::try_parse(text_in(request, "reservation"));
  EffectRow row;
  bool none = false;
  std::optional<std::string> sid;
  const auto label = text_in(request, "label");
  if (const auto room = twilio::find_conference(account.client, text_in(request, "room"));
      room && !label.empty())
    if (const auto in = twilio::find_participant(account.client, room->sid, label)) sid = in->call_sid;
  if (!sid)
    sid = only_one(account, effect, text_in(request, "from"), text_in(request, "to"),
                   text_in(request, "call"), row, none);
  if (none) return not_happened(account, effect, reservation);
  if (!sid) return row;
  settle(account, [&](jobs::Effects& effects) {
    note_participant(account, request, *sid);
    if (reservation) limits::attach(account.session, account.workspace.id, *reservation, *sid);
    effects.done(effect.id, *sid);
  });
  return row_of(effect, "done", *sid);
}

}  // namespace

EffectRow resolve_call_effect(Account& account, const jobs::Effect& effect) {
  const auto request = nlohmann::json::parse(effect.request, nullptr, false);
  if (!request.is_object() || request.empty()) {  // erased with the person who was called
    constexpr std::string_view k_why = "whom it was for was erased: nobody can look it up";
    settle(account, [&](jobs::Effects& effects) { effects.undone(effect.id, k_why); });
    return row_of(effect, "undone", {}, std::string(k_why));
  }
  return effect.kind == "call.start" ? resolve_start(account, effect, request)
                                     : resolve_participant(account, effect, request);
}

}  // namespace ringctl::sync
