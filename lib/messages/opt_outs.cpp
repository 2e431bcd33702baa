// Two things are kept: what Twilio blocks, by whom and where (message_stops), and the list that people see
// and change (opt_outs). A row of the list that STOP made or widened knows what was there before, and the
// version it had then: START takes it back only while nobody has changed it since.

#include "messages/opt_outs.hpp"

#include <nlohmann/json.hpp>

#include "directory/opt_outs.hpp"
#include "messages/rows.hpp"
#include "phone/e164.hpp"
#include "records/records.hpp"

namespace ringctl::messages {
namespace {

using records::Record;

constexpr std::string_view k_source = "STOP";
constexpr std::string_view k_nothing_before = "none", k_voice_before = "voice";

bool is_number(std::string_view text) {
  std::error_code why;
  return phone::E164::try_parse(text, why).has_value();
}

std::string image(const Record& row) { return records::image_of(directory::opt_outs_noun(), row.cells); }

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const Record* before, const Record* after) {
  const auto& row = after != nullptr ? *after : *before;
  audit::Change change{.action = action,
                       .object_type = directory::opt_outs_noun().object,
                       .object_id = row.id,
                       .object_key = row.cells[directory::k_opt_out_number]};
  if (before != nullptr) change.before = image(*before);
  if (after != nullptr) change.after = image(*after);
  audit::record(session, workspace, change);
}

/// Nobody else changes it until the commit.
std::optional<Record> find_locked(db::Connection& db, const base::Uuid& workspace,
                                  const std::string& phone_number) {
  const std::vector<std::string> key{phone_number};
  return records::read_by_key(db, workspace, directory::opt_outs_noun(), key, true);
}

/// What STOP made of it, as long as it is as STOP left it: what was there before; "" = it is by hand.
std::string left_by_stop(db::Connection& db, const Record& row) {
  return db.text("SELECT before_stop FROM opt_outs WHERE id = $1 AND stop_version = version", {row.id})
      .value_or("");
}

std::string stop_channel(db::Connection& db, const base::Uuid& workspace) {
  return db.text("SELECT stop_means FROM workspaces WHERE id = $1", {workspace}).value_or("all");
}

/// False if somebody put the number on the list meanwhile.
bool add(audit::Session& session, const base::Uuid& workspace, const StopWord& word,
         const std::string& channel) {
  Record row;
  row.id = session.ids.next();
  row.cells.resize(directory::opt_outs_noun().fields.size());
  row.cells[directory::k_opt_out_number] = word.phone_number;
  row.cells[directory::k_opt_out_channel] = channel;
  row.cells[directory::k_opt_out_since] = base::format_utc(word.at);
  row.cells[directory::k_opt_out_source] = k_source;
  const auto added = session.db.exec(
      "INSERT INTO opt_outs (id, workspace_id, phone_number, channel, since, source, before_stop, stop_version, "
      "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8) "
      "ON CONFLICT (workspace_id, phone_number) DO NOTHING",
      {row.id, workspace, word.phone_number, channel, word.at, k_source, k_nothing_before,
       session.clock.now()});
  if (added == 1) record(session, workspace, "optouts.stop", nullptr, &row);
  return added == 1;
}

/// `before`: what START goes back to; "" = to nothing but this.
void set_channel(audit::Session& session, const base::Uuid& workspace, std::string_view action,
                 const Record& row, std::string_view channel, std::string_view before) {
  auto after = row;
  after.cells[directory::k_opt_out_channel] = channel;
  session.db.exec(
      "UPDATE opt_outs SET channel = $2, before_stop = $3, stop_version = CASE WHEN CAST($3 AS text) IS NULL THEN NULL "
      "ELSE version + 1 END, version = version + 1, updated_at = $4 WHERE id = $1",
      {row.id, channel, db::or_null(before), session.clock.now()});
  record(session, workspace, action, &row, &after);
}

/// False where the list says as much already.
bool widen(audit::Session& session, const base::Uuid& workspace, const Record& row,
           const std::string& channel) {
  const auto& has = row.cells[directory::k_opt_out_channel];
  if (has == "all" || has == channel) return false;
  // Somebody who wrote "sms" by hand may have meant it: the list cannot say so besides, and START leaves it.
  const auto before = has == "voice" ? std::string(k_voice_before) : left_by_stop(session.db, row);
  set_channel(session, workspace, "optouts.stop", row, "all", before);
  return true;
}

bool put_on_list(audit::Session& session, const base::Uuid& workspace, const StopWord& word) {
  const auto channel = stop_channel(session.db, workspace);
  auto row = find_locked(session.db, workspace, word.phone_number);
  if (!row) {
    if (add(session, workspace, word, channel)) return true;
    row = find_locked(session.db, workspace, word.phone_number);
  }
  return row && widen(session, workspace, *row, channel);
}

bool is_blocked(db::Connection& db, const base::Uuid& workspace, const std::string& phone_number) {
  return db
      .integer("SELECT 1 FROM message_stops WHERE workspace_id = $1 AND phone_number = $2 LIMIT 1",
               {workspace, phone_number})
      .has_value();
}

}  // namespace

bool stop(audit::Session& session, const base::Uuid& workspace, const StopWord& word) {
  if (!is_number(word.phone_number)) return false;
  const auto blocked = session.db.exec(
      "INSERT INTO message_stops (workspace_id, phone_number, ours, message_sid, stopped_at) "
      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id, phone_number, ours) DO NOTHING",
      {workspace, word.phone_number, word.ours, word.message_sid, word.at});
  // Also where it was blocked: somebody may have taken it off the list, and it was said again.
  const bool listed = put_on_list(session, workspace, word);
  return blocked == 1 || listed;
}

bool start(audit::Session& session, const base::Uuid& workspace, const StopWord& word) {
  auto& db = session.db;
  const auto lifted =
      db.exec("DELETE FROM message_stops WHERE workspace_id = $1 AND phone_number = $2 AND ours IN ($3, $4)",
              {workspace, word.phone_number, word.ours, word.number});
  if (lifted == 0 || is_blocked(db, workspace, word.phone_number)) return false;
  const auto row = find_locked(db, workspace, word.phone_number);
  if (!row) return false;
  const auto before = left_by_stop(db, *row);
  if (before.empty()) return false;
  if (before == k_voice_before) {
    set_channel(session, workspace, "optouts.start", *row, "voice", {});
    return true;
  }
  db.exec("DELETE FROM opt_outs WHERE id = $1", {row->id});
  record(session, workspace, "optouts.start", &*row, nullptr);
  return true;
}

bool is_opted_out(db::Connection& db, const base::Uuid& workspace, std::string_view phone_number) {
  return db
      .integer(
          "SELECT 1 FROM opt_outs WHERE workspace_id = $1 AND phone_number = $2 AND channel IN ('sms', 'all')",
          {workspace, phone_number})
      .has_value();
}

}  // namespace ringctl::messages
