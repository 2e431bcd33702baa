#include "twilio/rest_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/sid.hpp"
#include "twilio/rest_parts.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::string_view k_calls = "/Calls", k_conferences = "/Conferences", k_queues = "/Queues",
                           k_messages = "/Messages";

void add_events(Fields& form, const std::vector<std::string>& events) {
  for (const auto& event : events) form.emplace_back("StatusCallbackEvent", event);
}

/// Twilio writes charges as negative amounts.
std::optional<std::int64_t> charge_of(const Json& json) {
  const auto price = json.micros("price");
  return price ? std::optional(-*price) : std::nullopt;
}

std::string participants_of(std::string_view conference, std::string_view rest = ".json") {
  return under(k_conferences, conference, fmt::format("/Participants{}", rest));
}

std::string participant_at(std::string_view conference, std::string_view who) {
  return participants_of(conference, under("", who));
}

}  // namespace

bool Call::is_over() const {
  constexpr std::array<std::string_view, 5> k_ends = {"completed", "busy", "failed", "no-answer", "canceled"};
  return std::find(k_ends.begin(), k_ends.end(), status) != k_ends.end();
}

std::optional<Call> call_from(const Json& json) {
  Call call;
  call.sid = json.text("sid");
  if (!base::is_sid(call.sid, "CA")) return std::nullopt;
  call.parent_sid = json.text("parent_call_sid");
  call.account_sid = json.text("account_sid");
  call.from = json.text("from");
  call.to = json.text("to");
  call.status = json.text("status");
  call.direction = json.text("direction");
  call.answered_by = json.text("answered_by");
  call.forwarded_from = json.text("forwarded_from");
  call.phone_number_sid = json.text("phone_number_sid");
  call.trunk_sid = json.text("trunk_sid");
  call.created_at = json.instant("date_created");
  call.started_at = json.instant("start_time");
  call.ended_at = json.instant("end_time");
  call.duration_s = json.whole("duration");
  call.price_micros = charge_of(json);
  call.price_unit = json.text("price_unit");
  return call;
}

Ask start_call_ask(const NewCall& call) {
  Fields form = {{"To", call.to}, {"From", call.from}};
  add_if(form, "Url", call.url);
  add_if(form, "Twiml", call.twiml);
  if (!call.status_callback.empty()) {
    form.emplace_back("StatusCallback", call.status_callback);
    add_events(form, call.status_events);
  }
  if (call.timeout) form.emplace_back("Timeout", std::to_string(call.timeout->count()));
  if (call.time_limit) form.emplace_back("TimeLimit", std::to_string(call.time_limit->count()));
  if (call.record) form.emplace_back("Record", "true");
  add_if(form, "RecordingStatusCallback", call.recording_status_callback);
  return post_ask(std::string(k_calls) + ".json", std::move(form), Repeat::never);
}

Call fetch_call(Client& client, std::string_view sid) {
  return required(call_from(client.send(get_ask(under(k_calls, sid))).json), "calls");
}

std::optional<Call> find_call(Client& client, std::string_view sid) {
  const auto reply = find(client, get_ask(under(k_calls, sid)));
  return reply ? std::optional(required(call_from(reply->json), "calls")) : std::nullopt;
}

std::uint64_t list_calls(Client& client, const CallQuery& query,
                         const std::function<bool(const Call&)>& visit) {
  Fields filters;
  add_if(filters, "To", query.to);
  add_if(filters, "From", query.from);
  add_if(filters, "ParentCallSid", query.parent_sid);
  add_if(filters, "Status", query.status);
  add_days(filters, "StartTime", query.since, query.until);
  std::uint64_t count = 0;
  each(client, get_ask(std::string(k_calls) + ".json", std::move(filters)), "calls", call_from,
       [&](const Call& call) {
         // One that is still in line has no start.
         if (!is_within(call.started_at ? call.started_at : call.created_at, query.since, query.until))
           return true;
         ++count;
         return visit(call);
       });
  return count;
}

Ask redirect_call_ask(std::string_view sid, std::string_view twiml) {
  return post_ask(under(k_calls, sid), {{"Twiml", std::string(twiml)}}, Repeat::never);
}

Ask end_call_ask(std::string_view sid) { return post_ask(under(k_calls, sid), {{"Status", "completed"}}); }

std::optional<Conference> find_conference(Client& client, std::string_view friendly_name) {
  std::optional<Conference> found;
  std::optional<base::Instant> newest;
  client.pages(get_ask(std::string(k_conferences) + ".json", {{"FriendlyName", std::string(friendly_name)}}),
               "conferences", [&](const std::vector<Json>& items) {
                 for (const auto& item : items) {
                   Conference one{item.text("sid"), item.text("friendly_name"), item.text("status")};
                   if (!base::is_sid(one.sid, "CF")) throw incomplete("conferences");
                   if (one.friendly_name != friendly_name || one.status == "completed") continue;
                   const auto created = item.instant("date_created");
                   if (found && newest && (!created || *created < *newest)) continue;
                   found = std::move(one);
                   newest = created;
                 }
                 return true;
               });
  return found;
}

