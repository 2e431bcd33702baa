// All that was kept of a message is folded, not only what is new: what came before anybody knew whose the SID
// is counts as soon as somebody does.

#include "messages/fold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "db/row_batch.hpp"
#include "db/transaction.hpp"
#include "messages/rows.hpp"
#include "messages/status.hpp"

namespace ringctl::messages {
namespace {

constexpr std::string_view k_insert_event =
    "INSERT INTO message_events (id, workspace_id, event_key, message_sid, message_id, status, error_code, form, "
    "received_at)";
constexpr std::size_t k_event_values = 9;
constexpr std::string_view k_unless_kept =
    "ON CONFLICT (workspace_id, event_key) DO NOTHING RETURNING event_key";

constexpr std::string_view k_update_message =
    "UPDATE messages SET message_sid = $2, status = $3, status_rank = $4, error_code = $5, sent_at = $6, "
    "delivered_at = $7, version = version + 1, updated_at = $8 WHERE id = $1";

/// A message of ours.
struct SentRow {
  base::Uuid id;
  std::string sid = {};  ///< "" = Twilio has not said that it took it
  Progress before = {}, progress = {};
  bool is_new_sid = false;
  bool erased = false;  ///< whom it went to
};

std::optional<std::int64_t> error_code_of(const Event& event) {
  const auto code = base::parse_int(event.parameter("ErrorCode"));
  if (!code || *code <= 0) return std::nullopt;
  return code;
}

void keep_earliest(std::optional<base::Instant>& at, base::Instant other) {
  if (!at || other < *at) at = other;
}

/// Those that were not kept yet, each key once; how many.
std::int64_t insert_events(audit::Session& session, const base::Uuid& workspace,
                           const std::vector<const Event*>& events) {
  std::unordered_set<std::string> keys;
  std::deque<std::string> texts;
  const auto keep = [&](std::string text) -> const std::string& {
    return texts.emplace_back(std::move(text));
  };
  db::RowBatch batch(session.db, k_insert_event, k_event_values, k_unless_kept);
  for (const auto* event : events) {
    const auto [key, first] = keys.insert(stored_key(*event));
    if (!first) continue;
    batch.add({keep(session.ids.next().text()), workspace, *key, event->message_sid, event->message,
               keep(base::repaired(event->status)), error_code_of(*event), keep(form_json(*event)),
               event->received_at});
  }
  std::int64_t fresh = 0;
  batch.flush([&](const db::Rows&) { ++fresh; });
  return fresh;
}

/// The messages that events are about.
class SentRows {
 public:
  SentRows(audit::Session& session, const base::Uuid& workspace) : session_(session), workspace_(workspace) {}

  void read(const std::vector<const Event*>& events) {
    std::set<std::string_view> sids, ids;
    for (const auto* event : events) {
      sids.insert(event->message_sid);
      if (event->message) ids.insert(event->message->view());
    }
    read_where(session_.db.among("m.message_sid", "$1"), sids);
    read_where(db::ids_among(session_.db, "m.id", "$1"), ids);
    for (const auto* event : events)
      if (event->message) name(*event);
  }

  /// What was kept, and what came again: the same may have come earlier than what was kept of it.
  void fold(const std::vector<const Event*>& events) {
    std::set<std::string_view> sids;
    for (const auto& [sid, row] : by_sid_) sids.insert(sid);
    if (sids.empty()) return;
    const auto array = db::json_array({sids.begin(), sids.end()});
    auto rows = session_.db.query(
        fmt::format(
            "SELECT message_sid, status, error_code, received_at, workspace_id FROM message_events WHERE {}",
            session_.db.among("message_sid", "$1")),
        {array});
    while (rows.next())
      if (rows.text(4) == workspace_.view())
        take(by_sid_.at(std::string(rows.text(0)))->progress,
             {.status = rows.text(1), .error_code = maybe_integer(rows, 2), .at = rows.instant(3)});
    for (const auto* event : events)
      if (const auto row = by_sid_.find(event->message_sid); row != by_sid_.end())
        take(row->second->progress,
             {.status = event->status, .error_code = error_code_of(*event), .at = event->received_at});
  }

  void write() {
    for (auto& row : rows_) {
      if (row.is_new_sid)
        write_named(row);
      else if (row.progress != row.before)
        write(row);
    }
    scrub_erased();
  }

