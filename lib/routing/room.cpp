#include "routing/room.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/sid.hpp"
#include "directory/people.hpp"

namespace ringctl::routing {
namespace {

constexpr std::string_view k_room = "call-";
/// In the place of a place of a ring plan.
constexpr std::string_view k_no_plan = "calling";
constexpr std::string_view k_key_text = "Press any key to place your call.";
constexpr std::chrono::seconds k_key_timeout{5};
constexpr char k_before_user = '.';
/// After the reservation of a call that begins with its agent.
constexpr std::string_view k_room_path = ".room", k_recorded_room_path = ".recorded-room";

const twiml::Set<twiml::CallEvent> k_all_events{twiml::CallEvent::initiated, twiml::CallEvent::ringing,
                                                twiml::CallEvent::answered, twiml::CallEvent::completed};

/// Nothing is reported of a leg without a callback, so nothing is asked for.
twiml::Set<twiml::CallEvent> events_for(const std::string& status) {
  return status.empty() ? twiml::Set<twiml::CallEvent>{twiml::CallEvent::completed} : k_all_events;
}

twiml::Noun noun_of(const Handover& handover, const Links& links) {
  const auto& party = handover.party;
  const auto events = events_for(handover.status);
  if (party.device == Device::client)
    return twiml::Client{.identity = party.user ? directory::identity_of(*party.user) : std::string(),
                         .status_callback = handover.status,
                         .status_callback_event = events};
  if (party.device == Device::sip)
    return twiml::Sip{
        .uri = party.address, .status_callback = handover.status, .status_callback_event = events};
  twiml::Number number{
      .number = party.address, .status_callback = handover.status, .status_callback_event = events};
  // Somebody else's phone may be a switchboard, which presses no keys.
  if (party.device == Device::phone && handover.accept_prompt) number.url = links.accept({});
  return number;
}

std::string text_of(const StartPath& path) {
  const std::string_view rest = !path.in_room ? "" : path.recorded ? k_recorded_room_path : k_room_path;
  return fmt::format("{}{}", path.reservation.view(), rest);
}

}  // namespace

std::string room_name(std::string_view call_sid) { return fmt::format("{}{}", k_room, call_sid); }

twiml::Response seat_answer(const Seat& seat, const Links& links) {
  twiml::Conference conference{.name = seat.room,
                               .beep = twiml::Beep::no,
                               .end_conference_on_exit = seat.ends_room,
                               .wait_url = std::string()};
  if (seat.recorded) {
    conference.record = twiml::ConferenceRecord::record_from_start;
    conference.recording_status_callback = room_recording_link(links, seat.room);
  }
  twiml::Dial dial{.action = seat.after};
  dial.nouns.emplace_back(std::move(conference));
  return {{std::move(dial), twiml::Hangup{}}};
}

twiml::Response handover_answer(const Handover& handover, const Links& links) {
  twiml::Dial dial{.action = handover.after,
                   .timeout = std::chrono::seconds(handover.timeout_s),
                   .caller_id = handover.caller_id};
  if (!handover.recording_to.empty()) {
    dial.record = twiml::RecordFrom::answer_dual;
    dial.recording_status_callback = handover.recording_to;
  }
  dial.nouns.push_back(noun_of(handover, links));
  return {{std::move(dial), twiml::Hangup{}}};
}

twiml::Response key_prompt(const std::string& action) {
  twiml::Gather gather{.action = action, .timeout = k_key_timeout, .num_digits = 1, .finish_on_key = ""};
  gather.prompts.emplace_back(twiml::Say{.text = std::string(k_key_text)});
  return {{std::move(gather), twiml::Hangup{}}};
}

std::string end_link(const Links& links) { return fmt::format("{}/next/{}", links.voice, k_no_plan); }

std::string leg_link(const Links& links, std::string_view call_sid, const std::optional<base::Uuid>& user) {
  const auto leg = fmt::format("{}/leg/{}", links.voice, call_sid);
  return user ? fmt::format("{}{}{}", leg, k_before_user, user->view()) : leg;
}

std::optional<LegPath> try_parse_leg(std::string_view text) {
  const auto end = std::min(text.find(k_before_user), text.size());
  LegPath path{.call_sid = text.substr(0, end)};
  if (!base::is_sid(path.call_sid, "CA")) return std::nullopt;
  if (end == text.size()) return path;
  path.user = base::Uuid::try_parse(text.substr(end + 1));
  return path.user ? std::optional(path) : std::nullopt;
}

std::string room_recording_link(const Links& links, std::string_view room) {
  const auto call = room.starts_with(k_room) ? room.substr(k_room.size()) : room;
  return fmt::format("{}/{}", links.recording(), call);
}

std::string started_link(const Links& links, const StartPath& path) {
  return fmt::format("{}/started/{}", links.voice, text_of(path));
}

std::string pressed_link(const Links& links, const StartPath& path) {
  return fmt::format("{}/pressed/{}", links.voice, text_of(path));
}

std::optional<StartPath> try_parse_start(std::string_view text) {
  const auto end = std::min(text.find('.'), text.size());
  const auto reservation = base::Uuid::try_parse(text.substr(0, end));
  if (!reservation) return std::nullopt;
  StartPath path{.reservation = *reservation};
  const auto rest = text.substr(end);
  path.in_room = !rest.empty();
  path.recorded = rest == k_recorded_room_path;
  if (path.in_room && !path.recorded && rest != k_room_path) return std::nullopt;
  return path;
}

}  // namespace ringctl::routing
