// reports refresh

#include <fmt/format.h>

#include <algorithm>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "cmd/reports.hpp"
#include "directory/workspaces.hpp"
#include "report/kept_days.hpp"

namespace ringctl::cmd {
namespace {

struct RefreshOptions {
  std::optional<std::int64_t> days;
  bool anew = false;
  bool check = false;
};

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", base::group_digits(static_cast<std::uint64_t>(count)), count == 1 ? one : many);
}

std::string refresh_text(const report::Kept& kept) {
  auto text =
      fmt::format("({} with {}", counted(kept.days, "day", "days"), counted(kept.calls, "call", "calls"));
  if (kept.missing > 0) text += fmt::format("; {} to go", counted(kept.missing, "day", "days"));
  return text + ")";
}

void tell_plan(const RefreshOptions& opts, Context& ctx) {
  auto& io = ctx.io();
  const auto& workspace = ctx.workspace();
  const std::string_view object = workspace.name;
  if (opts.anew) return io.would_change({.action = "refresh", .object = object, .rest = "(all days anew)"});
  const auto missing = report::plan_days(ctx.session(), workspace.id).missing;
  if (missing == 0) return io.unchanged({.action = "refresh", .object = object});
  const auto days = std::min(missing, opts.days.value_or(missing));
  const auto rest = fmt::format("({} of {})", base::group_digits(static_cast<std::uint64_t>(days)),
                                counted(missing, "day", "days"));
  io.would_change({.action = "refresh", .object = object, .rest = rest, .fields = {{"missing", missing}}});
}

/// Holds what is kept against the calls; nothing is written.
void run_check(Context& ctx) {
  const auto& workspace = ctx.workspace();
  std::vector<base::Day> differing;
  {
    auto progress = ctx.io().progress("checking", std::nullopt, "days");
    std::uint64_t done = 0;
    differing = report::differing_days(ctx.database(), workspace.id, [&] {
      progress.update(++done);
      ctx.cancel().check("ringctl reports refresh --check");
    });
  }
  if (differing.empty()) return ctx.io().unchanged({.action = "check", .object = workspace.name});
  Error error(
      Errc::differs, "reports.differ",
      fmt::format("{}: what is kept of {} is not what counting gives", workspace.name,
                  counted(std::ssize(differing), "day", "days")),
      fmt::format("run `ringctl --workspace {} reports refresh --anew`", base::for_shell(workspace.name)));
  for (const auto day : differing) error.detail(base::format_day(day));
  throw error;
}

void run_refresh(const RefreshOptions& opts, Context& ctx) {
  if (opts.days && *opts.days < 1)
    throw Error(Errc::usage, "usage.bad_value", fmt::format("--days: {} is below 1", *opts.days),
                "leave --days away for all of them");
  if (opts.check && (opts.anew || opts.days))
    throw Error(Errc::usage, "usage.excluded", "--check takes neither --anew nor --days");
  if (opts.check) return run_check(ctx);
  const auto& workspace = ctx.workspace();
  auto& io = ctx.io();
  const std::string_view object = workspace.name;
  if (ctx.dry_run()) return tell_plan(opts, ctx);
  const auto& cancel = ctx.cancel();
  report::Kept kept;
  {
    auto progress = io.progress("keeping", std::nullopt, "days");
    kept = report::keep_days(ctx.session(), workspace.id, opts.days.value_or(0), opts.anew,
                             [&](const report::Kept& so_far) {
                               progress.update(static_cast<std::uint64_t>(so_far.days));
                               cancel.check("ringctl reports refresh");
                             });
  }
  const auto rest = refresh_text(kept);
  Change change{.action = "refreshed", .object = object, .rest = rest, .fields = {}};
  change.fields = {{"days", kept.days}, {"calls", kept.calls}, {"missing", kept.missing}};
  kept.days > 0 ? io.changed(change) : io.unchanged({.action = "refreshed", .object = object});
}

}  // namespace

void add_reports_refresh(Noun& reports) {
  reports
      .verb<RefreshOptions>("refresh", "Keep the sums of finished days, so that reports are fast",
                            run_refresh)
      .flag("days", &RefreshOptions::days, "N", "At most so many days, newest first")
      .kind(ValueKind::count)
      .default_text("all")
      .flag("anew", &RefreshOptions::anew, "Forget what is kept first")
      .flag("check", &RefreshOptions::check, "Count the days that are kept, and name those that differ")
      .details(
          "A report is the same with and without: a day whose calls change is counted until it is kept again. `limits reset` "
          "keeps the days of the last runs by itself, so this is for a log that was there before, and after the workspace's "
          "zone was changed. Calls come in meanwhile. Ctrl-C ends it after the current day; the next run goes on. --check keeps "
          "nothing, and ends with 8 where a day is not what counting gives: somebody changed it behind ringctl's back.")
      .example("ringctl reports refresh")
      .example("ringctl reports refresh --anew -o json")
      .example("ringctl reports refresh --check")
      .exits({Errc::not_found, Errc::conflict, Errc::differs, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
