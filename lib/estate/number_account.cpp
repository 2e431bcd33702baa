#include "estate/number_account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "db/bulk_insert.hpp"
#include "directory/log_locks.hpp"
#include "estate/capabilities.hpp"
#include "estate/number_fields.hpp"
#include "estate/number_row.hpp"
#include "estate/number_use.hpp"

namespace ringctl::estate {
namespace {

/// In the order read() expects.
constexpr std::string_view k_known_columns =
    "id, version, phone_number, sid, account_sid, capabilities, webhook_status, trunk_sid, provider, status, "
    "label, country_code, missing_since, release_at, workspace_id";
constexpr int k_workspace_column = 14, k_use_column = 15;

std::string columns_of(const KnownNumber*) { return std::string(k_known_columns); }
std::string columns_of(const UsedNumber*) {
  return fmt::format(
      "{}, {} AS assigned, EXISTS (SELECT 1 FROM agent_phone_numbers p WHERE p.phone_number_id = phone_numbers.id "
      "AND p.sms_access_enabled = TRUE) AS pooled, (SELECT count(*) FROM user_extensions e WHERE e.number_id = "
      "phone_numbers.id AND e.is_active = TRUE) AS extensions",
      k_known_columns, k_is_assigned);
}

void read(const db::Rows& row, KnownNumber& out) {
  out.id = row.uuid(0);
  out.version = row.integer(1);
  out.facts.phone_number = row.text(2);
  out.facts.sid = row.text(3);
  out.facts.account_sid = row.text(4);
  out.facts.capabilities = capabilities_text(capabilities_from_json(row.text(5)));
  out.facts.webhook_status = row.text(6);
  out.facts.trunk_sid = row.text(7);
  out.provider = row.text(8);
  out.status = row.text(9);
  out.label = row.text(10);
  out.country_code = row.text(11);
  out.missing_since = row.maybe_instant(12);
  out.release_at = row.maybe_instant(13);
}

void read(const db::Rows& row, UsedNumber& out) {
  read(row, static_cast<KnownNumber&>(out));
  out.assigned = row.boolean(k_use_column);
  out.pooled = row.boolean(k_use_column + 1);
  out.extensions = row.integer(k_use_column + 2);
}

template <class Texts>
std::string json_array(const Texts& texts) {
  nlohmann::json array = nlohmann::json::array();
  for (const auto& text : texts) array.push_back(text);
  return array.dump();
}

/// As find_known() and find_used() say.
template <class Known>
void find(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> numbers,
          const std::function<void(const Known&)>& ours,
          const std::function<void(std::string_view)>& held_elsewhere) {
  // An account that is looked at for the first time mostly has numbers that nobody has here.
  if (numbers.empty() ||
      !db.integer("SELECT 1 FROM phone_numbers WHERE phone_number BETWEEN $1 AND $2 LIMIT 1",
                  {numbers.front(), numbers.back()}))
    return;
  const auto array = json_array(numbers);
  Known known;
  auto rows = db.query(fmt::format("SELECT {} FROM phone_numbers WHERE {} ORDER BY phone_number",
                                   columns_of(&known), db.among("phone_number", "$1")),
                       {array});
  while (rows.next()) {
    if (rows.text(k_workspace_column) != workspace.view()) {
      held_elsewhere(rows.text(2));
      continue;
    }
    read(rows, known);
    ours(known);
  }
}

/// A row whose SID is another's by now would be in the way of the one that it belongs to.
void free_sids(db::Connection& db, const base::Uuid& workspace, std::span<const FactsUpdate> updates) {
  nlohmann::json sids = nlohmann::json::array();
  for (const auto& update : updates)
    if (!update.facts.sid.empty()) sids.push_back(update.facts.sid);
  if (sids.empty()) return;
  const auto array = sids.dump();
  db.exec(fmt::format("UPDATE phone_numbers SET sid = NULL WHERE workspace_id = $1 AND {}",
                      db.among("sid", "$2")),
          {workspace, array});
}

}  // namespace

void find_known(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> numbers,
                const std::function<void(const KnownNumber&)>& ours,
                const std::function<void(std::string_view)>& held_elsewhere) {
  find(db, workspace, numbers, ours, held_elsewhere);
}

void find_used(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> numbers,
               const std::function<void(const UsedNumber&)>& ours,
               const std::function<void(std::string_view)>& held_elsewhere) {
  find(db, workspace, numbers, ours, held_elsewhere);
}

void for_each_at_twilio(db::Connection& db, const base::Uuid& workspace,
                        const std::function<void(const KnownNumber&)>& visit) {
  auto rows =
      db.stream(fmt::format("SELECT {} FROM phone_numbers WHERE workspace_id = $1 AND provider = 'twilio' "
                            "ORDER BY phone_number",
                            k_known_columns),
                {workspace});
  KnownNumber known;
  while (rows.next()) {
    read(rows, known);
    visit(known);
  }
}

std::vector<UsedNumber> due_releases(db::Connection& db, const base::Uuid& workspace, base::Instant now) {
  std::vector<UsedNumber> due;
  UsedNumber used;
  auto rows =
      db.query(fmt::format("SELECT {} FROM phone_numbers WHERE workspace_id = $1 AND release_at <= $2 "
                           "AND status = 'inactive' ORDER BY phone_number",
                           columns_of(&used)),
               {workspace, now});
  while (rows.next()) {
    read(rows, used);
    due.push_back(used);
  }
  return due;
}

std::int64_t count_elsewhere(db::Connection& db, const base::Uuid& workspace) {
  return db
      .integer("SELECT count(*) FROM phone_numbers WHERE workspace_id = $1 AND provider <> 'twilio'",
               {workspace})
      .value_or(0);
}

std::int64_t write_facts(audit::Session& session, const base::Uuid& workspace,
                         std::span<const FactsUpdate> updates) {
  auto& db = session.db;
  free_sids(db, workspace, updates);
  std::int64_t changed = 0;
  for (const auto& update : updates) {
    const auto& facts = update.facts;
    changed += db.exec(
        "UPDATE phone_numbers SET sid = $1, account_sid = $2, capabilities = $3, webhook_status = $4, "
        "trunk_sid = $5, missing_since = NULL, version = version + 1, updated_at = $6 WHERE workspace_id = $7 AND "
        "id = $8 AND version = $9",
        {db::or_null(facts.sid), db::or_null(facts.account_sid),
         db::or_null(stored_capabilities(facts.capabilities)), facts.webhook_status,
         db::or_null(facts.trunk_sid), session.clock.now(), workspace, update.id, update.version});
  }
  return changed;
}

std::int64_t note_configured(audit::Session& session, const base::Uuid& workspace,
                             std::span<const base::Uuid> numbers) {
  std::int64_t changed = 0;
  const auto now = session.clock.now();
  for (const auto& id : numbers) {
    changed += session.db.exec(
        "UPDATE phone_numbers SET webhook_status = 'configured', configured_at = $1, version = version + 1, "
        "updated_at = $1 WHERE workspace_id = $2 AND id = $3 AND (webhook_status <> 'configured' OR "
        "configured_at IS NULL)",
        {now, workspace, id});
    session.db.exec("UPDATE phone_numbers SET configured_at = $1 WHERE workspace_id = $2 AND id = $3",
                    {now, workspace, id});
  }
  return changed;
}

std::int64_t mark_missing(audit::Session& session, const base::Uuid& workspace,
                          std::span<const RowVersion> numbers) {
  std::int64_t marked = 0;
  for (const auto& [id, version] : numbers)
    marked += session.db.exec(
        "UPDATE phone_numbers SET missing_since = $1, webhook_status = 'unknown', version = version + 1, "
        "updated_at = $1 WHERE workspace_id = $2 AND id = $3 AND version = $4 AND missing_since IS NULL",
        {session.clock.now(), workspace, id, version});
  return marked;
}

void insert_adopted(audit::Session& session, const base::Uuid& workspace, const base::Uuid& job,
                    std::span<const AccountFacts> facts, std::span<const std::string> labels) {
  const auto at = base::format_utc(session.clock.now());
  db::BulkInsert rows(session.db, "phone_numbers",
                      {{"id", "uuid"},
                       {"phone_number", "text"},
                       {"country_code", "text"},
                       {"label", "text"},
                       {"capabilities", "text"},
                       {"sid", "text"},
                       {"account_sid", "text"},
                       {"webhook_status", "text"},
                       {"trunk_sid", "text"},
                       {"provider", "text", "twilio"},
                       {"status", "text", "active"},
                       {"workspace_id", "uuid", workspace.text()},
                       {"job_id", "uuid", job.text()},
                       {"created_at", "timestamptz", at},
                       {"updated_at", "timestamptz", at}});
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const auto& number = facts[i];
    const auto id = session.ids.next();
    const auto country = country_of(phone::E164::parse(number.phone_number));
    rows.add(std::array<db::Param, 9>{id, number.phone_number, db::or_null(country), db::or_null(labels[i]),
                                      db::or_null(stored_capabilities(number.capabilities)),
                                      db::or_null(number.sid), db::or_null(number.account_sid),
                                      number.webhook_status, db::or_null(number.trunk_sid)});
  }
  rows.flush();
}

