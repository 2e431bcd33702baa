// webhooks replay

#include "cmd/webhooks_replay.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "cmd/period.hpp"
#include "cmd/serve_options.hpp"
#include "directory/workspaces.hpp"
#include "serve/journal_replay.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"call_sid", ColumnType::word},      Column{"started_at", ColumnType::time},
    Column{"from_number", ColumnType::e164},   Column{"to_number", ColumnType::e164},
    Column{"status_before", ColumnType::word}, Column{"status", ColumnType::word},
    Column{"webhooks", ColumnType::integer},   Column{"differs", ColumnType::text},
};

struct ReplayOptions {
  std::string since;
  std::optional<std::string> until;
  bool apply = false;
};

std::string count_of(std::int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", base::group_digits(static_cast<std::uint64_t>(count)), one,
                     count == 1 ? "" : "s");
}

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::string names_of(const calls::Replayed& call) {
  std::vector<std::string> names(call.columns.begin(), call.columns.end());
  if (call.webhooks > 0) names.emplace_back("webhooks");
  return base::join(names, " ");
}

void list(const std::vector<calls::Replayed>& differences, Context& ctx) {
  auto rows = ctx.io().rows(k_columns);
  for (const auto& call : differences)
    rows.row({call.call_sid, call.started_at ? Cell(*call.started_at) : Cell(),
              text_or_null(call.from_number), text_or_null(call.to_number), text_or_null(call.status_before),
              text_or_null(call.status), call.webhooks,
              call.status_before.empty() ? Cell("missing") : Cell(names_of(call))});
  rows.finish();
}

/// "2 calls", "1 webhook about messages", "2 calls and 1 webhook about messages"
std::string differing(const serve::ReplayReport& report) {
  const auto calls = count_of(std::ssize(report.differences), "call");
  if (report.messages_missing == 0) return calls;
  const auto messages = count_of(report.messages_missing, "webhook") + " about messages";
  return report.differences.empty() ? messages : calls + " and " + messages;
}

void tell(const serve::ReplayReport& report, const std::filesystem::path& state, bool written, Context& ctx) {
  auto& io = ctx.io();
  if (report.webhooks == 0)
    io.note(fmt::format("no webhooks of that time in {}", (state / "journal").string()));
  else
    io.note(fmt::format("{} of {}",
                        written ? "put right " + differing(report) : differing(report) + " to be put right",
                        "what " + count_of(report.webhooks, "webhook") + " say"));
  if (report.waiting > 0)
    io.note(fmt::format("{} not applied yet: a running `ringctl serve` does that",
                        count_of(report.waiting, "webhook")));
  for (const auto& why : report.refused) io.warn("a webhook was refused: " + why);
}

void run_replay(const ReplayOptions& opts, Context& ctx) {
  const auto period = read_period(opts.since, opts.until, ctx);
  const serve::ReplayOptions options{.state = serve_state(ctx.settings()),
                                     .since = *period.since,
                                     .until = period.until,
                                     .write = opts.apply && !ctx.dry_run(),
                                     .cancel = &ctx.cancel()};
  const auto& workspace = ctx.workspace();
  const auto report = serve::replay_journal(ctx.session(), workspace.id, options);
  list(report.differences, ctx);
  tell(report, options.state, options.write, ctx);
  if (!report.refused.empty())
    throw Error(Errc::partial, "webhooks.refused",
                fmt::format("the database refused {}", count_of(std::ssize(report.refused), "webhook")));
  if (report.unreadable > 0)
    throw Error(
        Errc::partial, "webhooks.unreadable",
        fmt::format("{} of the journal cannot be read any more", count_of(report.unreadable, "record")));
  if (!options.write && (!report.differences.empty() || report.messages_missing > 0))
    throw Error(Errc::differs, "webhooks.differ", "what is on record is not what came: " + differing(report),
                fmt::format("ringctl webhooks replay --since {} --apply", opts.since));
}

}  // namespace

void add_webhooks_replay(Noun& webhooks) {
  webhooks.verb<ReplayOptions>("replay", "Hold calls and messages against the webhooks that came", run_replay)
      .flag("since", &ReplayOptions::since, "TIME",
            "Webhooks from TIME on: 2026-03-08, -7d, yesterday, RFC 3339")
      .required()
      .flag("until", &ReplayOptions::until, "TIME", "Webhooks before TIME")
      .default_text("now")
      .flag("apply", &ReplayOptions::apply, "Put right what differs")
      .columns(k_columns)
      .details(
          "Reads the journal in which `serve` keeps every webhook of this machine, and lists the calls that are not in "
          "the call log as their webhooks say: after the database was restored to an earlier state, or because it "
          "had refused them. Webhooks about messages that are missing are counted. Exits 8 if there are any. With "
          "--apply they are put right; what is right is left alone, and so is what people wrote. A second run finds "
          "nothing. Servers may go on meanwhile.")
      .example("ringctl webhooks replay --since -7d", "does the call log have all that came?")
      .example("ringctl webhooks replay --since 2026-03-08 --apply", "after a restore")
      .exits({Errc::partial, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
