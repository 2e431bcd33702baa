#include "jobs/old_jobs.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/journal.hpp"

namespace ringctl::jobs {
namespace {

// Conditions on `jobs j`; $1 is the workspace, $2 the time.
constexpr std::string_view k_old = "j.workspace_id = $1 AND j.updated_at < $2";
// What read standard input cannot be gone on with; who asks has seen to it that none of those runs.
constexpr std::string_view k_unfinished =
    "(j.state = 'running' AND NOT (j.kind LIKE '%.import' AND j.input_digest IS NULL))";
constexpr std::string_view k_open =
    "EXISTS (SELECT 1 FROM twilio_effects e WHERE e.job_id = j.id AND (e.state = 'intent' OR e.state = 'sent' OR "
    "e.state = 'unknown'))";

struct Place {
  std::int64_t line;
  std::string key;
};

// To ask for the workspace as well would tempt SQLite to read all its rows.

/// The first row of a job's journal behind so many; nullopt: there are no more.
std::optional<Place> find_row_after(db::Connection& db, const base::Uuid& job, std::int64_t rows_before) {
  auto rows =
      db.query(fmt::format("SELECT line, row_key FROM job_rows WHERE job_id = $1 ORDER BY line, row_key "
                           "LIMIT 1 OFFSET {}",
                           rows_before),
               {job});
  if (!rows.next()) return std::nullopt;
  return Place{rows.integer(0), std::string(rows.text(1))};
}

std::int64_t delete_rows(db::Connection& db, const base::Uuid& job, const std::optional<Place>& before) {
  if (!before) return db.exec("DELETE FROM job_rows WHERE job_id = $1", {job});
  return db.exec("DELETE FROM job_rows WHERE job_id = $1 AND (line, row_key) < ($2, $3)",
                 {job, before->line, before->key});
}

std::string may_go() { return fmt::format("{} AND NOT {} AND NOT {}", k_old, k_unfinished, k_open); }

}  // namespace

std::vector<base::Uuid> find_old(db::Connection& db, const base::Uuid& workspace, base::Instant before,
                                 std::int64_t most) {
  std::vector<base::Uuid> found;
  auto rows = db.query(
      fmt::format("SELECT j.id FROM jobs j WHERE {} ORDER BY j.updated_at, j.id LIMIT {}", may_go(), most),
      {workspace, before});
  while (rows.next()) found.push_back(rows.uuid(0));
  return found;
}

OldJobs count_old(db::Connection& db, const base::Uuid& workspace, base::Instant before) {
  const auto count = [&](std::string_view from, std::string_view which) {
    return db.integer(fmt::format("SELECT count(*) FROM {} WHERE {}", from, which), {workspace, before})
        .value_or(0);
  };
  return {.jobs = count("jobs j", may_go()),
          .rows = count("jobs j JOIN job_rows r ON r.job_id = j.id", may_go()),
          .acts = count("jobs j JOIN twilio_effects a ON a.job_id = j.id", may_go()),
          .unfinished = count("jobs j", fmt::format("{} AND {}", k_old, k_unfinished)),
          .open = count("jobs j", fmt::format("{} AND NOT {} AND {}", k_old, k_unfinished, k_open))};
}

std::int64_t remove_rows(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job,
                         std::int64_t most) {
  const auto removed = delete_rows(db, job, find_row_after(db, job, most));
  // Its age stays what it is, so that the next run goes on with it.
  if (removed > 0)
    db.exec("UPDATE jobs SET options = $3 WHERE workspace_id = $1 AND id = $2",
            {workspace, job, k_purged_options});
  return removed;
}

std::int64_t remove_acts(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job,
                         std::int64_t most) {
  constexpr auto k_all = std::numeric_limits<std::int64_t>::max();
  return db.exec(
      fmt::format(
          "DELETE FROM twilio_effects WHERE workspace_id = $1 AND job_id = $2 AND line < coalesce((SELECT "
          "line FROM twilio_effects WHERE job_id = $2 ORDER BY line LIMIT 1 OFFSET {}), {})",
          most, k_all),
      {workspace, job});
}

void remove_job(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job) {
  db.exec("DELETE FROM jobs WHERE workspace_id = $1 AND id = $2", {workspace, job});
}

}  // namespace ringctl::jobs
