// A call that one of ours asks for here: counted, written down, then the agent's leg; serve dials the other
// one when that is up. In a workspace whose calls are placed in conferences the other one is added from here.

#include "sync/start.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "calls/apply.hpp"
#include "directory/workspace_settings.hpp"
#include "limits/settle.hpp"
#include "routing/decide.hpp"
#include "routing/room.hpp"
#include "sync/talk.hpp"
#include "twiml/write.hpp"

namespace ringctl::sync {
namespace {

constexpr std::string_view k_start_kind = "call.start";

/// The webhook that such a call would have begun with: it is on record even if nobody picks up.
calls::Event beginning_of(Account& account, const std::string& sid, const std::string& rung,
                          const calls::Decision& decision) {
  auto event = calls::event_from(calls::Kind::outbound, account.workspace.id,
                                 {{"AccountSid", account.client.account_sid()},
                                  {"CallSid", sid},
                                  {"From", decision.from_number},
                                  {"To", rung},
                                  {"CallStatus", "queued"},
                                  {"Direction", "outbound-api"}},
                                 account.session.clock.now());
  event.decision = decision;
  return event;
}

Error refused(const limits::Verdict& verdict) {
  Error error(Errc::differs, "limits.refused",
              fmt::format("{} may not call {}", verdict.agent, verdict.to_number),
              fmt::format("ringctl limits check --agent {} --to {}", verdict.agent, verdict.to_number));
  for (const auto& reason : verdict.refusals)
    error.detail(fmt::format("{}: {}", limits::refusal_code(reason.refusal), reason.message));
  return error;
}

/// Nobody is called back by two at once.
db::Lease lock_callback(Account& account, const base::Uuid& callback) {
  constexpr std::chrono::minutes k_longest{15};
  return db::Lease::acquire(account.session.db, account.session.clock, "callback " + callback.text(),
                            account.workspace.id, k_longest, account.lock_wait, &account.cancel);
}

void require_not_called(Account& account, const base::Uuid& callback) {
  const auto call = reading(account, [&](db::Connection& db) {
    return calls::find_call_back_call(db, account.workspace.id, callback);
  });
  if (call)
    throw Error(Errc::conflict, "callbacks.being_called",
                fmt::format("callback {} is being called by {}", callback.short_id(), *call),
                fmt::format("ringctl calls show {}", *call));
}

/// One whose answer never came may be ringing: it is not on record, but it was asked for.
void require_not_rung(Account& account, const base::Uuid& callback) {
  const auto open = reading(account, [&](db::Connection& db) {
    return jobs::Effects(db, account.session.clock, account.workspace.id).open(std::nullopt);
  });
  for (const auto& effect : open) {
    if (effect.kind != k_start_kind) continue;
    const auto request = nlohmann::json::parse(effect.request, nullptr, false);
    if (!request.is_object() || request.value("callback", std::string()) != callback.text()) continue;
    throw Error(Errc::conflict, "callbacks.call_unknown",
                fmt::format("callback {} may be being called already: Twilio did not say what became of it",
                            callback.short_id()),
                "ringctl jobs resolve");
  }
}

/// A call as far as it is decided before anybody is rung.
struct Plan {
  calls::Person agent;
  Target rings;
  limits::Verdict verdict;
  directory::VoiceSettings settings;
  routing::Facts facts;
  bool recorded = false, in_room = false;
};

Plan plan_of(Account& account, const StartOptions& options) {
  const auto& workspace = account.workspace.id;
  Plan plan;
  plan.agent =
      reading(account, [&](db::Connection& db) { return calls::get_person(db, workspace, options.agent); });
  plan.rings = target_of(plan.agent, options.ring_on);
  plan.settings =
      reading(account, [&](db::Connection& db) { return directory::read_voice_settings(db, workspace); });
  const limits::Request request{
      .agent = plan.agent.email, .to = options.to, .from_number = options.from_number};
  plan.verdict = options.write ? limits::reserve(account.session, workspace, request)
                               : limits::check(account.session, workspace, request);
  return plan;
}

/// Whom it is with, and how it is held. A participant cannot be told of the recording first, so a call that
/// has to begin with that stays a plain one.
void complete(Account& account, Plan& plan) {
  const auto& verdict = plan.verdict;
  plan.facts = routing::read_facts(account.session.db, account.workspace.id, verdict.to_number,
                                   verdict.from_number, account.session.clock.now());
  const auto& number = plan.facts.number;
  plan.recorded =
      routing::is_recorded(plan.settings, number ? number->record_policy : std::string(), "outbound");
  plan.in_room = plan.settings.conference_calls && !verdict.emergency &&
                 !routing::hears_consent(plan.settings, plan.recorded, plan.facts.caller_country);
}

void give_back(Account& account, const limits::Verdict& verdict) {
  if (verdict.reservation) limits::give_back(account.session, account.workspace.id, *verdict.reservation);
}

/// The agent's leg comes from the number that is called from, too. A call for help is not refused here.
void require_ringable(Account& account, const Plan& plan) {
  if (plan.verdict.emergency) return;
  try {
    require_other_number(plan.rings.address, plan.verdict.from_number, "--from-number, or --on client");
  } catch (const Error&) {
    give_back(account, plan.verdict);
    throw;
  }
}

calls::Room room_of_call(Account& account, const std::string& sid, const Plan& plan) {
  const auto call = calls::get(account.session.db, account.workspace.id, sid);
  return {.id = {},
          .call = call.id,
          .parent_sid = sid,
          .room = routing::room_name(sid),
          .conference_sid = {},
          .agent_sid = sid,
          .customer_sid = {},
          .consult_sid = {},
          .consult_to = {},
          .recorded = plan.recorded};
}

std::string request_of(const Plan& plan, const StartOptions& options) {
  nlohmann::json request{{"agent", plan.agent.email},
                         {"from", plan.verdict.from_number},
                         {"to", plan.verdict.to_number},
                         {"rung", plan.rings.address}};
  if (plan.verdict.reservation) request["reservation"] = plan.verdict.reservation->text();
  if (options.callback) request["callback"] = options.callback->text();
  return request.dump();
}

/// What the agent's leg runs. A call for help waits for nothing of ours.
void set_answer(twilio::NewCall& call, const Plan& plan, const routing::Links& links) {
  if (plan.verdict.reservation) {
    call.url = routing::started_link(
        links,
        {.reservation = *plan.verdict.reservation, .in_room = plan.in_room, .recorded = plan.recorded});
    return;
  }
  call.twiml = twiml::write(routing::handover_answer(
      {.party = {.device = routing::Device::number, .address = plan.verdict.to_number},
       .caller_id = plan.verdict.from_number,
       .after = routing::end_link(links),
       .status = links.voice + "/status"},
      links));
}

std::string place(Account& account, const Plan& plan, const StartOptions& options, calls::Room& room) {
  const auto links = account.links();
  twilio::NewCall call{.to = plan.rings.address, .from = plan.verdict.from_number};
  call.status_callback = links.voice + "/status";
  call.timeout = plan.settings.ring_timeout;
  set_answer(call, plan, links);
  const auto decision = decision_of(plan.agent.id, plan.verdict, plan.facts);
  const Ringing ringing{.kind = k_start_kind,
                        .key = plan.verdict.to_number,
                        .request = request_of(plan, options),
                        .sid_member = "sid"};
  try {
    return ring(account, ringing, twilio::start_call_ask(call), [&](const std::string& sid) {
      note_call(account, sid, plan.rings.address, decision, options.callback);
      if (plan.in_room)
        room = calls::open_room(account.session, account.workspace.id, room_of_call(account, sid, plan));
    });
  } catch (const Error& error) {
    if (error.errc() != Errc::unknown_outcome) give_back(account, plan.verdict);
    throw;
  }
}

/// The conference, once the agent is in it; "" where they did not pick up.
std::string conference_of(Account& account, const Plan& plan, const std::string& sid,
                          const std::string& room) {
  std::string conference;
  const auto patience = plan.settings.ring_timeout + std::chrono::seconds(15);
  wait_until(account.cancel, patience, [&] {
    const auto found = twilio::find_conference(account.client, room);
    if (found && is_in(twilio::find_participant(account.client, found->sid, sid))) conference = found->sid;
    return !conference.empty() || twilio::fetch_call(account.client, sid).is_over();
  });
  return conference;
}

/// Whatever goes wrong ends the agent's leg, who would wait for nobody; not where the customer may be
/// ringing.
template <class Work>
auto or_ended(Account& account, const std::string& sid, Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.errc() != Errc::unknown_outcome) take_back(account, [&](Account& calm) { end_leg(calm, sid); });
    throw;
  }
}

