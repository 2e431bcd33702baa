#include "estate/number_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "directory/log_locks.hpp"
#include "estate/capabilities.hpp"
#include "estate/number_fields.hpp"
#include "estate/number_use.hpp"
#include "jobs/journal.hpp"

namespace ringctl::estate {
namespace {

std::string json_array(std::span<const std::string_view> texts) {
  nlohmann::json array = nlohmann::json::array();
  for (const auto text : texts) array.push_back(text);
  return array.dump();
}

std::vector<db::BulkColumn> insert_columns(const base::Uuid& workspace, const base::Uuid& job,
                                           base::Instant now) {
  const auto at = base::format_utc(now);
  return {{"id", "uuid"},
          {"phone_number", "text"},
          {"provider", "text"},
          {"country_code", "text"},
          {"label", "text"},
          {"status", "text"},
          {"capabilities", "text"},
          {"sid", "text"},
          {"record_policy", "text"},
          {"sms_mode", "text"},
          {"workspace_id", "uuid", workspace.text()},
          {"job_id", "uuid", job.text()},
          {"created_at", "timestamptz", at},
          {"updated_at", "timestamptz", at}};
}

}  // namespace

void find_held(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> numbers,
               const std::function<void(const HeldNumber&)>& visit) {
  // New numbers mostly come where there are none yet; then there is nothing to ask about each.
  if (numbers.empty() ||
      !db.integer("SELECT 1 FROM phone_numbers WHERE phone_number BETWEEN $1 AND $2 LIMIT 1",
                  {numbers.front(), numbers.back()}))
    return;
  const std::string sql = fmt::format(
      "SELECT workspace_id, id, version, phone_number, provider, country_code, label, status, capabilities, sid, "
      "record_policy, sms_mode FROM phone_numbers WHERE phone_number IN (SELECT value FROM {})",
      db.text_array("$1"));
  const std::string array = json_array(numbers);
  auto rows = db.query(sql, {array});
  HeldNumber held;
  while (rows.next()) {
    held.ours = rows.text(0) == workspace.view();
    held.cells = {};
    held.cells[k_phone_number] = rows.text(3);
    if (held.ours) {
      held.id = rows.uuid(1);
      held.version = rows.integer(2);
      for (std::size_t column = k_provider; column < k_number_columns; ++column)
        held.cells[column] = rows.text(static_cast<int>(column) + 3);
      held.cells[k_capabilities] = capabilities_text(capabilities_from_json(held.cells[k_capabilities]));
    }
    visit(held);
  }
}

void find_sids(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> sids,
               const std::function<void(std::string_view, std::string_view)>& visit) {
  const std::string array = json_array(sids);
  auto rows = db.query(
      fmt::format(
          "SELECT sid, workspace_id, phone_number FROM phone_numbers WHERE sid IN (SELECT value FROM {})",
          db.text_array("$1")),
      {array});
  while (rows.next())
    visit(rows.text(0), rows.text(1) == workspace.view() ? rows.text(2) : std::string_view());
}

NumberInsert::NumberInsert(audit::Session& session, const base::Uuid& workspace, const base::Uuid& job)
    : session_(session),
      rows_(session.db, "phone_numbers", insert_columns(workspace, job, session.clock.now())) {}

void NumberInsert::add(const NumberCells& cells) {
  const base::Uuid id = session_.ids.next();
  std::string_view country_code = cells[k_country_code];
  if (country_code == k_own_country) {
    std::error_code ignored;
    country_code = country_of(*phone::E164::try_parse(cells[k_phone_number], ignored));
  }
  rows_.add(std::array<db::Param, 10>{id, cells[k_phone_number],
                                      cells[k_provider].empty() ? k_default_provider : cells[k_provider],
                                      db::or_null(country_code), db::or_null(cells[k_label]),
                                      cells[k_status].empty() ? k_default_status : cells[k_status],
                                      db::or_null(stored_capabilities(cells[k_capabilities])),
                                      db::or_null(cells[k_sid]), db::or_null(cells[k_record_policy]),
                                      cells[k_sms_mode].empty() ? k_default_sms_mode : cells[k_sms_mode]});
}

// A number that is active again is not given back. Journals of imports that knew no SMS mode say none.
std::int64_t update_numbers(audit::Session& session, const base::Uuid& workspace,
                            std::span<const NumberUpdate> updates) {
  std::int64_t changed = 0;
  for (const auto& [id, version, cells] : updates)
    changed += session.db.exec(
        "UPDATE phone_numbers SET provider = $1, country_code = $2, label = $3, status = $4, capabilities = $5, sid = $6, "
        "record_policy = $7, sms_mode = COALESCE(CAST($8 AS text), sms_mode), "
        "release_at = CASE WHEN CAST($4 AS text) = 'active' THEN NULL ELSE release_at END, "
        "version = version + 1, updated_at = $9 WHERE workspace_id = $10 AND id = $11 AND version = $12",
        {cells[k_provider], db::or_null(cells[k_country_code]), db::or_null(cells[k_label]), cells[k_status],
         db::or_null(stored_capabilities(cells[k_capabilities])), db::or_null(cells[k_sid]),
         db::or_null(cells[k_record_policy]), db::or_null(cells[k_sms_mode]), session.clock.now(), workspace,
         id, version});
  return changed;
}

std::int64_t delete_made_by(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job,
                            const records::KeptRows& kept) {
  directory::lock_logs(db, workspace);
  const db::Param made[] = {workspace, job};
  const auto as_made = jobs::version_as_made("n.id", "n.phone_number");
  // Most are in their first version, of which nothing is to be looked up.
  const auto removed =
      delete_unused(db, "n.job_id = $2 AND n.version = 1", made, History::keeps) +
      delete_unused(db, fmt::format("n.job_id = $2 AND n.version > 1 AND n.version = {}", as_made), made,
                    History::keeps);
  auto rows = db.stream(
      fmt::format("SELECT n.phone_number, n.version = {} FROM phone_numbers n WHERE n.workspace_id = $1 AND "
                  "n.job_id = $2 ORDER BY n.phone_number",
                  as_made),
      made);
  while (rows.next()) kept(rows.text(0), rows.boolean(1));  // if it is as it was made, it is used
  return removed;
}

namespace {

struct Held {
  base::Uuid id;
  std::int64_t version;
  bool sid_taken;  ///< what it shall have is another number's
};

std::optional<Held> find_row(db::Connection& db, const base::Uuid& workspace, const NumberCells& wanted) {
  auto rows = db.query(
      "SELECT id, version, EXISTS (SELECT 1 FROM phone_numbers o WHERE o.sid = $3 AND o.phone_number <> $2) "
      "FROM phone_numbers WHERE workspace_id = $1 AND phone_number = $2",
      {workspace, wanted[k_phone_number], wanted[k_sid]});
  if (!rows.next()) return std::nullopt;
  return Held{rows.uuid(0), rows.integer(1), rows.boolean(2)};
}

}  // namespace

records::Restored restore_number(audit::Session& session, const base::Uuid& workspace,
                                 const records::Replaced& row) {
  using records::Restored;
  NumberCells cells;
  std::copy_n(row.cells.begin(), cells.size(), cells.begin());
  cells[k_phone_number] = row.key;
  const auto held = find_row(session.db, workspace, cells);
  if (!held) return Restored::gone;
  if (held->version != row.version || !row.is_row(held->id)) return Restored::moved_on;
  if (held->sid_taken) return Restored::blocked;
  const NumberUpdate update{held->id, held->version, cells};
  return update_numbers(session, workspace, {&update, 1}) == 1 ? Restored::done : Restored::moved_on;
}

std::optional<base::Uuid> number_made_by(db::Connection& db, const base::Uuid& workspace,
                                         std::string_view number) {
  auto rows = db.query(
      "SELECT job_id FROM phone_numbers WHERE workspace_id = $1 AND phone_number = $2 AND job_id IS NOT NULL",
      {workspace, number});
  if (!rows.next()) return std::nullopt;
  return rows.uuid(0);
}

}  // namespace ringctl::estate
