// What is answered when the work cannot be done, or not in time: at once, from memory, without waiting for
// anything.

#include "routing/decide.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

twiml::Response hang_up() { return {{twiml::Hangup{}}}; }

routing::Place last_of(const routing::Plan& plan) {
  return {.step = static_cast<int>(plan.steps.size()) - 1};
}

}  // namespace

void Webhooks::answer_safely(const WebhookPtr& webhook, std::string_view cause) {
  if (webhook->answered()) return;
  const auto endpoint = webhook->endpoint();
  if (endpoint == Endpoint::status || endpoint == Endpoint::recording) {
    webhook->answer_safely(no_content(), cause);
    return;
  }
  webhook->answer_safely(twiml_answer(twiml::write(safe_answer(webhook))), cause);
}

twiml::Response Webhooks::safe_answer(const WebhookPtr& webhook) {
  switch (webhook->endpoint()) {
    case Endpoint::voice:
    case Endpoint::voice_by_number:
      return safe_start(webhook);
    case Endpoint::menu:
    case Endpoint::next:
    case Endpoint::wait:
      return safe_step(webhook);
    case Endpoint::consent:
      return routing::consent_answer("");
    case Endpoint::voicemail:
      return routing::voicemail_answer();
    case Endpoint::accept:
    case Endpoint::accepted:
    case Endpoint::status:
    case Endpoint::recording:
    case Endpoint::token:
    case Endpoint::own_token:
    case Endpoint::health:
    case Endpoint::ready:
    case Endpoint::unknown:
      break;
  }
  return hang_up();
}

/// A call that comes in rings as the last snapshot says, as if from somebody unknown; one that goes out is
/// refused.
twiml::Response Webhooks::safe_start(const WebhookPtr& webhook) {
  const auto workspace = webhook->workspace();
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (from_client(*webhook)) {
    if (estate) {
      auto event = webhook->event(calls::Kind::outbound);
      event.decision.emplace().routed_by = "outbound";
      event.decision->refusal = limits::refusal_code(limits::Refusal::limits_unavailable);
      books_.note(event);
    }
    return {{twiml::Say{.text = "Calls cannot be placed now. Please try again later."}, twiml::Hangup{}}};
  }
  if (!estate) return routing::apology({});
  routing::Facts facts;
  facts.from = webhook->parameter("From");
  facts.to = webhook->parameter("To");
  facts.now = webhook->received_at();
  facts.number.emplace();
  const auto plan = decide(webhook, *estate, std::move(facts));
  const auto json = plans_.put(webhook->call_sid(), routing::to_json(plan));
  auto event = webhook->event(calls::Kind::inbound);
  event.decision.emplace().plan = json;
  event.decision->routed_by = routing::name_of(plan.routed_by);
  books_.note(event);
  return routing::answer(plan, {}, links_of(*workspace));
}

/// The next step of the plan, or the last one where nobody knows it here.
twiml::Response Webhooks::safe_step(const WebhookPtr& webhook) {
  const auto workspace = webhook->workspace();
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!workspace || !estate) return routing::apology({});
  const auto links = links_of(*workspace);
  const auto kind = webhook->endpoint() == Endpoint::menu   ? calls::Kind::menu
                    : webhook->endpoint() == Endpoint::wait ? calls::Kind::wait
                                                            : calls::Kind::next;
  books_.note(webhook->event(kind));
  const auto place = routing::try_parse_place(webhook->rest());
  if (const auto plan = remembered(*webhook); plan && place) {
    if (kind == calls::Kind::wait) return routing::wait_answer(*plan, *place);
    const auto next =
        routing::after(*plan, *place, {.dial_status = std::string(webhook->parameter("DialCallStatus"))});
    return next ? routing::answer(*plan, *next, links) : hang_up();
  } else if (plan && kind == calls::Kind::menu) {
    return routing::answer(*plan, {.step = 1}, links);  // what follows the menu
  }
  if (kind == calls::Kind::wait) return {{twiml::Leave{}}};
  routing::Facts facts;
  facts.from = webhook->parameter("From");
  facts.now = webhook->received_at();
  facts.number.emplace();
  const auto plan = decide(webhook, *estate, std::move(facts));
  return routing::answer(plan, last_of(plan), links);
}

}  // namespace ringctl::serve
