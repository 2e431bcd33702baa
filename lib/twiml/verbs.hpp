#pragma once
// What Twilio can be told to do with a call or a message, as plain values: one struct per verb or noun of
// TwiML that ringctl uses, members named as Twilio's attributes and initialised to Twilio's defaults. An
// attribute that equals its default is not written. Texts may hold any bytes (see write.hpp); an empty text
// is an absent attribute unless its comment says otherwise. `limits.hpp` holds what Twilio refuses.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ringctl::twiml {

using std::chrono::seconds;

/// Several values of an enumeration whose values count from 0.
template <typename E>
class Set {
 public:
  constexpr Set() = default;
  constexpr Set(std::initializer_list<E> values) {
    for (const auto value : values) insert(value);
  }
  constexpr void insert(E value) { bits_ |= bit(value); }
  constexpr bool contains(E value) const { return (bits_ & bit(value)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  bool operator==(const Set&) const = default;

 private:
  static constexpr std::uint32_t bit(E value) { return std::uint32_t{1} << static_cast<unsigned>(value); }
  std::uint32_t bits_ = 0;
};

enum class Method { post, get };
enum class CallEvent { initiated, ringing, answered, completed };
enum class RecordingEvent { in_progress, completed, absent };
enum class ConferenceEvent { start, end, join, leave, mute, hold, modify, speaker, announcement };
enum class RecordFrom { do_not_record, answer, ringing, answer_dual, ringing_dual };
enum class RecordingTrack { both, inbound, outbound };
enum class StreamTrack { inbound_track, outbound_track, both_tracks };
enum class Trim { do_not_trim, trim_silence };
enum class GatherInput { dtmf, speech, dtmf_speech };
enum class RejectReason { rejected, busy };
enum class Beep { yes, no, on_enter, on_exit };
enum class ConferenceRecord { do_not_record, record_from_start };

struct Say {
  std::string text = {};  ///< at most 4,096 characters
  std::string voice = {};
  std::string language = {};
  int loop = 1;  ///< 0 = until the caller hangs up
  bool operator==(const Say&) const = default;
};

struct Play {
  std::string url = {};
  std::string digits = {};  ///< tones instead of a sound; `w` is half a second
  int loop = 1;             ///< 0 = until the caller hangs up
  bool operator==(const Play&) const = default;
};

struct Pause {
  seconds length{1};
  bool operator==(const Pause&) const = default;
};

using Prompt = std::variant<Say, Play, Pause>;

struct Gather {
  GatherInput input = GatherInput::dtmf;
  std::string action = {};  ///< absent: the URL this answer came from, which loops
  Method method = Method::post;
  seconds timeout{5};
  std::optional<int> num_digits = {};
  std::string finish_on_key = "#";  ///< "" = no key ends it
  bool action_on_empty_result = false;
  std::string speech_timeout = {};  ///< seconds or "auto"
  std::string language = {};
  std::string hints = {};
  std::string speech_model = {};
  bool profanity_filter = true;
  std::string partial_result_callback = {};
  Method partial_result_callback_method = Method::post;
  std::vector<Prompt> prompts = {};
  bool operator==(const Gather&) const = default;
};

struct Parameter {
  std::string name = {};
  std::string value = {};
  bool operator==(const Parameter&) const = default;
};

/// A telephone to ring.
struct Number {
  std::string number = {};
  std::string send_digits = {};
  std::string url = {};  ///< what the callee hears before being bridged
  Method method = Method::post;
  std::string status_callback = {};
  Set<CallEvent> status_callback_event{CallEvent::completed};
  Method status_callback_method = Method::post;
  bool operator==(const Number&) const = default;
};

/// A browser or app to ring. Parameters reach it with the call.
struct Client {
  std::string identity = {};
  std::string url = {};
  Method method = Method::post;
  std::string status_callback = {};
  Set<CallEvent> status_callback_event{CallEvent::completed};
  Method status_callback_method = Method::post;
  std::vector<Parameter> parameters = {};
  bool operator==(const Client&) const = default;
};

struct Sip {
  std::string uri = {};  ///< under 255 characters, headers after `?` under 1,024
  std::string username = {};
  std::string password = {};
  std::string url = {};
  Method method = Method::post;
  std::string status_callback = {};
  Set<CallEvent> status_callback_event{CallEvent::completed};
  Method status_callback_method = Method::post;
  bool operator==(const Sip&) const = default;
};

struct Conference {
  std::string name = {};
  bool muted = false;
  Beep beep = Beep::yes;
  bool start_conference_on_enter = true;
  bool end_conference_on_exit = false;
  std::string participant_label = {};        ///< at most 128 characters
  std::string coach = {};                    ///< SID of the call that alone hears this one
  std::optional<std::string> wait_url = {};  ///< "" = silence; absent = Twilio's music
  Method wait_method = Method::post;
  int max_participants = 250;
  ConferenceRecord record = ConferenceRecord::do_not_record;
  Trim trim = Trim::trim_silence;
  std::string region = {};
  std::string status_callback = {};  ///< that of the first participant holds for the whole conference
  Set<ConferenceEvent> status_callback_event{};
  Method status_callback_method = Method::post;
  std::string recording_status_callback = {};
  Set<RecordingEvent> recording_status_callback_event{RecordingEvent::completed};
  Method recording_status_callback_method = Method::post;
  bool operator==(const Conference&) const = default;
};

/// The call at the front of a queue.
struct Queue {
  std::string name = {};
  std::string url = {};  ///< what the waiting caller hears before being bridged
  Method method = Method::post;
  bool operator==(const Queue&) const = default;
};

using Noun = std::variant<Number, Client, Sip, Conference, Queue>;

struct Dial {
  std::string action = {};  ///< absent: the next verb runs when the dialled call has ended
  Method method = Method::post;
  seconds timeout{30};        ///< 5 to 600
  seconds time_limit{14400};  ///< of the whole call
  std::string caller_id = {};
  bool answer_on_bridge = false;
  bool hangup_on_star = false;
  RecordFrom record = RecordFrom::do_not_record;
  std::string recording_status_callback = {};
  Set<RecordingEvent> recording_status_callback_event{RecordingEvent::completed};
  Method recording_status_callback_method = Method::post;
  RecordingTrack recording_track = RecordingTrack::both;
  Trim trim = Trim::do_not_trim;
  std::string ring_tone = {};  ///< country code
  bool sequential = false;
  std::string refer_url = {};
  std::string call_reason = {};  ///< at most 50 characters
  std::vector<Noun> nouns = {};  ///< at most ten Number and Client
  bool operator==(const Dial&) const = default;
};

/// What the caller says, as a recording.
struct Record {
  std::string action = {};  ///< absent: the URL this answer came from, which loops
  Method method = Method::post;
  seconds timeout{5};  ///< of silence; 0 = none
  std::string finish_on_key = "1234567890*#";
  seconds max_length{3600};
  bool play_beep = true;
  Trim trim = Trim::trim_silence;
  std::string recording_status_callback = {};
  Set<RecordingEvent> recording_status_callback_event{RecordingEvent::completed};
  Method recording_status_callback_method = Method::post;
  bool transcribe = false;
  std::string transcribe_callback = {};
  bool operator==(const Record&) const = default;
};

struct Enqueue {
  std::string name = {};  ///< at most 64 characters; made when it does not exist
  std::string action = {};
  Method method = Method::post;
  std::optional<std::string> wait_url = {};  ///< "" = silence; absent = Twilio's music
  Method wait_url_method = Method::post;
  bool operator==(const Enqueue&) const = default;
};

struct Leave {
  bool operator==(const Leave&) const = default;
};

struct Hangup {
  bool operator==(const Hangup&) const = default;
};

struct Redirect {
  std::string url = {};
  Method method = Method::post;
  bool operator==(const Redirect&) const = default;
};

/// Only as the first verb: then the call is not billed.
struct Reject {
  RejectReason reason = RejectReason::rejected;
  bool operator==(const Reject&) const = default;
};

/// The answer to a message, or a message beside a call. Without `to` and `from` it goes back where the other
/// came from.
struct Message {
  std::string body = {};
  std::vector<std::string> media = {};  ///< URLs
  std::string to = {};
  std::string from = {};
  std::string action = {};
  Method method = Method::post;
  std::string status_callback = {};
  bool operator==(const Message&) const = default;
};

struct Stream {
  std::string url = {};  ///< wss, without a query
  std::string name = {};
  StreamTrack track = StreamTrack::inbound_track;
  std::string status_callback = {};
  Method status_callback_method = Method::post;
  std::vector<Parameter> parameters = {};
  bool operator==(const Stream&) const = default;
};

struct Transcription {
  std::string name = {};
  std::string status_callback_url = {};
  Method status_callback_method = Method::post;
  StreamTrack track = StreamTrack::both_tracks;
  std::string inbound_track_label = {};
  std::string outbound_track_label = {};
  std::string transcription_engine = {};
  std::string speech_model = {};
  std::string language_code = {};
  bool partial_results = false;
  std::string hints = {};
  bool profanity_filter = true;
  bool enable_automatic_punctuation = true;
  bool operator==(const Transcription&) const = default;
};

struct Recording {
  std::string recording_status_callback = {};
  Set<RecordingEvent> recording_status_callback_event{RecordingEvent::completed};
  Method recording_status_callback_method = Method::post;
  RecordingTrack track = RecordingTrack::both;
  Trim trim = Trim::do_not_trim;
  bool operator==(const Recording&) const = default;
};

using Background = std::variant<Stream, Transcription, Recording>;

/// Runs beside the verbs that follow.
struct Start {
  Background what = Stream{};
  bool operator==(const Start&) const = default;
};

struct Stop {
  Background what = Stream{};
  bool operator==(const Stop&) const = default;
};

/// Both directions of sound through one socket, until it closes.
struct Connect {
  Stream stream = {};
  bool operator==(const Connect&) const = default;
};

using Verb = std::variant<Say, Play, Pause, Gather, Dial, Record, Enqueue, Leave, Hangup, Redirect, Reject,
                          Message, Start, Stop, Connect>;

/// An answer to Twilio, run from top to bottom.
struct Response {
  std::vector<Verb> verbs = {};
  bool operator==(const Response&) const = default;
};

}  // namespace ringctl::twiml
