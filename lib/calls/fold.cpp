#include "calls/fold.hpp"

#include <algorithm>

#include "base/sid.hpp"
#include "base/text.hpp"

namespace ringctl::calls {
namespace {

void keep_earlier(std::optional<base::Instant>& kept, const std::optional<base::Instant>& other) {
  if (other && (!kept || *other < *kept)) kept = other;
}

template <class T>
void set(T& to, const T& value, bool& changed) {
  if (to == value) return;
  to = value;
  changed = true;
}

void supply(std::string& to, std::string_view from, bool& changed) {
  if (to.empty() && !from.empty()) set(to, storable(from), changed);
}

template <class T>
void supply(std::optional<T>& to, const std::optional<T>& from, bool& changed) {
  if (!to && from) set(to, from, changed);
}

LegRow& leg_of(CallRow& call, std::string_view sid, base::UuidGenerator& ids) {
  const auto known =
      std::find_if(call.legs.begin(), call.legs.end(), [&](const LegRow& leg) { return leg.sid == sid; });
  if (known != call.legs.end()) return *known;
  auto& leg = call.legs.emplace_back();
  leg.is_new = leg.changed = true;
  leg.id = ids.next();
  leg.sid = sid;
  return leg;
}

void take_leg(LegRow& leg, const Event& event, const References& known, bool erased) {
  const auto began = leg.progress.started_at;
  keep_earlier(leg.progress.started_at, event.at());
  leg.changed = leg.changed || began != leg.progress.started_at;
  if (!erased) supply(leg.party, event.party, leg.changed);
  supply(leg.place, event.place, leg.changed);
  if (event.user && known.team_of_user.contains(*event.user)) supply(leg.user, event.user, leg.changed);
}

void advance(LegRow& leg, const Report& report, bool answers) {
  const auto before = leg.progress;
  const auto answered_before = leg.answered_at;
  advance(leg.progress, report);
  if (answers) keep_earlier(leg.answered_at, picked_up_at(report));
  leg.changed = leg.changed || before != leg.progress || answered_before != leg.answered_at;
}

void take_leg_event(LegRow& leg, const Event& event, const References& known, bool erased) {
  take_leg(leg, event, known, erased);
  const auto report = report_of(event);
  if (report) advance(leg, *report, event.answers == Answers::picked_up);
  if (report && event.answers == Answers::by_plan) keep_earlier(leg.picked_up_at, picked_up_at(*report));
  if (event.kind != Kind::accepted) return;
  const Report accepted{Status::in_progress, std::nullopt, event.at(), std::nullopt};
  advance(leg, accepted, event.answers != Answers::never);
}

/// Dial says of one leg what came of it, and thereby whether it was connected.
void take_dial(CallRow& call, const Event& event, const References& known, base::UuidGenerator& ids) {
  const auto sid = event.parameter("DialCallSid");
  const auto status = limits::try_parse_call_status(event.parameter("DialCallStatus"));
  if (!base::is_sid(sid, "CA") || !status) return;
  auto& leg = leg_of(call, sid, ids);
  take_leg(leg, event, known, is_erased(call, known));
  // Its own callback tells the end; whether one of ours answered was told by others.
  if (event.answers == Answers::moved)
    return advance(leg, {Status::in_progress, std::nullopt, event.at(), std::nullopt}, false);
  const Report report{*status, std::nullopt, event.at(),
                      try_parse_duration(event.parameter("DialCallDuration"))};
  const bool connected = event.parameter("DialBridged") != "false";
  advance(leg, report, event.answers != Answers::never && connected);
}

/// The answer to it ended the call of an agent: the Hangup behind Dial, or words that refused. Said without a
/// number, for the call's own callback, if it comes at all, knows better.
std::optional<Report> end_of_own(const Event& event) {
  const bool refused = event.kind == Kind::outbound && event.decision && !event.decision->refusal.empty();
  const bool dialled = event.kind == Kind::next && !event.place && event.answers != Answers::moved;
  if (!refused && !dialled) return std::nullopt;
  return Report{Status::completed, std::nullopt, event.at(), std::nullopt};
}

bool of_client(std::string_view address) { return address.starts_with("client:"); }

/// From the form of the call's own webhooks.
Direction direction_of(const Event& event) {
  const bool ours =
      of_client(event.parameter("From")) || event.parameter("Direction").starts_with("outbound-api");
  return ours ? Direction::outbound : Direction::inbound;
}

/// From a leg alone: a client or one of our users is rung for somebody who calls us.
Direction direction_of_leg(const Event& event) {
  return event.user || of_client(event.parameter("To")) || of_client(event.party) ? Direction::inbound
                                                                                  : Direction::outbound;
}

/// Until the webhook comes that the call began with.
void guess_ends(CallRow& call, const Event& event) {
  if (!call.to_number.empty()) return;
  if (!event.parent_sid.empty()) {
    set(call.direction, direction_of_leg(event), call.changed);
    return supply(call.from_number, event.parameter("From"), call.changed);
  }
  if (event.parameter("To").empty()) return;
  set(call.direction, direction_of(event), call.changed);
  set(call.from_number, storable(event.parameter("From")), call.changed);
  set(call.to_number, storable(event.parameter("To")), call.changed);
}

/// The webhook that the call began with knows best who calls whom.
void take_beginning(CallRow& call, const Event& event, const Decision& decision) {
  const auto text_or = [](std::string_view text, std::string_view other) {
    return storable(!text.empty() ? text : !other.empty() ? other : "unknown");
  };
  set(call.direction, event.kind == Kind::outbound ? Direction::outbound : Direction::inbound, call.changed);
  set(call.from_number, text_or(decision.from_number, event.parameter("From")), call.changed);
  set(call.to_number, text_or(decision.to_number, event.parameter("To")), call.changed);
}

void take_references(CallRow& call, const Decision& decision, const References& known) {
  if (decision.number && known.numbers.contains(*decision.number))
    supply(call.number, decision.number, call.changed);
  if (decision.user && known.team_of_user.contains(*decision.user))
    supply(call.user, decision.user, call.changed);
  supply(call.reservation, decision.reservation, call.changed);
  const auto contact = decision.contact ? known.contacts.find(*decision.contact) : known.contacts.end();
  if (contact == known.contacts.end()) {
    if (!decision.contact) supply(call.customer_name, decision.customer_name, call.changed);
    return;
  }
  supply(call.contact, decision.contact, call.changed);
  if (!contact->second.erased) supply(call.customer_name, decision.customer_name, call.changed);
}

/// A decision on the way (an extension was dialled) outdoes the one the call began with, and those made
/// before it, whichever is applied first.
void take_routing(CallRow& call, const Event& event, const Decision& decision, bool beginning) {
  if (beginning && !call.routed_by.empty()) return;
  if (!beginning) {
    if (call.decided_at && event.received_at < *call.decided_at) return;
    set(call.decided_at, std::optional(event.received_at), call.changed);
  }
  if (!decision.routed_by.empty()) set(call.routed_by, storable(decision.routed_by), call.changed);
  if (!decision.routed_by.empty()) set(call.rule, storable(decision.rule), call.changed);
  if (!decision.plan.empty() && base::valid_utf8(decision.plan) &&
      decision.plan.find('\0') == std::string::npos)
    set(call.plan, decision.plan, call.changed);
}

void take_decision(CallRow& call, const Event& event, const References& known) {
  if (!event.decision) return;
  const auto& decision = *event.decision;
  const bool beginning = event.kind == Kind::inbound || event.kind == Kind::outbound;
  take_references(call, decision, known);
  // What was erased does not come back with an event that was still on its way.
  if (is_erased(call, known)) return;
  if (beginning) take_beginning(call, event, decision);
  take_routing(call, event, decision, beginning);
  supply(call.refusal, decision.refusal, call.changed);
}

std::string_view sid_in_url(std::string_view url) {
  const auto sid = url.substr(url.rfind('/') + 1);
  return base::is_sid(sid, "RE") ? sid : std::string_view();
}

/// An end less its duration may lie before the beginning: clocks differ, and durations are rounded. Only what
/// is concluded is cut: the legs keep what was reported, for an earlier beginning may still come.
std::optional<base::Instant> not_before(const std::optional<base::Instant>& start,
                                        const std::optional<base::Instant>& at) {
  return start && at ? std::max(start, at) : at;
}

int rank_of_recording(std::string_view status) { return status == "in-progress" ? 0 : 1; }

}  // namespace

bool is_erased(const CallRow& call, const References& known) {
  if (!call.contact) return false;
  const auto contact = known.contacts.find(*call.contact);
  return contact != known.contacts.end() && contact->second.erased;
}

std::string storable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::replace(out.begin(), out.end(), '\0', '?');
  for (auto bad = base::first_invalid_utf8(out); bad; bad = base::first_invalid_utf8(out)) {
    // A character that was cut goes, anything else shows that something was there.
    if (text.size() > most && *bad + 4 > out.size())
      out.resize(*bad);
    else
      out[*bad] = '?';
  }
  return out;
}

