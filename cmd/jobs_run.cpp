#include "cmd/jobs_run.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bulk/adapters.hpp"
#include "bulk/undo.hpp"
#include "cmd/context.hpp"
#include "cmd/import.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "jobs/journal.hpp"
#include "records/noun.hpp"

namespace ringctl::cmd {
namespace {

struct JobOptions {
  std::string job;
};

jobs::Job find_job(const JobOptions& options, Context& context) {
  auto& session = context.session();
  const auto& workspace = context.workspace();
  db::Transaction transaction(session.db, db::Scope::of(workspace.id), db::Access::read);
  return jobs::Journal(session.db, session.clock, workspace.id).get(options.job);
}

void run_resume(const JobOptions& options, Context& context) {
  const auto job = find_job(options, context);
  if (job.state != jobs::State::running)
    throw Error(Errc::conflict, "jobs.not_unfinished",
                fmt::format("job {} is {}; only an unfinished one goes on", job.id.short_id(),
                            jobs::state_name(job.state)));
  if (job.input_digest.empty())
    throw Error(Errc::conflict, "jobs.read_from_stdin",
                fmt::format("job {} read standard input, which is gone", job.id.short_id()),
                "run the import again; rows that are there already are left alone");
  auto import = bulk::options_from_json(job.options);
  import.lock_wait = context.lock_wait();
  import.dry_run = context.dry_run();
  import.expected_digest = job.input_digest;
  run_import(import, context, *bulk::adapter_for_job(job.kind));
}

std::string undo_text(const bulk::UndoReport& report) {
  const auto number = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  std::string out = fmt::format("({} removed, {} restored", number(report.removed), number(report.restored));
  if (const auto changed = report.kept_count - report.kept_in_use; changed != 0)
    out += fmt::format(", {} kept because they changed since", number(changed));
  if (report.kept_in_use != 0)
    out += fmt::format(", {} kept because others refer to them", number(report.kept_in_use));
  if (report.gone != 0) out += fmt::format(", {} gone already", number(report.gone));
  return out + ")";
}

std::string_view reason(bulk::Kept why) {
  switch (why) {
    case bulk::Kept::in_use:
      return "others refer to it";
    case bulk::Kept::blocked:
      return "what it held is gone, or is another row's by now";
    case bulk::Kept::changed:
      break;
  }
  return "it changed since";
}

Error partly_undone(const bulk::UndoReport& report) {
  const auto rows = report.kept_count == 1 ? "row" : "rows";
  const auto why = report.kept_in_use == 0                  ? "changed since"
                   : report.kept_in_use < report.kept_count ? "changed since or are in use"
                   : report.kept_count == 1                 ? "is in use"
                                                            : "are in use";
  return Error(Errc::partial, "jobs.partly_undone",
               fmt::format("job {} is undone but for {} {} that {}", report.job.id.short_id(),
                           report.kept_count, rows, why),
               report.kept_in_use == 0 ? std::string() : std::string(bulk::k_undo_later_first))
      .job(report.job.id.text());
}

void run_undo(const JobOptions& options, Context& context) {
  const auto job = find_job(options, context);
  auto& io = context.io();
  if (job.counts.created + job.counts.updated == 0 && job.state != jobs::State::undone)
    return io.unchanged(
        {.action = "undo", .object = "job " + job.id.short_id(), .rest = "(it changed nothing)"});
  if (!context.dry_run())
    io.confirm(fmt::format("Undo job {} ({} of {}: {} rows made, {} changed)?", job.id.short_id(), job.kind,
                           job.input_name, job.counts.created, job.counts.updated));
  const auto report =
      bulk::undo_import(context.session(), context.workspace().id, *bulk::adapter_for_job(job.kind),
                        job.id.text(), context.dry_run(), context.lock_wait());
  for (const auto& [key, why] : report.kept)
    io.warn(fmt::format("kept {}: {}", records::shown_key(key), reason(why)));
  if (report.kept_count > std::ssize(report.kept))
    io.warn(fmt::format("kept {} more", report.kept_count - std::ssize(report.kept)));
  const std::string object = "job " + report.job.id.short_id();
  const std::string rest = undo_text(report);
  Change change{context.dry_run() ? "undo" : "undid", object, rest, {}};
  change.fields = {{"job_id", report.job.id},           {"removed", report.removed},
                   {"restored", report.restored},       {"kept", report.kept_count},
                   {"kept_in_use", report.kept_in_use}, {"gone", report.gone}};
  if (context.dry_run()) return io.would_change(change);
  io.changed(change);
  if (report.kept_count > 0) throw partly_undone(report);
}

}  // namespace

void add_jobs_resume(Noun& noun) {
  noun.verb<JobOptions>("resume", "Go on with a job that was interrupted", run_resume)
      .argument("job", &JobOptions::job, "the job's id, or its last eight hex digits")
      .kind(ValueKind::job)
      .details(
          "Reads the same file again and goes on behind the last batch that was written. Giving the original "
          "command again does the same.")
      .example("ringctl jobs resume 5be01d7a")
      .example("ringctl jobs resume 5be01d7a --lock-wait 1m", "wait while another import runs")
      .exits({Errc::partial, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked});
}

void add_jobs_undo(Noun& noun) {
  noun.verb<JobOptions>("undo", "Take back what a bulk job wrote", run_undo)
      .argument("job", &JobOptions::job, "the job's id, or its last eight hex digits")
      .kind(ValueKind::job)
      .details(
          "Rows the job made are removed, rows it changed get back what they held. Rows that somebody changed since, or "
          "that others refer to, are kept and listed, and the exit status is 3; if that is all of them, nothing is done.")
      .example("ringctl jobs undo 5be01d7a --dry-run", "show what would be taken back")
      .example("ringctl jobs undo 5be01d7a --yes")
      .exits({Errc::partial, Errc::not_found, Errc::conflict, Errc::declined, Errc::locked});
}

}  // namespace ringctl::cmd
