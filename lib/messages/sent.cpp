// What Twilio says of a message that was sent: at once, later, or when it is looked for.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "db/row_batch.hpp"
#include "directory/opt_outs.hpp"
#include "messages/counter.hpp"
#include "messages/fold.hpp"
#include "messages/rows.hpp"
#include "messages/send.hpp"
#include "messages/status.hpp"
#include "records/records.hpp"

namespace ringctl::messages {
namespace {

constexpr std::int64_t k_unsubscribed = 21610;
constexpr std::string_view k_source = "Twilio 21610";

/// A message's row as far as it moves.
struct Row {
  std::string sid, from_number, to_number;
  std::int64_t segments = 1;
  Progress progress = {};
  friend bool operator==(const Row&, const Row&) = default;
};

std::optional<Row> read(db::Connection& db, const base::Uuid& workspace, const base::Uuid& message) {
  auto rows = db.query(
      "SELECT message_sid, from_number, to_number, segments, status, error_code, sent_at, delivered_at "
      "FROM messages WHERE workspace_id = $1 AND id = $2 AND direction = 'outbound'",
      {workspace, message});
  if (!rows.next()) return std::nullopt;
  Row row;
  row.sid = rows.text(0);
  row.from_number = rows.text(1);
  row.to_number = rows.text(2);
  row.segments = rows.integer(3);
  row.progress = {.status = std::string(rows.text(4)),
                  .error_code = maybe_integer(rows, 5),
                  .sent_at = rows.maybe_instant(6),
                  .delivered_at = rows.maybe_instant(7)};
  return row;
}

/// `details`: "" leaves them as they are.
void write(audit::Session& session, const base::Uuid& message, const Row& row,
           std::string_view details = {}) {
  const auto& progress = row.progress;
  session.db.exec(
      "UPDATE messages SET message_sid = $2, segments = $3, status = $4, status_rank = $5, error_code = $6, "
      "sent_at = $7, delivered_at = $8, details = coalesce($9, details), version = version + 1, "
      "updated_at = $10 WHERE id = $1",
      {message, db::or_null(row.sid), row.segments, progress.status, rank_of(progress.status),
       progress.error_code, progress.sent_at, progress.delivered_at, db::or_null(details),
       session.clock.now()});
}

/// Callbacks that nobody knew the message of when they came.
void take_kept_events(db::Connection& db, const base::Uuid& workspace, Row& row) {
  auto rows = db.query(
      "SELECT status, error_code, received_at FROM message_events WHERE workspace_id = $1 AND message_sid = $2",
      {workspace, row.sid});
  while (rows.next())
    take(row.progress, {.status = rows.text(0), .error_code = maybe_integer(rows, 1), .at = rows.instant(2)});
}

// --- 21610 ---

/// As START finds it again: what was there before, and that nobody touched it since.
void mark_stopped(db::Connection& db, const base::Uuid& workspace, std::string_view phone_number,
                  std::string_view before) {
  db.exec(
      "UPDATE opt_outs SET before_stop = $3, stop_version = version WHERE workspace_id = $1 AND "
      "phone_number = $2",
      {workspace, phone_number, before});
}

void note_unsubscribed(audit::Session& session, const base::Uuid& workspace, const Row& row) {
  auto& db = session.db;
  db.exec(
      "INSERT INTO message_stops (workspace_id, phone_number, ours, message_sid, stopped_at) VALUES ($1, $2, $3, "
      "'', $4) ON CONFLICT (workspace_id, phone_number, ours) DO NOTHING",
      {workspace, row.to_number, row.from_number, session.clock.now()});
  const auto& noun = directory::opt_outs_noun();
  const std::vector<std::string> key{row.to_number};
  const auto held = records::read_by_key(db, workspace, noun, key, true);
  if (!held) {
    records::Record fresh;
    fresh.cells.resize(noun.fields.size());
    fresh.cells[directory::k_opt_out_number] = row.to_number;
    fresh.cells[directory::k_opt_out_channel] = "sms";
    fresh.cells[directory::k_opt_out_source] = k_source;
    records::write_new(session, workspace, noun, fresh);
    return mark_stopped(db, workspace, row.to_number, "none");
  }
  if (held->cells[directory::k_opt_out_channel] != "voice") return;
  auto wider = *held;
  wider.cells[directory::k_opt_out_channel] = "all";
  records::write_change(session, workspace, noun, *held, wider);
  mark_stopped(db, workspace, row.to_number, "voice");
}

// --- prices ---

std::vector<const Price*> differing(db::Connection& db, const base::Uuid& workspace,
                                    const std::vector<Price>& prices) {
  std::vector<std::string_view> sids;
  sids.reserve(prices.size());
  for (const auto& price : prices) sids.emplace_back(price.message_sid);
  const auto known = find_known(db, workspace, sids);
  std::vector<const Price*> found;
  for (const auto& price : prices) {
    const auto row = known.find(price.message_sid);
    if (row != known.end() && (row->second.price != price.price || row->second.price_unit != price.unit))
      found.push_back(&price);
  }
  return found;
}

}  // namespace

std::optional<SentMessage> find_sent(db::Connection& db, const base::Uuid& workspace,
                                     const base::Uuid& message) {
  auto rows = db.query(
      "SELECT thread_id, message_sid, status FROM messages WHERE workspace_id = $1 AND id = $2 AND "
      "direction = 'outbound'",
      {workspace, message});
  if (!rows.next()) return std::nullopt;
  return SentMessage{
      .thread = rows.uuid(0), .message_sid = std::string(rows.text(1)), .status = std::string(rows.text(2))};
}

void note_sent(audit::Session& session, const base::Uuid& workspace, const base::Uuid& message,
               std::string_view sid, std::string_view status, const std::optional<std::int64_t>& segments,
               const std::optional<std::int64_t>& error_code) {
  lock_counter(session.db, workspace);
  const auto before = read(session.db, workspace, message);
  // Another SID came by a callback that names the message: it is kept, and told where this one is settled.
  if (!before || (!before->sid.empty() && before->sid != sid)) return;
  auto after = *before;
  after.sid = sid;
  take(after.progress, {.status = status, .error_code = error_code, .at = session.clock.now()});
  if (segments && *segments > 0) after.segments = *segments;
  if (before->sid.empty()) take_kept_events(session.db, workspace, after);
  if (after != *before) write(session, message, after);
}

void note_refused(audit::Session& session, const base::Uuid& workspace, const base::Uuid& message,
                  std::int64_t code, std::string_view why) {
  lock_counter(session.db, workspace);
  const auto before = read(session.db, workspace, message);
  if (!before || !before->sid.empty() || !moves_on(before->progress.status, "failed")) return;
  auto after = *before;
  const auto error_code = code == 0 ? std::nullopt : std::optional(code);
  take(after.progress, {.status = "failed", .error_code = error_code, .at = session.clock.now()});
  write(session, message, after, nlohmann::json{{"refused", base::repaired(why)}}.dump());
  if (code == k_unsubscribed && !before->to_number.empty()) note_unsubscribed(session, workspace, *before);
}

std::int64_t set_prices(audit::Session& session, const base::Uuid& workspace,
                        const std::vector<Price>& prices) {
  if (prices.empty()) return 0;
  lock_counter(session.db, workspace);
  const auto changed = differing(session.db, workspace, prices);
  for (const auto* price : changed)
    session.db.exec(
        "UPDATE messages SET price = $3, price_unit = $4, version = version + 1, updated_at = $5 "
        "WHERE workspace_id = $1 AND message_sid = $2",
        {workspace, price->message_sid, price->price, price->unit, session.clock.now()});
  return std::ssize(changed);
}

std::unordered_map<std::string, KnownMessage> find_known(db::Connection& db, const base::Uuid& workspace,
                                                         const std::vector<std::string_view>& sids) {
  std::unordered_map<std::string, KnownMessage> known;
  if (sids.empty()) return known;
  // The workspace is compared here: as a condition it would tempt SQLite to another index.
  auto rows = db.query(fmt::format("SELECT message_sid, workspace_id, direction, status, price, price_unit "
                                   "FROM messages WHERE {}",
                                   db.among("message_sid", "$1")),
                       {db::json_array(sids)});
  while (rows.next())
    if (rows.text(1) == workspace.view())
      known.emplace(rows.text(0), KnownMessage{.direction = std::string(rows.text(2)),
                                               .status = std::string(rows.text(3)),
                                               .price = std::string(rows.text(4)),
                                               .price_unit = std::string(rows.text(5))});
  return known;
}

std::vector<std::string> on_record(db::Connection& db, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& sids) {
  std::vector<std::string> all;
  for (const auto& [sid, known] : find_known(db, workspace, sids)) all.push_back(sid);
  return all;
}

}  // namespace ringctl::messages
