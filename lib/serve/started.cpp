// A call that one of ours asked for, that was counted, and that begins with their own leg: once that is up,
// and a phone has pressed a key, whoever is called is rung as from a browser.

#include "routing/room.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

twiml::Response hang_up() { return {{twiml::Hangup{}}}; }

bool rings_phone(const Webhook& webhook) { return webhook.parameter("To").starts_with('+'); }

calls::Event start_of(const Webhook& webhook, const limits::Reserved& reserved, const Found& found) {
  auto event = webhook.event(calls::Kind::outbound);
  auto& decision = event.decision.emplace();
  decision.user = reserved.agent;
  decision.reservation = reserved.id;
  decision.routed_by = "outbound";
  decision.from_number = reserved.from_number;
  decision.to_number = reserved.to_number;
  if (found.facts.number) decision.number = found.facts.number->id;
  if (found.facts.contact) {
    decision.contact = found.facts.contact->id;
    decision.customer_name = found.facts.contact->name;
  }
  return event;
}

}  // namespace

void Webhooks::started(const WebhookPtr& webhook) {
  const auto path = routing::try_parse_start(webhook->rest());
  if (!path) {
    webhook->answer(twiml_answer(twiml::write(hang_up())));
    return;
  }
  if (repeat(webhook, webhook->event(calls::Kind::outbound))) return;
  look_up(webhook,
          {.workspace = webhook->workspace(),
           .call_sid = std::string(webhook->call_sid()),
           .now = webhook->received_at(),
           .reservation = path->reservation},
          [this, webhook, path = *path](const Found& found) { decide_started(webhook, path, found); });
}

void Webhooks::decide_started(const WebhookPtr& webhook, const routing::StartPath& path, const Found& found) {
  if (found.away) return answer_safely(webhook, "database");
  const auto& reserved = found.reserved;
  const bool another =
      !reserved || (!reserved->call_sid.empty() && reserved->call_sid != webhook->call_sid());
  if (another || reserved->to_number.empty()) {
    webhook->answer(twiml_answer(twiml::write(hang_up())));
    return;
  }
  const auto estate = estate_for(webhook);
  if (!estate) return;
  auto event = start_of(*webhook, *reserved, found);
  const auto links = links_of(*webhook->workspace());
  const bool asks = webhook->endpoint() == Endpoint::started && rings_phone(*webhook) &&
                    estate->snapshot->settings.accept_prompt;
  // Who picked up may be anybody, or a machine.
  if (asks) return keep(webhook, event, routing::key_prompt(routing::pressed_link(links, path)));
  if (webhook->endpoint() == Endpoint::pressed && webhook->parameter("Digits").empty())
    return keep(webhook, event, hang_up());
  if (path.in_room) {  // whoever is called is added to it by the one who asked for the call
    note_talking(event);
    const routing::Seat seat{.room = routing::room_name(webhook->call_sid()),
                             .recorded = path.recorded,
                             .after = routing::end_link(links)};
    return keep(webhook, event, routing::seat_answer(seat, links));
  }
  limits::Verdict verdict;
  verdict.from_number = reserved->from_number;
  verdict.to_number = reserved->to_number;
  connect(webhook, std::move(event), verdict, found);
}

}  // namespace ringctl::serve
