#include "calls/rows.hpp"

#include <fmt/format.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

#include "base/error.hpp"
#include "calls/call_query.hpp"
#include "db/row_batch.hpp"

namespace ringctl::calls {
namespace {

constexpr std::string_view k_call_columns =
    "id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, contact_id, customer_name, "
    "user_id, team_id, routed_by, rule_name, refusal, reservation_id, started_at, answered_at, ended_at, "
    "duration_s, sequence, closed_seq, created_at, decided_at";

constexpr std::string_view k_insert_call =
    "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, "
    "contact_id, customer_name, user_id, team_id, routed_by, rule_name, refusal, reservation_id, started_at, "
    "answered_at, ended_at, duration_s, sequence, closed_seq, created_at, plan, decided_at, updated_at)";
constexpr std::size_t k_call_values = 26;
// What people write (notes, outcome, their version) is not touched.
constexpr std::string_view k_update_call =
    "ON CONFLICT (call_sid) DO UPDATE SET direction = excluded.direction, status = excluded.status, "
    "from_number = excluded.from_number, to_number = excluded.to_number, number_id = excluded.number_id, "
    "contact_id = excluded.contact_id, customer_name = excluded.customer_name, user_id = excluded.user_id, "
    "team_id = excluded.team_id, routed_by = excluded.routed_by, rule_name = excluded.rule_name, "
    "refusal = excluded.refusal, reservation_id = excluded.reservation_id, started_at = excluded.started_at, "
    "answered_at = excluded.answered_at, ended_at = excluded.ended_at, duration_s = excluded.duration_s, "
    "sequence = excluded.sequence, closed_seq = excluded.closed_seq, plan = coalesce(excluded.plan, calls.plan), "
    "decided_at = excluded.decided_at, "
    "updated_at = excluded.updated_at";

constexpr std::string_view k_leg_columns =
    "a.id, a.call_id, a.leg_sid, a.user_id, a.party, a.status, a.step, a.wave, a.started_at, a.ringing_at, "
    "a.answered_at, a.ended_at, a.sequence";
constexpr std::string_view k_insert_leg =
    "INSERT INTO call_attempts (id, workspace_id, call_id, leg_sid, user_id, party, status, step, wave, "
    "started_at, ringing_at, answered_at, ended_at, sequence, updated_at)";
constexpr std::size_t k_leg_values = 15;
constexpr std::string_view k_update_leg =
    "ON CONFLICT (leg_sid) DO UPDATE SET user_id = excluded.user_id, party = excluded.party, "
    "status = excluded.status, step = excluded.step, wave = excluded.wave, started_at = excluded.started_at, "
    "ringing_at = excluded.ringing_at, answered_at = excluded.answered_at, ended_at = excluded.ended_at, "
    "sequence = excluded.sequence, updated_at = excluded.updated_at";

constexpr std::string_view k_insert_recording =
    "INSERT INTO recordings (id, workspace_id, recording_sid, call_id, kind, status, url, duration_s, channels, "
    "created_at, updated_at)";
constexpr std::size_t k_recording_values = 11;
constexpr std::string_view k_update_recording =
    "ON CONFLICT (recording_sid) DO UPDATE SET call_id = excluded.call_id, kind = excluded.kind, "
    "status = excluded.status, url = excluded.url, duration_s = excluded.duration_s, "
    "channels = excluded.channels, updated_at = excluded.updated_at";

/// New rows pass over a SID that is taken, by whichever workspace: it says so by returning nothing.
constexpr std::string_view k_unless_call = "ON CONFLICT (call_sid) DO NOTHING RETURNING call_sid";
constexpr std::string_view k_unless_leg = "ON CONFLICT (leg_sid) DO NOTHING";
constexpr std::string_view k_unless_recording = "ON CONFLICT (recording_sid) DO NOTHING";

std::optional<base::Uuid> maybe_uuid(const db::Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return rows.uuid(column);
}

/// Where a row says more than Twilio's words, the end that it must have had.
Status status_of(std::string_view stored) {
  return limits::try_parse_call_status(stored).value_or(Status::completed);
}

CallRow read_call(const db::Rows& rows) {
  CallRow call;
  call.id = rows.uuid(0);
  call.sid = rows.text(2);
  call.direction = rows.text(3) == "inbound" ? Direction::inbound : Direction::outbound;
  call.status = rows.text(4);
  call.from_number = rows.text(5);
  call.to_number = rows.text(6);
  call.number = maybe_uuid(rows, 7);
  call.contact = maybe_uuid(rows, 8);
  call.customer_name = rows.text(9);
  call.user = maybe_uuid(rows, 10);
  call.team = maybe_uuid(rows, 11);
  call.routed_by = rows.text(12);
  call.rule = rows.text(13);
  call.refusal = rows.text(14);
  call.reservation = maybe_uuid(rows, 15);
  call.own.status = status_of(call.status);
  call.own.started_at = rows.instant(16);
  call.answered_at = rows.maybe_instant(17);
  call.own.ended_at = rows.maybe_instant(18);
  call.own.duration_s = maybe_integer(rows, 19);
  call.own.sequence = maybe_integer(rows, 20);
  call.closed_seq = maybe_integer(rows, 21);
  call.created_at = rows.instant(22);
  call.decided_at = rows.maybe_instant(23);
  return call;
}

LegRow read_leg(const db::Rows& rows) {
  LegRow leg;
  leg.id = rows.uuid(0);
  leg.sid = rows.text(2);
  leg.user = maybe_uuid(rows, 3);
  leg.party = rows.text(4);
  leg.progress.status = status_of(rows.text(5));
  if (!rows.is_null(6)) leg.place = Place{rows.integer(6), rows.integer(7)};
  leg.progress.started_at = rows.instant(8);
  leg.progress.ringing_at = rows.maybe_instant(9);
  leg.answered_at = rows.maybe_instant(10);
  leg.progress.ended_at = rows.maybe_instant(11);
  leg.progress.sequence = maybe_integer(rows, 12);
  return leg;
}

/// Two statements for one table: one for new rows, one for those that are there.
class Table {
 public:
  Table(db::Connection& db, std::string_view head, std::size_t columns, std::string_view unless,
        std::string_view update)
      : fresh(db, head, columns, unless), changed(db, head, columns, update) {}
  db::RowBatch fresh, changed;
};

void add(db::RowBatch& to, const base::Uuid& workspace, const CallRow& call, base::Instant now) {
  to.add({call.id,
          workspace,
          call.sid,
          direction_name(call.direction),
          call.status,
          call.from_number,
          call.to_number,
          call.number,
          call.contact,
          db::or_null(call.customer_name),
          call.user,
          call.team,
          db::or_null(call.routed_by),
          db::or_null(call.rule),
          db::or_null(call.refusal),
          call.reservation,
          call.own.started_at,
          call.answered_at,
          call.own.ended_at,
          call.own.duration_s,
          call.own.sequence,
          call.closed_seq,
          call.created_at.value_or(now),
          db::or_null(call.plan),
          call.decided_at,
          now});
}

void add(db::RowBatch& to, const base::Uuid& workspace, const base::Uuid& call, const LegRow& leg,
         base::Instant now) {
  const auto& progress = leg.progress;
  to.add({leg.id, workspace, call, leg.sid, leg.user, leg.party, status_name(progress.status),
          leg.place ? db::Param(leg.place->step) : db::Param(nullptr),
          leg.place ? db::Param(leg.place->wave) : db::Param(nullptr), progress.started_at,
          progress.ringing_at, leg.answered_at, progress.ended_at, progress.sequence, now});
}

void read_legs(db::Connection& db, const base::Uuid& workspace, const std::vector<std::string_view>& sids,
               std::unordered_map<std::string, CallRow>& calls) {
  std::map<base::Uuid, CallRow*> by_id;
  for (auto& [sid, call] : calls) by_id.emplace(call.id, &call);
  if (by_id.empty()) return;
  auto rows =
      db.query(fmt::format("SELECT {}, a.workspace_id FROM calls c JOIN call_attempts a ON a.call_id = c.id "
                           "WHERE {} ORDER BY a.leg_sid",
                           k_leg_columns, db.among("c.call_sid", "$1")),
               {db::json_array(sids)});
  while (rows.next()) {
    const auto call = by_id.find(rows.uuid(1));
    if (call != by_id.end() && rows.text(13) == workspace.view())
      call->second->legs.push_back(read_leg(rows));
  }
}

/// Rows that were not written after all.
void leave_foreign(std::span<CallRow* const> calls, const std::unordered_set<std::string>& written) {
  for (auto* call : calls) {
    if (!call->changed || !call->is_new || written.contains(call->sid)) continue;
    call->changed = false;
    for (auto& leg : call->legs) leg.changed = false;
  }
}

/// What came late to calls that were handed out already: an export of changes gives them again.
void mark_changed(audit::Session& session, std::span<RecordingRow* const> recordings,
                  std::span<CallRow* const> written) {
  std::set<std::string_view> calls;
  for (const auto* one : recordings)
    if (one->changed && one->call) calls.insert(one->call->view());
  for (const auto* call : written) calls.erase(call->id.view());
  if (calls.empty()) return;
  session.db.exec(fmt::format("UPDATE calls SET updated_at = $2 WHERE closed_seq IS NOT NULL AND {}",
                              db::ids_among(session.db, "id", "$1")),
                  {db::json_array({calls.begin(), calls.end()}), session.clock.now()});
}

/// Of a form as form_json() writes it; of several values the first.
std::vector<std::pair<std::string, std::string>> parameters_of(std::string_view form) {
  std::vector<std::pair<std::string, std::string>> parameters;
  const auto json = nlohmann::json::parse(form, nullptr, false);
  if (!json.is_object()) return parameters;
  for (const auto& [name, values] : json.items()) {
    const auto& value = values.is_array() && !values.empty() ? values.front() : values;
    if (value.is_string()) parameters.emplace_back(name, value.get<std::string>());
  }
  return parameters;
}

}  // namespace

std::int64_t lock_counter(db::Connection& db, const base::Uuid& workspace) {
  auto rows = db.query(
      "INSERT INTO call_counters (workspace_id, closed_seq) VALUES ($1, 0) "
      "ON CONFLICT (workspace_id) DO UPDATE SET closed_seq = call_counters.closed_seq RETURNING closed_seq",
      {workspace});
  std::int64_t seq = 0;
  while (rows.next()) seq = rows.integer(0);
  return seq;
}

void write_counter(db::Connection& db, const base::Uuid& workspace, std::int64_t closed_seq) {
  db.exec("UPDATE call_counters SET closed_seq = $2 WHERE workspace_id = $1", {workspace, closed_seq});
}

std::vector<const Event*> insert_events(audit::Session& session, const base::Uuid& workspace,
                                        std::span<const Event> events) {
  std::unordered_map<std::string, const Event*> by_key;
  std::vector<std::pair<const Event*, const std::string*>> kept;
  std::deque<std::string> texts;
  const auto keep = [&](std::string text) -> const std::string& {
    return texts.emplace_back(std::move(text));
  };
  db::RowBatch batch(
      session.db,
      "INSERT INTO call_events (id, workspace_id, event_key, call_sid, kind, status, sequence, "
      "received_at, form)",
      9, "ON CONFLICT (workspace_id, event_key) DO NOTHING RETURNING event_key");
  for (const auto& event : events) {
    const auto [at, first] = by_key.emplace(storable(event_key(event)), &event);
    if (!first) continue;
    kept.emplace_back(&event, &at->first);
    batch.add({keep(session.ids.next().text()), workspace, at->first, keep(storable(event.call_sid)),
               kind_name(event.kind), db::or_null(keep(storable(event.status))), event.sequence,
               event.received_at, keep(form_json(event))});
  }
  std::unordered_set<std::string> fresh;
  batch.flush([&](const db::Rows& row) { fresh.emplace(row.text(0)); });
  std::vector<const Event*> all;
  for (const auto& [event, key] : kept)
    if (fresh.contains(*key)) all.push_back(event);
  return all;
}

std::vector<const Event*> missing_events(db::Connection& db, const base::Uuid& workspace,
                                         std::span<const Event> events) {
  std::vector<std::string> keys;
  keys.reserve(events.size());
  for (const auto& event : events) keys.push_back(storable(event_key(event)));
  std::unordered_set<std::string> known;
  auto rows = db.query(fmt::format("SELECT event_key FROM call_events WHERE workspace_id = $1 AND {}",
                                   db.among("event_key", "$2")),
                       {workspace, db::json_array({keys.begin(), keys.end()})});
  while (rows.next()) known.emplace(rows.text(0));
  std::vector<const Event*> missing;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (known.insert(keys[i]).second) missing.push_back(&events[i]);
  return missing;
}

std::unordered_map<std::string, CallRow> read_calls(db::Connection& db, const base::Uuid& workspace,
                                                    const std::vector<std::string_view>& sids) {
  std::unordered_map<std::string, CallRow> calls;
  {
    // The workspace is compared here: as a condition it would tempt SQLite to another index.
    auto rows =
        db.query(fmt::format("SELECT {} FROM calls WHERE {}", k_call_columns, db.among("call_sid", "$1")),
                 {db::json_array(sids)});
    while (rows.next())
      if (rows.text(1) == workspace.view()) calls.emplace(rows.text(2), read_call(rows));
  }
  read_legs(db, workspace, sids, calls);
  return calls;
}

std::unordered_map<std::string, std::string> calls_of_legs(db::Connection& db, const base::Uuid& workspace,
                                                           const std::vector<std::string_view>& legs) {
  std::unordered_map<std::string, std::string> calls;
  if (legs.empty()) return calls;
  auto rows = db.query(fmt::format("SELECT a.leg_sid, c.call_sid, c.workspace_id FROM call_attempts a "
                                   "JOIN calls c ON c.id = a.call_id WHERE {}",
                                   db.among("a.leg_sid", "$1")),
                       {db::json_array(legs)});
  while (rows.next())
    if (rows.text(2) == workspace.view()) calls.emplace(rows.text(0), rows.text(1));
  return calls;
}

std::unordered_map<std::string, std::string> read_plans(db::Connection& db, const base::Uuid& workspace,
                                                        const std::vector<std::string_view>& sids) {
  std::unordered_map<std::string, std::string> plans;
  if (sids.empty()) return plans;
  auto rows =
      db.query(fmt::format("SELECT call_sid, plan, workspace_id FROM calls WHERE plan IS NOT NULL AND {}",
                           db.among("call_sid", "$1")),
               {db::json_array(sids)});
  while (rows.next())
    if (rows.text(2) == workspace.view()) plans.emplace(rows.text(0), rows.text(1));
  return plans;
}

std::vector<Event> read_status_events(db::Connection& db, const base::Uuid& workspace,
                                      const std::vector<std::string_view>& sids) {
  std::vector<Event> events;
  if (sids.empty()) return events;
  auto rows = db.query(fmt::format("SELECT form, received_at, workspace_id FROM call_events "
                                   "WHERE kind = 'status' AND {}",
                                   db.among("call_sid", "$1")),
                       {db::json_array(sids)});
  while (rows.next())
    if (rows.text(2) == workspace.view())
      events.push_back(event_from(Kind::status, workspace, parameters_of(rows.text(0)), rows.instant(1)));
  return events;
}

void scrub_events(db::Connection& db, const base::Uuid& workspace,
                  const std::vector<std::string_view>& sids) {
  std::vector<std::string> found;
  {
    auto rows =
        db.query(fmt::format("SELECT id, workspace_id FROM call_events WHERE {}", db.among("call_sid", "$1")),
                 {db::json_array(sids)});
    while (rows.next())
      if (rows.text(1) == workspace.view()) found.emplace_back(rows.text(0));
  }
  db.exec(fmt::format("UPDATE call_events SET form = '{{}}' WHERE {}", db::ids_among(db, "id", "$1")),
          {db::json_array({found.begin(), found.end()})});
}

std::unordered_map<std::string, RecordingRow> read_recordings(db::Connection& db, const base::Uuid& workspace,
                                                              const std::vector<std::string_view>& sids) {
  std::unordered_map<std::string, RecordingRow> recordings;
  if (sids.empty()) return recordings;
  auto rows = db.query(
      fmt::format("SELECT id, workspace_id, recording_sid, call_id, kind, status, url, duration_s, channels "
                  "FROM recordings WHERE {}",
                  db.among("recording_sid", "$1")),
      {db::json_array(sids)});
  while (rows.next()) {
    if (rows.text(1) != workspace.view()) continue;
    RecordingRow recording;
    recording.id = rows.uuid(0);
    recording.sid = rows.text(2);
    recording.call = maybe_uuid(rows, 3);
    recording.kind = rows.text(4);
    recording.status = rows.text(5);
    recording.url = rows.text(6);
    recording.duration_s = maybe_integer(rows, 7);
    recording.channels = maybe_integer(rows, 8);
    recordings.emplace(rows.text(2), std::move(recording));
  }
  return recordings;
}

void write_calls(audit::Session& session, const base::Uuid& workspace, std::span<CallRow* const> calls) {
  auto& db = session.db;
  const auto now = session.clock.now();
  Table rows(db, k_insert_call, k_call_values, k_unless_call, k_update_call);
  for (const auto* call : calls)
    if (call->changed) add(call->is_new ? rows.fresh : rows.changed, workspace, *call, now);
  std::unordered_set<std::string> written;
  rows.fresh.flush([&](const db::Rows& row) { written.emplace(row.text(0)); });
  rows.changed.flush();
  leave_foreign(calls, written);

  Table legs(db, k_insert_leg, k_leg_values, k_unless_leg, k_update_leg);
  for (const auto* call : calls)
    for (const auto& leg : call->legs)
      if (leg.changed) add(leg.is_new ? legs.fresh : legs.changed, workspace, call->id, leg, now);
  legs.fresh.flush();
  legs.changed.flush();
}

void write_recordings(audit::Session& session, const base::Uuid& workspace,
                      std::span<RecordingRow* const> recordings, std::span<CallRow* const> written) {
  const auto now = session.clock.now();
  Table rows(session.db, k_insert_recording, k_recording_values, k_unless_recording, k_update_recording);
  for (const auto* one : recordings)
    if (one->changed)
      (one->is_new ? rows.fresh : rows.changed)
          .add({one->id, workspace, one->sid, one->call, one->kind, one->status, db::or_null(one->url),
                one->duration_s, one->channels, now, now});
  rows.fresh.flush();
  rows.changed.flush();
  mark_changed(session, recordings, written);
}

}  // namespace ringctl::calls
