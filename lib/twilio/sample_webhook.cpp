#include "twilio/sample_webhook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringctl::twilio {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr auto k_kinds = std::to_array<WebhookKind>({
    {"inbound-call", "a call comes in, or (from client:NAME) an agent places one", true},
    {"digits", "the caller pressed keys, or none in time", true},
    {"dial-ended", "whoever was rung answered and hung up, or did not answer", true, "DialCallStatus",
     "no-answer"},
    {"queue-wait", "the caller waits in a queue", true},
    {"agent-answered", "a phone that is rung was picked up, and is asked to accept", true},
    {"voicemail", "the caller left a message", true},
    {"status", "a call has another status", false, "CallStatus", "completed"},
    {"recording", "a recording is ready", false, "RecordingStatus", "completed"},
    {"message", "a message comes in", true},
    {"message-status", "a message that was sent has another status", false, "MessageStatus", "delivered"},
});

bool about_message(const WebhookKind& kind) { return kind.name.starts_with("message"); }

/// "Thu, 30 Jul 2015 23:19:04 +0000"
std::string rfc2822(base::Instant at) {
  static constexpr std::array<std::string_view, 7> k_weekdays = {"Sun", "Mon", "Tue", "Wed",
                                                                 "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     k_weekdays.at(std::chrono::weekday(day).c_encoding()), unsigned{date.day()},
                     k_months.at(unsigned{date.month()} - 1), int{date.year()}, time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

/// The same resource of another kind: a recording of this call, the queue it waits in.
std::string sid_like(std::string_view kind, const std::string& sid) {
  return std::string(kind) + sid.substr(std::min<std::size_t>(2, sid.size()));
}

Parameters call(const WebhookFacts& facts, std::string status, std::string direction = "inbound") {
  return {{"AccountSid", facts.account_sid},   {"ApiVersion", "2010-04-01"}, {"CallSid", facts.sid},
          {"CallStatus", std::move(status)},   {"Called", facts.to},         {"Caller", facts.from},
          {"Direction", std::move(direction)}, {"From", facts.from},         {"To", facts.to}};
}

Parameters message(const WebhookFacts& facts) {
  return {{"AccountSid", facts.account_sid}, {"ApiVersion", "2010-04-01"}, {"From", facts.from},
          {"MessageSid", facts.sid},         {"SmsSid", facts.sid},        {"To", facts.to}};
}

void add(Parameters& all, Parameters more) { std::ranges::move(more, std::back_inserter(all)); }

std::string recording_url(const WebhookFacts& facts) {
  return fmt::format("https://api.twilio.com/2010-04-01/Accounts/{}/Recordings/{}", facts.account_sid,
                     sid_like("RE", facts.sid));
}

bool is_final(std::string_view status) {
  static constexpr auto k_final =
      std::to_array<std::string_view>({"completed", "busy", "failed", "no-answer", "canceled"});
  return std::ranges::find(k_final, status) != k_final.end();
}

Parameters status_callback(const WebhookFacts& facts, const std::string& status) {
  auto all = call(facts, status);
  add(all, {{"CallbackSource", "call-progress-events"},
            {"SequenceNumber", is_final(status)          ? "3"
                               : status == "in-progress" ? "2"
                                                         : "1"},
            {"Timestamp", rfc2822(facts.at)}});
  if (is_final(status)) add(all, {{"CallDuration", status == "completed" ? "42" : "0"}});
  if (status == "completed") add(all, {{"Duration", "1"}});
  return all;
}

Parameters dial_ended(const WebhookFacts& facts, const std::string& status) {
  auto all = call(facts, "in-progress");
  add(all, {{"DialCallSid", facts.leg_sid}, {"DialCallStatus", status}});
  if (status == "completed") add(all, {{"DialCallDuration", "42"}, {"DialBridged", "true"}});
  return all;
}

Parameters queue_wait(const WebhookFacts& facts) {
  auto all = call(facts, "in-progress");
  add(all, {{"QueueSid", sid_like("QU", facts.sid)},
            {"QueuePosition", "1"},
            {"QueueTime", "0"},
            {"AvgQueueTime", "0"},
            {"CurrentQueueSize", "1"},
            {"MaxQueueSize", "1000"}});
  return all;
}

Parameters agent_answered(const WebhookFacts& facts) {
  auto all = call(facts, "in-progress", "outbound-dial");
  for (auto& [name, value] : all)
    if (name == "CallSid") value = facts.leg_sid;
  add(all, {{"ParentCallSid", facts.sid}});
  return all;
}

Parameters voicemail(const WebhookFacts& facts) {
  auto all = call(facts, "completed");
  add(all, {{"Digits", "hangup"}, {"RecordingDuration", "12"}, {"RecordingUrl", recording_url(facts)}});
  return all;
}

Parameters recording(const WebhookFacts& facts, const std::string& status) {
  return {{"AccountSid", facts.account_sid},
          {"CallSid", facts.sid},
          {"RecordingChannels", "1"},
          {"RecordingDuration", "12"},
          {"RecordingSid", sid_like("RE", facts.sid)},
          {"RecordingSource", "DialVerb"},
          {"RecordingStartTime", rfc2822(facts.at)},
          {"RecordingStatus", status},
          {"RecordingTrack", "both"},
          {"RecordingUrl", recording_url(facts)}};
}

Parameters parameters_of(const WebhookKind& kind, const WebhookFacts& facts) {
  const auto status = facts.status.empty() ? std::string(kind.usual_status) : facts.status;
  if (kind.name == "digits") {
    auto all = call(facts, "in-progress");
    add(all, {{"Digits", "1"}});
    return all;
  }
  if (kind.name == "dial-ended") return dial_ended(facts, status);
  if (kind.name == "queue-wait") return queue_wait(facts);
  if (kind.name == "agent-answered") return agent_answered(facts);
  if (kind.name == "voicemail") return voicemail(facts);
  if (kind.name == "status") return status_callback(facts, status);
  if (kind.name == "recording") return recording(facts, status);
  if (!about_message(kind)) return call(facts, "ringing");
  auto all = message(facts);
  if (kind.name == "message-status")
    add(all, {{"MessageStatus", status}, {"SmsStatus", status}});
  else
    add(all, {{"Body", "Hello"},
              {"NumMedia", "0"},
              {"NumSegments", "1"},
              {"SmsMessageSid", facts.sid},
              {"SmsStatus", "received"}});
  return all;
}

/// What is changed stands where it stood; what is new, or there again, behind the rest.
void change(Parameters& all, const Parameters& changes) {
  const auto begun = all.size();
  std::vector<bool> replaced(begun);
  for (const auto& [name, value] : changes) {
    const auto wanted = [&, &key = name](const auto& parameter) { return parameter.first == key; };
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(begun);
    const auto at = std::find_if(all.begin(), end, wanted);
    const auto index = static_cast<std::size_t>(at - all.begin());
    if (at == end || replaced[index]) {
      all.emplace_back(name, value);
    } else {
      replaced[index] = true;
      at->second = value;
    }
  }
}

}  // namespace

std::span<const WebhookKind> webhook_kinds() { return k_kinds; }

const WebhookKind* find_webhook_kind(std::string_view name) {
  const auto* const at = std::ranges::find(k_kinds, name, &WebhookKind::name);
  return at == k_kinds.end() ? nullptr : at;
}

std::string_view sid_prefix(const WebhookKind& kind) { return about_message(kind) ? "SM" : "CA"; }

Form sample_webhook(const WebhookKind& kind, const WebhookFacts& facts) {
  auto all = parameters_of(kind, facts);
  change(all, facts.changes);
  Form form;
  for (const auto& [name, value] : all) form.add(name, value);
  return form;
}

}  // namespace ringctl::twilio
