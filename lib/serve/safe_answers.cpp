// What is answered when the work cannot be done, or not in time: from memory, and on record all the same.
// Only past the deadline the record is not waited for: the caller has waited long enough.

#include "base/log.hpp"
#include "routing/decide.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_late = "deadline";

twiml::Response hang_up() { return {{twiml::Hangup{}}}; }

routing::Place last_of(const routing::Plan& plan) {
  return {.step = static_cast<int>(plan.steps.size()) - 1};
}

}  // namespace

void Webhooks::answer_safely(const WebhookPtr& webhook, std::string_view cause) {
  if (webhook->answered()) return;
  SafeAnswer safe;
  try {
    if (is_for_help(*webhook)) return call_help(webhook, cause);
    assume_workspace(*webhook);
    safe = safe_answer(webhook);
    auto answer = safe.says ? twiml_answer(twiml::write(*safe.says)) : no_content();
    if (safe.event && cause != k_late)
      return books_.keep_safely(*safe.event, webhook, std::move(answer), cause);
    // A status that is late waits for the journal already.
    if (safe.event && safe.says) books_.note(*safe.event);
    webhook->answer_safely(std::move(answer), cause);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "webhook.fault",
              {{"why", error.what()}, {"request_id", webhook->id()}, {"call_sid", webhook->call_sid()}});
    webhook->answer_safely(twiml_answer(twiml::write(routing::apology({}))), cause);
  }
}

/// Of a call to the path that names none: that of whoever had the number when it was last read.
void Webhooks::assume_workspace(Webhook& webhook) {
  if (webhook.workspace() || from_client(webhook)) return;
  const auto workspace = estates_.find_by_number(webhook.parameter("To"));
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!estate || !knows(webhook.parameter("AccountSid"), *estate->snapshot)) return;
  webhook.set_workspace(*workspace);
  webhook.about_workspace(*workspace);
}

Webhooks::SafeAnswer Webhooks::safe_answer(const WebhookPtr& webhook) {
  switch (webhook->endpoint()) {
    case Endpoint::voice:
    case Endpoint::voice_by_number:
      return safe_start(webhook);
    case Endpoint::menu:
      return safe_step(webhook, calls::Kind::menu);
    case Endpoint::next:
      return safe_step(webhook, calls::Kind::next);
    case Endpoint::wait:
      return safe_step(webhook, calls::Kind::wait);
    case Endpoint::consent:
      return {routing::consent_answer(""), std::nullopt};
    case Endpoint::voicemail:
      return {routing::voicemail_answer(), safe_event(webhook, calls::Kind::voicemail)};
    case Endpoint::accept:
      return {hang_up(), safe_event(webhook, calls::Kind::accept)};
    case Endpoint::accepted:
      return {hang_up(), safe_event(webhook, calls::Kind::accepted)};
    case Endpoint::status:
      return {std::nullopt, safe_event(webhook, calls::Kind::status)};
    case Endpoint::recording:
      return {std::nullopt, safe_event(webhook, calls::Kind::recording)};
    case Endpoint::token:
    case Endpoint::own_token:
    case Endpoint::health:
    case Endpoint::ready:
    case Endpoint::unknown:
      break;
  }
  return {hang_up(), std::nullopt};
}

/// What goes on record: also of a workspace that was never read yet, for it may be there. nullopt for one
/// that is not.
std::optional<calls::Event> Webhooks::safe_event(const WebhookPtr& webhook, calls::Kind kind) const {
  const auto workspace = webhook->workspace();
  if (!workspace || (estates_.ready() && !estates_.find(*workspace))) return std::nullopt;
  auto event = webhook->event(kind);
  if (kind == calls::Kind::accept || kind == calls::Kind::accepted ||
      (kind == calls::Kind::status && !event.parent_sid.empty() && event.place))
    name_party(event, *webhook);
  return event;
}

/// A call that comes in rings as the last snapshot says, as if from somebody unknown; one that goes out is
/// refused.
Webhooks::SafeAnswer Webhooks::safe_start(const WebhookPtr& webhook) {
  const bool outbound = from_client(*webhook);
  auto event = safe_event(webhook, outbound ? calls::Kind::outbound : calls::Kind::inbound);
  if (outbound) {
    if (event) {
      event->decision.emplace().routed_by = "outbound";
      event->decision->refusal = limits::refusal_code(limits::Refusal::limits_unavailable);
    }
    twiml::Response spoken{
        {twiml::Say{.text = "Calls cannot be placed now. Please try again later."}, twiml::Hangup{}}};
    return {std::move(spoken), std::move(event)};
  }
  const auto workspace = webhook->workspace();
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!estate || !event) return {routing::apology({}), std::move(event)};
  const auto plan = plan_of_anybody(webhook, *estate);
  const auto json = plans_.put(webhook->call_sid(), routing::to_json(plan));
  event->decision.emplace().plan = json;
  event->decision->routed_by = routing::name_of(plan.routed_by);
  // One that was decided before stands.
  const auto standing = routing::try_parse_plan(json);
  return {routing::answer(standing ? *standing : plan, {}, links_of(*workspace)), std::move(event)};
}

/// As if somebody unknown called.
routing::Plan Webhooks::plan_of_anybody(const WebhookPtr& webhook, const Estate& estate) {
  routing::Facts facts;
  facts.from = webhook->parameter("From");
  facts.to = webhook->parameter("To");
  facts.now = webhook->received_at();
  facts.number.emplace();
  return decide(webhook, estate, std::move(facts));
}

/// The next step of the plan, or the last one where nobody knows it here.
Webhooks::SafeAnswer Webhooks::safe_step(const WebhookPtr& webhook, calls::Kind kind) {
  auto event = safe_event(webhook, kind);
  if (kind == calls::Kind::next) {
    const auto place = routing::try_parse_place(webhook->rest());
    // The end of a call that one of ours placed, which has no plan.
    if (!place) return {hang_up(), std::move(event)};
    const auto plan = remembered(*webhook);
    if (event && plan && !routing::rings_ours_alone(*plan, *place)) event->answers = calls::Answers::never;
  }
  const auto workspace = webhook->workspace();
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!estate) return {routing::apology({}), std::move(event)};
  return {step_from_memory(webhook, *estate, kind), std::move(event)};
}

twiml::Response Webhooks::step_from_memory(const WebhookPtr& webhook, const Estate& estate,
                                           calls::Kind kind) {
  const auto links = links_of(*webhook->workspace());
  const auto place = routing::try_parse_place(webhook->rest());
  if (const auto plan = remembered(*webhook); plan && place) {
    if (kind == calls::Kind::wait) return routing::wait_answer(*plan, *place);
    const auto next = routing::after(*plan, *place, follow_up_of(*webhook));
    return next ? routing::answer(*plan, *next, links) : hang_up();
  } else if (plan && kind == calls::Kind::menu) {
    return routing::answer(*plan, {.step = 1}, links);  // what follows the menu
  }
  if (kind == calls::Kind::wait) return {{twiml::Leave{}}};
  const auto plan = plan_of_anybody(webhook, estate);
  return routing::answer(plan, last_of(plan), links);
}

}  // namespace ringctl::serve
