// Those who are rung, and what is reported of them.

#include <algorithm>

#include "serve/webhooks.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_client = "client:";

const routing::Party* party_at(const routing::Plan& plan, std::string_view address) {
  for (const auto& step : plan.steps)
    for (const auto& party : step.parties)
      if (party.address == address) return &party;
  return nullptr;
}

}  // namespace

/// Who the leg rings. A client says so itself; a phone's owner stands in the call's plan.
void Webhooks::name_party(calls::Event& event, const Webhook& webhook) const {
  const auto to = webhook.parameter("To");
  event.party = to;
  if (to.starts_with(k_client)) {
    event.user = user_of_identity(to.substr(k_client.size()));
    return;
  }
  // Until a key was pressed it may be anybody's voicemail.
  event.answers = calls::Answers::accepted;
  const auto json = plans_.find(webhook.parameter("ParentCallSid"));
  const auto plan = json.empty() ? std::nullopt : routing::try_parse_plan(json);
  if (!plan) return;
  const auto* const party = party_at(*plan, to);
  if (party == nullptr || party->device == routing::Device::number || party->device == routing::Device::sip) {
    event.answers = calls::Answers::never;
    return;
  }
  event.user = party->user;
  if (!plan->accept_prompt) event.answers = calls::Answers::picked_up;
}

void Webhooks::note_talking(const calls::Event& event) {
  if (!event.user || event.parent_sid.empty()) return;
  const auto status = limits::try_parse_call_status(event.status);
  if (!status) return;
  if (calls::is_end(*status))
    talking_.ended(event.workspace, *event.user, event.call_sid, event.received_at);
  else if (*status == calls::Status::in_progress && event.answers == calls::Answers::picked_up)
    talking_.answered(event.workspace, *event.user, event.call_sid, event.received_at);
}

void Webhooks::status(const WebhookPtr& webhook) {
  auto event = webhook->event(calls::Kind::status);
  if (!event.parent_sid.empty() && event.place) name_party(event, *webhook);
  note_talking(event);
  books_.keep(event, webhook, no_content());
}

void Webhooks::accept(const WebhookPtr& webhook) {
  const auto place = routing::try_parse_place(webhook->rest()).value_or(routing::Place{});
  auto event = webhook->event(calls::Kind::accept);
  name_party(event, *webhook);
  keep(webhook, event, routing::accept_answer(place, links_of(*webhook->workspace())));
}

void Webhooks::accepted(const WebhookPtr& webhook) {
  const auto digits = webhook->parameter("Digits");
  auto event = webhook->event(digits.empty() ? calls::Kind::accept : calls::Kind::accepted);
  name_party(event, *webhook);
  if (!digits.empty() && event.user && event.answers != calls::Answers::never)
    talking_.answered(event.workspace, *event.user, event.call_sid, event.received_at);
  keep(webhook, event, routing::accepted_answer(digits));
}

void Webhooks::recording(const WebhookPtr& webhook, calls::Kind kind) {
  const auto event = webhook->event(kind);
  if (kind == calls::Kind::voicemail) return keep(webhook, event, routing::voicemail_answer());
  books_.keep(event, webhook, no_content());
}

}  // namespace ringctl::serve
