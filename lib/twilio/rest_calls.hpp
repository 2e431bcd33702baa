#pragma once
// Calls, conferences and who is in them, queues, messages.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twilio/client.hpp"

namespace ringctl::twilio {

/// One leg. "" = not set; prices are positive for charges, in millionths.
struct Call {
  std::string sid = {}, parent_sid = {}, account_sid = {}, from = {}, to = {};
  std::string status = {};  ///< queued initiated ringing in-progress completed busy failed no-answer canceled
  std::string direction = {};  ///< inbound, outbound-api, outbound-dial, trunking-...
  std::string answered_by = {}, forwarded_from = {}, phone_number_sid = {}, trunk_sid = {};
  std::optional<base::Instant> created_at = {}, started_at = {}, ended_at = {};
  std::optional<std::int64_t> duration_s = {}, price_micros = {};
  std::string price_unit = {};
  bool is_over() const;
};
std::optional<Call> call_from(const Json&);

struct NewCall {
  std::string to, from;
  std::string url = {}, twiml = {};  ///< one of them; twiml at most 4000 characters
  std::string status_callback = {};
  std::vector<std::string> status_events = {"initiated", "ringing", "answered", "completed"};
  std::optional<std::chrono::seconds> timeout = {}, time_limit = {};
  bool record = false;
  std::string recording_status_callback = {};
};
Ask start_call_ask(const NewCall&);  ///< Repeat::never
Call fetch_call(Client&, std::string_view sid);
/// nullopt: Twilio does not know it.
std::optional<Call> find_call(Client&, std::string_view sid);

struct CallQuery {
  std::string to = {}, from = {}, parent_sid = {}, status = {};
  /// Started in [since, until): asked a UTC day wider and filtered here.
  std::optional<base::Instant> since = {}, until = {};
};
std::uint64_t list_calls(Client&, const CallQuery&, const std::function<bool(const Call&)>& visit);

/// Other TwiML for a leg, at once. Repeat::never: a second time restarts it.
Ask redirect_call_ask(std::string_view sid, std::string_view twiml);
/// Completed, whatever it is doing; a call that is over already is an answer too (21220).
Ask end_call_ask(std::string_view sid);

struct Conference {
  std::string sid = {}, friendly_name = {}, status = {};  ///< init, in-progress, completed
};
/// The newest of that name that is not over. nullopt: there is none.
std::optional<Conference> find_conference(Client&, std::string_view friendly_name);

struct Participant {
  std::string call_sid = {}, label = {}, conference_sid = {}, call_sid_to_coach = {}, status = {};
  bool muted = false, hold = false, coaching = false, end_conference_on_exit = false;
};
std::optional<Participant> participant_from(const Json&);

struct NewParticipant {
  std::string from, to;
  std::string label = {};
  bool muted = false, beep = false, end_conference_on_exit = false, start_conference_on_enter = true;
  std::string call_sid_to_coach = {};  ///< "" = coaches nobody
  std::string status_callback = {};
  std::vector<std::string> status_events = {"initiated", "ringing", "answered", "completed"};
  std::optional<std::chrono::seconds> timeout = {};
};
/// `conference`: CF... or its name. Repeat::never: dials.
Ask add_participant_ask(std::string_view conference, const NewParticipant&);

struct ParticipantUpdate {
  std::optional<bool> muted = {}, hold = {}, coaching = {}, end_conference_on_exit = {};
  std::optional<std::string> call_sid_to_coach = {}, hold_url = {};
};
/// `who`: CA... or its label.
Participant update_participant(Client&, std::string_view conference, std::string_view who,
                               const ParticipantUpdate&);
/// nullopt: not, or not any more, in it.
std::optional<Participant> find_participant(Client&, std::string_view conference, std::string_view who);
std::vector<Participant> list_participants(Client&, std::string_view conference);
/// True if it was in it.
bool remove_participant(Client&, std::string_view conference, std::string_view who);
void end_conference(Client&, std::string_view conference);

struct Queue {
  std::string sid = {}, friendly_name = {};
  std::int64_t current_size = 0, max_size = 0, average_wait_s = 0;
};
std::vector<Queue> list_queues(Client&);

struct Message {
  std::string sid = {}, from = {}, to = {}, status = {}, direction = {}, service_sid = {};
  std::optional<std::int64_t> error_code = {}, price_micros = {}, segments = {}, media = {};
  std::string price_unit = {}, body = {};
  std::optional<base::Instant> created_at = {}, sent_at = {};
};
std::optional<Message> message_from(const Json&);
struct NewMessage {
  std::string to;
  std::string from = {}, service_sid = {};  ///< one of them
  std::string body = {};                    ///< at most 1600 characters
  std::vector<std::string> media = {};      ///< at most 10 URLs
  std::string status_callback = {};
};
Ask send_message_ask(const NewMessage&);  ///< Repeat::never
struct MessageQuery {
  std::string to = {}, from = {};
  std::optional<base::Instant> since = {}, until = {};
};
std::uint64_t list_messages(Client&, const MessageQuery&, const std::function<bool(const Message&)>& visit);

}  // namespace ringctl::twilio
