// An agent calls somebody from a browser or desk client: the limits decide, then it is dialled or refused in
// words.

#include <algorithm>

#include "routing/decide.hpp"
#include "routing/room.hpp"
#include "serve/webhooks.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_client = "client:";

const twiml::Set<twiml::CallEvent> k_all_events{twiml::CallEvent::initiated, twiml::CallEvent::ringing,
                                                twiml::CallEvent::answered, twiml::CallEvent::completed};

constexpr std::string_view k_others_number = "The number you call from is not one of yours.";

/// What the agent hears. The figures behind it stand in the log and in `limits check`.
std::string_view spoken(limits::Refusal refusal) {
  switch (refusal) {
    case limits::Refusal::no_number:
      return "You have no number to call from.";
    case limits::Refusal::limit_reached:
      return "Your number has made all its calls of the day.";
    case limits::Refusal::country_not_allowed:
      return "Your number may not call this country.";
    case limits::Refusal::number_inactive:
      return "Your number is not in use.";
    case limits::Refusal::agent_inactive:
      return "You are not allowed to call.";
    case limits::Refusal::opted_out:
      return "The number you called asked not to be called.";
    case limits::Refusal::provider_not_callable:
      return "Your number cannot be called from.";
    case limits::Refusal::same_number:
      return "The number you called is your own.";
    case limits::Refusal::limits_unavailable:
      break;
  }
  return "Calls cannot be placed now. Please try again later.";
}

twiml::Response refusal(std::string_view spoken) {
  return {{twiml::Say{.text = std::string(spoken)}, twiml::Hangup{}}};
}

/// What a call meets that cannot be asked about: as the workspace chose, for an active agent of its own who
/// names a number to call from that is theirs. Nobody else is let through unseen.
limits::WhenAway when_away(const Estate& estate, const base::Uuid& user, std::string_view from) {
  const auto agent = estate.snapshot->find_agent(user);
  const bool known = agent && estate.snapshot->agents[*agent].is_active && estate.numbers->is_of(user, from);
  return known ? estate.when_away : limits::WhenAway::refuse;
}

}  // namespace

std::optional<base::Uuid> client_of(const Webhook& webhook) {
  return from_client(webhook) ? user_of_identity(webhook.parameter("From").substr(k_client.size()))
                              : std::nullopt;
}

twiml::Set<twiml::CallEvent> calling_events() { return k_all_events; }

void Webhooks::calling(const WebhookPtr& webhook) {
  if (is_for_help(*webhook)) return call_help(webhook, {});
  const auto user = client_of(*webhook);
  if (!webhook->workspace() && !find_workspace_of(webhook, user)) return;
  auto event = webhook->event(calls::Kind::outbound);
  if (repeat(webhook, event)) return;
  if (!user)
    return refuse(webhook, std::move(event), "agent_inactive", spoken(limits::Refusal::agent_inactive));
  const auto estate = estate_for(webhook);
  if (!estate) return;
  limits::Request request{.agent = user->text(),
                          .to = std::string(webhook->parameter("To")),
                          .from_number = std::string(webhook->parameter("FromNumber")),
                          .call_sid = std::string(webhook->call_sid()),
                          .when_away = when_away(*estate, *user, webhook->parameter("FromNumber"))};
  outbound_.place(
      *webhook->workspace(), std::move(request), [webhook] { return !webhook->answered(); },
      [this, webhook, user = *user](const Placed& placed) {
        guarded(webhook, [&] { decide_calling(webhook, user, placed); });
      });
}

/// Of a call to the path that names none. False once it was answered.
bool Webhooks::find_workspace_of(const WebhookPtr& webhook, const std::optional<base::Uuid>& user) {
  if (!estates_.ready()) {
    answer_safely(webhook, "database");
    return false;
  }
  const auto workspace = user ? estates_.find_by_user(*user) : std::nullopt;
  const auto estate = workspace ? estates_.find(*workspace) : std::nullopt;
  if (!estate) {
    // Nobody's call, so nobody's record.
    webhook->answer(twiml_answer(twiml::write(refusal(spoken(limits::Refusal::agent_inactive)))));
    return false;
  }
  webhook->set_workspace(*workspace);
  return accepts(webhook, *estate->snapshot);
}

