#include "calls/piece.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "calls/call_backs.hpp"
#include "db/row_batch.hpp"
#include "limits/reserve.hpp"

namespace ringctl::calls {
namespace {

/// A SID that can be a key: Twilio's are 34 characters.
bool usable(std::string_view sid) {
  return !sid.empty() && sid.size() <= 64 &&
         std::all_of(sid.begin(), sid.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_nameless(const LegRow& leg) { return !leg.user && leg.party.starts_with('+'); }
bool is_unsure(const LegRow& leg) { return is_nameless(leg) || leg.picked_up_at; }

/// What the stored plan of a call says of the phones it rings.
struct Phones {
  std::map<std::string, base::Uuid, std::less<>> owners = {};  ///< by number, those of users
  bool accept_prompt = false;                                  ///< who picks up presses a key first
};

Phones phones_in(std::string_view plan) {
  Phones phones;
  const auto json = plan.empty() ? nlohmann::json() : nlohmann::json::parse(plan, nullptr, false);
  const auto text = [](const nlohmann::json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto items = [](const nlohmann::json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_array() ? *found : nlohmann::json::array();
  };
  for (const auto& step : items(json, "steps"))
    for (const auto& party : items(step, "parties"))
      if (const auto user = base::Uuid::try_parse(text(party, "user")))
        phones.owners.emplace(text(party, "number"), *user);
  if (const auto prompt = json.is_object() ? json.find("accept_prompt") : json.end(); prompt != json.end())
    phones.accept_prompt = *prompt == true;
  return phones;
}

/// Refused because nobody had said in time whether it may be placed; it may have been counted all the same.
bool was_not_waited_for(const CallRow& call) {
  return call.refusal == limits::refusal_code(limits::Refusal::limits_unavailable);
}

}  // namespace

std::vector<const Event*> in_order(std::vector<const Event*> events) {
  std::stable_sort(events.begin(), events.end(),
                   [](const Event* a, const Event* b) { return a->received_at < b->received_at; });
  std::erase_if(events, [](const Event* event) {
    return !usable(event->call_sid) || !(event->parent_sid.empty() || usable(event->parent_sid));
  });
  return events;
}

void Piece::read(const std::vector<const Event*>& events, const Drafts* drafts) {
  find_calls_of_legs(events, drafts);
  std::set<std::string_view> sids, recordings;
  for (const auto* event : events) {
    sids.insert(sid_for(*event));
    if (const auto sid = recording_sid_of(*event); !sid.empty()) recordings.insert(sid);
  }
  calls_ = read_calls(session_.db, workspace_, {sids.begin(), sids.end()});
  recordings_ = read_recordings(session_.db, workspace_, {recordings.begin(), recordings.end()});
  if (drafts != nullptr) take_drafts(*drafts, sids, recordings);
  read_references(events);
}

/// A recording is told of by the SID of a call or of a leg: for all other webhooks the parent says which.
void Piece::find_calls_of_legs(const std::vector<const Event*>& events, const Drafts* drafts) {
  std::set<std::string_view> unsure;
  for (const auto* event : events)
    if (event->parent_sid.empty() && event->kind == Kind::recording) unsure.insert(event->call_sid);
  call_of_leg_ = calls_of_legs(session_.db, workspace_, {unsure.begin(), unsure.end()});
  for (const auto* event : events)
    if (!event->parent_sid.empty() && unsure.contains(event->call_sid))
      call_of_leg_.emplace(event->call_sid, event->parent_sid);
  if (unsure.empty() || drafts == nullptr) return;
  for (const auto& [sid, call] : drafts->calls)
    for (const auto& leg : call.legs)
      if (unsure.contains(leg.sid)) call_of_leg_.emplace(leg.sid, sid);
}

void Piece::take_drafts(const Drafts& drafts, const std::set<std::string_view>& sids,
                        const std::set<std::string_view>& recordings) {
  for (const auto sid : sids)
    if (const auto draft = drafts.calls.find(std::string(sid)); draft != drafts.calls.end())
      calls_.insert_or_assign(draft->first, draft->second);
  for (const auto sid : recordings)
    if (const auto draft = drafts.recordings.find(std::string(sid)); draft != drafts.recordings.end())
      recordings_.insert_or_assign(draft->first, draft->second);
}

std::string_view Piece::sid_for(const Event& event) const {
  if (event.kind == Kind::recording)
    if (const auto call = call_of_leg_.find(event.call_sid); call != call_of_leg_.end()) return call->second;
  return call_sid_of(event);
}

void Piece::read_references(const std::vector<const Event*>& events) {
  std::set<std::string_view> users, contacts, numbers;
  const auto note = [](std::set<std::string_view>& to, const std::optional<base::Uuid>& id) {
    if (id) to.insert(id->view());
  };
  for (const auto* event : events) {
    note(users, event->user);
    if (!event->decision) continue;
    note(users, event->decision->user);
    note(contacts, event->decision->contact);
    note(numbers, event->decision->number);
  }
  for (const auto& [sid, call] : calls_) {
    note(contacts, call.contact);
    note(users, call.user);
    for (const auto& leg : call.legs) note(users, leg.user);
  }
  read_users(users);
  each_of("contacts", "erased_at", contacts,
          [&](const base::Uuid& id, const db::Rows& row) { known_.contacts[id].erased = !row.is_null(2); });
  each_of("phone_numbers", "status", numbers,
          [&](const base::Uuid& id, const db::Rows&) { known_.numbers[id] = true; });
}

void Piece::read_users(const std::set<std::string_view>& users) {
  each_of("users", "team_id", users, [&](const base::Uuid& id, const db::Rows& row) {
    known_.team_of_user[id] = row.is_null(2) ? std::nullopt : std::optional(row.uuid(2));
  });
}

void Piece::each_of(std::string_view table, std::string_view column, const std::set<std::string_view>& ids,
                    const std::function<void(const base::Uuid&, const db::Rows&)>& visit) {
  if (ids.empty()) return;
  auto rows = session_.db.query(fmt::format("SELECT id, workspace_id, {} FROM {} WHERE {}", column, table,
                                            db::ids_among(session_.db, "id", "$1")),
                                {db::json_array({ids.begin(), ids.end()})});
  while (rows.next())
    if (rows.text(1) == workspace_.view()) visit(rows.uuid(0), rows);
}

CallRow& Piece::call_for(const Event& event) {
  const auto [at, made] = calls_.try_emplace(std::string(sid_for(event)));
  auto& call = at->second;
  if (made) {
    call.is_new = call.changed = true;
    call.id = session_.ids.next();
    call.sid = at->first;
    call.created_at = session_.clock.now();
  }
  return call;
}

void Piece::take_event(const Event& event) {
  auto& call = call_for(event);
  take(call, event, known_, session_.ids);
  const auto sid = recording_sid_of(event);
  if (sid.empty()) return;
  const auto [at, made] = recordings_.try_emplace(std::string(sid));
  auto& recording = at->second;
  if (made) {
    recording.is_new = recording.changed = true;
    recording.id = session_.ids.next();
    recording.sid = at->first;
  }
  if (recording.call != call.id) recording.changed = true;
  recording.call = call.id;
  take(recording, event, is_erased(call, known_));
}

/// Whose phone a leg rang, and whether to pick it up was an answer, where the webhook came to another process
/// than the one that has the call's plan in memory. The plan may also be stored long after the leg.
void Piece::resolve_phones() {
  std::vector<CallRow*> unsure;
  std::vector<std::string_view> sids;
  for (auto& [sid, call] : calls_) {
    if (call.direction == Direction::outbound || std::none_of(call.legs.begin(), call.legs.end(), &is_unsure))
      continue;
    unsure.push_back(&call);
    if (call.plan.empty()) sids.push_back(sid);
  }
  const auto plans = read_plans(session_.db, workspace_, sids);
  std::vector<OwnedLeg> owned;
  for (auto* call : unsure) {
    const auto stored = plans.find(call->sid);
    const auto phones = phones_in(stored == plans.end() ? call->plan : stored->second);
    for (auto& leg : call->legs)
      if (const auto owner = phones.owners.find(leg.party); owner != phones.owners.end() && is_unsure(leg))
        owned.push_back({&leg, owner->second, !phones.accept_prompt, is_nameless(leg) && !leg.is_new});
  }
  name_owners(owned);
  pick_up(owned);
}

void Piece::name_owners(const std::vector<OwnedLeg>& owned) {
  std::set<std::string_view> users;
  for (const auto& one : owned) users.insert(one.owner.view());
  read_users(users);
  for (const auto& one : owned) {
    if (!is_nameless(*one.leg) || !known_.team_of_user.contains(one.owner)) continue;
    one.leg->user = one.owner;
    one.leg->changed = true;
  }
}

/// By all that was reported of them, in whichever piece it came.
void Piece::pick_up(const std::vector<OwnedLeg>& owned) {
  std::unordered_map<std::string_view, LegRow*> heard_before;
  std::vector<std::string_view> sids;
  for (const auto& one : owned) {
    if (!one.answers) continue;
    take_pick_up(*one.leg, one.leg->picked_up_at);
    if (one.heard_before && heard_before.emplace(one.leg->sid, one.leg).second)
      sids.emplace_back(one.leg->sid);
  }
  for (const auto& event : read_status_events(session_.db, workspace_, sids))
    if (const auto leg = heard_before.find(event.call_sid); leg != heard_before.end())
      if (const auto report = report_of(event)) take_pick_up(*leg->second, picked_up_at(*report));
}

void Piece::fold(const std::vector<const Event*>& events) {
  for (const auto* event : events) take_event(*event);
  folded_ = events;
  resolve_phones();
  for (auto& [sid, call] : calls_) {
    conclude(call, known_);
    const bool legs_changed =
        std::any_of(call.legs.begin(), call.legs.end(), [](const LegRow& leg) { return leg.changed; });
    // So that whoever follows a call by updated_at sees its legs move too.
    call.changed = call.changed || legs_changed;
  }
}

/// Calls that were let through while the limits could not be asked. On record they are also where they cannot
/// be counted, because the number or the agent was never there.
void Piece::count_later() {
  for (const auto* event : folded_) {
    if (!event->decision || !event->decision->uncounted) continue;
    auto& call = call_for(*event);
    if (call.reservation) continue;
    const auto& decision = *event->decision;
    try {
      call.reservation = limits::count_later(session_, workspace_,
                                             {.agent = decision.user ? decision.user->text() : std::string(),
                                              .to = decision.to_number,
                                              .from_number = decision.from_number,
                                              .call_sid = event->call_sid},
                                             event->received_at);
      call.changed = true;
    } catch (const Error& error) {
      if (error.errc() != Errc::not_found && error.errc() != Errc::invalid && error.errc() != Errc::conflict)
        throw;
      base::log(base::LogLevel::warn, "call.uncounted",
                {{"call_sid", event->call_sid}, {"why", error.slug()}});  // the message names numbers
    }
  }
}

void Piece::find_changed() {
  changed_.clear();
  for (auto& [sid, call] : calls_)
    if (call.changed) changed_.push_back(&call);
  std::sort(changed_.begin(), changed_.end(),
            [](const CallRow* a, const CallRow* b) { return a->sid < b->sid; });
}

/// Final from now on, in the order in which they ended.
std::int64_t Piece::close(std::int64_t& closed_seq) {
  std::vector<CallRow*> closing;
  for (auto* call : changed_)
    if (call->own.ended_at && !call->closed_seq) closing.push_back(call);
  std::stable_sort(closing.begin(), closing.end(),
                   [](const CallRow* a, const CallRow* b) { return *a->own.ended_at < *b->own.ended_at; });
  for (auto* call : closing) call->closed_seq = ++closed_seq;
  return std::ssize(closing);
}

std::int64_t Piece::write(std::int64_t& closed_seq) {
  count_later();
  find_changed();
  const auto closed = close(closed_seq);
  write_calls(session_, workspace_, changed_);
  std::erase_if(changed_, [](const CallRow* call) { return !call->changed; });
  std::vector<RecordingRow*> recordings;
  for (auto& [sid, recording] : recordings_)
    if (recording.changed && is_ours(recording)) recordings.push_back(&recording);
  write_recordings(session_, workspace_, recordings, changed_);
  write_call_backs(session_, workspace_, changed_);
  complete_call_backs(session_, workspace_, changed_);
  settle();
  write_last_ended();
  scrub_erased();
  return closed;
}

/// Its call was left alone because another workspace has it.
bool Piece::is_ours(const RecordingRow& recording) const {
  return std::none_of(calls_.begin(), calls_.end(), [&](const auto& call) {
    return call.second.id == recording.call && call.second.is_new && !call.second.changed;
  });
}

void Piece::settle() {
  for (const auto* call : changed_) {
    if (call->direction != Direction::outbound) continue;
    if (call->reservation)
      limits::settle(session_, workspace_, *call->reservation, settlement_of(outcome_of(*call)));
    else if (was_not_waited_for(*call))
      limits::give_back(session_, workspace_, call->sid);
  }
}

void Piece::write_last_ended() {
  std::map<base::Uuid, base::Instant> ended;
  const auto note = [&](const std::optional<base::Uuid>& user, const std::optional<base::Instant>& at) {
    if (!user || !at) return;
    auto& latest = ended.try_emplace(*user, *at).first->second;
    latest = std::max(latest, *at);
  };
  for (const auto* call : changed_) {
    if (call->direction == Direction::outbound) note(call->user, call->own.ended_at);
    for (const auto& leg : call->legs)
      if (leg.answered_at) note(leg.user, leg.progress.ended_at);
  }
  for (const auto& [user, at] : ended)
    session_.db.exec(
        "UPDATE users SET last_call_ended_at = $2 WHERE id = $1 AND (last_call_ended_at IS NULL OR "
        "last_call_ended_at < $2)",
        {user, at});
}

/// Every one of these, also those that changed nothing: their forms were kept a moment ago.
void Piece::scrub_erased() {
  std::set<std::string_view> sids;
  for (const auto* event : folded_) {
    const auto call = calls_.find(std::string(sid_for(*event)));
    if (call == calls_.end() || !is_erased(call->second, known_)) continue;
    sids.insert(event->call_sid);
    sids.insert(call->first);
    for (const auto& leg : call->second.legs) sids.insert(leg.sid);
  }
  if (!sids.empty()) scrub_events(session_.db, workspace_, {sids.begin(), sids.end()});
}

}  // namespace ringctl::calls
