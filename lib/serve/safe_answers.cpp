// What is answered when the work cannot be done, or not in time: from memory, and on record all the same.
// Past the deadline no caller waits for the record: they have waited long enough. What only tells of
// something does.

#include "base/log.hpp"
#include "base/text.hpp"
#include "routing/decide.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_late = "deadline";

twiml::Response hang_up() { return {{twiml::Hangup{}}}; }

twiml::Response refused_start() {
  return {{twiml::Say{.text = "Calls cannot be placed now. Please try again later."}, twiml::Hangup{}}};
}

routing::Place last_of(const routing::Plan& plan) {
  return {.step = static_cast<int>(plan.steps.size()) - 1};
}

/// A plan with the menu that was answered goes on behind it; one that the digits had been decided into
/// already begins.
routing::Place after_digits(const routing::Plan& plan, std::string_view attempt) {
  const auto& first = plan.steps.front();
  const bool asked =
      first.kind == routing::StepKind::menu && first.attempt <= base::parse_int(attempt).value_or(0);
  return {.step = asked ? 1 : 0};
}

std::optional<routing::Place> next_place(const Webhook& webhook, const routing::Plan& plan,
                                         calls::Kind kind) {
  if (kind == calls::Kind::menu) return after_digits(plan, webhook.rest());
  const auto place = routing::try_parse_place(webhook.rest());
  return place ? routing::after(plan, *place, follow_up_of(webhook)) : last_of(plan);
}

}  // namespace

std::string record_policy(const Estate& estate, std::string_view number) {
  return estate.numbers->record_policy(number).value_or("never");
}

void Webhooks::answer_safely(const WebhookPtr& webhook, std::string_view cause) {
  if (webhook->answered()) return;
  try {
    if (is_about_messages(webhook->endpoint())) return keep_message_safely(webhook, cause);
    if (is_for_help(*webhook)) return call_help(webhook, cause);
    assume_workspace(*webhook);
    auto safe = safe_answer(webhook);
    if (!safe.says) return acknowledge(webhook, safe.event, cause);
    if (safe.event) return lead_on(webhook, *safe.says, *std::move(safe.event), cause);
    webhook->answer_safely(twiml_answer(twiml::write(*safe.says)), cause);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "webhook.fault",
              {{"why", error.what()},
               {"request_id", webhook->id()},
               {"call_sid", webhook->call_sid()},
               {"message_sid", webhook->message_sid()}});
    webhook->answer_safely(only_tells(webhook->endpoint()) ? problem(503, "it could not be kept")
                                                           : twiml_answer(twiml::write(routing::apology({}))),
                           cause);
  }
}

/// Whoever is on the line is told what was decided already and only waits to be durable, or what the same
/// webhook was told before; else the safe answer, which stands from then on.
void Webhooks::lead_on(const WebhookPtr& webhook, const twiml::Response& says, calls::Event event,
                       std::string_view cause) {
  const auto key = calls::event_key(event);
  const auto text = twiml::write(says);
  const bool known = !answers_.find(key).empty();
  auto standing = answers_.put(key, text);
  const bool safe = !known && standing == text;
  if (safe) {
    if (event.decision && !event.decision->refusal.empty())
      office_.metrics.limit_denied(event.decision->refusal);
  } else {  // what was decided is on record, or on its way there
    event.decision.reset();
    event.asks_call_back = false;
  }
  if (cause != k_late) return books_.keep_safely(event, webhook, twiml_answer(std::move(standing)), cause);
  if (safe) books_.note(event);
  webhook->answer_safely(twiml_answer(std::move(standing)), cause);
}

/// Nobody on the line waits for it: it is acknowledged once it is on record, however late that is.
void Webhooks::acknowledge(const WebhookPtr& webhook, const std::optional<calls::Event>& event,
                           std::string_view cause) {
  // It waits for the journal already; for the database it has waited long enough.
  if (cause == k_late && !books_.waits_for_database()) return;
  if (event) return books_.keep_safely(*event, webhook, no_content(), cause);
  webhook->answer_safely(no_content(), cause);
}

