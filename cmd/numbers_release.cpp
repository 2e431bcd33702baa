// numbers release

#include <fmt/format.h>

#include "cmd/account.hpp"
#include "cmd/numbers.hpp"
#include "directory/workspaces.hpp"
#include "sync/purchase.hpp"

namespace ringctl::cmd {
namespace {

struct ReleaseOptions : AccountOptions {
  std::vector<std::string> numbers;
  bool now = false, cancel = false, due = false;
};

std::string rest_of(const sync::ReleaseReport& report, Context& ctx) {
  if (report.action == "kept") return "(it is not to be given back)";
  if (!report.at || report.action == "released") return {};
  const auto at = ctx.zone().format(*report.at);
  return report.action == "waiting" ? fmt::format("(is to be given back at {})", at)
                                    : fmt::format("to be given back at {}", at);
}

void show(const sync::ReleaseReport& report, Context& ctx) {
  const auto rest = rest_of(report, ctx);
  Change change{.action = report.action, .object = report.phone_number, .rest = rest, .fields = {}};
  change.fields = {{"at", report.at ? Cell(*report.at) : Cell()}};
  if (report.action == "waiting" || report.action == "kept") {
    change.action = report.action == "kept" ? "keep" : "release";
    return ctx.io().unchanged(change);
  }
  if (!ctx.dry_run()) return ctx.io().changed(change);
  change.action = report.action == "scheduled"  ? "schedule"
                  : report.action == "canceled" ? "keep"
                                                : "release";
  ctx.io().would_change(change);
}

/// What people have to name before it happens: the number, or of several the workspace.
void ask(const std::vector<std::string>& numbers, bool now, Context& ctx) {
  const auto act = now ? "give back to Twilio, now," : "give back to Twilio";
  if (numbers.size() == 1) return ctx.io().confirm_severe(act, numbers.front());
  ctx.io().confirm_severe(fmt::format("{} {} numbers of", act, numbers.size()), ctx.workspace().name);
}

void release_due(const ReleaseOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto reports = sync::release_due(*account, !ctx.dry_run());
  std::int64_t failed = 0;
  for (const auto& report : reports) {
    if (report.action != "failed") {
      show(report, ctx);
      continue;
    }
    ++failed;
    ctx.io().warn(
        fmt::format("{} is not given back: {} ({})", report.phone_number, report.message, report.code));
  }
  if (failed > 0)
    throw Error(Errc::partial, "numbers.partly_released",
                fmt::format("{} of {} numbers could not be given back", failed, reports.size()),
                "ringctl jobs resolve, then numbers release --due again");
  if (reports.empty())
    ctx.io().unchanged({.action = "release",
                        .object = ctx.workspace().name,
                        .rest = "(none is due)",
                        .called = "no number"});
}

void run_release(const ReleaseOptions& opts, Context& ctx) {
  if (opts.now && opts.cancel)
    throw Error(Errc::usage, "usage.excluded", "--now and --cancel exclude each other");
  if (opts.due) {
    if (!opts.numbers.empty() || opts.now || opts.cancel)
      throw Error(Errc::usage, "usage.excluded", "--due takes no numbers, and neither --now nor --cancel");
    return release_due(opts, ctx);
  }
  if (opts.numbers.empty())
    throw Error(Errc::usage, "usage.missing_argument", "numbers release: no number was given",
                "ringctl numbers release +12025550143 --confirm +12025550143");
  RunAccount account(ctx, opts);
  const auto decide = [&](const std::string& number, bool write) {
    return opts.cancel ? sync::cancel_release(*account, number, write)
                       : sync::schedule_release(*account, number, opts.now, write);
  };
  // One that cannot go stops all of them.
  std::vector<sync::ReleaseReport> plan;
  std::vector<std::string> numbers;
  for (const auto& number : opts.numbers) {
    plan.push_back(decide(number, false));
    numbers.push_back(plan.back().phone_number);
  }
  if (ctx.dry_run()) {
    for (const auto& report : plan) show(report, ctx);
    return;
  }
  if (!opts.cancel) ask(numbers, opts.now, ctx);
  for (const auto& number : numbers) show(decide(number, true), ctx);
}

}  // namespace

void add_numbers_release(Noun& numbers) {
  auto verb = numbers.verb<ReleaseOptions>("release", "Give numbers back to Twilio", run_release);
  verb.argument("number", &ReleaseOptions::numbers, "E.164 numbers, SIDs, or exact labels")
      .kind(ValueKind::number)
      .flag("now", &ReleaseOptions::now, "Do not wait: it cannot be taken back")
      .flag("cancel", &ReleaseOptions::cancel, "Keep them after all: they are active again")
      .flag("due", &ReleaseOptions::due, "Give back those whose time has come; for cron")
      .details(
          "Takes a number out of use and marks it to be given back after the workspace's release_wait, a day at first. "
          "Until then --cancel takes that back, and so does making it active; afterwards `ringctl numbers release "
          "--due` gives it back and forgets it here; somebody else may have it from then on. Refused while an agent "
          "has it, somebody receives its messages, or an extension works on it alone. Before a number goes, Twilio is asked whether "
          "its SID is that number's. --confirm names the number, or of several the workspace.")
      .example("ringctl numbers release +12025550124 --confirm +12025550124")
      .example("ringctl numbers release +12025550124 --now --dry-run", "what would be given back this moment")
      .example("ringctl numbers release --due", "from cron");
  add_account_flags(verb);
  verb.exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined,
              Errc::locked, Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down,
              Errc::twilio_garbage, Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