bool set_release(audit::Session& session, const base::Uuid& workspace, const base::Uuid& number,
                 std::optional<base::Instant> at) {
  const auto now = session.clock.now();
  if (at)
    return session.db.exec(
               "UPDATE phone_numbers SET release_at = $1, status = 'inactive', version = version + 1, "
               "updated_at = $2 WHERE workspace_id = $3 AND id = $4 AND (release_at IS NULL OR release_at <> $1)",
               {*at, now, workspace, number}) == 1;
  return session.db.exec(
             "UPDATE phone_numbers SET release_at = NULL, status = 'active', version = version + 1, "
             "updated_at = $1 WHERE workspace_id = $2 AND id = $3 AND release_at IS NOT NULL",
             {now, workspace, number}) == 1;
}

bool still_due(audit::Session& session, const base::Uuid& workspace, const base::Uuid& number) {
  return session.db.exec(
             "UPDATE phone_numbers SET updated_at = updated_at WHERE workspace_id = $1 AND id = $2 "
             "AND status = 'inactive' AND release_at <= $3",
             {workspace, number, session.clock.now()}) == 1;
}

void forget_released(audit::Session& session, const base::Uuid& workspace, const base::Uuid& number) {
  auto& db = session.db;
  directory::lock_logs(db, workspace);
  const db::Param which[] = {workspace, number};
  if (delete_unused(db, "n.id = $2", which, History::may_lose) == 1) return;
  const auto still = db.text("SELECT phone_number FROM phone_numbers WHERE workspace_id = $1 AND id = $2",
                             {workspace, number});
  if (still) throw use_of(db, workspace, *still, History::may_lose).value();
}

void set_trunk(audit::Session& session, const base::Uuid& workspace, const base::Uuid& number,
               std::string_view trunk_sid) {
  session.db.exec(
      "UPDATE phone_numbers SET trunk_sid = $1, webhook_status = CASE WHEN CAST($1 AS text) IS NOT NULL THEN "
      "'captured' WHEN webhook_status = 'captured' THEN 'unknown' ELSE webhook_status END, "
      "version = version + 1, updated_at = $2 WHERE workspace_id = $3 AND id = $4",
      {db::or_null(trunk_sid), session.clock.now(), workspace, number});
}

void set_assistant(audit::Session& session, const base::Uuid& workspace, const base::Uuid& number,
                   const std::optional<base::Uuid>& assistant) {
  session.db.exec(
      "UPDATE phone_numbers SET assistant_id = $1, version = version + 1, updated_at = $2 WHERE "
      "workspace_id = $3 AND id = $4",
      {assistant, session.clock.now(), workspace, number});
}

}  // namespace ringctl::estate
