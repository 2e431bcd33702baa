#include "cmd/doctor_twilio.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <functional>

#include "base/secret.hpp"
#include "cmd/account.hpp"
#include "directory/accounts.hpp"
#include "sync/configure.hpp"
#include "twilio/rest_account.hpp"
#include "twilio/rest_numbers.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::chrono::seconds k_most_skew{60};
constexpr int k_forbidden = 403;  // the login is taken, and may not ask for this

struct Resource {
  std::string_view name, path;
};
/// What commands of this program need.
constexpr std::array k_resources = {
    Resource{"numbers", "/IncomingPhoneNumbers.json"}, Resource{"calls", "/Calls.json"},
    Resource{"conferences", "/Conferences.json"},      Resource{"recordings", "/Recordings.json"},
    Resource{"applications", "/Applications.json"},    Resource{"balance", "/Balance.json"},
    Resource{"usage", "/Usage/Records.json"},
};

twilio::Ask look_at(const Resource& resource) {
  twilio::Ask ask;
  ask.path = resource.path;
  if (resource.name != "balance") ask.query = {{"PageSize", "1"}};
  return ask;
}

/// How another login is given: in the database, or also where this one is configured.
std::string mending(RunAccount& account, Context& ctx) {
  const auto& login = account.login();
  const auto secret = login.user.empty() ? std::string("--auth-token-file FILE")
                                         : fmt::format("--api-key {} --api-secret-file FILE", login.user);
  auto fix = fmt::format("ringctl accounts set {} {}", login.account_sid, secret);
  const bool kept = directory::Accounts(ctx.session(), ctx.workspace().id).find_main().has_value();
  return kept ? fix : fmt::format("{}, or mend {}", fix, login.source);
}

void check_clock(const std::optional<base::Instant>& server_time, Context& ctx, Report& report) {
  if (!server_time) {
    report.push_back({"twilio.clock", "warn", "the answer says no time", {}});
    return;
  }
  const auto skew = std::chrono::round<std::chrono::seconds>(ctx.clock().now() - *server_time);
  const bool wrong = std::chrono::abs(skew) > k_most_skew;
  report.push_back({"twilio.clock", wrong ? "fail" : "ok",
                    fmt::format("this machine's clock is {} s {} Twilio's", std::chrono::abs(skew).count(),
                                skew.count() < 0 ? "behind" : "ahead of"),
                    wrong ? "set the clock by NTP: timedatectl set-ntp true" : ""});
}

/// False: nothing more can be asked. A login that is not taken fails as that: `report` ends with its row. One
/// that may not ask for this alone is taken: what else it may not is check_scope()'s.
bool check_reach(RunAccount& account, Context& ctx, Report& report) {
  const auto& clock = ctx.clock();
  const auto begun = clock.steady();
  const auto outcome = account->client.try_send(look_at(k_resources.front()));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady() - begun);
  const auto* const failed = std::get_if<twilio::Failed>(&outcome);
  if (failed != nullptr && failed->kind != twilio::Failed::Kind::auth) throw twilio::to_error(*failed);
  const bool taken = failed == nullptr || failed->status == k_forbidden;
  if (!taken) {
    report.back() = failed_check("twilio.login", twilio::to_error(*failed));
    report.back().fix = mending(account, ctx);
  }
  report.push_back(
      {"twilio.reach",
       "ok",
       fmt::format("{} answers within {} ms", base::redact_url(account->client.url_of(twilio::Api::core, "")),
                   took.count()),
       {}});
  if (!taken) return false;
  check_clock(failed != nullptr ? failed->server_time : std::get<twilio::Reply>(outcome).server_time, ctx,
              report);
  return true;
}

void check_account(RunAccount& account, Report& report) {
  const auto info = twilio::fetch_account(account->client);
  if (!info) {
    report.push_back(
        {"twilio.account", "ok", "the API key may not ask for the account itself, nor has it to", {}});
    return;
  }
  const bool active = info->status == "active";
  report.push_back({"twilio.account", active ? "ok" : "fail",
                    fmt::format("{} is {}", info->sid, info->status.empty() ? "of no status" : info->status),
                    active ? "" : "https://console.twilio.com"});
}

void check_scope(RunAccount& account, Report& report) {
  std::string refused;
  for (const auto& resource : k_resources) {
    const auto outcome = account->client.try_send(look_at(resource));
    const auto* const failed = std::get_if<twilio::Failed>(&outcome);
    if (failed == nullptr) continue;
    if (failed->kind != twilio::Failed::Kind::auth) throw twilio::to_error(*failed);
    refused += fmt::format("{}{}", refused.empty() ? "" : ", ", resource.name);
  }
  if (refused.empty())
    report.push_back({"twilio.scope", "ok", "the login may ask for all that is needed", {}});
  else
    report.push_back({"twilio.scope", "warn", fmt::format("the login may not ask for {}", refused),
                      "use a standard API key, or one with these permissions"});
}

std::string environment_text(Context& ctx, const char* name) { return ctx.environment()(name).value_or(""); }

void check_webhooks(RunAccount& account, Context& ctx, Report& report) {
  if (account->public_url.empty()) {
    report.push_back({"twilio.webhooks", "ok", "no serve.public_url: no number has to point here", {}});
    return;
  }
  const sync::WebhookUrls urls{environment_text(ctx, "TWILIO_VOICE_WEBHOOK_URL"),
                               environment_text(ctx, "TWILIO_SMS_WEBHOOK_URL"),
                               account->workspace.setting("fallback_url")};
  sync::ConfigureOptions options{.wanted = sync::wanted_of(*account, urls)};
  options.dry_run = true;
  const auto plan = sync::configure(*account, options);
  const auto app = sync::configure_app(*account, options.wanted, false);
  const bool differs = plan.updated > 0 || app.created || app.changed;
  auto evidence = fmt::format("{} of {} numbers ask somebody else", plan.updated,
                              plan.updated + plan.same + plan.skipped + plan.failed);
  if (app.created || app.changed) evidence += ", and so does the TwiML application, or there is none";
  report.push_back({"twilio.webhooks", differs ? "warn" : "ok",
                    differs ? evidence : std::string("numbers and application point at this server"),
                    differs ? "ringctl webhooks configure" : ""});
}

/// A check that fails by an error is told, and the others are looked at all the same.
void guarded(std::string id, Report& report, const std::function<void()>& look) {
  try {
    look();
  } catch (const Error& error) {
    report.push_back(failed_check(std::move(id), error));
  }
}

}  // namespace

void check_twilio(Context& ctx, Report& report) {
  std::optional<RunAccount> account;
  guarded("twilio.login", report, [&] {
    account.emplace(ctx);
    report.push_back({"twilio.login", "ok", twilio::login_text(account->login()), {}});
  });
  if (!account) return;
  bool answers = false;
  guarded("twilio.reach", report, [&] { answers = check_reach(*account, ctx, report); });
  if (!answers) return;
  guarded("twilio.account", report, [&] { check_account(*account, report); });
  guarded("twilio.scope", report, [&] { check_scope(*account, report); });
  guarded("twilio.webhooks", report, [&] { check_webhooks(*account, ctx, report); });
}

}  // namespace ringctl::cmd
