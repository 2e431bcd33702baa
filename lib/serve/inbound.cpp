// A call that comes in: decided once, then led along its plan by what Twilio reports.

#include "base/log.hpp"
#include "base/text.hpp"
#include "routing/decide.hpp"
#include "routing/room.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

calls::Decision decision_of(const routing::Plan& plan, std::string json, const routing::Facts& facts) {
  calls::Decision decision;
  if (facts.number) decision.number = facts.number->id;
  if (facts.contact) {
    decision.contact = facts.contact->id;
    decision.customer_name = facts.contact->name;
  }
  decision.routed_by = routing::name_of(plan.routed_by);
  decision.rule = plan.rule;
  decision.plan = std::move(json);
  return decision;
}

/// The parts that a phone network can be asked to say; also for numbers that are nobody's.
routing::Plan plan_of_no_number() {
  return {.routed_by = routing::Reason::unknown_number,
          .steps = {{.kind = routing::StepKind::message, .reason = routing::Reason::unknown_number},
                    {.kind = routing::StepKind::hangup, .reason = routing::Reason::unknown_number}}};
}

/// A Dial of two legs that was connected, not one of a conference, which names no leg.
bool was_pair(const Webhook& webhook) {
  const auto status = webhook.parameter("DialCallStatus");
  return (status == "completed" || status == "answered") && !webhook.parameter("DialCallSid").empty();
}

int to_int(std::string_view text) { return static_cast<int>(base::parse_int(text).value_or(0)); }

}  // namespace

Question Webhooks::question(const Webhook& webhook) const {
  return {.workspace = webhook.workspace(),
          .from = std::string(webhook.parameter("From")),
          .to = std::string(webhook.parameter("To")),
          .call_sid = std::string(webhook.call_sid()),
          .now = webhook.received_at()};
}

void Webhooks::inbound(const WebhookPtr& webhook) {
  if (webhook->workspace() && repeat(webhook, webhook->event(calls::Kind::inbound))) return;
  look_up(webhook, question(*webhook),
          [this, webhook](Found found) { decide_inbound(webhook, std::move(found)); });
}

void Webhooks::decide_inbound(const WebhookPtr& webhook, Found found) {
  if (found.away) return answer_safely(webhook, "database");
  if (!found.workspace) return take_in(webhook);
  const bool named = webhook->workspace().has_value();
  // Another one than the safe answer was given by meanwhile: then that one is the answer.
  if (!named && webhook->set_workspace(*found.workspace) != *found.workspace) return;
  const auto estate = estate_for(webhook);
  if (!estate || (!named && !accepts(webhook, *estate->snapshot))) return;

  auto known = remembered(*webhook);
  if (!known && !found.plan.empty()) known = routing::try_parse_plan(found.plan);
  if (known) office_.metrics.replayed();
  auto plan = known ? std::move(*known) : decide(webhook, *estate, found.facts);
  // Of two that decided at once, the first counts.
  auto json = routing::to_json(plan);
  if (auto standing = plans_.put(webhook->call_sid(), json); standing != json) {
    if (auto first = routing::try_parse_plan(standing)) {
      plan = std::move(*first);
      json = std::move(standing);
    }
  }

  auto event = webhook->event(calls::Kind::inbound);
  event.decision = decision_of(plan, std::move(json), found.facts);
  event.asks_call_back = promises_call_back(plan, {});
  keep(webhook, event, routing::answer(plan, {}, links_of(*webhook->workspace())));
}

/// A number that nobody has may have been bought a moment ago, or be released: its calls are told so, and
/// kept by the only workspace that takes the account, if there is one.
void Webhooks::take_in(const WebhookPtr& webhook) {
  const auto account = webhook->parameter("AccountSid");
  const auto sole = estates_.find_sole_by_account(account, is_main(account));
  base::log(base::LogLevel::warn, "number.unknown",
            {{"call_sid", webhook->call_sid()}, {"account", account}, {"to", webhook->logged_to()}});
  if (!sole) {  // nobody's record: the log alone says that it was called
    webhook->answer(twiml_answer(twiml::write(routing::answer(plan_of_no_number(), {}, {}))));
    return;
  }
  if (webhook->set_workspace(*sole) != *sole) return;
  look_up(webhook, question(*webhook),
          [this, webhook](Found found) { decide_inbound(webhook, std::move(found)); });
}

void Webhooks::menu(const WebhookPtr& webhook) {
  if (repeat(webhook, webhook->event(calls::Kind::menu))) return;
  const int attempt = to_int(webhook->rest());
  look_up(webhook, question(*webhook),
          [this, webhook, attempt](Found found) { decide_menu(webhook, attempt, std::move(found)); });
}

