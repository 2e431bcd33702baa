// A piece at a time, oldest first, each in a transaction of its own under the log's lock, with its row of the
// audit log: nobody changes or holds a call between its being chosen and its being gone, webhooks wait for
// one piece at most, and what a killed run removed is on record. Files of their sound go before their rows
// do.

#include "calls/purge.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "calls/counter.hpp"
#include "calls/holds.hpp"
#include "calls/rows.hpp"
#include "calls/sound_files.hpp"
#include "db/row_batch.hpp"
#include "db/transaction.hpp"

namespace ringctl::calls {
namespace {

constexpr std::chrono::hours k_youngest{24};

/// Where a run stands: what began up to there was looked at.
struct Place {
  base::Instant started_at = {};
  base::Uuid id = base::Uuid::parse("00000000-0000-0000-0000-000000000000");
};

/// Of `calls c`: $1 is the workspace, $2 the time.
std::string old_enough() { return "c.workspace_id = $1 AND c.started_at < $2"; }
std::string to_go() { return fmt::format("{} AND c.ended_at IS NOT NULL AND {}", old_enough(), k_not_held); }

std::vector<std::string> texts(db::Rows rows) {
  std::vector<std::string> all;
  while (rows.next()) all.emplace_back(rows.text(0));
  return all;
}

std::string array_of(const std::vector<std::string>& texts) {
  return db::json_array({texts.begin(), texts.end()});
}

/// The ids of the next calls that go; `place` moves to the last of them.
std::vector<std::string> choose(db::Connection& db, const base::Uuid& workspace, const PurgeOptions& options,
                                Place& place) {
  auto rows = db.query(
      fmt::format("SELECT c.id, c.started_at FROM calls c WHERE {} AND (c.started_at, c.id) > ($3, $4) "
                  "ORDER BY c.started_at, c.id LIMIT {}",
                  to_go(), options.piece),
      {workspace, options.before, place.started_at, place.id});
  std::vector<std::string> ids;
  while (rows.next()) {
    ids.emplace_back(rows.text(0));
    place = {rows.instant(1), rows.uuid(0)};
  }
  return ids;
}

/// Webhooks of these calls and of their legs. By SID: to ask for the workspace as well would tempt SQLite to
/// read all its webhooks.
std::int64_t delete_events(db::Connection& db, const base::Uuid& workspace, const std::string& ids) {
  auto sids = texts(db.query(
      fmt::format(
          "SELECT call_sid FROM calls WHERE {0} UNION ALL SELECT leg_sid FROM call_attempts WHERE {1}",
          db::ids_among(db, "id", "$1"), db::ids_among(db, "call_id", "$1")),
      {ids}));
  const auto sid_array = array_of(sids);
  std::vector<std::string> events;
  auto rows =
      db.query(fmt::format("SELECT id, workspace_id FROM call_events WHERE {}", db.among("call_sid", "$1")),
               {sid_array});
  while (rows.next())
    if (rows.text(1) == workspace.view()) events.emplace_back(rows.text(0));
  return db.exec(fmt::format("DELETE FROM call_events WHERE {}", db::ids_among(db, "id", "$1")),
                 {array_of(events)});
}

/// What the audit log holds of objects; its chain stays whole, for the digests it is made of are kept.
void scrub_images(db::Connection& db, std::string_view type, const std::string& ids) {
  db.exec(
      fmt::format(
          "UPDATE audit_images SET object_key = NULL, salt = NULL, before_image = NULL, after_image = NULL "
          "WHERE audit_id IN (SELECT l.id FROM audit_log l WHERE l.object_type = $2 AND {})",
          db::ids_among(db, "l.object_id", "$1")),
      {ids, type});
}

/// Those that are open are somebody's task: they stay, and know of no call from then on.
void delete_callbacks(db::Connection& db, const std::string& ids) {
  const auto done =
      array_of(texts(db.query(fmt::format("SELECT id FROM callbacks WHERE status <> 'open' AND {}",
                                          db::ids_among(db, "call_id", "$1")),
                              {ids})));
  scrub_images(db, "callback", done);
  db.exec(fmt::format("DELETE FROM callbacks WHERE {}", db::ids_among(db, "id", "$1")), {done});
}

void owe_deletions(audit::Session& session, const base::Uuid& workspace, const std::string& ids) {
  // Twilio's word for a recording that came to nothing.
  session.db.exec(
      fmt::format(
          "INSERT INTO recording_deletions (recording_sid, workspace_id, asked_at) SELECT recording_sid, $2, $3 "
          "FROM recordings WHERE status <> 'absent' AND deleted_at IS NULL AND {} ON CONFLICT (recording_sid) DO NOTHING",
          db::ids_among(session.db, "call_id", "$1")),
      {ids, workspace, session.clock.now()});
}

/// Of calls whose ids $1 are: each file that their sound was fetched into.
struct CallFile {
  std::string call;
  SoundFile file;
};
std::vector<CallFile> files_of(db::Connection& db, const std::vector<std::string>& calls) {
  std::vector<CallFile> all;
  auto rows =
      db.query(fmt::format("SELECT call_id, files, file_name FROM recordings WHERE {} AND file_name IS "
                           "NOT NULL ORDER BY created_at, id",
                           db::ids_among(db, "call_id", "$1")),
               {array_of(calls)});
  while (rows.next())
    for (auto& file : sound_files(rows.text(1), rows.text(2)))
      all.push_back({std::string(rows.text(0)), std::move(file)});
  return all;
}

bool is_noted(db::Connection& db, const base::Uuid& workspace, std::string_view sha256) {
  return db
      .integer("SELECT 1 FROM recordings WHERE workspace_id = $1 AND files LIKE $2 LIMIT 1",
               {workspace, fmt::format("%{}%", sha256)})
      .has_value();
}

/// Files first, and their rows where they are gone: stopped between the two, the next run finds no files and
/// removes the rows; the other order would leave sound that nobody knows of. Of `calls` only those are left
/// whose files are gone.
std::vector<StuckFile> remove_files(db::Connection& db, SoundRemoval& removal,
                                    std::vector<std::string>& calls) {
  std::vector<StuckFile> stuck;
  std::set<std::string> staying;
  for (const auto& [call, file] : files_of(db, calls))
    if (auto why = removal.remove(file); !why.empty()) {
      stuck.push_back({file.name, std::move(why)});
      staying.insert(call);
    }
  removal.settle();
  std::erase_if(calls, [&](const std::string& call) { return staying.contains(call); });
  return stuck;
}

Purged remove(audit::Session& session, const base::Uuid& workspace, const std::vector<std::string>& calls) {
  auto& db = session.db;
  const auto ids = array_of(calls);
  const auto delete_from = [&](std::string_view table, std::string_view column) {
    return db.exec(fmt::format("DELETE FROM {} WHERE {}", table, db::ids_among(db, column, "$1")), {ids});
  };
  Purged purged;
  purged.events = delete_events(db, workspace, ids);
  scrub_images(db, "call", ids);
  delete_callbacks(db, ids);
  owe_deletions(session, workspace, ids);
  db.exec(
      fmt::format(
          "UPDATE reservations SET to_number = '' WHERE id IN (SELECT reservation_id FROM calls WHERE {})",
          db::ids_among(db, "id", "$1")),
      {ids});
  delete_from("legal_holds", "call_id");  // those that ended
  scrub_images(
      db, "recording",
      array_of(texts(db.query(
          fmt::format("SELECT id FROM recordings WHERE {}", db::ids_among(db, "call_id", "$1")), {ids}))));
  purged.recordings = delete_from("recordings", "call_id");
  purged.attempts = delete_from("call_attempts", "call_id");
  purged.calls = delete_from("calls", "id");
  return purged;
}

/// Of old calls, those that stay.
void count_staying(db::Connection& db, const base::Uuid& workspace, Purged& purged) {
  auto rows = db.query(
      fmt::format("SELECT CAST(coalesce(sum(CASE WHEN c.ended_at IS NULL THEN 1 ELSE 0 END), 0) AS bigint), "
                  "CAST(coalesce(sum(CASE WHEN c.ended_at IS NULL OR ({}) THEN 0 ELSE 1 END), 0) AS bigint) "
                  "FROM calls c WHERE {}",
                  k_not_held, old_enough()),
      {workspace, purged.before});
  if (!rows.next()) return;
  purged.open = rows.integer(0);
  purged.held = rows.integer(1);
}

/// What a run would remove.
Purged count(db::Connection& db, const base::Uuid& workspace, base::Instant before) {
  Purged purged{.before = before};
  const auto of = [&](std::string_view joined) {
    return db
        .integer(fmt::format("SELECT count(*) FROM calls c {} WHERE {}", joined, to_go()),
                 {workspace, before})
        .value_or(0);
  };
  purged.calls = of("");
  purged.attempts = of("JOIN call_attempts a ON a.call_id = c.id");
  purged.recordings = of("JOIN recordings r ON r.call_id = c.id");
  auto rows =
      db.stream(fmt::format("SELECT r.files, r.file_name FROM calls c JOIN recordings r ON r.call_id = c.id "
                            "WHERE {} AND r.file_name IS NOT NULL",
                            to_go()),
                {workspace, before});
  while (rows.next()) purged.files += std::ssize(sound_files(rows.text(0), rows.text(1)));
  purged.events = of("JOIN call_events e ON e.call_sid = c.call_sid") +
                  of("JOIN call_attempts a ON a.call_id = c.id JOIN call_events e ON e.call_sid = a.leg_sid");
  return purged;
}

void record(audit::Session& session, const base::Uuid& workspace, const Purged& purged) {
  const auto image = nlohmann::json{
      {"before", base::format_utc(purged.before)},
      {"calls", purged.calls},
      {"attempts", purged.attempts},
      {"events", purged.events},
      {"recordings", purged.recordings},
      {"files",
       purged.files}}.dump();
  audit::record(session, workspace,
                {.action = "calls.purge", .object_type = "calls", .object_key = "calls", .after = image});
}

/// From then on nobody adds what began before.
void note_time(db::Connection& db, const base::Uuid& workspace, base::Instant before) {
  db.exec(
      "UPDATE call_counters SET purged_before = $2 WHERE workspace_id = $1 AND "
      "(purged_before IS NULL OR purged_before < $2)",
      {workspace, before});
}

/// What Twilio was asked to ring, and is settled: it names who was called.
void delete_effects(db::Connection& db, const base::Uuid& workspace, base::Instant before) {
  db::in_transaction(db, db::Scope::of(workspace), [&] {
    db.exec(
        "DELETE FROM twilio_effects WHERE workspace_id = $1 AND kind IN ('call.start', 'participant.add') AND "
        "created_at < $2 AND state IN ('done', 'refused', 'undone') AND NOT EXISTS (SELECT 1 FROM calls c WHERE "
        "c.call_sid = twilio_effects.sid) AND NOT EXISTS (SELECT 1 FROM call_attempts a WHERE "
        "a.leg_sid = twilio_effects.sid)",
        {workspace, before});
  });
}

/// In a read transaction.
template <class Work>
void look(db::Connection& db, const base::Uuid& workspace, Work&& work) {
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  work();
  transaction.commit();
}

/// Reads the files of the next calls before the log is locked, for that may take long: what is found then to
/// be as it was need not be read again.
void look_at_files(db::Connection& db, const base::Uuid& workspace, const PurgeOptions& options, Place place,
                   SoundRemoval& removal) {
  std::vector<CallFile> files;
  look(db, workspace, [&] { files = files_of(db, choose(db, workspace, options, place)); });
  for (const auto& [call, file] : files) removal.look_at(file);
}

struct Piece {
  Purged purged;
  std::vector<StuckFile> stuck = {};
  bool any = false;  ///< a call was left
};
/// The next piece, inside its transaction; `place` moves behind it.
Piece purge_piece(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options,
                  SoundRemoval& removal, Place& place) {
  lock_counter(session.db, workspace);
  auto calls = choose(session.db, workspace, options, place);
  Piece piece{.purged = {.before = options.before}};
  note_time(session.db, workspace, options.before);
  piece.any = !calls.empty();
  if (!piece.any) return piece;
  const auto chosen = std::ssize(calls);
  piece.stuck = remove_files(session.db, removal, calls);
  piece.purged.kept = chosen - std::ssize(calls);
  piece.purged.files = removal.removed();
  if (calls.empty()) return piece;
  piece.purged += remove(session, workspace, calls);
  record(session, workspace, piece.purged);
  return piece;
}

void purge_pieces(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options,
                  Purged& all) {
  Place place;
  for (;;) {
    SoundRemoval removal([&](std::string_view sha256) { return is_noted(session.db, workspace, sha256); });
    look_at_files(session.db, workspace, options, place, removal);
    Piece piece;
    auto next = place;
    db::in_transaction(session.db, db::Scope::of(workspace), [&] {
      next = place;
      piece = purge_piece(session, workspace, options, removal, next);
    });
    if (!piece.any) return;
    place = next;
    all += piece.purged;
    for (const auto& file : piece.stuck)
      if (options.stuck) options.stuck(file);
    if (options.between) options.between(all);
  }
}

}  // namespace

Purged& Purged::operator+=(const Purged& other) {
  calls += other.calls;
  attempts += other.attempts;
  events += other.events;
  recordings += other.recordings;
  files += other.files;
  kept += other.kept;
  return *this;
}

Purged purge(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options) {
  if (options.before > session.clock.now() - k_youngest)
    throw Error(Errc::invalid, "calls.purge_too_young",
                "calls of the last 24 hours are not purged: their webhooks may still be on the way",
                "ringctl calls purge --older-than 1d");
  Purged all{.before = options.before};
  if (options.write) {
    purge_pieces(session, workspace, options, all);
    delete_effects(session.db, workspace, options.before);
  }
  look(session.db, workspace, [&] {
    if (!options.write) all = count(session.db, workspace, options.before);
    count_staying(session.db, workspace, all);
  });
  return all;
}

std::vector<OwedDeletion> owed_deletions(db::Connection& db, const base::Uuid& workspace,
                                         const std::optional<OwedDeletion>& after, std::int64_t limit) {
  const auto behind = after.value_or(OwedDeletion());
  auto rows = db.query(
      fmt::format("SELECT recording_sid, asked_at FROM recording_deletions WHERE workspace_id = $1 AND "
                  "(asked_at, recording_sid) > ($2, $3) ORDER BY asked_at, recording_sid LIMIT {}",
                  limit),
      {workspace, behind.asked_at, behind.recording_sid});
  std::vector<OwedDeletion> owed;
  while (rows.next()) owed.push_back({rows.instant(1), std::string(rows.text(0))});
  return owed;
}

std::int64_t count_owed(db::Connection& db, const base::Uuid& workspace) {
  return db.integer("SELECT count(*) FROM recording_deletions WHERE workspace_id = $1", {workspace})
      .value_or(0);
}

std::optional<base::Instant> purged_before(db::Connection& db, const base::Uuid& workspace) {
  auto rows = db.query("SELECT purged_before FROM call_counters WHERE workspace_id = $1", {workspace});
  return rows.next() ? rows.maybe_instant(0) : std::nullopt;
}

bool settle_deletion(db::Connection& db, const base::Uuid& workspace, std::string_view recording_sid) {
  return db.exec("DELETE FROM recording_deletions WHERE recording_sid = $1 AND workspace_id = $2",
                 {recording_sid, workspace}) > 0;
}

}  // namespace ringctl::calls
