#include "serve/webhook.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ringctl::serve {
namespace {

std::vector<std::pair<std::string, std::string>> copy_of(const twilio::Form& form) {
  std::vector<std::pair<std::string, std::string>> copy;
  copy.reserve(form.size());
  for (std::size_t i = 0; i < form.size(); ++i) copy.emplace_back(form[i].name, form[i].value);
  return copy;
}

std::optional<bool> bridged(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text == "true";
}

}  // namespace

Webhook::Webhook(Office& office, const net::Request& request, const Route& route, net::Respond respond,
                 const twilio::Form& form)
    : Exchange(office, request, route, std::move(respond)),
      parameters_(copy_of(form)),
      token_(request.header("I-Twilio-Idempotency-Token").value_or(std::string_view())),
      workspace_(route.workspace) {
  about_call(call_sid());
  if (is_about_messages(endpoint())) about_message(message_sid());
  about_parties(parameter("From"), parameter("To"));
}

std::string_view Webhook::parameter(std::string_view name) const {
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.first == name; });
  return found == parameters_.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view Webhook::message_sid() const {
  const auto sid = parameter("MessageSid");
  return sid.empty() ? parameter("SmsSid") : sid;
}

std::optional<base::Uuid> Webhook::workspace() const {
  const std::lock_guard lock(mutex_);
  return workspace_;
}

base::Uuid Webhook::set_workspace(const base::Uuid& workspace) {
  const std::lock_guard lock(mutex_);
  if (!workspace_) workspace_ = workspace;
  return *workspace_;
}

calls::Event Webhook::event(calls::Kind kind) const {
  auto event = calls::event_from(kind, workspace().value(), parameters_, received_at());
  event.token = token_;
  if (const auto place = routing::try_parse_place(rest()))
    event.place = calls::Place{place->step, place->wave};
  else if (kind == calls::Kind::menu)  // the same digits once more are another event
    event.place = calls::Place{base::parse_int(rest()).value_or(0), 0};
  return event;
}

const std::string& Webhook::key(const calls::Event& event) {
  std::call_once(keyed_, [&] { key_ = calls::event_key(event); });
  return key_;
}

routing::FollowUp follow_up_of(const Webhook& webhook) {
  return {.dial_status = std::string(webhook.parameter("DialCallStatus")),
          .bridged = bridged(webhook.parameter("DialBridged")),
          .queue_result = std::string(webhook.parameter("QueueResult")),
          .queue_time_s = static_cast<int>(base::parse_int(webhook.parameter("QueueTime")).value_or(0))};
}

bool is_over(const Webhook& webhook) {
  const auto status = limits::try_parse_call_status(webhook.parameter("CallStatus"));
  return status && calls::is_end(*status);
}

routing::Links links_of(const base::Uuid& workspace) {
  return {.voice = voice_path(workspace), .queue = routing::queue_of(workspace)};
}

}  // namespace ringctl::serve