std::optional<Participant> participant_from(const Json& json) {
  Participant participant;
  participant.call_sid = json.text("call_sid");
  if (!base::is_sid(participant.call_sid, "CA")) return std::nullopt;
  participant.label = json.text("label");
  participant.conference_sid = json.text("conference_sid");
  participant.call_sid_to_coach = json.text("call_sid_to_coach");
  participant.status = json.text("status");
  participant.muted = json.flag("muted");
  participant.hold = json.flag("hold");
  participant.coaching = json.flag("coaching");
  participant.end_conference_on_exit = json.flag("end_conference_on_exit");
  return participant;
}

Ask add_participant_ask(std::string_view conference, const NewParticipant& one) {
  Fields form = {{"From", one.from},
                 {"To", one.to},
                 {"Muted", flag_text(one.muted)},
                 {"Beep", flag_text(one.beep)},
                 {"StartConferenceOnEnter", flag_text(one.start_conference_on_enter)},
                 {"EndConferenceOnExit", flag_text(one.end_conference_on_exit)}};
  add_if(form, "Label", one.label);
  if (!one.call_sid_to_coach.empty()) {
    form.emplace_back("Coaching", "true");
    form.emplace_back("CallSidToCoach", one.call_sid_to_coach);
  }
  if (!one.status_callback.empty()) {
    form.emplace_back("StatusCallback", one.status_callback);
    add_events(form, one.status_events);
  }
  if (one.timeout) form.emplace_back("Timeout", std::to_string(one.timeout->count()));
  return post_ask(participants_of(conference), std::move(form), Repeat::never);
}

Participant update_participant(Client& client, std::string_view conference, std::string_view who,
                               const ParticipantUpdate& update) {
  Fields form;
  add_if(form, "Muted", update.muted);
  add_if(form, "Hold", update.hold);
  add_if(form, "HoldUrl", update.hold_url);
  add_if(form, "Coaching", update.coaching);
  add_if(form, "CallSidToCoach", update.call_sid_to_coach);
  add_if(form, "EndConferenceOnExit", update.end_conference_on_exit);
  const auto reply = client.send(post_ask(participant_at(conference, who), std::move(form)));
  return required(participant_from(reply.json), "participants");
}

std::optional<Participant> find_participant(Client& client, std::string_view conference,
                                            std::string_view who) {
  const auto reply = find(client, get_ask(participant_at(conference, who)));
  return reply ? std::optional(required(participant_from(reply->json), "participants")) : std::nullopt;
}

std::vector<Participant> list_participants(Client& client, std::string_view conference) {
  return collect<Participant>(client, get_ask(participants_of(conference)), "participants", participant_from);
}

bool remove_participant(Client& client, std::string_view conference, std::string_view who) {
  return remove(client, delete_ask(participant_at(conference, who)));
}

void end_conference(Client& client, std::string_view conference) {
  client.send(post_ask(under(k_conferences, conference), {{"Status", "completed"}}));
}

std::vector<Queue> list_queues(Client& client) {
  return collect<Queue>(client, get_ask(std::string(k_queues) + ".json"), "queues",
                        [](const Json& json) -> std::optional<Queue> {
                          Queue queue;
                          queue.sid = json.text("sid");
                          if (!base::is_sid(queue.sid, "QU")) return std::nullopt;
                          queue.friendly_name = json.text("friendly_name");
                          queue.current_size = json.whole("current_size").value_or(0);
                          queue.max_size = json.whole("max_size").value_or(0);
                          queue.average_wait_s = json.whole("average_wait_time").value_or(0);
                          return queue;
                        });
}

std::optional<Message> message_from(const Json& json) {
  Message message;
  message.sid = json.text("sid");
  if (!base::is_sid(message.sid, "SM") && !base::is_sid(message.sid, "MM")) return std::nullopt;
  message.from = json.text("from");
  message.to = json.text("to");
  message.status = json.text("status");
  message.direction = json.text("direction");
  message.service_sid = json.text("messaging_service_sid");
  message.error_code = json.whole("error_code");
  message.price_micros = charge_of(json);
  message.segments = json.whole("num_segments");
  message.media = json.whole("num_media");
  message.price_unit = json.text("price_unit");
  message.body = json.text("body");
  message.created_at = json.instant("date_created");
  message.sent_at = json.instant("date_sent");
  return message;
}

Ask send_message_ask(const NewMessage& message) {
  Fields form = {{"To", message.to}};
  add_if(form, "From", message.from);
  add_if(form, "MessagingServiceSid", message.service_sid);
  add_if(form, "Body", message.body);
  for (const auto& url : message.media) form.emplace_back("MediaUrl", url);
  add_if(form, "StatusCallback", message.status_callback);
  return post_ask(std::string(k_messages) + ".json", std::move(form), Repeat::never);
}

std::uint64_t list_messages(Client& client, const MessageQuery& query,
                            const std::function<bool(const Message&)>& visit) {
  Fields filters;
  add_if(filters, "To", query.to);
  add_if(filters, "From", query.from);
  add_days(filters, "DateSent", query.since, query.until);
  std::uint64_t count = 0;
  each(client, get_ask(std::string(k_messages) + ".json", std::move(filters)), "messages", message_from,
       [&](const Message& message) {
         if (!is_within(message.sent_at ? message.sent_at : message.created_at, query.since, query.until))
           return true;
         ++count;
         return visit(message);
       });
  return count;
}

}  // namespace ringctl::twilio