void Webhooks::decide_calling(const WebhookPtr& webhook, const base::Uuid& user, const Placed& placed) {
  const auto& verdict = placed.verdict;
  auto event = webhook->event(calls::Kind::outbound);
  auto& decision = event.decision.emplace();
  decision.user = user;
  decision.routed_by = "outbound";
  decision.to_number = verdict.to_number;
  if (placed.problem == "bad_destination")
    return refuse(webhook, std::move(event), placed.problem, "The number you called is not a number.");
  if (placed.problem == "bad_from_number")
    return refuse(webhook, std::move(event), placed.problem, "The number you call from is not a number.");
  if (!placed.problem.empty())
    return refuse(webhook, std::move(event), "agent_inactive", spoken(limits::Refusal::agent_inactive));
  if (!verdict.allowed) {
    const auto refusal =
        verdict.refusals.empty() ? limits::Refusal::limits_unavailable : verdict.refusals.front().refusal;
    const bool of_others = refusal == limits::Refusal::no_number && !webhook->parameter("FromNumber").empty();
    return refuse(webhook, std::move(event), std::string(limits::refusal_code(refusal)),
                  of_others ? k_others_number : spoken(refusal));
  }
  decision.from_number = verdict.from_number;
  decision.reservation = verdict.reservation;
  decision.uncounted = verdict.uncounted;
  // Whose number was dialled, and whether the number called from is recorded.
  look_up(webhook,
          {.workspace = webhook->workspace(),
           .from = verdict.to_number,
           .to = verdict.from_number,
           .now = webhook->received_at()},
          [this, webhook, event = std::move(event), verdict](const Found& found) {
            connect(webhook, event, verdict, found);
          });
}

void Webhooks::connect(const WebhookPtr& webhook, calls::Event event, const limits::Verdict& verdict,
                       const Found& found) {
  const auto estate = estate_for(webhook);
  if (!estate) return;
  const auto links = links_of(*webhook->workspace());
  if (found.facts.number) event.decision->number = found.facts.number->id;
  if (found.facts.contact) {
    event.decision->contact = found.facts.contact->id;
    event.decision->customer_name = found.facts.contact->name;
  }
  twiml::Dial dial{.action = routing::end_link(links),
                   .timeout = estate->snapshot->settings.ring_timeout,
                   .caller_id = verdict.from_number};
  const auto& shown = found.facts.number;
  const auto policy = shown ? shown->record_policy : record_policy(*estate, verdict.from_number);
  const bool recorded = routing::is_recorded(estate->snapshot->settings, policy, "outbound");
  if (recorded) {
    dial.record = twiml::RecordFrom::answer_dual;
    dial.recording_status_callback = links.recording();
  }
  twiml::Number number{.number = verdict.to_number,
                       .status_callback = links.voice + "/status",
                       .status_callback_event = k_all_events};
  if (routing::hears_consent(estate->snapshot->settings, recorded, found.facts.caller_country))
    number.url = links.consent();
  dial.nouns.emplace_back(std::move(number));
  if (!verdict.repeated) note_talking(event);
  keep(webhook, event, {{std::move(dial)}});
}

void Webhooks::consent(const WebhookPtr& webhook) {
  const auto estate = estate_for(webhook);
  if (!estate) return;
  // Nothing of it is on record: the call's own webhooks say that it was answered.
  webhook->answer(
      twiml_answer(twiml::write(routing::consent_answer(estate->snapshot->settings.consent_message))));
}

void Webhooks::refuse(const WebhookPtr& webhook, calls::Event event, std::string code,
                      std::string_view spoken) {
  office_.metrics.limit_denied(code);
  if (!event.decision) event.decision.emplace().routed_by = "outbound";
  event.decision->refusal = std::move(code);
  keep(webhook, event, refusal(spoken));
}

}  // namespace ringctl::serve
