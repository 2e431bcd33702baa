// numbers sync

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/numbers.hpp"
#include "cmd/webhooks_configure.hpp"
#include "directory/workspaces.hpp"
#include "sync/numbers.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"phone_number", ColumnType::e164}, Column{"verdict", ColumnType::word},
    Column{"differs", ColumnType::word},      Column{"sid", ColumnType::word},
    Column{"label", ColumnType::text},
};

struct SyncOptions : AccountOptions {
  bool apply = false, exit_code = false;
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::string counts_text(const std::array<std::int64_t, sync::k_sync_verdicts>& counts) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] != 0)
      parts.push_back(fmt::format("{} {}", base::group_digits(static_cast<std::uint64_t>(counts[i])),
                                  verdict_name(static_cast<sync::SyncVerdict>(i))));
  return parts.empty() ? "nothing on either side" : base::join(parts, ", ");
}

/// What webhooks should say, if that is known here.
std::optional<sync::Wanted> wanted_if_known(Context& ctx, sync::Account& account) {
  const auto urls = webhook_urls(ctx);
  const bool known = !account.public_url.empty() || (!urls.voice.empty() && !urls.sms.empty());
  return known ? std::optional(sync::wanted_of(account, urls)) : std::nullopt;
}

void list(const sync::SyncPlan& plan, Context& ctx) {
  auto rows = ctx.io().rows(k_columns);
  for (const auto& item : plan.items)
    rows.row({item.phone_number, verdict_name(item.verdict), text_or_null(item.differs),
              text_or_null(item.sid), text_or_null(item.label)});
  rows.finish();
}

void apply(sync::Account& account, const sync::SyncPlan& plan, Context& ctx) {
  const auto& object = account.client.account_sid();
  if (!plan.has_work()) return ctx.io().unchanged({.action = "sync", .object = object});
  const auto report = sync::apply_sync(account, plan);
  const auto rest =
      fmt::format("({}; job {})", counts_text(report.done), report.job ? report.job->short_id() : "");
  Change change{.action = "synchronized", .object = object, .rest = rest, .fields = {}};
  for (std::size_t i = 0; i < report.done.size(); ++i)
    change.fields.push_back({verdict_name(static_cast<sync::SyncVerdict>(i)), report.done[i]});
  change.fields.push_back({"job_id", report.job ? Cell(*report.job) : Cell()});
  ctx.io().changed(change);
}

/// Of a plan that differs: what is to be written down first, then what is missing for good.
std::string next_step(const sync::SyncPlan& plan) {
  if (plan.has_work()) return "ringctl numbers sync --apply";
  const auto missing = std::find_if(plan.items.begin(), plan.items.end(), [](const sync::SyncItem& item) {
    return item.verdict == sync::SyncVerdict::missing;
  });
  return missing == plan.items.end() ? std::string() : "ringctl numbers delete " + missing->phone_number;
}

void run_sync(const SyncOptions& opts, Context& ctx) {
  if (opts.apply || ctx.dry_run()) ctx.workspace_for_write();
  RunAccount account(ctx, opts);
  const auto wanted = wanted_if_known(ctx, *account);
  const auto plan = sync::plan_sync(*account, wanted, shown_progress(ctx, "numbers sync"));
  if (opts.apply && !ctx.dry_run()) {
    apply(*account, plan, ctx);
    return;
  }
  list(plan, ctx);
  ctx.io().note(fmt::format("{} at Twilio: {}",
                            base::group_digits(static_cast<std::uint64_t>(plan.at_twilio)),
                            counts_text(plan.counts)));
  if (opts.exit_code && plan.differs())
    throw Error(Errc::differs, "sync.differs", "the account and the workspace do not say the same",
                next_step(plan));
}

}  // namespace

void add_numbers_sync(Noun& numbers) {
  auto verb =
      numbers.verb<SyncOptions>("sync", "Hold the account's numbers against the workspace's", run_sync);
  verb.flag("apply", &SyncOptions::apply, "Write down here what the account has")
      .flag("exit-code", &SyncOptions::exit_code,
            "Exit 8 if there is anything to write down, or a number is missing")
      .columns(k_columns)
      .details(
          "Reads every number of the Twilio account and lists what differs: add (the account has it, nobody here does), "
          "adopt (here without SID or account), changed, missing (the account does not show it), foreign (another "
          "workspace's, another account's or another provider's here). Numbers at other providers are counted and not "
          "asked about. With --apply the database is brought in line, all in one transaction, refused if a number "
          "changed meanwhile. Missing numbers are marked, not deleted, and listed until they are there again or deleted "
          "here. Nothing is changed at Twilio.")
      .example("ringctl numbers sync", "what differs")
      .example("ringctl numbers sync --apply", "write it down")
      .example("ringctl numbers sync -o json");
  add_account_flags(verb);
  verb.exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
