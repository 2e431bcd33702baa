// calls purge

#include <fmt/format.h>

#include "audit/log.hpp"
#include "base/error.hpp"
#include "calls/purge.hpp"
#include "cmd/calls.hpp"
#include "cmd/purging.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

void tell_what_stays(const calls::Purged& purged, Context& ctx) {
  auto& io = ctx.io();
  if (purged.held > 0)
    io.note(fmt::format("{} held: see ringctl calls holds",
                        counted(purged.held, "old call is", "old calls are")));
  if (purged.open > 0)
    io.note(fmt::format("{} kept: nobody told how {} ended",
                        counted(purged.open, "old call is", "old calls are"),
                        purged.open == 1 ? "it" : "they"));
}

/// Deleting them there is not this command's work.
void tell_what_is_owed(Context& ctx) {
  auto& db = ctx.database();
  const auto& workspace = ctx.workspace();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto owed = calls::count_owed(db, workspace.id);
  transaction.commit();
  if (owed > 0)
    ctx.io().warn(fmt::format("{} of purged calls {} still at Twilio: ringctl recordings purge --owed",
                              counted(owed, "recording", "recordings"), owed == 1 ? "lies" : "lie"));
}

void report(const calls::Purged& purged, Context& ctx) {
  const auto called = counted(purged.calls, "call", "calls");
  const auto rest = fmt::format(
      "that began before {}, with {}, {}, {} and {}", base::format_utc(purged.before),
      counted(purged.attempts, "attempt", "attempts"), counted(purged.events, "webhook", "webhooks"),
      counted(purged.recordings, "recording", "recordings"), counted(purged.files, "file", "files"));
  report_purge({.action = {},
                .object = {},
                .rest = rest,
                .fields = {{"before", purged.before},
                           {"calls", purged.calls},
                           {"attempts", purged.attempts},
                           {"events", purged.events},
                           {"recordings", purged.recordings},
                           {"files", purged.files},
                           {"kept", purged.kept},
                           {"held", purged.held},
                           {"open", purged.open}},
                .called = called},
               purged.calls > 0, "no call",
               fmt::format("({} began before {})", purged.kept > 0 ? "those stay that" : "none to be purged",
                           base::format_utc(purged.before)),
               ctx);
}

calls::Purged purge(base::Instant before, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& cancel = ctx.cancel();
  auto progress = ctx.io().progress("calls purged");
  calls::PurgeOptions options{.before = before, .write = !ctx.dry_run()};
  options.between = [&](const calls::Purged& so_far) {
    progress.update(static_cast<std::uint64_t>(so_far.calls));
    if (cancel.cancelled()) cancel.check();
  };
  options.stuck = [&](const calls::StuckFile& file) {
    ctx.io().warn(fmt::format("{} is not removed: {}", file.name, file.why));
  };
  return calls::purge(ctx.session(), workspace.id, options);
}

void run_purge(const PurgeArguments& arguments, Context& ctx) {
  const auto before = confirmed_time(arguments, "calls", ctx);
  const auto purged = purge(before, ctx);
  report(purged, ctx);
  tell_what_stays(purged, ctx);
  if (!ctx.dry_run()) tell_what_is_owed(ctx);
  if (purged.kept > 0)
    throw Error(
        Errc::partial, "calls.purged_partly",
        fmt::format("{} kept, for files of {} sound could not be removed",
                    counted(purged.kept, "old call is", "old calls are"), purged.kept == 1 ? "its" : "their"),
        "remove these files or put them elsewhere, then the same command again");
}

}  // namespace

void add_calls_purge(Noun& calls) {
  calls.verb<PurgeArguments>("purge", "Remove calls whose time to be kept is over", run_purge)
      .flag("older-than", &PurgeArguments::older_than, "DUR|DATE",
            "Calls that began longer ago than this (730d), or before this time (2024-01-01)")
      .required()
      .details(
          "Removes old calls with their attempts, webhooks, notes, recordings, the files that these were fetched into, and "
          "callbacks that are done, and what the audit log holds of them; reports count them no more. Stays: what is held "
          "(`calls hold`), what was never over, callbacks that are open, and calls whose files cannot be removed or are no "
          "longer what was fetched; these files are named (exit 3). Asks for the workspace's name, or takes it from "
          "--confirm. Oldest first, 1,000 at a time: webhooks go on meanwhile, and a run that was stopped is finished by "
          "the next one.")
      .example("ringctl calls purge --older-than 730d -n", "what would be removed")
      .example("ringctl calls purge --older-than 730d --confirm default")
      .exits({Errc::partial, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