std::string_view call_sid_of(const Event& event) {
  return event.parent_sid.empty() ? event.call_sid : event.parent_sid;
}

std::string_view recording_sid_of(const Event& event) {
  const auto sid = event.parameter("RecordingSid");
  return base::is_sid(sid, "RE") ? sid : sid_in_url(event.parameter("RecordingUrl"));
}

void take(CallRow& call, const Event& event, const References& known, base::UuidGenerator& ids) {
  const auto before = call.own;
  keep_earlier(call.own.started_at, event.at());
  take_decision(call, event, known);
  if (!is_erased(call, known)) guess_ends(call, event);
  if (!event.parent_sid.empty()) {
    take_leg_event(leg_of(call, event.call_sid, ids), event, known, is_erased(call, known));
  } else {
    if (const auto report = report_of(event)) advance(call.own, *report);
    if (const auto end = end_of_own(event)) advance(call.own, *end);
    take_dial(call, event, known, ids);
  }
  // What was promised is written down also where nothing else is new.
  if (event.asks_call_back) keep_earlier(call.asked_at, event.at());
  call.changed = call.changed || event.asks_call_back || before != call.own;
}

void take_pick_up(LegRow& leg, const std::optional<base::Instant>& at) {
  const auto before = leg.answered_at;
  keep_earlier(leg.answered_at, at);
  leg.changed = leg.changed || leg.answered_at != before;
}

