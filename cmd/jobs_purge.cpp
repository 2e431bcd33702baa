// jobs purge

#include <fmt/format.h>

#include "bulk/purge.hpp"
#include "cmd/jobs_run.hpp"
#include "cmd/purging.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

void report(const bulk::Purged& purged, Context& ctx) {
  const auto called = counted(purged.jobs, "job", "jobs");
  auto rest =
      fmt::format("that ended before {}, with {} of {}", base::format_utc(purged.before),
                  counted(purged.rows, "row", "rows"), purged.jobs == 1 ? "its journal" : "their journals");
  if (purged.acts > 0) rest += fmt::format(" and {} at Twilio", counted(purged.acts, "act", "acts"));
  report_purge({.action = {},
                .object = {},
                .rest = rest,
                .fields = {{"before", purged.before},
                           {"jobs", purged.jobs},
                           {"rows", purged.rows},
                           {"acts", purged.acts},
                           {"unfinished", purged.unfinished},
                           {"open", purged.open}},
                .called = called},
               purged.jobs + purged.rows + purged.acts > 0, "no job",
               fmt::format("(none to be purged ended before {})", base::format_utc(purged.before)), ctx);
}

void tell_what_stays(const bulk::Purged& purged, Context& ctx) {
  auto& io = ctx.io();
  if (purged.unfinished > 0)
    io.note(fmt::format("{} kept: ringctl jobs resume goes on with {}",
                        counted(purged.unfinished, "unfinished job is", "unfinished jobs are"),
                        purged.unfinished == 1 ? "it" : "them"));
  if (purged.open > 0)
    io.note(fmt::format("{} kept: nobody knows yet what Twilio did; see ringctl jobs resolve",
                        counted(purged.open, "old job is", "old jobs are")));
}

void run_purge(const PurgeArguments& arguments, Context& ctx) {
  bulk::PurgeOptions options{.before = confirmed_time(arguments, "jobs", ctx),
                             .write = !ctx.dry_run(),
                             .lock_wait = ctx.lock_wait()};
  auto& cancel = ctx.cancel();
  auto progress = ctx.io().progress("rows purged");
  options.between = [&](const bulk::Purged& so_far) {
    progress.update(static_cast<std::uint64_t>(so_far.rows));
    if (cancel.cancelled()) cancel.check();
  };
  const auto purged = bulk::purge_jobs(ctx.session(), ctx.workspace().id, options);
  report(purged, ctx);
  tell_what_stays(purged, ctx);
}

}  // namespace

void add_jobs_purge(Noun& jobs) {
  jobs.verb<PurgeArguments>("purge", "Remove jobs whose time to be kept is over", run_purge)
      .flag("older-than", &PurgeArguments::older_than, "DUR|DATE",
            "Jobs that ended, or were undone, longer ago than this (90d), or before this time (2026-01-01)")
      .required()
      .details(
          "Removes old jobs with their journals: the rows they rejected, and what the rows they changed had held; and the record of what they did at Twilio, "
          "prices of purchases included. What "
          "they wrote stays, but `jobs undo` cannot take it back any more. Stays: jobs that can be gone on with (`jobs "
          "resume`), and those with an act at Twilio that nobody knows the outcome of (`jobs resolve`). Asks for the "
          "workspace's name, or takes it from --confirm. Oldest first, 5,000 rows at a time: webhooks go on meanwhile, and "
          "a run that was stopped is finished by the next one.")
      .example("ringctl jobs purge --older-than 90d -n", "what would be removed")
      .example("ringctl jobs purge --older-than 90d --confirm default")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
