#include "calls/recordings.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "calls/call_query.hpp"
#include "calls/counter.hpp"
#include "calls/holds.hpp"
#include "calls/purge.hpp"
#include "calls/rows.hpp"

namespace ringctl::calls {
namespace {

constexpr std::size_t k_short_sid = 8;

constexpr std::string_view k_from =
    "FROM recordings r LEFT JOIN calls c ON c.id = r.call_id "
    "LEFT JOIN users u ON u.id = c.user_id ";
constexpr std::string_view k_columns =
    "r.id, r.recording_sid, c.call_sid, r.kind, r.status, c.from_number, c.to_number, u.email, r.file_name, "
    "r.duration_s, r.channels, r.fetched_at, r.deleted_at, r.created_at ";

RecordingRecord read_record(const db::Rows& rows) {
  RecordingRecord one;
  int column = 0;
  one.id = rows.uuid(column++);
  for (auto* text : {&one.recording_sid, &one.call_sid, &one.kind, &one.status, &one.from_number,
                     &one.to_number, &one.user_email, &one.file_name})
    *text = rows.text(column++);
  one.duration_s = maybe_integer(rows, column++);
  one.channels = maybe_integer(rows, column++);
  one.fetched_at = rows.maybe_instant(column++);
  one.deleted_at = rows.maybe_instant(column++);
  one.created_at = rows.instant(column);
  return one;
}

/// `call`: the id of the one that the filter names, which must outlive it.
Where where_of(const base::Uuid& workspace, const RecordingFilter& filter,
               const std::optional<base::Uuid>& call) {
  Where where;
  where.add("r.workspace_id = ${}", workspace);
  if (filter.since) where.add("r.created_at >= ${}", *filter.since);
  if (filter.until) where.add("r.created_at < ${}", *filter.until);
  if (!filter.kind.empty()) where.add("r.kind = ${}", filter.kind);
  if (call) where.add("r.call_id = ${}", *call);
  if (filter.user) where.add("c.user_id = ${}", *filter.user);
  if (!filter.deleted) where.sql += " AND r.deleted_at IS NULL";
  return where;
}

std::optional<base::Uuid> call_of(db::Connection& db, const base::Uuid& workspace,
                                  const RecordingFilter& filter) {
  if (filter.call.empty()) return std::nullopt;
  return get(db, workspace, filter.call).id;
}

std::string image_of(const RecordingRecord& one) {
  return nlohmann::json{
      {"call_sid", one.call_sid.empty() ? nlohmann::json() : nlohmann::json(one.call_sid)},
      {"kind", one.kind},
      {"file_name", one.file_name.empty() ? nlohmann::json() : nlohmann::json(one.file_name)},
      {"deleted_at", one.deleted_at ? nlohmann::json(base::format_utc(*one.deleted_at)) : nlohmann::json()}}
      .dump();
}

std::optional<RecordingRecord> find_one(db::Connection& db, const base::Uuid& workspace,
                                        const base::Uuid& id) {
  auto rows = db.query(fmt::format("SELECT {}{}WHERE r.workspace_id = $1 AND r.id = $2", k_columns, k_from),
                       {workspace, id});
  if (!rows.next()) return std::nullopt;
  return read_record(rows);
}

/// recordings.files once `file` is written, which takes the place of one of its name.
std::string files_with(db::Connection& db, const RecordingRecord& one, const SoundFile& file) {
  const auto noted = db.text("SELECT files FROM recordings WHERE id = $1", {one.id}).value_or("");
  auto files = sound_files(noted, one.file_name);
  std::erase_if(files, [&](const SoundFile& other) { return other.name == file.name; });
  if (!file.sha256.empty()) files.push_back(file);
  return to_json(files);
}

/// Of recordings r with their calls c: $1 is the workspace, $2 the time.
constexpr std::string_view k_old =
    "r.workspace_id = $1 AND r.created_at < $2 AND r.deleted_at IS NULL AND r.status <> 'absent'";

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const RecordingRecord& before, const RecordingRecord& after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "recording",
                 .object_id = after.id,
                 .object_key = after.recording_sid,
                 .before = image_of(before),
                 .after = image_of(after)});
}

}  // namespace

void for_each(db::Connection& db, const base::Uuid& workspace, const RecordingFilter& filter,
              std::int64_t limit, const std::function<void(const RecordingRecord&)>& visit) {
  const auto call = call_of(db, workspace, filter);
  const auto where = where_of(workspace, filter, call);
  auto sql =
      fmt::format("SELECT {}{}WHERE {} ORDER BY r.created_at DESC, r.id DESC", k_columns, k_from, where.sql);
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  auto rows = db.stream(sql, where.params);
  while (rows.next()) visit(read_record(rows));
}

std::int64_t count(db::Connection& db, const base::Uuid& workspace, const RecordingFilter& filter) {
  const auto call = call_of(db, workspace, filter);
  const auto where = where_of(workspace, filter, call);
  auto rows = db.query(fmt::format("SELECT count(*) {}WHERE {}", k_from, where.sql), where.params);
  return rows.next() ? rows.integer(0) : 0;
}