/// Once the agent is in, and only then: nobody is rung for an agent who did not pick up.
std::string add_customer(Account& account, const Plan& plan, const std::string& sid, calls::Room room) {
  const auto& workspace = account.workspace.id;
  const auto conference =
      or_ended(account, sid, [&] { return conference_of(account, plan, sid, room.room); });
  if (conference.empty()) {
    writing(account, [&] { calls::drop_room(account.session, workspace, room.id); });
    return {};
  }
  twilio::NewParticipant customer{.from = plan.verdict.from_number, .to = plan.verdict.to_number};
  customer.label = k_customer;
  customer.end_conference_on_exit = true;
  customer.status_callback = routing::leg_link(account.links(), sid);
  customer.timeout = plan.settings.ring_timeout;
  const auto request = nlohmann::json{
      {"call", sid}, {"as", k_customer}, {"room", room.room}, {"from", customer.from}, {"to", customer.to}};
  const Ringing ringing{.kind = "participant.add",
                        .key = plan.verdict.to_number,
                        .request = request.dump(),
                        .sid_member = "call_sid"};
  or_ended(account, sid, [&] {
    return ring(account, ringing, twilio::add_participant_ask(conference, customer),
                [&](const std::string& leg) {
                  auto saved = room;
                  saved.conference_sid = conference;
                  saved.customer_sid = leg;
                  calls::save_room(account.session, workspace, saved);
                });
  });
  return room.room;
}

}  // namespace

