// Listening in on a call. What a supervisor's leg may say and hear is asked for, and then read back: one that
// should be unheard and is not is taken out before anything else.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "sync/acts.hpp"
#include "sync/talk.hpp"

namespace ringctl::sync {
namespace {

using calls::Mode;

std::string label_of(const calls::Person& person) { return fmt::format("monitor-{}", person.id.short_id()); }

calls::Person supervisor_of(Account& account, const calls::Call& call, const std::string& as) {
  const auto& workspace = account.workspace.id;
  bool may = false;
  auto person = reading(account, [&](db::Connection& db) {
    auto found = calls::get_person(db, workspace, as);
    may = calls::may_supervise(db, workspace, found, call.user_id);
    return found;
  });
  if (!may)
    throw Error(Errc::auth, "calls.may_not_monitor",
                fmt::format("{} may not listen to call {}", person.email, call.call_sid),
                "the supervisor of its agent's team may, and admins");
  if (person.id.view() == call.user_id)
    throw Error(Errc::conflict, "calls.own_call", fmt::format("call {} is their own", call.call_sid));
  return person;
}

std::optional<calls::Monitor> monitor_of(Account& account, const calls::Call& call,
                                         const calls::Person& person) {
  return reading(account, [&](db::Connection& db) {
    return calls::find_monitor(db, account.workspace.id, call.id, person.id);
  });
}

twilio::ParticipantUpdate update_to(Mode mode, const std::string& agent_sid) {
  twilio::ParticipantUpdate update;
  update.muted = mode == Mode::listen;
  update.coaching = mode == Mode::whisper;
  if (mode == Mode::whisper) update.call_sid_to_coach = agent_sid;
  return update;
}

calls::Monitor dial_in(Account& account, const calls::Call& call, const calls::Room& room,
                       const calls::Person& person, const MonitorOptions& options) {
  const auto target = target_of(person, options.on);
  twilio::NewParticipant leg{.from = own_number(call), .to = target.address};
  leg.label = label_of(person);
  leg.muted = options.mode == Mode::listen;
  if (options.mode == Mode::whisper) leg.call_sid_to_coach = room.agent_sid;
  leg.timeout = std::chrono::ceil<std::chrono::seconds>(options.patience);
  const nlohmann::json request{{"call", call.call_sid},
                               {"as", "monitor"},
                               {"room", room.room},
                               {"label", leg.label},
                               {"mode", calls::mode_name(options.mode)},
                               {"user", person.id.text()},
                               {"from", leg.from},
                               {"to", leg.to}};
  const Ringing ringing{
      .kind = "participant.add", .key = target.address, .request = request.dump(), .sid_member = "call_sid"};
  calls::Monitor monitor;
  ring(account, ringing, twilio::add_participant_ask(room.conference_sid, leg), [&](const std::string& sid) {
    monitor.call = call.id;
    monitor.user = person.id;
    monitor.mode = options.mode;
    monitor.leg_sid = sid;
    calls::start_monitor(account.session, account.workspace.id, monitor);
  });
  return monitor;
}

/// At Twilio, then here. May be done again.
void remove(Account& account, const std::string& conference, const calls::Monitor& monitor) {
  if (conference.empty() || !twilio::remove_participant(account.client, conference, monitor.leg_sid))
    end_leg(account, monitor.leg_sid);
  writing(account, [&] { calls::end_monitor(account.session, account.workspace.id, monitor.id); });
}

/// Whatever goes wrong takes the supervisor's leg out: nobody can say then whether it is heard.
template <class Work>
auto or_out(Account& account, const calls::Room& room, const calls::Monitor& monitor, Work&& work) {
  try {
    return work();
  } catch (...) {
    take_back(account, [&](Account& calm) { remove(calm, room.conference_sid, monitor); });
    throw;
  }
}

/// Until they picked up.
void await(Account& account, const calls::Room& room, const calls::Monitor& monitor,
           std::chrono::milliseconds patience) {
  bool over = false;
  const bool told = wait_until(account.cancel, patience, [&] {
    if (is_in(twilio::find_participant(account.client, room.conference_sid, monitor.leg_sid))) return true;
    over = twilio::fetch_call(account.client, monitor.leg_sid).is_over();
    return over;
  });
  if (told && !over) return;
  throw Error(Errc::timeout, "calls.not_answered",
              over ? std::string("the supervisor's leg was not answered")
                   : fmt::format("the supervisor did not answer within {} s",
                                 std::chrono::ceil<std::chrono::seconds>(patience).count()));
}

bool says(const twilio::Participant& one, Mode mode, const std::string& agent_sid) {
  switch (mode) {
    case Mode::listen:
      return one.muted && !one.coaching;
    case Mode::whisper:
      return one.coaching && one.call_sid_to_coach == agent_sid && !one.muted;
    case Mode::barge:
      return !one.muted && !one.coaching;
  }
  return false;
}

/// Muting hides a leg, whatever else it says; coaching hides it from all but the agent.
bool is_heard(const twilio::Participant& one, Mode mode, const std::string& agent_sid) {
  if (mode == Mode::barge || one.muted) return false;
  return !(mode == Mode::whisper && one.coaching && one.call_sid_to_coach == agent_sid);
}

/// As Twilio has it now, not as it was asked for.
twilio::Participant read_back(Account& account, const calls::Room& room, const calls::Monitor& monitor,
                              Mode mode) {
  const auto now = twilio::find_participant(account.client, room.conference_sid, monitor.leg_sid);
  if (!now) throw Error(Errc::conflict, "calls.left", "the supervisor is not in the call any more");
  if (is_heard(*now, mode, room.agent_sid))
    throw Error(
        Errc::twilio, "calls.not_muted",
        fmt::format("Twilio did not keep the supervisor unheard on {}; their leg was taken out", room.room));
  if (!says(*now, mode, room.agent_sid))
    throw Error(Errc::twilio, "calls.not_changed",
                fmt::format("Twilio did not change the supervisor's leg {} to {}", monitor.leg_sid,
                            calls::mode_name(mode)));
  return *now;
}

Monitored monitored(const calls::Room& room, const calls::Monitor& monitor, Mode mode, bool changed,
                    const twilio::Participant& now) {
  return {.leg_sid = monitor.leg_sid,
          .conference_sid = now.conference_sid.empty() ? room.conference_sid : now.conference_sid,
          .agent_sid = room.agent_sid,
          .mode = mode,
          .changed = changed,
          .muted = now.muted,
          .coaching = now.coaching};
}

/// Who listens in already gets another mode; a row whose leg is gone is closed.
std::optional<Monitored> change(Account& account, const calls::Room& room, const calls::Monitor& monitor,
                                Mode mode) {
  const auto before = twilio::find_participant(account.client, room.conference_sid, monitor.leg_sid);
  if (!before) {
    writing(account, [&] { calls::end_monitor(account.session, account.workspace.id, monitor.id); });
    return std::nullopt;
  }
  const bool differs = monitor.mode != mode || !says(*before, mode, room.agent_sid);
  const auto now = or_out(account, room, monitor, [&] {
    if (differs)
      twilio::update_participant(account.client, room.conference_sid, monitor.leg_sid,
                                 update_to(mode, room.agent_sid));
    return read_back(account, room, monitor, mode);
  });
  writing(account, [&] { calls::change_monitor(account.session, account.workspace.id, monitor.id, mode); });
  return monitored(room, monitor, mode, differs, now);
}

}  // namespace

Monitored monitor(Account& account, const calls::Call& call, const MonitorOptions& options) {
  require_live(call);
  const auto person = supervisor_of(account, call, options.as);
  const auto standing = monitor_of(account, call, person);
  // Refused before anything is done to the call.
  const auto target = target_of(person, options.on);
  if (!standing) require_other_number(target.address, own_number(call));
  if (!options.write) {
    Monitored planned;
    planned.mode = options.mode;
    planned.changed = !standing || standing->mode != options.mode;
    return planned;
  }
  const ActingAs acting(account, person);
  const auto room = ensure_room(account, call, options.patience);
  if (standing)
    if (const auto changed = change(account, room, *standing, options.mode)) return *changed;
  const auto started = dial_in(account, call, room, person, options);
  const auto now = or_out(account, room, started, [&] {
    await(account, room, started, options.patience);
    return read_back(account, room, started, options.mode);
  });
  return monitored(room, started, options.mode, true, now);
}

bool stop_monitor(Account& account, const calls::Call& call, std::string_view as, bool write) {
  const auto& workspace = account.workspace.id;
  // Their own leg, whatever has become of their role.
  const auto person =
      reading(account, [&](db::Connection& db) { return calls::get_person(db, workspace, as); });
  const auto standing = monitor_of(account, call, person);
  if (!standing || !write) return standing.has_value();
  const ActingAs acting(account, person);
  const auto room =
      reading(account, [&](db::Connection& db) { return calls::find_room(db, workspace, call.id); });
  remove(account, room ? room->conference_sid : std::string(), *standing);
  return true;
}

}  // namespace ringctl::sync
