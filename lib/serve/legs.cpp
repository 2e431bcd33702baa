// Those who are rung, and what is reported of them.

#include <algorithm>

#include "base/sid.hpp"
#include "directory/people.hpp"
#include "routing/room.hpp"
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

/// Dial's word that somebody was, until now.
bool was_connected(const calls::Event& event) {
  const auto status = event.parameter("DialCallStatus");
  return (status == "completed" || status == "answered") && event.parameter("DialBridged") != "false";
}

/// As far as Twilio says it: a number is anybody's.
void name_called(calls::Event& event, const Webhook& webhook) {
  const auto to = webhook.parameter("To");
  event.party = to;
  if (to.starts_with(k_client)) event.user = user_of_identity(to.substr(k_client.size()));
}

}  // namespace

std::string_view call_in_path(const Webhook& webhook) {
  const std::string_view rest = webhook.rest();
  if (webhook.endpoint() == Endpoint::recording) return base::is_sid(rest, "CA") ? rest : std::string_view();
  if (webhook.endpoint() != Endpoint::leg) return {};
  const auto path = routing::try_parse_leg(rest);
  return path ? path->call_sid : std::string_view();
}

/// Who the leg rings. A client says so itself; a phone's owner stands in the call's plan.
void Webhooks::name_party(calls::Event& event, const Webhook& webhook) const {
  const auto to = webhook.parameter("To");
  name_called(event, webhook);
  if (to.starts_with(k_client)) return;
  const auto json = plans_.find(webhook.parameter("ParentCallSid"));
  const auto plan = json.empty() ? std::nullopt : routing::try_parse_plan(json);
  if (!plan) {  // it came in elsewhere, or before a restart: the stored plan will say
    event.answers = calls::Answers::by_plan;
    return;
  }
  const auto* const party = party_at(*plan, to);
  if (party == nullptr || party->device == routing::Device::number || party->device == routing::Device::sip) {
    event.answers = calls::Answers::never;
    return;
  }
  event.user = party->user;
  // Until a key was pressed it may be anybody's voicemail.
  event.answers = plan->accept_prompt ? calls::Answers::accepted : calls::Answers::picked_up;
}

/// Whose answer Dial's word is on the step that has ended. Of one party that rang alone it is theirs, should
/// nothing else be heard of the leg.
void Webhooks::name_dialled(calls::Event& event, const routing::Plan& plan, const routing::Place& place,
                            bool known) {
  if (!routing::rings_ours_alone(plan, place)) event.answers = calls::Answers::never;
  const auto* const party = known ? routing::only_party(plan, place) : nullptr;
  if (party == nullptr) return;
  event.user = party->user;
  event.party = party->address;
  if (party->device == routing::Device::client && party->user)
    event.party = std::string(k_client) + directory::identity_of(*party->user);
}

/// What is reported of a leg that rings a user. Whether it was an answer may stand in a plan that is not
/// here.
void Webhooks::note_leg(const calls::Event& event, const calls::Report& report) {
  if (!event.user) return;
  const UserLeg leg{*event.user, event.call_sid, event.parent_sid};
  const bool answers = event.answers == calls::Answers::picked_up;
  if (report.status == calls::Status::in_progress && answers)
    talking_.answered(event.workspace, leg, report.at);
  else if (report.status == calls::Status::completed)  // every other end is one of a leg that only rang
    talking_.ended(event.workspace, leg, answers ? calls::picked_up_at(report) : std::nullopt, report.at);
}

/// Who talks since this was heard, or does no longer.
void Webhooks::note_talking(const calls::Event& event) {
  const auto& workspace = event.workspace;
  const auto report = calls::report_of(event);
  switch (event.kind) {
    case calls::Kind::outbound:
      if (event.decision && event.decision->user && event.decision->refusal.empty())
        talking_.answered(workspace, {*event.decision->user, event.call_sid, event.call_sid}, event.at());
      return;
    case calls::Kind::accepted:
      if (event.user && event.answers != calls::Answers::never)
        talking_.answered(workspace, {*event.user, event.call_sid, event.parent_sid}, event.at());
      return;
    case calls::Kind::status:
      if (report && !event.parent_sid.empty()) return note_leg(event, *report);
      if (report && calls::is_end(report->status)) talking_.call_ended(workspace, event.call_sid, report->at);
      return;
    case calls::Kind::next:  // after a call that was placed, or answered, comes nothing more
      if (!event.place || was_connected(event)) talking_.call_ended(workspace, event.call_sid, event.at());
      return;
    default:
      return;
  }
}

void Webhooks::status(const WebhookPtr& webhook) {
  auto event = webhook->event(calls::Kind::status);
  const bool is_leg = !event.parent_sid.empty();
  if (is_leg && event.place) name_party(event, *webhook);
  if (is_leg && !event.place) name_called(event, *webhook);
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
  if (repeat(webhook, event)) return;
  note_talking(event);
  keep(webhook, event, routing::accepted_answer(digits));
}

/// Twilio says nothing of the call that a conference's participant belongs to, and of a leg that was handed
/// over it names another: the path knows.
calls::Event Webhooks::added_leg_event(const Webhook& webhook) const {
  auto event = webhook.event(calls::Kind::status);
  name_called(event, webhook);
  const auto path = routing::try_parse_leg(webhook.rest());
  if (!path) return event;
  if (!event.user) event.user = path->user;
  event.parent_sid = path->call_sid;
  std::erase_if(event.parameters, [](const auto& parameter) { return parameter.first == "ParentCallSid"; });
  event.parameters.emplace_back("ParentCallSid", event.parent_sid);
  return event;
}

void Webhooks::added_leg(const WebhookPtr& webhook) {
  const auto event = added_leg_event(*webhook);
  note_talking(event);
  books_.keep(event, webhook, no_content());
}

void Webhooks::recording(const WebhookPtr& webhook, calls::Kind kind) {
  auto event = webhook->event(kind);
  // The form of a conference's recording names no call, that of a leg which was handed over only the leg.
  if (const auto call = call_in_path(*webhook); !call.empty()) {
    event.call_sid = call;
    std::erase_if(event.parameters, [](const auto& parameter) { return parameter.first == "CallSid"; });
    event.parameters.emplace_back("CallSid", event.call_sid);
  }
  if (kind == calls::Kind::voicemail) return keep(webhook, event, routing::voicemail_answer());
  books_.keep(event, webhook, no_content());
}

}  // namespace ringctl::serve