RecordingRecord get_recording(db::Connection& db, const base::Uuid& workspace, std::string_view what) {
  const std::string_view condition =
      what.size() == k_short_sid ? "substr(r.recording_sid, 27) = $2" : "r.recording_sid = $2";
  auto rows = db.query(
      fmt::format("SELECT {}{}WHERE r.workspace_id = $1 AND {} LIMIT 2", k_columns, k_from, condition),
      {workspace, what});
  if (!rows.next())
    throw Error(Errc::not_found, "recordings.unknown", fmt::format("there is no recording {}", what),
                "ringctl recordings list");
  auto found = read_record(rows);
  if (rows.next())
    throw Error(Errc::conflict, "recordings.ambiguous", fmt::format("{} names several recordings", what),
                "give the whole SID");
  return found;
}

void note_fetched(audit::Session& session, const base::Uuid& workspace, const base::Uuid& id,
                  const SoundFile& file) {
  lock_counter(session.db, workspace);
  const auto found = find_one(session.db, workspace, id);
  if (!found)
    throw Error(Errc::not_found, "recordings.unknown", "the recording is not here any more",
                "ringctl recordings list");
  const auto& before = *found;
  auto after = before;
  after.file_name = file.name;
  session.db.exec(
      "UPDATE recordings SET fetched_at = $3, file_name = $4, files = $5, version = version + 1, updated_at = $3 "
      "WHERE workspace_id = $1 AND id = $2",
      {workspace, id, session.clock.now(), file.name, files_with(session.db, before, file)});
  record(session, workspace, "recordings.fetch", before, after);
}

void note_deleted(audit::Session& session, const base::Uuid& workspace, const base::Uuid& id,
                  std::string_view sid, std::string_view why) {
  auto& db = session.db;
  lock_counter(db, workspace);
  const auto before = find_one(db, workspace, id);
  if (!before) {
    settle_deletion(db, workspace, sid);
    return;
  }
  if (before->deleted_at) return;
  auto after = *before;
  after.deleted_at = session.clock.now();
  db.exec(
      "UPDATE recordings SET deleted_at = $3, url = NULL, version = version + 1, updated_at = $3 "
      "WHERE workspace_id = $1 AND id = $2",
      {workspace, id, session.clock.now()});
  // Its link was handed out with the call: an export of changes tells that it is gone.
  db.exec(
      "UPDATE calls SET updated_at = $3 WHERE closed_seq IS NOT NULL AND workspace_id = $1 AND "
      "id = (SELECT call_id FROM recordings WHERE id = $2)",
      {workspace, id, session.clock.now()});
  record(session, workspace, why, *before, after);
}

bool is_held(db::Connection& db, const base::Uuid& workspace, const base::Uuid& id) {
  return db
      .integer(fmt::format("SELECT 1 FROM recordings r JOIN calls c ON c.id = r.call_id "
                           "WHERE r.workspace_id = $1 AND r.id = $2 AND NOT ({})",
                           k_not_held),
               {workspace, id})
      .has_value();
}

void note_kept(audit::Session& session, const base::Uuid& workspace, const RecordingRecord& one) {
  record(session, workspace, "recordings.kept", one, one);
}

std::vector<DueRecording> due_recordings(db::Connection& db, const base::Uuid& workspace,
                                         base::Instant before, const std::optional<DueRecording>& after,
                                         std::int64_t limit) {
  const auto behind =
      after.value_or(DueRecording{base::Uuid::parse("00000000-0000-0000-0000-000000000000"), {}, {}});
  auto rows = db.query(fmt::format("SELECT r.id, r.recording_sid, r.created_at FROM recordings r "
                                   "LEFT JOIN calls c ON c.id = r.call_id WHERE {} AND ({}) AND "
                                   "(r.created_at, r.id) > ($3, $4) ORDER BY r.created_at, r.id LIMIT {}",
                                   k_old, k_not_held, limit),
                       {workspace, before, behind.created_at, behind.id});
  std::vector<DueRecording> due;
  while (rows.next()) due.push_back({rows.uuid(0), std::string(rows.text(1)), rows.instant(2)});
  return due;
}

DueCount count_due(db::Connection& db, const base::Uuid& workspace, base::Instant before) {
  auto rows = db.query(
      fmt::format("SELECT CAST(coalesce(sum(CASE WHEN ({}) THEN 1 ELSE 0 END), 0) AS bigint), count(*) "
                  "FROM recordings r LEFT JOIN calls c ON c.id = r.call_id WHERE {}",
                  k_not_held, k_old),
      {workspace, before});
  DueCount count;
  if (!rows.next()) return count;
  count.due = rows.integer(0);
  count.held = rows.integer(1) - count.due;
  return count;
}

}  // namespace ringctl::calls
