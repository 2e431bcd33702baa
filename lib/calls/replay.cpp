// All webhooks of a call are folded into its row again, also those that the log has: folding is idempotent,
// so a row that changes is one that lacked something. Without writing, the rows that differ are carried along
// as drafts, for a call's webhooks may come in several pieces.

#include "calls/replay.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "calls/piece.hpp"
#include "db/transaction.hpp"

namespace ringctl::calls {
namespace {

/// What is stored of a leg.
bool same(const LegRow& a, const LegRow& b) {
  return a.sid == b.sid && a.party == b.party && a.progress.status == b.progress.status &&
         a.progress.sequence == b.progress.sequence && a.progress.started_at == b.progress.started_at &&
         a.progress.ringing_at == b.progress.ringing_at && a.progress.ended_at == b.progress.ended_at &&
         a.answered_at == b.answered_at && a.user == b.user && a.place == b.place;
}

bool same(const RecordingRow& a, const RecordingRow& b) {
  return a.call == b.call && a.kind == b.kind && a.status == b.status && a.url == b.url &&
         a.duration_s == b.duration_s && a.channels == b.channels;
}

/// Columns of calls that differ. The plan is not read back; where it is missing, routed_by is too.
std::set<std::string_view> columns_that_differ(const CallRow& a, const CallRow& b) {
  std::set<std::string_view> names;
  const auto compare = [&](std::string_view name, const auto& before, const auto& after) {
    if (before != after) names.insert(name);
  };
  compare("direction", a.direction, b.direction);
  compare("status", a.status, b.status);
  compare("from_number", a.from_number, b.from_number);
  compare("to_number", a.to_number, b.to_number);
  compare("number", a.number, b.number);
  compare("contact_id", a.contact, b.contact);
  compare("customer_name", a.customer_name, b.customer_name);
  compare("user_id", a.user, b.user);
  compare("team_id", a.team, b.team);
  compare("routed_by", a.routed_by, b.routed_by);
  compare("rule", a.rule, b.rule);
  compare("refusal", a.refusal, b.refusal);
  compare("reservation_id", a.reservation, b.reservation);
  compare("started_at", a.own.started_at, b.own.started_at);
  compare("answered_at", a.answered_at, b.answered_at);
  compare("ended_at", a.own.ended_at, b.own.ended_at);
  compare("duration_s", a.own.duration_s, b.own.duration_s);
  compare("sequence", a.own.sequence, b.own.sequence);
  const bool legs = std::is_permutation(a.legs.begin(), a.legs.end(), b.legs.begin(), b.legs.end(),
                                        [](const LegRow& x, const LegRow& y) { return same(x, y); });
  if (!legs) names.insert("attempts");
  return names;
}

void leave(CallRow& call) {
  call.changed = false;
  for (auto& leg : call.legs) leg.changed = false;
}

}  // namespace

/// What one piece found of one call.
struct Replay::Step {
  std::string sid;
  std::optional<CallRow> before = {}, after = {};  ///< after: nullopt = the row stays as it is
  std::vector<std::string> webhooks = {};          ///< keys of those the log does not have
  std::vector<RecordingRow> recordings = {};       ///< that differ
};

struct Replay::State {
  struct Call {
    std::optional<CallRow> before = {}, after = {};
    std::unordered_set<std::string> webhooks = {};
    bool recordings = false;
  };
  std::map<std::string, Call> calls;
  Drafts drafts;
};

Replay::Replay(audit::Session& session, const base::Uuid& workspace, bool write)
    : session_(session), workspace_(workspace), write_(write), state_(std::make_unique<State>()) {}
Replay::~Replay() = default;

void Replay::take(std::span<const Event> events) {
  std::vector<Step> steps;
  const auto scope = db::Scope::of(workspace_);
  if (write_) {
    db::in_transaction(session_.db, scope, [&] { steps = take_here(events); });
  } else {
    db::Transaction transaction(session_.db, scope, db::Access::read);
    steps = take_here(events);
    transaction.commit();
  }
  merge(std::move(steps));
}

namespace {

/// Those of calls whose person was not erased.
std::vector<Event> of_living(Piece& piece, std::span<const Event> events) {
  std::vector<Event> kept;
  for (const auto& event : events) {
    const auto call = piece.calls().find(std::string(piece.sid_for(event)));
    if (call == piece.calls().end() || !piece.erased(call->second)) kept.push_back(event);
  }
  return kept;
}

std::vector<const Event*> pointers(std::span<const Event> events) {
  std::vector<const Event*> all;
  for (const auto& event : events) all.push_back(&event);
  return in_order(std::move(all));
}

}  // namespace

std::vector<Replay::Step> Replay::take_here(std::span<const Event> given) {
  auto& db = session_.db;
  const auto before_seq = write_ ? lock_counter(db, workspace_) : 0;
  auto closed_seq = before_seq;
  Piece piece(session_, workspace_);
  piece.read(pointers(given), write_ ? nullptr : &state_->drafts);
  const auto events = of_living(piece, given);
  const auto before = piece.calls();
  const auto recordings = piece.recordings();
  piece.fold(pointers(events));

  std::map<std::string, Step> steps;
  const auto step = [&](const std::string& sid) -> Step& {
    const auto [at, made] = steps.try_emplace(sid);
    if (!made) return at->second;
    at->second.sid = sid;
    if (const auto was = before.find(sid); was != before.end()) at->second.before = was->second;
    return at->second;
  };
  std::unordered_map<std::string_view, std::string> sid_of;
  for (auto& [sid, call] : piece.calls()) {
    sid_of.emplace(call.id.view(), sid);
    const auto was = before.find(sid);
    if (was == before.end()) {
      step(sid).after = call;
      continue;
    }
    // Nobody was in a team they joined later.
    if (was->second.user == call.user) call.team = was->second.team;
    if (columns_that_differ(was->second, call).empty()) {
      leave(call);
      continue;
    }
    step(sid).after = call;
  }
  for (auto& [sid, recording] : piece.recordings()) {
    const auto was = recordings.find(sid);
    if (was != recordings.end() && same(was->second, recording))
      recording.changed = false;
    else if (recording.call)
      step(sid_of[recording.call->view()]).recordings.push_back(recording);
  }
  const auto missing =
      write_ ? insert_events(session_, workspace_, events) : missing_events(db, workspace_, events);
  for (const auto* event : missing)
    step(std::string(piece.sid_for(*event))).webhooks.push_back(event_key(*event));

  if (write_ && !steps.empty()) {
    piece.write(closed_seq);
    if (closed_seq != before_seq) write_counter(db, workspace_, closed_seq);
    const auto image = nlohmann::json{{"calls", steps.size()}, {"webhooks", missing.size()}}.dump();
    audit::record(
        session_, workspace_,
        {.action = "webhooks.replay", .object_type = "calls", .object_key = "webhooks", .after = image});
  }
  std::vector<Step> all;
  all.reserve(steps.size());
  for (auto& [sid, one] : steps) all.push_back(std::move(one));
  return all;
}

void Replay::merge(std::vector<Step> steps) {
  for (auto& step : steps) {
    const bool first = !state_->calls.contains(step.sid);
    auto& call = state_->calls[step.sid];
    if (first) call.before = std::move(step.before);
    if (step.after) {
      step.after->plan.clear();  // long, and only for writing
      if (!write_) state_->drafts.calls.insert_or_assign(step.sid, *step.after);
      call.after = std::move(step.after);
    }
    call.webhooks.insert(step.webhooks.begin(), step.webhooks.end());
    call.recordings = call.recordings || !step.recordings.empty();
    if (write_) continue;
    for (auto& recording : step.recordings)
      state_->drafts.recordings.insert_or_assign(recording.sid, std::move(recording));
  }
}

std::vector<Replayed> Replay::differences() const {
  std::vector<Replayed> all;
  for (const auto& [sid, call] : state_->calls) {
    Replayed one{.call_sid = storable(sid), .webhooks = std::ssize(call.webhooks)};
    if (call.before) one.status_before = call.before->status;
    if (call.before && call.after) one.columns = columns_that_differ(*call.before, *call.after);
    if (call.recordings) one.columns.insert("recordings");
    if (const auto& row = call.after ? call.after : call.before) {
      one.status = row->status;
      one.from_number = row->from_number;
      one.to_number = row->to_number;
      one.started_at = row->own.started_at;
    }
    all.push_back(std::move(one));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Replayed& a, const Replayed& b) { return a.started_at < b.started_at; });
  return all;
}

}  // namespace ringctl::calls