calls::Decision decision_of(const base::Uuid& agent, const limits::Verdict& verdict,
                            const routing::Facts& facts) {
  calls::Decision decision;
  decision.user = agent;
  decision.reservation = verdict.reservation;
  decision.from_number = verdict.from_number;
  decision.to_number = verdict.to_number;
  decision.routed_by = "outbound";
  if (facts.number) decision.number = facts.number->id;
  if (facts.contact) {
    decision.contact = facts.contact->id;
    decision.customer_name = facts.contact->name;
  }
  return decision;
}

void note_call(Account& account, const std::string& sid, const std::string& rung,
               const calls::Decision& decision, const std::optional<base::Uuid>& callback) {
  const auto& workspace = account.workspace.id;
  if (decision.reservation) limits::attach(account.session, workspace, *decision.reservation, sid);
  const auto event = beginning_of(account, sid, rung, decision);
  calls::apply(account.session, std::span(&event, 1));
  if (callback) calls::tie_callback(account.session, workspace, *callback, sid);
}

Started start_call(Account& account, const StartOptions& options) {
  account.links();  // where Twilio cannot reach serve, nothing is begun
  std::optional<db::Lease> lease;
  if (options.callback) {
    if (options.write) lease.emplace(lock_callback(account, *options.callback));
    require_not_called(account, *options.callback);
    require_not_rung(account, *options.callback);
  }
  auto plan = plan_of(account, options);
  Started started{.verdict = plan.verdict, .call_sid = {}, .rung = plan.rings.address};
  if (!plan.verdict.allowed) throw refused(plan.verdict);
  require_ringable(account, plan);
  if (!options.write) return started;
  if (plan.verdict.from_number.empty()) {
    give_back(account, plan.verdict);
    throw Error(Errc::conflict, "limits.no_number", "there is no number to call from",
                "ringctl numbers list");
  }
  calls::Room room;
  try {
    complete(account, plan);
  } catch (...) {
    give_back(account, plan.verdict);
    throw;
  }
  started.call_sid = place(account, plan, options, room);
  if (plan.in_room) started.room = add_customer(account, plan, started.call_sid, room);
  return started;
}

}  // namespace ringctl::sync
