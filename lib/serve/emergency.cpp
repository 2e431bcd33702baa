// Calls for help. They are dialled whatever is refused, away, full or late, and at once: by what is in
// memory, without the limits, which never count them, and without waiting for the journal.

#include "limits/emergency.hpp"

#include <fmt/format.h>

#include "routing/room.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {

/// Of one of ours, from a browser or desk client: a caller from outside does not dial through us.
bool Webhooks::is_for_help(const Webhook& webhook) const {
  const auto start = webhook.endpoint() == Endpoint::voice || webhook.endpoint() == Endpoint::voice_by_number;
  if (!start || !from_client(webhook)) return false;
  const auto dialled = webhook.parameter("To");
  const auto estate = estate_in_memory(webhook);
  if (!estate) return limits::is_for_help(dialled, std::nullopt, {});
  return limits::is_for_help(dialled, estate->country, own_number(webhook, *estate));
}

std::optional<Estate> Webhooks::estate_in_memory(const Webhook& webhook) const {
  if (const auto named = webhook.workspace()) return estates_.find(*named);
  const auto user = client_of(webhook);
  const auto own = user ? estates_.find_by_user(*user) : std::nullopt;
  auto estate = own ? estates_.find(*own) : std::nullopt;
  // Nobody has looked yet whether the account is the workspace's.
  if (estate && !knows(webhook.parameter("AccountSid"), *estate->snapshot)) return std::nullopt;
  return estate;
}

/// What is shown to whoever helps, and tells them where the caller is: the number asked for if it is ours and
/// held at Twilio, else the agent's own, else any. Twilio dials nothing without one, nor from one that it
/// does not hold; where we have none, the number asked for may still be one that it verified.
std::string Webhooks::own_number(const Webhook& webhook, const Estate& estate) const {
  const auto wanted = webhook.parameter("FromNumber");
  if (estate.numbers->can_call_from(wanted)) return std::string(wanted);
  const auto user = client_of(webhook);
  const auto& own = user ? estate.numbers->of(*user) : estate.numbers->first;
  return own.empty() ? std::string(wanted) : own;
}

/// `cause`: of a safe answer; "" = it is none.
void Webhooks::call_help(const WebhookPtr& webhook, std::string_view cause) {
  const auto estate = estate_in_memory(*webhook);
  const auto to = std::string(webhook->parameter("To"));
  twiml::Dial dial{.caller_id = estate ? own_number(*webhook, *estate)
                                       : std::string(webhook->parameter("FromNumber"))};
  twiml::Number number{.number = to};
  // That of the path, or else the one that the caller is of.
  const auto workspace = estate ? std::optional(estate->snapshot->workspace) : webhook->workspace();
  if (workspace) {
    const auto links = links_of(*workspace);
    dial.action = routing::end_link(links);
    number.status_callback = links.voice + "/status";
    number.status_callback_event = calling_events();
  }
  const auto from = dial.caller_id;
  dial.nouns.emplace_back(std::move(number));
  auto answer = twiml_answer(twiml::write({{std::move(dial)}}));
  const bool first =
      cause.empty() ? webhook->answer(std::move(answer)) : webhook->answer_safely(std::move(answer), cause);
  if (!first || !workspace) return;
  webhook->set_workspace(*workspace);
  auto event = webhook->event(calls::Kind::outbound);
  auto& decision = event.decision.emplace();
  decision.user = client_of(*webhook);
  decision.routed_by = "outbound";
  decision.from_number = from;
  decision.to_number = to;
  note_talking(event);
  books_.note(event);
}

}  // namespace ringctl::serve
