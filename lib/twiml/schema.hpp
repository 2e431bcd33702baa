#pragma once
// How each verb and noun is spelled: its element, its attributes, the member its text goes to. One table, so
// that what write.cpp writes is what read.cpp reads. Internal to this room.

#include <array>
#include <limits>
#include <string_view>
#include <tuple>

#include "twiml/verbs.hpp"

namespace ringctl::twiml {

/// What an enumeration's values are called, in their order.
constexpr auto words(Method) { return std::to_array<std::string_view>({"POST", "GET"}); }
constexpr auto words(CallEvent) {
  return std::to_array<std::string_view>({"initiated", "ringing", "answered", "completed"});
}
constexpr auto words(RecordingEvent) {
  return std::to_array<std::string_view>({"in-progress", "completed", "absent"});
}
constexpr auto words(ConferenceEvent) {
  return std::to_array<std::string_view>(
      {"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"});
}
constexpr auto words(RecordFrom) {
  return std::to_array<std::string_view>({"do-not-record", "record-from-answer", "record-from-ringing",
                                          "record-from-answer-dual", "record-from-ringing-dual"});
}
constexpr auto words(RecordingTrack) {
  return std::to_array<std::string_view>({"both", "inbound", "outbound"});
}
constexpr auto words(StreamTrack) {
  return std::to_array<std::string_view>({"inbound_track", "outbound_track", "both_tracks"});
}
constexpr auto words(Trim) { return std::to_array<std::string_view>({"do-not-trim", "trim-silence"}); }
constexpr auto words(GatherInput) {
  return std::to_array<std::string_view>({"dtmf", "speech", "dtmf speech"});
}
constexpr auto words(RejectReason) { return std::to_array<std::string_view>({"rejected", "busy"}); }
constexpr auto words(Beep) { return std::to_array<std::string_view>({"true", "false", "onEnter", "onExit"}); }
constexpr auto words(ConferenceRecord) {
  return std::to_array<std::string_view>({"do-not-record", "record-from-start"});
}

/// An attribute, the member it is, and for numbers and durations (seconds) the range that Twilio takes.
template <typename V, typename T>
struct Attribute {
  std::string_view name;
  T V::*member;
  long low = 0;
  long high = std::numeric_limits<int>::max();
};
template <typename V, typename T>
Attribute(std::string_view, T V::*) -> Attribute<V, T>;
template <typename V, typename T>
Attribute(std::string_view, T V::*, long) -> Attribute<V, T>;
template <typename V, typename T>
Attribute(std::string_view, T V::*, long, long) -> Attribute<V, T>;

/// name, attributes and, where the element holds nothing but text, the member it goes to.
template <typename V>
struct Element;

template <>
struct Element<Say> {
  static constexpr std::string_view name = "Say";
  static constexpr auto text = &Say::text;
  static constexpr auto attributes =
      std::tuple{Attribute{"voice", &Say::voice}, Attribute{"language", &Say::language},
                 Attribute{"loop", &Say::loop, 0, 1000}};
};

template <>
struct Element<Play> {
  static constexpr std::string_view name = "Play";
  static constexpr auto text = &Play::url;
  static constexpr auto attributes =
      std::tuple{Attribute{"digits", &Play::digits}, Attribute{"loop", &Play::loop, 0, 1000}};
};

template <>
struct Element<Pause> {
  static constexpr std::string_view name = "Pause";
  static constexpr auto attributes = std::tuple{Attribute{"length", &Pause::length, 1}};
};

template <>
struct Element<Gather> {
  static constexpr std::string_view name = "Gather";
  static constexpr auto attributes = std::tuple{
      Attribute{"input", &Gather::input},
      Attribute{"action", &Gather::action},
      Attribute{"method", &Gather::method},
      Attribute{"timeout", &Gather::timeout},
      Attribute{"numDigits", &Gather::num_digits, 1},
      Attribute{"finishOnKey", &Gather::finish_on_key},
      Attribute{"actionOnEmptyResult", &Gather::action_on_empty_result},
      Attribute{"speechTimeout", &Gather::speech_timeout},
      Attribute{"language", &Gather::language},
      Attribute{"hints", &Gather::hints},
      Attribute{"speechModel", &Gather::speech_model},
      Attribute{"profanityFilter", &Gather::profanity_filter},
      Attribute{"partialResultCallback", &Gather::partial_result_callback},
      Attribute{"partialResultCallbackMethod", &Gather::partial_result_callback_method},
  };
};

template <>
struct Element<Parameter> {
  static constexpr std::string_view name = "Parameter";
  static constexpr auto attributes =
      std::tuple{Attribute{"name", &Parameter::name}, Attribute{"value", &Parameter::value}};
};

template <>
struct Element<Number> {
  static constexpr std::string_view name = "Number";
  static constexpr auto text = &Number::number;
  static constexpr auto attributes = std::tuple{
      Attribute{"sendDigits", &Number::send_digits},
      Attribute{"url", &Number::url},
      Attribute{"method", &Number::method},
      Attribute{"statusCallback", &Number::status_callback},
      Attribute{"statusCallbackEvent", &Number::status_callback_event},
      Attribute{"statusCallbackMethod", &Number::status_callback_method},
  };
};

template <>
struct Element<Client> {
  static constexpr std::string_view name = "Client";
  static constexpr auto attributes = std::tuple{
      Attribute{"url", &Client::url},
      Attribute{"method", &Client::method},
      Attribute{"statusCallback", &Client::status_callback},
      Attribute{"statusCallbackEvent", &Client::status_callback_event},
      Attribute{"statusCallbackMethod", &Client::status_callback_method},
  };
};

template <>
struct Element<Sip> {
  static constexpr std::string_view name = "Sip";
  static constexpr auto text = &Sip::uri;
  static constexpr auto attributes = std::tuple{
      Attribute{"username", &Sip::username},
      Attribute{"password", &Sip::password},
      Attribute{"url", &Sip::url},
      Attribute{"method", &Sip::method},
      Attribute{"statusCallback", &Sip::status_callback},
      Attribute{"statusCallbackEvent", &Sip::status_callback_event},
      Attribute{"statusCallbackMethod", &Sip::status_callback_method},
  };
};

template <>
struct Element<Conference> {
  static constexpr std::string_view name = "Conference";
  static constexpr auto text = &Conference::name;
  static constexpr auto attributes = std::tuple{
      Attribute{"muted", &Conference::muted},
      Attribute{"beep", &Conference::beep},
      Attribute{"startConferenceOnEnter", &Conference::start_conference_on_enter},
      Attribute{"endConferenceOnExit", &Conference::end_conference_on_exit},
      Attribute{"participantLabel", &Conference::participant_label},
      Attribute{"coach", &Conference::coach},
      Attribute{"waitUrl", &Conference::wait_url},
      Attribute{"waitMethod", &Conference::wait_method},
      Attribute{"maxParticipants", &Conference::max_participants, 1, 250},
      Attribute{"record", &Conference::record},
      Attribute{"trim", &Conference::trim},
      Attribute{"region", &Conference::region},
      Attribute{"statusCallback", &Conference::status_callback},
      Attribute{"statusCallbackEvent", &Conference::status_callback_event},
      Attribute{"statusCallbackMethod", &Conference::status_callback_method},
      Attribute{"recordingStatusCallback", &Conference::recording_status_callback},
      Attribute{"recordingStatusCallbackEvent", &Conference::recording_status_callback_event},
      Attribute{"recordingStatusCallbackMethod", &Conference::recording_status_callback_method},
  };
};

template <>
struct Element<Queue> {
  static constexpr std::string_view name = "Queue";
  static constexpr auto text = &Queue::name;
  static constexpr auto attributes =
      std::tuple{Attribute{"url", &Queue::url}, Attribute{"method", &Queue::method}};
};

template <>
struct Element<Dial> {
  static constexpr std::string_view name = "Dial";
  static constexpr auto attributes = std::tuple{
      Attribute{"action", &Dial::action},
      Attribute{"method", &Dial::method},
      Attribute{"timeout", &Dial::timeout, 5, 600},
      Attribute{"timeLimit", &Dial::time_limit, 1, 86400},
      Attribute{"callerId", &Dial::caller_id},
      Attribute{"answerOnBridge", &Dial::answer_on_bridge},
      Attribute{"hangupOnStar", &Dial::hangup_on_star},
      Attribute{"record", &Dial::record},
      Attribute{"recordingStatusCallback", &Dial::recording_status_callback},
      Attribute{"recordingStatusCallbackEvent", &Dial::recording_status_callback_event},
      Attribute{"recordingStatusCallbackMethod", &Dial::recording_status_callback_method},
      Attribute{"recordingTrack", &Dial::recording_track},
      Attribute{"trim", &Dial::trim},
      Attribute{"ringTone", &Dial::ring_tone},
      Attribute{"sequential", &Dial::sequential},
      Attribute{"referUrl", &Dial::refer_url},
      Attribute{"callReason", &Dial::call_reason},
  };
};

template <>
struct Element<Record> {
  static constexpr std::string_view name = "Record";
  static constexpr auto attributes = std::tuple{
      Attribute{"action", &Record::action},
      Attribute{"method", &Record::method},
      Attribute{"timeout", &Record::timeout},
      Attribute{"finishOnKey", &Record::finish_on_key},
      Attribute{"maxLength", &Record::max_length, 2, 14400},
      Attribute{"playBeep", &Record::play_beep},
      Attribute{"trim", &Record::trim},
      Attribute{"recordingStatusCallback", &Record::recording_status_callback},
      Attribute{"recordingStatusCallbackEvent", &Record::recording_status_callback_event},
      Attribute{"recordingStatusCallbackMethod", &Record::recording_status_callback_method},
      Attribute{"transcribe", &Record::transcribe},
      Attribute{"transcribeCallback", &Record::transcribe_callback},
  };
};

template <>
struct Element<Enqueue> {
  static constexpr std::string_view name = "Enqueue";
  static constexpr auto text = &Enqueue::name;
  static constexpr auto attributes = std::tuple{
      Attribute{"action", &Enqueue::action},
      Attribute{"method", &Enqueue::method},
      Attribute{"waitUrl", &Enqueue::wait_url},
      Attribute{"waitUrlMethod", &Enqueue::wait_url_method},
  };
};

template <>
struct Element<Leave> {
  static constexpr std::string_view name = "Leave";
  static constexpr auto attributes = std::tuple{};
};

template <>
struct Element<Hangup> {
  static constexpr std::string_view name = "Hangup";
  static constexpr auto attributes = std::tuple{};
};

template <>
struct Element<Redirect> {
  static constexpr std::string_view name = "Redirect";
  static constexpr auto text = &Redirect::url;
  static constexpr auto attributes = std::tuple{Attribute{"method", &Redirect::method}};
};

template <>
struct Element<Reject> {
  static constexpr std::string_view name = "Reject";
  static constexpr auto attributes = std::tuple{Attribute{"reason", &Reject::reason}};
};

template <>
struct Element<Message> {
  static constexpr std::string_view name = "Message";
  static constexpr auto attributes = std::tuple{
      Attribute{"to", &Message::to},
      Attribute{"from", &Message::from},
      Attribute{"action", &Message::action},
      Attribute{"method", &Message::method},
      Attribute{"statusCallback", &Message::status_callback},
  };
};

template <>
struct Element<Stream> {
  static constexpr std::string_view name = "Stream";
  static constexpr auto attributes = std::tuple{
      Attribute{"url", &Stream::url},
      Attribute{"name", &Stream::name},
      Attribute{"track", &Stream::track},
      Attribute{"statusCallback", &Stream::status_callback},
      Attribute{"statusCallbackMethod", &Stream::status_callback_method},
  };
};

template <>
struct Element<Transcription> {
  static constexpr std::string_view name = "Transcription";
  static constexpr auto attributes = std::tuple{
      Attribute{"name", &Transcription::name},
      Attribute{"statusCallbackUrl", &Transcription::status_callback_url},
      Attribute{"statusCallbackMethod", &Transcription::status_callback_method},
      Attribute{"track", &Transcription::track},
      Attribute{"inboundTrackLabel", &Transcription::inbound_track_label},
      Attribute{"outboundTrackLabel", &Transcription::outbound_track_label},
      Attribute{"transcriptionEngine", &Transcription::transcription_engine},
      Attribute{"speechModel", &Transcription::speech_model},
      Attribute{"languageCode", &Transcription::language_code},
      Attribute{"partialResults", &Transcription::partial_results},
      Attribute{"hints", &Transcription::hints},
      Attribute{"profanityFilter", &Transcription::profanity_filter},
      Attribute{"enableAutomaticPunctuation", &Transcription::enable_automatic_punctuation},
  };
};

template <>
struct Element<Recording> {
  static constexpr std::string_view name = "Recording";
  static constexpr auto attributes = std::tuple{
      Attribute{"recordingStatusCallback", &Recording::recording_status_callback},
      Attribute{"recordingStatusCallbackEvent", &Recording::recording_status_callback_event},
      Attribute{"recordingStatusCallbackMethod", &Recording::recording_status_callback_method},
      Attribute{"track", &Recording::track},
      Attribute{"trim", &Recording::trim},
  };
};

template <>
struct Element<Start> {
  static constexpr std::string_view name = "Start";
  static constexpr auto attributes = std::tuple{};
};

template <>
struct Element<Stop> {
  static constexpr std::string_view name = "Stop";
  static constexpr auto attributes = std::tuple{};
};

template <>
struct Element<Connect> {
  static constexpr std::string_view name = "Connect";
  static constexpr auto attributes = std::tuple{};
};

/// `visit(attribute)` for each attribute of V, in the order above.
template <typename V, typename Visit>
constexpr void each_attribute(Visit&& visit) {
  std::apply([&](const auto&... attribute) { (visit(attribute), ...); }, Element<V>::attributes);
}

}  // namespace ringctl::twiml
