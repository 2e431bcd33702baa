// Text messages: a webhook about one is placed, written to the journal and answered. Nothing is decided here,
// for Twilio waits for no answer to a text: whom it is for, opt-outs and states follow when it is applied.

#include "base/log.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

std::optional<base::Uuid> message_in_path(const Webhook& webhook) {
  return webhook.endpoint() == Endpoint::message_status ? base::Uuid::try_parse(webhook.rest())
                                                        : std::nullopt;
}

/// By its form, so that numbers whose callbacks come to the URL of their texts are served too.
messages::Kind kind_of(const Webhook& webhook) {
  return message_in_path(webhook) ? messages::Kind::status : messages::kind_of(webhook.parameters());
}

/// What a text came to, or was sent from.
std::string_view our_number(const Webhook& webhook) {
  return webhook.parameter(kind_of(webhook) == messages::Kind::inbound ? "To" : "From");
}

/// The answer to any text: replies are sent of their own accord, and STOP is answered by Twilio.
Answer nothing_to_say(const Webhook& webhook) {
  static const std::string k_empty = twiml::write({});
  return kind_of(webhook) == messages::Kind::inbound ? twiml_answer(k_empty) : no_content();
}

}  // namespace

messages::Event Webhooks::message_event(const Webhook& webhook) const {
  auto event = messages::event_from(kind_of(webhook), webhook.parameters(), webhook.received_at());
  event.workspace = webhook.workspace();
  event.main_account = is_main(webhook.parameter("AccountSid"));
  event.message = message_in_path(webhook);
  return event;
}

void Webhooks::message(const WebhookPtr& webhook) {
  if (webhook->workspace()) return keep_message(webhook);
  Question whose{
      .to = std::string(our_number(*webhook)), .now = webhook->received_at(), .workspace_only = true};
  look_up(webhook, std::move(whose), [this, webhook](const Found& found) { place_message(webhook, found); });
}

/// A number that nobody has may be a messaging service's, or have been bought a moment ago: its texts are
/// kept by the only workspace that takes the account, if there is one.
void Webhooks::place_message(const WebhookPtr& webhook, const Found& found) {
  if (found.away) return answer_safely(webhook, "database");
  // It is there, but was made a moment ago, or cannot be read: its accounts are asked when it is applied.
  if (found.workspace && !estates_.find(*found.workspace)) return keep_message(webhook);
  const auto account = webhook->parameter("AccountSid");
  const auto workspace =
      found.workspace ? found.workspace : estates_.find_sole_by_account(account, is_main(account));
  if (!workspace) {
    // Nobody's number, so nobody's record: the log alone says that it was written to.
    base::log(base::LogLevel::warn, "message.unknown_number",
              {{"message_sid", webhook->message_sid()}, {"account", account}});
    webhook->answer(nothing_to_say(*webhook));
    return;
  }
  webhook->set_workspace(*workspace);
  const auto estate = estate_for(webhook);
  if (estate && accepts(webhook, *estate->snapshot)) keep_message(webhook);
}

void Webhooks::message_status(const WebhookPtr& webhook) { keep_message(webhook); }

void Webhooks::keep_message(const WebhookPtr& webhook) {
  books_.keep(message_event(*webhook), webhook, nothing_to_say(*webhook));
}

/// As far as memory tells; where it does not, the workspace is found when it is applied.
std::optional<base::Uuid> Webhooks::place_in_memory(const Webhook& webhook) const {
  const auto account = webhook.parameter("AccountSid");
  const auto holder = estates_.find_by_number(our_number(webhook));
  if (!holder) return estates_.find_sole_by_account(account, is_main(account));
  const auto estate = estates_.find(*holder);
  return estate && knows(account, *estate->snapshot) ? holder : std::nullopt;
}

/// Kept like all others: nobody is on the line, so there is time for the journal, and nothing to say but
/// that.
void Webhooks::keep_message_safely(const WebhookPtr& webhook, std::string_view cause) {
  const auto named = webhook->workspace();
  if (!named) {
    if (const auto found = place_in_memory(*webhook)) {
      webhook->set_workspace(*found);
      webhook->about_workspace(*found);
    }
  }
  // A path that names a workspace which is not there is nobody's. One that was never read yet may be there.
  if (named && estates_.ready() && !estates_.find(*named)) {
    webhook->answer_safely(nothing_to_say(*webhook), cause);
    return;
  }
  books_.keep_safely(message_event(*webhook), webhook, nothing_to_say(*webhook), cause);
}

}  // namespace ringctl::serve