 private:
  void read_where(const std::string& condition, const std::set<std::string_view>& values) {
    if (values.empty()) return;
    const auto array = db::json_array({values.begin(), values.end()});
    // The workspace is compared here: as a condition it would tempt SQLite to another index.
    auto rows = session_.db.query(
        fmt::format(
            "SELECT m.id, m.workspace_id, m.message_sid, m.direction, m.status, m.error_code, m.sent_at, "
            "m.delivered_at, t.party_number IS NULL, c.erased_at IS NOT NULL FROM messages m "
            "JOIN message_threads t ON t.id = m.thread_id LEFT JOIN contacts c ON c.id = m.contact_id WHERE {}",
            condition),
        {array});
    while (rows.next()) {
      if (rows.text(1) != workspace_.view() || rows.text(3) != "outbound") continue;
      const auto id = rows.uuid(0);
      if (by_id_.contains(id.text())) continue;
      auto& row = rows_.emplace_back();
      row.id = id;
      row.sid = rows.text(2);
      row.before = {.status = std::string(rows.text(4)),
                    .error_code = maybe_integer(rows, 5),
                    .sent_at = rows.maybe_instant(6),
                    .delivered_at = rows.maybe_instant(7)};
      row.progress = row.before;
      row.erased = rows.boolean(8) || rows.boolean(9);
      by_id_.emplace(id.text(), &row);
      if (!row.sid.empty()) by_sid_.emplace(row.sid, &row);
    }
  }

  /// The path of a callback says which message it is about, also where nobody heard Twilio's answer to the
  /// request that sent it.
  void name(const Event& event) {
    const auto found = by_id_.find(event.message->text());
    auto* const row = found == by_id_.end() ? nullptr : found->second;
    if (row != nullptr && row->sid.empty() && !by_sid_.contains(event.message_sid)) {
      row->sid = event.message_sid;
      row->is_new_sid = true;
      by_sid_.emplace(row->sid, row);
    }
    if (row == nullptr || row->sid != event.message_sid)
      base::log(base::LogLevel::warn, "message.not_its_callback",
                {{"message_sid", event.message_sid}, {"message", event.message->view()}});
  }

  void write(const SentRow& row) {
    const auto& progress = row.progress;
    session_.db.exec(k_update_message,
                     {row.id, db::or_null(row.sid), progress.status, rank_of(progress.status),
                      progress.error_code, progress.sent_at, progress.delivered_at, session_.clock.now()});
  }

  /// Another workspace, whose rows are not seen from here, may have the SID.
  void write_named(const SentRow& row) {
    try {
      db::Savepoint savepoint(session_.db);
      write(row);
      savepoint.release();
    } catch (const Error& error) {
      if (error.slug() != "db.unique") throw;
      base::log(base::LogLevel::warn, "message.not_its_callback",
                {{"message_sid", row.sid}, {"message", row.id.view()}});
    }
  }

  /// Their forms were kept a moment ago. By SID: to ask for the workspace as well would tempt SQLite to read
  /// all its events.
  void scrub_erased() {
    std::vector<std::string_view> sids;
    for (const auto& row : rows_)
      if (row.erased && !row.sid.empty()) sids.emplace_back(row.sid);
    if (sids.empty()) return;
    auto& db = session_.db;
    std::vector<std::string> events;
    {
      const auto array = db::json_array(sids);
      auto rows = db.query(
          fmt::format("SELECT id, workspace_id FROM message_events WHERE {}", db.among("message_sid", "$1")),
          {array});
      while (rows.next())
        if (rows.text(1) == workspace_.view()) events.emplace_back(rows.text(0));
    }
    const auto array = db::json_array({events.begin(), events.end()});
    db.exec(fmt::format("UPDATE message_events SET form = '{{}}' WHERE {}", db::ids_among(db, "id", "$1")),
            {array});
  }

  audit::Session& session_;
  const base::Uuid& workspace_;
  std::deque<SentRow> rows_;
  std::unordered_map<std::string, SentRow*> by_id_, by_sid_;
};

}  // namespace

void take(Progress& progress, const Report& report) {
  const auto rank = rank_of(report.status), stands = rank_of(progress.status);
  if (rank == 0) return;
  if (rank > stands) {
    progress.status = report.status;
    progress.error_code = report.error_code;
  } else if (rank == stands) {
    progress.error_code = std::max(progress.error_code, report.error_code);
  }
  const bool delivered = report.status == "delivered" || report.status == "read";
  if (delivered || report.status == "sent" || report.status == "partially_delivered")
    keep_earliest(progress.sent_at, report.at);
  if (delivered) keep_earliest(progress.delivered_at, report.at);
}

std::string stored_key(const Event& event) { return base::repaired(event_key(event)); }

std::vector<std::string> kept_keys(db::Connection& db, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& keys) {
  std::vector<std::string> kept;
  if (keys.empty()) return kept;
  const auto array = db::json_array(keys);
  auto rows = db.query(fmt::format("SELECT event_key FROM message_events WHERE workspace_id = $1 AND {}",
                                   db.among("event_key", "$2")),
                       {workspace, array});
  while (rows.next()) kept.emplace_back(rows.text(0));
  return kept;
}

Applied take_statuses(audit::Session& session, const base::Uuid& workspace,
                      const std::vector<const Event*>& given) {
  Applied applied;
  std::vector<const Event*> events;
  for (const auto* event : given)
    if (is_usable(event->message_sid)) events.push_back(event);
  if (!events.empty()) {
    applied.fresh = insert_events(session, workspace, events);
    SentRows rows(session, workspace);
    rows.read(events);
    rows.fold(events);
    rows.write();
  }
  applied.repeated = std::ssize(given) - applied.fresh;
  return applied;
}

}  // namespace ringctl::messages
