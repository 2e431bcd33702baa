#pragma once
// The telephone network: legs that run the TwiML they are given, conferences, queues, recordings, messages,
// and the callbacks about them. Everything that lives is in the account it was made with. One thread: that of
// the agenda.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sim/agenda.hpp"
#include "sim/behaviour.hpp"
#include "sim/resources.hpp"
#include "sim/sids.hpp"
#include "sim/timeline.hpp"
#include "sim/web.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::sim {

/// What Twilio answers instead: a status and its code ("21220").
struct Refusal {
  int status = 400;
  int code = 0;
  std::string message = {};
};

/// What REST's POST Calls asks for, defaults Twilio's. Exactly one of url, twiml, application.
struct PlacedCall {
  std::string to = {}, from = {};  ///< E.164, client:..., sip:...
  Hook url = {}, fallback = {};
  std::string twiml = {}, application_sid = {};
  Hook status_callback = {};
  std::vector<std::string> status_events = {"completed"};
  seconds timeout{60}, time_limit{14400};
  std::string send_digits = {};
  bool record = false;
  int recording_channels = 1;
  std::string recording_track = "both";
  Hook recording_callback = {};
  std::vector<std::string> recording_events = {"completed"};
  std::string machine_detection = {};  ///< "", Enable, DetectMessageEnd
  Hook async_amd_callback = {};
  bool async_amd = false;
  std::string caller_name = {};
};

/// POST Calls/{sid}: at most one of url, twiml; or a status.
struct CallChange {
  std::optional<Hook> url = {};
  std::optional<std::string> twiml = {};
  std::string status = {};  ///< completed, canceled
  std::optional<Hook> fallback = {}, status_callback = {};
};

struct NewParticipant {
  PlacedCall call = {};
  Participant as = {};
  std::optional<std::string> wait_url = {};
  std::string beep = "true";
  bool record_conference = false;
  Hook conference_status_callback = {};
  std::vector<std::string> conference_events = {};
};

/// POST Participants/{sid}; what is not there stays.
struct ParticipantChange {
  std::optional<bool> muted = {}, hold = {}, coaching = {}, end_conference_on_exit = {};
  std::optional<std::string> call_sid_to_coach = {};
  Hook announce = {}, hold_hook = {};
};

struct NewMessage {
  std::string to = {}, from = {}, service_sid = {}, body = {};
  std::vector<std::string> media = {};
  std::string status_callback = {};
  std::optional<Instant> send_at = {};
  seconds validity{36000};
};

struct NewRecording {
  int channels = 1;
  std::string track = "both";
  Hook callback = {};
  std::vector<std::string> events = {"completed"};
};

class Network {
 public:
  /// All outlive it.
  Network(Agenda&, Account&, Web&, Timeline&, Sids&);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // --- people ---
  /// How whoever has that address (E.164, client:..., sip:...) takes calls from now on. An address nobody was
  /// told of: a telephone answers after three seconds and listens; a client is not registered.
  void set_behaviour(const std::string& address, Behaviour);
  /// Somebody with a telephone (or a SIP phone) calls one of the account's numbers and then does `then`. The
  /// leg's SID. A number that is not the account's, or that has no voice: the leg fails.
  std::string call_in(const std::string& from, const std::string& to, std::vector<Doing> then,
                      const Parameters& extra = {});
  /// Somebody with a registered browser (client:...) calls through a TwiML app with these parameters of its
  /// own.
  std::string call_from_client(const std::string& identity, const std::string& application_sid,
                               const Parameters& own, std::vector<Doing> then);
  /// Somebody texts one of the account's numbers; the message's SID. `extra`: of its webhook.
  std::string text_in(const std::string& from, const std::string& to, const std::string& body,
                      const std::vector<std::string>& media = {}, const Parameters& extra = {});
  /// On a leg that is up (or ringing, for hanging up); false if there is no such leg any more.
  bool do_now(const std::string& call_sid, const Doing&);

  // --- REST ---
  // Each returns the SID of what it made ("" where nothing is made), or a refusal and has changed nothing.
  std::string place_call(const PlacedCall&, std::optional<Refusal>&);
  void change_call(const std::string& call_sid, const CallChange&, std::optional<Refusal>&);
  std::string add_participant(const std::string& conference, const NewParticipant&, std::optional<Refusal>&);
  void change_participant(const std::string& conference_sid, const std::string& call_sid,
                          const ParticipantChange&, std::optional<Refusal>&);
  void remove_participant(const std::string& conference_sid, const std::string& call_sid,
                          std::optional<Refusal>&);
  void end_conference(const std::string& conference_sid);
  void announce(const std::string& conference_sid, const Hook&);
  /// `member`: a call SID or "Front".
  std::string dequeue(const std::string& queue_sid, const std::string& member, const Hook&,
                      std::optional<Refusal>&);
  std::string start_recording(const std::string& call_sid, const NewRecording&, std::optional<Refusal>&);
  /// Of one that has begun.
  std::string start_conference_recording(const std::string& conference_sid, const NewRecording&,
                                         std::optional<Refusal>&);
  /// `status`: paused, in-progress, stopped.
  void change_recording(const std::string& recording_sid, const std::string& status, bool skip_silence,
                        std::optional<Refusal>&);
  /// Beside a call that is up.
  std::string start_stream(const std::string& call_sid, const twiml::Stream&, std::optional<Refusal>&);
  std::string start_transcription(const std::string& call_sid, const twiml::Transcription&,
                                  std::optional<Refusal>&);
  /// A stream or a transcription; nothing, if it has stopped.
  void stop_side(const std::string& sid);
  std::string send_message(const NewMessage&, std::optional<Refusal>&);
  void cancel_message(const std::string& message_sid, std::optional<Refusal>&);

  // --- watching ---
  /// Whether nothing lives any more: no leg, no message on its way, no callback to be delivered.
  bool idle() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::sim
