// calls reconcile

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/calls.hpp"
#include "cmd/period.hpp"
#include "sync/reconcile.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"call_sid", ColumnType::sid},
    Column{"what", ColumnType::word},
    Column{"is", ColumnType::fact},
    Column{"was", ColumnType::fact},
};

struct ReconcileOptions : AccountOptions {
  std::string since = "-1d";
  std::optional<std::string> until;
};

std::string sums(const sync::ReconcileReport& report, bool dry_run) {
  const auto number = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  return fmt::format(
      "looked at {} calls of Twilio's{}: {} closed, {} added, {} legs, {} priced, {} recordings, {} still live",
      number(report.looked_at), dry_run ? "; without --dry-run" : "", number(report.closed),
      number(report.added), number(report.legs), number(report.priced), number(report.recordings),
      number(report.live));
}

void run_reconcile(const ReconcileOptions& opts, Context& ctx) {
  const auto period = read_period(opts.since, opts.until.value_or("now"), ctx);
  const sync::ReconcileOptions reconcile{
      .since = *period.since, .until = *period.until, .write = !ctx.dry_run()};
  RunAccount account(ctx, opts);
  const auto report = sync::reconcile(*account, reconcile, shown_progress(ctx, "reconciling"));
  auto rows = ctx.io().rows(k_columns);
  for (const auto& row : report.rows)
    rows.row({row.call_sid, row.what, row.is.empty() ? Cell() : Cell(row.is),
              row.was.empty() ? Cell() : Cell(row.was)});
  rows.finish();
  ctx.io().note(sums(report, ctx.dry_run()));
}

}  // namespace

void add_calls_reconcile(Noun& calls) {
  auto reconcile =
      calls.verb<ReconcileOptions>("reconcile", "Hold the call log against Twilio's", run_reconcile)
          .flag("since", &ReconcileOptions::since, "TIME",
                "Calls that began at TIME or after: 2026-03-08, -7d")
          .default_text("-1d")
          .flag("until", &ReconcileOptions::until, "TIME", "Only calls that began before TIME")
          .default_text("now");
  add_account_flags(reconcile)
      .details(
          "Closes calls whose end was never heard, adds calls that never came, and fills in prices and recordings. "
          "Run again it changes nothing. A call that is live here for more than a day and that Twilio does not know "
          "is closed as failed. Calls that `calls purge` has removed are not added again.")
      .columns(k_columns)
      .example("ringctl calls reconcile --since -7d")
      .example("ringctl calls reconcile --since yesterday --until today -n")
      .exits(k_twilio_exits);
}

}  // namespace ringctl::cmd
