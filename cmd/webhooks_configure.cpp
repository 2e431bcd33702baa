// webhooks configure

#include "cmd/webhooks_configure.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"object", ColumnType::fact},  Column{"verdict", ColumnType::word},
    Column{"fields", ColumnType::word},  Column{"code", ColumnType::word},
    Column{"message", ColumnType::text},
};

struct ConfigureWebhooksOptions : AccountOptions {
  std::optional<std::string> fallback_url;
  bool app_only = false, numbers_only = false;
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::string_view app_verdict(const sync::AppReport& app) {
  return app.created ? "new" : app.changed ? "update" : "same";
}

void store_fallback(const std::string& url, Context& ctx) {
  directory::WorkspaceChange change;
  change.settings.push_back({"fallback_url", url});
  directory::Workspaces(ctx.session()).update(ctx.workspace().name, change);
}

sync::ConfigureReport configure_numbers(sync::Account& account, const sync::Wanted& wanted, bool dry_run,
                                        Context& ctx) {
  sync::ConfigureOptions options;
  options.wanted = wanted;
  options.kind = "webhooks.configure";
  options.dry_run = dry_run;
  return sync::configure(account, options, shown_progress(ctx, "webhooks configure"));
}

void ask(const ConfigureWebhooksOptions& opts, sync::Account& account, const sync::Wanted& wanted,
         Context& ctx) {
  if (ctx.io().options().yes) return;
  const auto numbers = opts.app_only ? 0 : configure_numbers(account, wanted, true, ctx).updated;
  const bool app = !opts.numbers_only && sync::configure_app(account, wanted, false).changed;
  if (numbers == 0 && !app) return;
  ctx.io().confirm(
      fmt::format("tell Twilio new webhooks for {}{}{} {}?", app ? "the TwiML app" : "",
                  app && numbers != 0 ? " and " : "",
                  numbers == 0 ? std::string() : base::group_digits(static_cast<std::uint64_t>(numbers)),
                  numbers == 0   ? ""
                  : numbers == 1 ? "number"
                                 : "numbers"));
}

void run_configure(const ConfigureWebhooksOptions& opts, Context& ctx) {
  if (opts.app_only && opts.numbers_only)
    throw Error(Errc::usage, "usage.excluded", "--app-only and --numbers-only exclude each other");
  RunAccount account(ctx, opts);
  const auto wanted = sync::wanted_of(*account, webhook_urls(ctx, opts.fallback_url));
  const bool dry_run = ctx.dry_run();
  if (!dry_run) ask(opts, *account, wanted, ctx);
  if (opts.fallback_url && !dry_run) store_fallback(*opts.fallback_url, ctx);

  std::optional<sync::AppReport> app;
  if (!opts.numbers_only) app = sync::configure_app(*account, wanted, !dry_run);
  sync::ConfigureReport report;
  if (!opts.app_only) report = configure_numbers(*account, wanted, dry_run, ctx);

  auto rows = ctx.io().rows(k_columns);
  if (app)
    rows.row(
        {app->sid.empty() ? Cell("TwiML app") : Cell(app->sid), app_verdict(*app), Cell(), Cell(), Cell()});
  for (const auto& row : report.rows)
    rows.row({row.phone_number, row.verdict, text_or_null(row.fields), text_or_null(row.code),
              text_or_null(row.message)});
  rows.finish();
  if (!opts.app_only)
    ctx.io().note(fmt::format("numbers: {} {}, {} the same, {} skipped, {} failed", report.updated,
                              dry_run ? "to be configured" : "configured", report.same, report.skipped,
                              report.failed));
  if (report.failed > 0) {
    Error error(Errc::partial, "webhooks.partly",
                fmt::format("{} of the numbers could not be configured", report.failed),
                "the same command again goes on with them");
    throw report.job ? std::move(error).job(report.job->text()) : error;
  }
}

}  // namespace

sync::WebhookUrls webhook_urls(Context& ctx, const std::optional<std::string>& fallback) {
  sync::WebhookUrls urls;
  urls.voice = ctx.environment()("TWILIO_VOICE_WEBHOOK_URL").value_or("");
  urls.sms = ctx.environment()("TWILIO_SMS_WEBHOOK_URL").value_or("");
  urls.fallback = fallback.value_or(ctx.workspace().setting("fallback_url"));
  if (urls.fallback == "-") urls.fallback.clear();
  return urls;
}

void add_webhooks_configure(Noun& webhooks) {
  auto verb = webhooks.verb<ConfigureWebhooksOptions>(
      "configure", "Point the account's webhooks at this workspace's server", run_configure);
  verb.flag(
          "fallback-url", &ConfigureWebhooksOptions::fallback_url, "URL",
          "What Twilio asks when the server does not answer, on another host; kept for the workspace. - clears it")
      .default_text("the workspace's fallback_url")
      .flag("app-only", &ConfigureWebhooksOptions::app_only, "Only the TwiML app that access tokens name")
      .flag("numbers-only", &ConfigureWebhooksOptions::numbers_only, "Only the numbers")
      .columns(k_columns)
      .details(
          "Sets the voice URL, the status callback, the SMS URL and the fallbacks of the TwiML app that access tokens "
          "name (found by the workspace's twiml_app_sid, else by its name, else made) and of every active number. "
          "Only what differs is sent. serve.public_url says where the server is; TWILIO_VOICE_WEBHOOK_URL and "
          "TWILIO_SMS_WEBHOOK_URL name others. A number on a trunk keeps its voice side.")
      .example("ringctl webhooks configure --dry-run", "what Twilio would be told")
      .example("ringctl webhooks configure --fallback-url https://fallback.example.org/voice --yes")
      .example("ringctl webhooks configure --app-only --yes");
  add_account_flags(verb);
  verb.exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined,
              Errc::locked, Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down,
              Errc::twilio_garbage, Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
