#include "bulk/purge.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "bulk/merge.hpp"
#include "db/lease.hpp"
#include "db/transaction.hpp"

namespace ringctl::bulk {
namespace {

/// A mistake in a file is found within days. And the purchases of a day count against its budget as long as
/// that day lasts.
constexpr std::chrono::hours k_youngest{48};

/// In one transaction. Rows and jobs, none if all are gone.
jobs::OldJobs remove_piece(db::Connection& db, const base::Uuid& workspace, const PurgeOptions& options) {
  jobs::OldJobs piece;
  auto room = options.piece;
  for (const auto& job : jobs::find_old(db, workspace, options.before, options.piece)) {
    const auto rows = jobs::remove_rows(db, workspace, job, room);
    piece.rows += rows;
    room -= rows;
    if (room == 0) break;  // more may be left of it
    const auto acts = jobs::remove_acts(db, workspace, job, room);
    piece.acts += acts;
    room -= acts;
    if (room == 0) break;
    jobs::remove_job(db, workspace, job);
    ++piece.jobs;
    if (--room == 0) break;
  }
  return piece;
}

std::int64_t removed(const jobs::OldJobs& piece) { return piece.jobs + piece.rows + piece.acts; }

void record(audit::Session& session, const base::Uuid& workspace, const jobs::OldJobs& piece,
            base::Instant before) {
  const auto image = nlohmann::json{
      {"before", base::format_utc(before)},
      {"jobs", piece.jobs},
      {"rows", piece.rows},
      {"acts",
       piece.acts}}.dump();
  audit::record(session, workspace,
                {.action = "jobs.purge", .object_type = "jobs", .object_key = "jobs", .after = image});
}

void remove_all(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options,
                Purged& purged) {
  auto lease = db::Lease::acquire(session.db, session.clock, std::string(k_bulk_lease), workspace,
                                  k_bulk_lease_ttl, options.lock_wait);
  for (;;) {
    jobs::OldJobs piece;
    db::in_transaction(session.db, db::Scope::of(workspace), [&] {
      lease.renew();
      piece = remove_piece(session.db, workspace, options);
      if (removed(piece) > 0) record(session, workspace, piece, options.before);
    });
    purged.jobs += piece.jobs;
    purged.rows += piece.rows;
    purged.acts += piece.acts;
    if (removed(piece) == 0) break;
    if (options.between) options.between(purged);
  }
  lease.release();
}

}  // namespace

Purged purge_jobs(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options) {
  if (options.before > session.clock.now() - k_youngest)
    throw Error(Errc::invalid, "jobs.purge_too_young",
                "jobs of the last two days are not purged: what they did may still have to be taken back",
                "ringctl jobs purge --older-than 2d");
  Purged purged;
  purged.before = options.before;
  if (options.write) remove_all(session, workspace, options, purged);
  db::Transaction look(session.db, db::Scope::of(workspace), db::Access::read);
  const auto left = jobs::count_old(session.db, workspace, options.before);
  look.commit();
  purged.unfinished = left.unfinished;
  purged.open = left.open;
  if (options.write) return purged;
  purged.jobs = left.jobs;
  purged.rows = left.rows;
  purged.acts = left.acts;
  return purged;
}

}  // namespace ringctl::bulk
