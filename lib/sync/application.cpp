// The TwiML app that access tokens name. Making one twice would leave two of a name, so it is journaled.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/sid.hpp"
#include "db/transaction.hpp"
#include "jobs/effects.hpp"
#include "sync/configure.hpp"
#include "sync/work.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::sync {
namespace {

constexpr std::size_t k_most_name = 64;

std::string app_name(const directory::Workspace& workspace) {
  auto name = "ringctl " + workspace.name;
  if (name.size() <= k_most_name) return name;
  name.resize(k_most_name);
  // Not within a character.
  while (!name.empty() && (static_cast<unsigned char>(name.back()) & 0xC0U) == 0x80U) name.pop_back();
  if (!name.empty() && static_cast<unsigned char>(name.back()) >= 0xC0U) name.pop_back();
  return name;
}

void want(const twilio::Hook& is, const std::string& wanted, std::optional<std::string>& url,
          std::optional<std::string>& method) {
  if (wanted.empty() || (same_url(is.url, wanted) && is.method == "POST")) return;
  url = wanted;
  method = "POST";
}

twilio::ApplicationUpdate update_for(const twilio::Application& app, const Wanted& wanted) {
  twilio::ApplicationUpdate update;
  want(app.voice_hook, wanted.voice_url, update.voice_url, update.voice_method);
  want(app.voice_fallback, wanted.voice_fallback_url, update.voice_fallback_url,
       update.voice_fallback_method);
  want(app.status_callback, wanted.status_callback, update.status_callback, update.status_callback_method);
  return update;
}

bool says_nothing(const twilio::ApplicationUpdate& update) {
  return !update.voice_url && !update.voice_fallback_url && !update.status_callback;
}

std::optional<twilio::Application> find(Account& account) {
  const auto& sid = account.workspace.setting("twiml_app_sid");
  if (!sid.empty())
    if (auto app = twilio::find_application(account.client, sid)) return app;
  auto named = twilio::find_applications(account.client, app_name(account.workspace));
  if (named.empty()) return std::nullopt;
  return std::move(named.front());
}

template <class Work>
void write(Account& account, Work&& work) {
  auto& session = account.session;
  db::in_transaction(session.db, db::Scope::of(account.workspace.id), [&] {
    jobs::Effects effects(session.db, session.clock, account.workspace.id);
    work(effects);
  });
}

std::string create(Account& account, const Wanted& wanted) {
  auto update = update_for(twilio::Application{}, wanted);
  update.friendly_name = app_name(account.workspace);
  jobs::Effect effect;
  effect.id = account.session.ids.next();
  effect.kind = "application.create";
  effect.key = *update.friendly_name;
  effect.account_sid = account.client.account_sid();
  effect.request = nlohmann::json{{"friendly_name", *update.friendly_name}}.dump();
  effect.actor = account.session.actor;
  write(account, [&](jobs::Effects& effects) { effects.insert(effect); });
  write(account, [&](jobs::Effects& effects) { effects.sent(effect.id); });
  const auto outcome = account.client.try_send(twilio::create_application_ask(update));
  if (const auto* failed = std::get_if<twilio::Failed>(&outcome)) {
    const bool unknown = failed->maybe_executed || failed->kind == twilio::Failed::Kind::unknown;
    write(account, [&](jobs::Effects& effects) {
      if (unknown)
        effects.unknown(effect.id, failed->message);
      else
        effects.refused(effect.id, code_of(*failed), failed->message);
    });
    if (unknown)
      throw Error(Errc::unknown_outcome, "twilio.unknown_outcome",
                  fmt::format("the TwiML app \"{}\" may have been made: Twilio did not say", effect.key),
                  "ringctl jobs resolve");
    throw to_error(*failed);
  }
  auto sid = std::get<twilio::Reply>(outcome).json.text("sid");
  if (!base::is_sid(sid, "AP")) {
    write(account, [&](jobs::Effects& effects) { effects.unknown(effect.id, "the answer had no SID"); });
    throw Error(
        Errc::unknown_outcome, "twilio.unknown_outcome",
        fmt::format("the TwiML app \"{}\" may have been made: Twilio's answer has no SID", effect.key),
        "ringctl jobs resolve");
  }
  write(account, [&](jobs::Effects& effects) { effects.done(effect.id, sid); });
  return sid;
}

}  // namespace

void keep_app(Account& account, const std::string& sid) {
  if (account.workspace.setting("twiml_app_sid") == sid) return;
  directory::WorkspaceChange change;
  change.settings.push_back({"twiml_app_sid", sid});
  directory::Workspaces(account.session).update(account.workspace.name, change);
}

AppReport configure_app(Account& account, const Wanted& wanted, bool write) {
  AppReport report;
  auto app = find(account);
  if (!app) {
    report.created = report.changed = true;
    if (!write) return report;
    report.sid = create(account, wanted);
    keep_app(account, report.sid);
    return report;
  }
  report.sid = app->sid;
  const auto update = update_for(*app, wanted);
  report.changed = !says_nothing(update) || account.workspace.setting("twiml_app_sid") != app->sid;
  if (!write || !report.changed) return report;
  if (!says_nothing(update)) twilio::update_application(account.client, app->sid, update);
  keep_app(account, app->sid);
  return report;
}

}  // namespace ringctl::sync
