#include "bulk/undo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bulk/merge.hpp"
#include "db/lease.hpp"
#include "db/transaction.hpp"

namespace ringctl::bulk {
namespace {

constexpr std::size_t k_listed = 100;

void keep(UndoReport& report, std::string_view key, Kept why) {
  ++report.kept_count;
  if (why == Kept::in_use) ++report.kept_in_use;
  if (report.kept.size() < k_listed) report.kept.push_back({std::string(key), why});
}

Error nothing_taken_back(const UndoReport& report) {
  std::vector<std::string> reasons;
  const auto add = [&](Kept why, const char* text) {
    if (std::any_of(report.kept.begin(), report.kept.end(),
                    [&](const KeptRow& row) { return row.why == why; }))
      reasons.emplace_back(text);
  };
  add(Kept::changed, "changed since");
  add(Kept::in_use, "is in use");
  add(Kept::blocked, "cannot get back what it held");
  const bool in_use = report.kept_in_use > 0;
  return {Errc::conflict, in_use ? "jobs.all_in_use" : "jobs.all_changed",
          fmt::format("every row of job {} that is still there {}; nothing was taken back",
                      report.job.id.short_id(), base::join(reasons, " or ")),
          std::string(in_use ? k_undo_later_first : "")};
}

void refuse_unless_undoable(const jobs::Job& job) {
  if (job.purged())
    throw Error(Errc::conflict, "jobs.purged",
                fmt::format("what job {} remembered is being purged; it can no longer be taken back",
                            job.id.short_id()));
  if (job.counts.created + job.counts.updated == 0)
    throw Error(Errc::conflict, "jobs.nothing_to_undo",
                fmt::format("job {} changed nothing", job.id.short_id()));
}

Error already_undone(const jobs::Job& job) {
  return {Errc::conflict, "jobs.already_undone", fmt::format("job {} is undone already", job.id.short_id())};
}

/// What a later job changed and an undo gave back is as this job left it, two versions on.
Restored restore(audit::Session& session, const base::Uuid& workspace, Adapter& adapter,
                 jobs::Journal& journal, const base::Uuid& job, const jobs::JobRow& row) {
  Replaced replaced{.job = job,
                    .key = row.key,
                    .id = row.object_id,
                    .version = row.version_after,
                    .cells = cells_of_image(adapter, *row.before_image),
                    .dormant = is_dormant(*row.before_image)};
  auto restored = adapter.restore(session, workspace, replaced);
  if (restored == Restored::moved_on) {
    replaced.version += 2 * journal.count_restored_since(row);
    if (replaced.version != row.version_after) restored = adapter.restore(session, workspace, replaced);
  }
  if (restored == Restored::done) journal.mark_restored(job, row);
  return restored;
}

/// Inside a write transaction. Of a job that was undone in part, what was kept then may be free by now.
UndoReport undo(audit::Session& session, const base::Uuid& workspace, Adapter& adapter,
                const std::string& id) {
  UndoReport report;
  jobs::Journal journal(session.db, session.clock, workspace);
  report.job = journal.get(id);
  refuse_unless_undoable(report.job);

  journal.for_each_row(report.job.id, [&](const jobs::JobRow& row) {
    if (row.verdict != "update" || !row.before_image) return;
    switch (restore(session, workspace, adapter, journal, report.job.id, row)) {
      case Restored::done:
        ++report.restored;
        break;
      case Restored::moved_on:
        keep(report, row.key, Kept::changed);
        break;
      case Restored::blocked:
        keep(report, row.key, Kept::blocked);
        break;
      case Restored::gone:
        ++report.gone;
        break;
    }
  });
  std::int64_t kept_made = 0;
  report.removed =
      adapter.remove_made_by(session.db, workspace, report.job.id, [&](std::string_view key, bool in_use) {
        ++kept_made;
        keep(report, key, in_use ? Kept::in_use : Kept::changed);
      });
  const bool again = report.job.state == jobs::State::undone;
  if (again && report.kept_count + report.removed + report.restored == 0) throw already_undone(report.job);
  if (!again) report.gone += report.job.counts.created - report.removed - kept_made;
  if (report.kept_count > 0 && report.removed + report.restored == 0) throw nothing_taken_back(report);
  report.job.state = jobs::State::undone;
  journal.save(report.job);
  audit::record(session, workspace,
                {.action = "jobs.undo",
                 .object_type = "job",
                 .object_id = report.job.id,
                 .object_key = report.job.id.short_id(),
                 .after = nlohmann::json{{"removed", report.removed},
                                         {"restored", report.restored},
                                         {"kept", report.kept_count},
                                         {"gone", report.gone}}
                              .dump(),
                 .job_id = report.job.id});
  return report;
}

}  // namespace

UndoReport undo_import(audit::Session& session, const base::Uuid& workspace, Adapter& adapter,
                       const std::string& id, bool dry_run, std::chrono::milliseconds lock_wait) {
  UndoReport report;
  auto lease = db::Lease::acquire(session.db, session.clock, std::string(k_bulk_lease), workspace,
                                  k_bulk_lease_ttl, lock_wait);
  db::in_transaction_if(session.db, db::Scope::of(workspace, adapter.door()), [&] {
    lease.renew();  // while this transaction is open, nobody can take the lease over
    report = undo(session, workspace, adapter, id);
    return !dry_run;
  });
  lease.release();
  report.dry_run = dry_run;
  return report;
}

}  // namespace ringctl::bulk