void take(RecordingRow& recording, const Event& event, bool erased) {
  const bool message = event.kind == Kind::voicemail || event.parameter("RecordingSource") == "RecordVerb";
  if (message) set<std::string>(recording.kind, "voicemail", recording.changed);
  std::string status = storable(event.parameter("RecordingStatus"), 40);
  if (status.empty()) status = event.kind == Kind::voicemail ? "in-progress" : "completed";
  const int now = rank_of_recording(recording.status), then = rank_of_recording(status);
  if (then > now || (then == now && status > recording.status))
    set(recording.status, status, recording.changed);
  if (!erased) supply(recording.url, event.parameter("RecordingUrl"), recording.changed);
  const auto duration = try_parse_duration(event.parameter("RecordingDuration"));
  if (duration && duration > recording.duration_s) set(recording.duration_s, duration, recording.changed);
  supply(recording.channels, base::parse_int(event.parameter("RecordingChannels")), recording.changed);
}

Outcome outcome_of(const CallRow& call) {
  std::vector<Leg> legs;
  for (const auto& leg : call.legs)
    legs.push_back({.status = leg.progress.status,
                    .started_at = leg.progress.started_at.value_or(base::Instant()),
                    .answered_at = leg.answered_at,
                    .user = leg.user,
                    .sid = leg.sid});
  return outcome_of(call.direction, call.own, !call.refusal.empty(), legs);
}

void conclude(CallRow& call, const References& known) {
  const auto outcome = outcome_of(call);
  set(call.status, std::string(outcome.status), call.changed);
  set(call.answered_at, not_before(call.own.started_at, outcome.answered_at), call.changed);
  const auto user_before = call.user;
  if (call.direction == Direction::inbound) set(call.user, outcome.answered_by, call.changed);
  const auto user = call.user ? known.team_of_user.find(*call.user) : known.team_of_user.end();
  const auto team = user == known.team_of_user.end() ? std::nullopt : user->second;
  // Their team at that time: who changes teams later does not take the call along.
  if (call.user != user_before)
    set(call.team, team, call.changed);
  else
    supply(call.team, team, call.changed);
}

}  // namespace ringctl::calls