/// Of a call to the path that names none: that of the agent who calls, or of whoever had the number called
/// when it was last read.
void Webhooks::assume_workspace(Webhook& webhook) {
  if (webhook.workspace()) return;
  const auto user = client_of(webhook);
  if (!user && from_client(webhook)) return;
  const auto workspace =
      user ? estates_.find_by_user(*user) : estates_.find_by_number(webhook.parameter("To"));
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
    case Endpoint::started:
    case Endpoint::pressed:
      return {refused_start(), std::nullopt};
    case Endpoint::leg:
      return {std::nullopt, safe_event(webhook, calls::Kind::status)};
    case Endpoint::voicemail:
      return {routing::voicemail_answer(), safe_event(webhook, calls::Kind::voicemail)};
    case Endpoint::accept:
      return {hang_up(), safe_event(webhook, calls::Kind::accept)};
    case Endpoint::accepted:
      return {hang_up(), safe_event(webhook, webhook->parameter("Digits").empty() ? calls::Kind::accept
                                                                                  : calls::Kind::accepted)};
    case Endpoint::status:
      return {std::nullopt, safe_event(webhook, calls::Kind::status)};
    case Endpoint::recording:
      return {std::nullopt, safe_event(webhook, calls::Kind::recording)};
    case Endpoint::message:  // keep_message_safely()
    case Endpoint::message_by_number:
    case Endpoint::message_status:
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
  if (webhook->endpoint() == Endpoint::leg) return added_leg_event(*webhook);
  auto event = webhook->event(kind);
  if (event.call_sid.empty()) event.call_sid = call_in_path(*webhook);
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
      auto& decision = event->decision.emplace();
      decision.user = client_of(*webhook);
      decision.routed_by = "outbound";
      decision.refusal = limits::refusal_code(limits::Refusal::limits_unavailable);
    }
    return {refused_start(), std::move(event)};
  }
  const auto workspace = webhook->workspace();
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!estate || !event) return {routing::apology({}), std::move(event)};
  auto plan = plan_of_anybody(webhook, *estate);
  const auto json = plans_.put(webhook->call_sid(), routing::to_json(plan));
  // One that was decided before stands.
  if (auto standing = routing::try_parse_plan(json)) plan = std::move(*standing);
  event->decision.emplace().plan = json;
  event->decision->routed_by = routing::name_of(plan.routed_by);
  event->asks_call_back = routing::promises_call_back(plan, {});
  return {routing::answer(plan, {}, links_of(*workspace)), std::move(event)};
}

/// As if somebody unknown called.
routing::Plan Webhooks::plan_of_anybody(const WebhookPtr& webhook, const Estate& estate) {
  routing::Facts facts;
  facts.from = webhook->parameter("From");
  facts.to = webhook->parameter("To");
  facts.now = webhook->received_at();
  facts.number.emplace().record_policy = record_policy(estate, facts.to);
  return decide(webhook, estate, std::move(facts));
}

/// The next step of the plan, or the last one where nobody knows it here.
Webhooks::SafeAnswer Webhooks::safe_step(const WebhookPtr& webhook, calls::Kind kind) {
  auto event = safe_event(webhook, kind);
  const auto place = routing::try_parse_place(webhook->rest());
  const auto known = remembered(*webhook);
  if (kind == calls::Kind::next) {
    // The end of a call that one of ours placed, which has no plan.
    if (!place) return {hang_up(), std::move(event)};
    if (event && known) name_dialled(*event, *known, *place, true);
  }
  const auto workspace = webhook->workspace();
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!estate) return {routing::apology({}), std::move(event)};
  if (kind == calls::Kind::wait) {
    const auto leave = twiml::Response{{twiml::Leave{}}};
    return {known && place ? routing::wait_answer(*known, *place) : leave, std::move(event)};
  }
  const auto plan = known ? *known : plan_of_anybody(webhook, *estate);
  const auto next = known ? next_place(*webhook, *known, kind) : last_of(plan);
  if (!next) return {hang_up(), std::move(event)};
  if (event) event->asks_call_back = !is_over(*webhook) && routing::promises_call_back(plan, *next);
  return {routing::answer(plan, *next, links_of(*workspace)), std::move(event)};
}

}  // namespace ringctl::serve
