// messages reconcile

#include <fmt/format.h>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/messages.hpp"
#include "cmd/period.hpp"
#include "sync/text.hpp"

namespace ringctl::cmd {
namespace {

struct ReconcileTextsOptions : AccountOptions {
  std::string since = "-1d";
  std::optional<std::string> until;
};

void report(const sync::TextsReconciled& done, Context& ctx) {
  const auto count = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  const auto rest = fmt::format("({} of Twilio's: {} changed, {} that nobody here knows)", count(done.seen),
                                count(done.changed), count(done.foreign));
  const std::vector<Field> fields = {
      {"seen", done.seen}, {"updated", done.changed}, {"foreign", done.foreign}};
  const bool changes = done.changed > 0;
  const Change change{.action = changes && !ctx.dry_run() ? "reconciled" : "reconcile",
                      .object = "messages",
                      .rest = rest,
                      .fields = fields};
  if (!changes) return ctx.io().unchanged(change);
  if (ctx.dry_run()) return ctx.io().would_change(change);
  ctx.io().changed(change);
}

void run_reconcile(const ReconcileTextsOptions& opts, Context& ctx) {
  const auto period = read_period(opts.since, opts.until.value_or("now"), ctx);
  RunAccount account(ctx, opts);
  report(sync::reconcile_texts(*account, *period.since, *period.until, !ctx.dry_run(),
                               shown_progress(ctx, "reconciling")),
         ctx);
}

}  // namespace

void add_messages_reconcile(Noun& messages) {
  auto reconcile =
      messages
          .verb<ReconcileTextsOptions>("reconcile", "Fill in what Twilio knows of messages by now",
                                       run_reconcile)
          .flag("since", &ReconcileTextsOptions::since, "TIME", "Messages of TIME or after: 2026-03-08, -7d")
          .default_text("-1d")
          .flag("until", &ReconcileTextsOptions::until, "TIME", "Only messages before TIME")
          .default_text("now");
  add_account_flags(reconcile)
      .details(
          "Their prices, and the last states of those whose callbacks were lost. Run again it changes nothing. Messages "
          "that Twilio lists and nobody here knows, of other programs say, are counted and left alone.")
      .example("ringctl messages reconcile --since -7d")
      .example("ringctl messages reconcile --since yesterday --until today -n")
      .exits(k_twilio_exits);
}

}  // namespace ringctl::cmd
