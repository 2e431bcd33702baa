#pragma once
#include "cmd/context.hpp"
#include "sync/configure.hpp"

namespace ringctl::cmd {

/// `ringctl webhooks configure`: the TwiML app, the numbers' URLs, the fallback.
void add_webhooks_configure(Noun& webhooks);

/// What the environment (TWILIO_VOICE_WEBHOOK_URL, TWILIO_SMS_WEBHOOK_URL) and the workspace's fallback_url
/// say, with `fallback` in the place of the latter where it is given. Shared by numbers configure, audit and
/// buy.
sync::WebhookUrls webhook_urls(Context&, const std::optional<std::string>& fallback = {});

}  // namespace ringctl::cmd