void Webhooks::decide_menu(const WebhookPtr& webhook, int attempt, Found found) {
  if (found.away) return answer_safely(webhook, "database");
  const auto estate = estate_for(webhook);
  if (!estate) return;
  auto before = remembered(*webhook);
  if (!before && !found.plan.empty()) before = routing::try_parse_plan(found.plan);
  found.facts.menu = routing::MenuAnswer{std::string(webhook->parameter("Digits")), attempt,
                                         before && (before->announced || before->told)};
  const auto plan = decide(webhook, *estate, found.facts, before);
  const auto json = routing::to_json(plan);
  plans_.replace(webhook->call_sid(), json);
  auto event = webhook->event(calls::Kind::menu);
  event.decision = decision_of(plan, std::move(json), found.facts);
  event.asks_call_back = promises_call_back(plan, {});
  keep(webhook, event, routing::answer(plan, {}, links_of(*webhook->workspace())));
}

/// A pair that was connected and is no more may have been put into a conference: then the other leg is there
/// already, and this one follows.
void Webhooks::next(const WebhookPtr& webhook) {
  auto event = webhook->event(calls::Kind::next);
  if (!was_pair(*webhook)) return led_on(webhook, std::move(event));
  if (repeat(webhook, event)) return;
  auto asked = question(*webhook);
  asked.room = true;
  look_up(webhook, std::move(asked), [this, webhook, event = std::move(event)](const Found& found) {
    if (!found.room.room.empty()) return seat(webhook, event, found.room);
    led_on(webhook, event);
  });
}

void Webhooks::led_on(const WebhookPtr& webhook, calls::Event event) {
  note_talking(event);
  if (repeat(webhook, event)) return;
  if (!routing::try_parse_place(webhook->rest()))  // of a call that one of ours placed
    return keep(webhook, event, {{twiml::Hangup{}}});
  with_plan(webhook, [this, webhook](const routing::Plan& plan, bool known) { go_on(webhook, plan, known); });
}

void Webhooks::seat(const WebhookPtr& webhook, calls::Event event, const calls::RoomOfLeg& room) {
  event.answers = calls::Answers::moved;
  const auto links = links_of(*webhook->workspace());
  const routing::Seat seat{.room = room.room, .recorded = room.recorded, .after = routing::end_link(links)};
  keep(webhook, event, routing::seat_answer(seat, links));
}

void Webhooks::go_on(const WebhookPtr& webhook, const routing::Plan& plan, bool known) {
  const auto place = routing::try_parse_place(webhook->rest()).value_or(routing::Place{});
  const auto ended = follow_up_of(*webhook);
  auto event = webhook->event(calls::Kind::next);
  name_dialled(event, plan, place, known);
  const auto next = routing::after(plan, place, ended);
  if (!next) return keep(webhook, event, {{twiml::Hangup{}}});
  event.asks_call_back = !is_over(*webhook) && promises_call_back(plan, *next);
  auto rings = plan;
  const bool waited = next->ringing && ended.queue_result == "leave";
  const auto place_now = waited ? routing::pass_over(rings, *next, talking_now(*webhook)) : *next;
  keep(webhook, event, routing::answer(rings, place_now, links_of(*webhook->workspace())));
}

/// Who is not to be rung from a queue.
std::vector<base::Uuid> Webhooks::talking_now(const Webhook& webhook) const {
  const auto estate = estates_.find(*webhook.workspace());
  if (!estate || estate->snapshot->settings.ring_unavailable) return {};
  std::vector<base::Uuid> users;
  if (const auto presence = talking_.corrected(*estate, webhook.received_at()))
    for (const auto& busy : presence->on_call) users.push_back(busy.user);
  return users;
}

void Webhooks::wait(const WebhookPtr& webhook) {
  with_plan(webhook, [this, webhook](const routing::Plan& plan, bool) {
    const auto place = routing::try_parse_place(webhook->rest()).value_or(routing::Place{});
    keep(webhook, webhook->event(calls::Kind::wait), routing::wait_answer(plan, place));
  });
}

std::optional<routing::Plan> Webhooks::remembered(const Webhook& webhook) const {
  const auto json = plans_.find(webhook.call_sid());
  return json.empty() ? std::nullopt : routing::try_parse_plan(json);
}

/// The call's plan: from memory, else from the database, else decided anew, for it may have come in at
/// another machine.
void Webhooks::with_plan(const WebhookPtr& webhook, GoOn go_on) {
  if (const auto plan = remembered(*webhook)) return go_on(*plan, true);
  look_up(webhook, question(*webhook), [this, webhook, go_on = std::move(go_on)](const Found& found) {
    if (found.away) return answer_safely(webhook, "database");
    auto plan = found.plan.empty() ? std::nullopt : routing::try_parse_plan(found.plan);
    const bool known = plan.has_value();
    const auto estate = plan ? std::nullopt : estate_for(webhook);
    if (!plan && !estate) return;
    if (!plan) plan = decide(webhook, *estate, found.facts);
    plans_.put(webhook->call_sid(), routing::to_json(*plan));
    go_on(*plan, known);
  });
}

/// Nobody waits any more for what comes after the deadline's answer, and the caller was led on by that.
void Webhooks::look_up(const WebhookPtr& webhook, Question question, std::function<void(Found)> go_on) {
  lookups_.find(
      std::move(question), [webhook] { return !webhook->answered(); },
      [this, webhook, go_on = std::move(go_on)](Found found) {
        guarded(webhook, [&] { go_on(std::move(found)); });
      });
}

}  // namespace ringctl::serve
