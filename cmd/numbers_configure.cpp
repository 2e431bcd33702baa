// numbers configure, audit

#include "cmd/numbers_configure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/numbers.hpp"
#include "cmd/webhooks_configure.hpp"
#include "directory/workspaces.hpp"
#include "sync/drift.hpp"

namespace ringctl::cmd {
namespace {

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

/// The numbers that were named, as E.164.
std::vector<std::string> numbers_named(const std::vector<std::string>& named, Context& ctx) {
  std::vector<std::string> all;
  auto numbers = numbers_of(ctx, ctx.workspace());
  for (const auto& what : named) {
    auto number = numbers.get(what).phone_number;
    if (std::find(all.begin(), all.end(), number) == all.end()) all.push_back(std::move(number));
  }
  std::sort(all.begin(), all.end());
  return all;
}

// --- configure ---

constexpr std::array k_configure_columns = {
    Column{"phone_number", ColumnType::e164}, Column{"verdict", ColumnType::word},
    Column{"fields", ColumnType::word},       Column{"code", ColumnType::word},
    Column{"message", ColumnType::text},
};

struct ConfigureVerbOptions : AccountOptions {
  std::vector<std::string> numbers;
  bool voice_only = false, sms_only = false;
  std::optional<std::string> fallback_url;
};

std::string next_step(const sync::ConfigureReport& report, const std::string& again) {
  if (report.failed > 0) return again;
  const bool missing = std::any_of(report.rows.begin(), report.rows.end(),
                                   [](const sync::ConfigureRow& row) { return row.code == "missing"; });
  return missing ? "ringctl numbers sync" : "";
}

}  // namespace

void show_configured(const sync::ConfigureReport& report, bool named, const std::string& again,
                     Context& ctx) {
  auto rows = ctx.io().rows(k_configure_columns);
  for (const auto& row : report.rows)
    rows.row({row.phone_number, row.verdict, text_or_null(row.fields), text_or_null(row.code),
              text_or_null(row.message)});
  rows.finish();
  const auto number = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  ctx.io().note(fmt::format("{} {}, {} the same, {} skipped, {} failed{}", number(report.updated),
                            ctx.dry_run() ? "to be configured" : "configured", number(report.same),
                            number(report.skipped), number(report.failed),
                            report.job ? "; job " + report.job->short_id() : std::string()));
  const auto left = report.failed + (named ? report.skipped : 0);
  if (left == 0) return;
  Error error(Errc::partial, "numbers.partly_configured",
              fmt::format("{} of the numbers could not be configured", number(left)),
              next_step(report, again));
  throw report.job ? std::move(error).job(report.job->text()) : error;
}

namespace {

void run_configure(const ConfigureVerbOptions& opts, Context& ctx) {
  if (opts.voice_only && opts.sms_only)
    throw Error(Errc::usage, "usage.excluded", "--voice-only and --sms-only exclude each other");
  sync::ConfigureOptions options;
  options.numbers = numbers_named(opts.numbers, ctx);
  RunAccount account(ctx, opts);
  options.wanted = sync::wanted_of(*account, webhook_urls(ctx, opts.fallback_url));
  options.wanted.voice = !opts.sms_only;
  options.wanted.sms = !opts.voice_only;
  options.dry_run = ctx.dry_run();
  if (!options.dry_run && !ctx.io().options().yes && options.numbers.size() != 1) {
    auto planned = options;
    planned.dry_run = true;
    const auto plan = sync::configure(*account, planned, shown_progress(ctx, "numbers configure"));
    if (plan.updated > 1)
      ctx.io().confirm(fmt::format("tell Twilio new webhooks for {} numbers?",
                                   base::group_digits(static_cast<std::uint64_t>(plan.updated))));
  }
  show_configured(sync::configure(*account, options, shown_progress(ctx, "numbers configure")),
                  !options.numbers.empty(), "the same command again goes on with them", ctx);
}

// --- audit ---

constexpr std::array k_audit_columns = {
    Column{"phone_number", ColumnType::e164}, Column{"finding", ColumnType::word},
    Column{"is", ColumnType::fact},           Column{"wanted", ColumnType::fact},
    Column{"fixed", ColumnType::boolean},     Column{"sid", ColumnType::word, false},
    Column{"fixable", ColumnType::boolean},
};

struct AuditVerbOptions : AccountOptions {
  std::vector<std::string> numbers, only;
  bool fix = false;
  std::chrono::milliseconds idle_after = std::chrono::days(90);
};

std::vector<sync::Drift> findings_named(const std::vector<std::string>& codes) {
  const auto table = sync::drift_table();
  std::vector<sync::Drift> all;
  for (const auto& code : codes) {
    const auto info =
        std::find_if(table.begin(), table.end(), [&](const sync::DriftInfo& i) { return i.code == code; });
    if (info == table.end()) {
      std::vector<std::string> known;
      for (const auto& one : table) known.emplace_back(one.code);
      throw Error(Errc::usage, "usage.bad_value", fmt::format("--only: there is no finding \"{}\"", code),
                  base::join(known, ", "));
    }
    all.push_back(info->drift);
  }
  return all;
}

void run_audit(const AuditVerbOptions& opts, Context& ctx) {
  sync::AuditOptions options;
  options.only = findings_named(opts.only);
  options.numbers = numbers_named(opts.numbers, ctx);
  options.idle_after = std::chrono::floor<std::chrono::days>(opts.idle_after);
  options.dry_run = ctx.dry_run();
  // Whether a number is idle is the most expensive question; nobody asked it.
  const auto& only = options.only;
  if (!only.empty() && std::find(only.begin(), only.end(), sync::Drift::idle) == only.end())
    options.idle_after = std::chrono::days(0);
  RunAccount account(ctx, opts);
  options.wanted = sync::wanted_of(*account, webhook_urls(ctx));
  auto report = sync::audit_numbers(*account, options, shown_progress(ctx, "numbers audit"));
  const auto number = [](std::int64_t n) { return base::group_digits(static_cast<std::uint64_t>(n)); };
  if (opts.fix) {
    if (const auto numbers = report.to_mend(); numbers > 1 && !options.dry_run)
      ctx.io().confirm(fmt::format("tell Twilio new webhooks for {} numbers?", number(numbers)));
    sync::mend_numbers(*account, options, report, shown_progress(ctx, "numbers audit"));
  }
  auto rows = ctx.io().rows(k_audit_columns);
  std::int64_t fixed = 0;
  for (const auto& finding : report.findings) {
    const bool fixed_now = finding.fixed && !options.dry_run;  // there it says that it would be
    rows.row({finding.phone_number, sync::drift_code(finding.drift), text_or_null(finding.is),
              text_or_null(finding.wanted), fixed_now, text_or_null(finding.sid), sync::mends(finding)});
    if (finding.fixed) ++fixed;
  }
  rows.finish();
  ctx.io().note(fmt::format("{} looked at, {} {}, {} {}", number(report.numbers),
                            number(std::ssize(report.findings)),
                            report.findings.size() == 1 ? "finding" : "findings", number(fixed),
                            opts.fix && options.dry_run ? "to be mended" : "mended"));
  if (!report.differs()) return;
  const bool fixable = std::any_of(report.findings.begin(), report.findings.end(),
                                   [](const sync::DriftFinding& f) { return !f.fixed && sync::mends(f); });
  throw Error(Errc::differs, "numbers.drift", "the numbers are not as they should be",
              fixable && !opts.fix ? "ringctl numbers audit --fix"
                                   : "man ringctl-numbers says what each finding means");
}

void add_configure(Noun& numbers) {
  auto verb = numbers.verb<ConfigureVerbOptions>("configure", "Point numbers' webhooks at this server",
                                                 run_configure);
  verb.argument("number", &ConfigureVerbOptions::numbers,
                "E.164 numbers, SIDs, or exact labels; none: all active Twilio numbers")
      .kind(ValueKind::number)
      .flag("voice-only", &ConfigureVerbOptions::voice_only, "Leave messages alone")
      .flag("sms-only", &ConfigureVerbOptions::sms_only, "Leave calls alone")
      .flag("fallback-url", &ConfigureVerbOptions::fallback_url, "URL",
            "What Twilio asks when the server does not answer, on another host")
      .default_text("the workspace's fallback_url")
      .columns(k_configure_columns)
      .details(
          "Sets voice URL, status callback, SMS URL and fallbacks, with Twilio's connection overrides. Every number is "
          "looked at and only what differs is sent; numbers on a trunk keep their voice side. What was killed goes on "
          "with the same command, or with jobs resume, and sends nothing twice. Lists what failed or was skipped: a "
          "number that was named and is skipped is exit 3. Asks first where several numbers change, or takes --yes.")
      .example("ringctl numbers configure --dry-run", "what would be sent")
      .example("ringctl numbers configure --yes")
      .example("ringctl numbers configure +12025550123 --voice-only");
  add_account_flags(verb);
  verb.exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined,
              Errc::locked, Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down,
              Errc::twilio_garbage, Errc::db_down, Errc::db_busy});
}

