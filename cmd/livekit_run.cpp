#include "cmd/livekit_run.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/account.hpp"
#include "cmd/webhooks_configure.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

http::SessionOptions session_options(Context& ctx) {
  http::SessionOptions options;
  options.ca_file = ctx.environment()("SSL_CERT_FILE").value_or("");
  options.cancel = &ctx.cancel();
  return options;
}

sync::LivekitLogin login_of(Context& ctx, const estate::Assistant& assistant) {
  const auto key = find_seal_key(ctx);
  if (!key)
    throw Error(Errc::config, "seal.no_key",
                fmt::format("the secret of {} is sealed with the key {}, and no key is configured",
                            base::in_quotes(assistant.name), assistant.key_id),
                "set RINGCTL_SECRETS_KEY_FILE to that key");
  estate::Assistants assistants(ctx.session(), ctx.workspace().id);
  return {
      .host = assistant.host, .api_key = assistant.api_key, .api_secret = assistants.open(assistant, *key)};
}

}  // namespace

LivekitRun::LivekitRun(Context& ctx, const estate::Assistant& assistant)
    : session_(session_options(ctx)),
      livekit_(login_of(ctx, assistant), ctx.clock(), session_,
               base::parse_duration(ctx.settings().get("twilio.timeout"))) {}

LivekitRuns::LivekitRuns(Context& ctx) {
  const auto assistants = estate::Assistants(ctx.session(), ctx.workspace().id).list();
  sides_.reserve(assistants.size());
  for (const auto& assistant : assistants) {
    if (!assistant.is_active) continue;
    auto& run = runs_.emplace_back(ctx, assistant);
    sides_.push_back({assistant, &run.get()});
  }
}

std::string losses_text(const std::vector<sync::Loss>& losses) {
  std::vector<std::string> parts;
  for (const auto& loss : losses) parts.push_back(fmt::format("{} {}", loss.what, loss.value));
  return base::join(parts, ", ");
}

std::optional<sync::Wanted> wanted_if_known(Context& ctx, const sync::Account& account) {
  const auto urls = webhook_urls(ctx, std::nullopt);
  if (account.public_url.empty() && (urls.voice.empty() || urls.sms.empty())) return std::nullopt;
  return sync::wanted_of(account, urls);
}

}  // namespace ringctl::cmd
