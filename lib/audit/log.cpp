// One statement locks the newest link, counts it up and hands out the hash to link to; it also makes the
// first link, so that two transactions writing a workspace's first row wait for each other as any other two
// do.

#include "audit/log.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "audit/chain.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"

namespace ringctl::audit {
namespace {

struct Head {
  std::int64_t seq;
  std::string previous_hash;
};

Head next_link(db::Connection& db, const base::Uuid& workspace) {
  auto rows = db.query(
      "INSERT INTO audit_heads (workspace_id, seq, hash) VALUES ($1, 1, $2) "
      "ON CONFLICT (workspace_id) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash",
      {workspace, genesis_hash(workspace)});
  if (!rows.next()) throw Error(Errc::failure, "audit.no_head", "the audit chain has no newest link");
  Head head{rows.integer(0), std::string(rows.text(1))};
  while (rows.next()) continue;  // a statement that writes is done only at its end
  return head;
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

std::string_view text_of(const std::optional<base::Uuid>& id) { return id ? id->view() : std::string_view(); }

/// WHERE of a filter and its values. The texts it points to belong to the filter and to `jobs`.
struct Where {
  std::string sql = "l.workspace_id = $1";
  std::vector<db::Param> params;
  std::string jobs;  ///< JSON array of ids

  void add(std::string_view condition, const db::Param& value) {
    params.push_back(value);
    sql += fmt::format(fmt::runtime(condition), params.size());
  }
};

/// The jobs given, and those remembered by an image from before the object was deleted.
std::string all_jobs(db::Connection& db, const base::Uuid& workspace, const Filter& filter) {
  auto jobs = nlohmann::json::array();
  for (const auto& job : filter.jobs) jobs.push_back(job.text());
  auto images = db.query(
      "SELECT before_image FROM audit_images WHERE workspace_id = $1 AND object_key = $2 "
      "AND before_image IS NOT NULL AND after_image IS NULL",
      {workspace, *filter.object_key});
  while (images.next()) {
    const auto image = nlohmann::json::parse(images.text(0), nullptr, false);
    if (!image.is_object()) continue;
    if (const auto job = image.find("job_id"); job != image.end() && job->is_string()) jobs.push_back(*job);
  }
  return jobs.dump();
}

Where where_of(db::Connection& db, const base::Uuid& workspace, const Filter& filter) {
  Where where;
  where.params.emplace_back(workspace);
  if (filter.seq) where.add(" AND l.seq = ${}", *filter.seq);
  if (filter.after) where.add(" AND l.seq > ${}", *filter.after);
  if (filter.object_type) where.add(" AND l.object_type = ${}", *filter.object_type);
  if (filter.actor) where.add(" AND l.actor = ${}", *filter.actor);
  if (filter.action) where.add(" AND l.action = ${}", *filter.action);
  if (filter.since) where.add(" AND l.at >= ${}", *filter.since);
  if (filter.until) where.add(" AND l.at < ${}", *filter.until);
  if (filter.object_key) {
    where.jobs = all_jobs(db, workspace, filter);
    where.add(" AND (i.object_key = ${}", *filter.object_key);
  }
  return where;
}

/// Bound last, when `where` has its final address.
void bind_jobs(db::Connection& db, Where& where, const Filter& filter) {
  if (!filter.object_key) return;
  where.params.emplace_back(where.jobs);
  where.sql += fmt::format(" OR CAST(l.job_id AS text) IN (SELECT value FROM {}))",
                           db.text_array(fmt::format("${}", where.params.size())));
}

constexpr std::string_view k_tables =
    "audit_log l LEFT JOIN audit_images i ON i.audit_id = l.id AND i.workspace_id = l.workspace_id";
constexpr std::string_view k_entry_columns =
    "l.id, l.seq, l.at, l.actor, l.action, l.object_type, l.object_id, i.object_key, l.job_id, i.before_image, "
    "i.after_image, l.hash";

void visit_all(db::Rows rows, const std::function<void(const Entry&)>& visit) {
  while (rows.next()) {
    visit({.id = rows.uuid(0),
           .seq = rows.integer(1),
           .at = rows.instant(2),
           .actor = rows.text(3),
           .action = rows.text(4),
           .object_type = rows.text(5),
           .object_id = rows.text(6),
           .object_key = rows.text(7),
           .job_id = rows.text(8),
           .before_image = rows.text(9),
           .after_image = rows.text(10),
           .hash = rows.text(11)});
  }
}

}  // namespace

void record(Session& session, const base::Uuid& workspace, const Change& change) {
  auto& db = session.db;
  const auto salt = base::random_hex(16);
  const auto before = image_digest(salt, change.object_key, view_of(change.before));
  const auto after = image_digest(salt, change.object_key, view_of(change.after));
  const auto id = session.ids.next();
  const auto at = session.clock.now();

  const auto head = next_link(db, workspace);
  const auto hash = link_hash({.previous_hash = head.previous_hash,
                               .seq = head.seq,
                               .at = at,
                               .id = id.view(),
                               .actor = session.actor,
                               .action = change.action,
                               .object_type = change.object_type,
                               .object_id = text_of(change.object_id),
                               .job_id = text_of(change.job_id),
                               .before_digest = before,
                               .after_digest = after});
  db.exec(
      "INSERT INTO audit_log (id, workspace_id, seq, at, actor, action, object_type, object_id, job_id, "
      "before_digest, after_digest, previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
      {id, workspace, head.seq, at, session.actor, change.action, change.object_type, change.object_id,
       change.job_id, before, after, head.previous_hash, hash});
  db.exec(
      "INSERT INTO audit_images (audit_id, workspace_id, object_key, salt, before_image, after_image) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {id, workspace, change.object_key, salt, change.before, change.after});
  db.exec("UPDATE audit_heads SET hash = $2 WHERE workspace_id = $1", {workspace, hash});
}

void for_each(db::Connection& db, const base::Uuid& workspace, const Filter& filter, bool newest_first,
              std::int64_t limit, const std::function<void(const Entry&)>& visit) {
  auto where = where_of(db, workspace, filter);
  bind_jobs(db, where, filter);
  auto sql = fmt::format("SELECT {} FROM {} WHERE {} ORDER BY l.seq{}", k_entry_columns, k_tables, where.sql,
                         newest_first ? " DESC" : "");
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  visit_all(db.stream(sql, where.params), visit);
}

void for_each_about(db::Connection& db, const base::Uuid& workspace, std::string_view types,
                    std::string_view ids, const std::function<void(const Entry&)>& visit) {
  // By object first: the list of ids is short beside the log.
  const bool sqlite = db.engine() == db::Engine::sqlite;
  const auto sql = fmt::format(
      "SELECT {} FROM {} WHERE l.id IN (SELECT o.id FROM audit_log o WHERE {} AND o.object_id IN "
      "(SELECT CAST(value AS {}) FROM {})) AND l.workspace_id = $1 ORDER BY l.seq",
      k_entry_columns, k_tables, db.among("o.object_type", "$2"), sqlite ? "text" : "uuid",
      db.text_array("$3"));
  visit_all(db.stream(sql, {workspace, types, ids}), visit);
}

std::int64_t count(db::Connection& db, const base::Uuid& workspace, const Filter& filter) {
  auto where = where_of(db, workspace, filter);
  bind_jobs(db, where, filter);
  auto rows = db.query(fmt::format("SELECT count(*) FROM {} WHERE {}", k_tables, where.sql), where.params);
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace ringctl::audit