void add_audit(Noun& numbers) {
  auto verb = numbers.verb<AuditVerbOptions>("audit", "Find what is wrong with the numbers", run_audit);
  verb.argument("number", &AuditVerbOptions::numbers, "E.164 numbers, SIDs, or exact labels; none: all")
      .kind(ValueKind::number)
      .flag("fix", &AuditVerbOptions::fix, "Mend webhooks that differ")
      .flag("idle-after", &AuditVerbOptions::idle_after, "DUR",
            "A number without call or message for so long is idle; 0s: do not ask")
      .default_text("90d")
      .kind(ValueKind::duration)
      .flag("only", &AuditVerbOptions::only, "CODE", "Only this finding; may be given several times")
      .columns(k_audit_columns)
      .details(
          "Holds every number against the account: webhooks that lead elsewhere, trunks and messaging services that "
          "take calls or messages away, abilities that its agent or pool needs, emergency addresses, countries that "
          "account_countries leaves out, numbers of another account, numbers that are missing on one side, idle ones. "
          "Exits 8 if anything is left but idle numbers. With --fix the webhooks are set right, with --only no others than "
          "those named; it asks first where several numbers change, or takes --yes. With --dry-run it shows what would be.")
      .example("ringctl numbers audit")
      .example("ringctl numbers audit --fix --yes", "set the webhooks right")
      .example("ringctl numbers audit --only country --only emergency_address -o csv");
  add_account_flags(verb);
  verb.exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::declined,
              Errc::locked, Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down,
              Errc::twilio_garbage, Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_numbers_configure(Noun& numbers) {
  add_configure(numbers);
  add_audit(numbers);
}

}  // namespace ringctl::cmd
