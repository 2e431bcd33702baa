// <Record>: what whoever is on the leg says, until they are silent, press a key, hang up or have said enough.

#include <algorithm>

#include "sim/core.hpp"
#include "sim/verbs.hpp"

namespace ringctl::sim {
namespace {

class Recorder {
 public:
  Recorder(const Scene& scene, const twiml::Record& record)
      : scene_(scene), leg_(scene.leg), record_(record) {}

  Task<void> run() {
    leg_.pick_up();
    if (record_.play_beep) leg_.hear("Beep", "beep");
    begin();
    while (true) {
      auto event = co_await leg_.next(silent_at());
      if (event.kind == Event::Kind::time_up) break;
      if (event.kind == Event::Kind::stop) {
        ended_by_ = "hangup";
        break;
      }
      if (event.kind == Event::Kind::speech) take_words(event.takes);
      if (event.kind != Event::Kind::key || record_.finish_on_key.find(event.text) == std::string::npos)
        continue;
      ended_by_ = event.text;
      break;
    }
    finish();
  }

  Flow outcome() const {
    Flow flow;
    if (!first_word_) return flow;  // an empty recording is no reason to ask
    const Parameters what{{"RecordingSid", recording_},
                          {"RecordingUrl", leg_.core.recordings.url_of(recording_)},
                          {"RecordingDuration", leg_.core.recordings.duration_of(recording_)},
                          {"Digits", ended_by_}};
    const auto& action = record_.action.empty() ? scene_.document.url : record_.action;
    if (leg_.over()) tell_action(scene_, "record", action, record_.method, what);
    if (leg_.leaving()) return flow;
    flow = after(scene_, "record", action, record_.method, what);
    flow.kind = Flow::Kind::turn;
    return flow;
  }

 private:
  void begin() {
    RecordingSetup setup;
    setup.call_sid = leg_.sid();
    setup.source = "RecordVerb";
    setup.track = "inbound";
    setup.callback =
        hook_of(scene_.document, record_.recording_status_callback, record_.recording_status_callback_method);
    setup.events = names_of(record_.recording_status_callback_event);
    recording_ = leg_.core.recordings.start(setup);
    began_ = silence_since_ = leg_.core.now();
  }

  std::optional<Instant> silent_at() const {
    const auto full = began_ + record_.max_length;
    if (record_.timeout.count() == 0) return full;
    return std::min<Instant>(full, silence_since_ + record_.timeout);
  }

  void take_words(milliseconds takes) {
    if (!first_word_) first_word_ = leg_.core.now();
    silence_since_ = std::max(silence_since_, leg_.core.now() + takes);
  }

  void finish() {
    if (!first_word_) return leg_.core.recordings.drop_empty(recording_);
    const auto now = leg_.core.now();
    const bool trimmed = record_.trim == twiml::Trim::trim_silence;
    const auto length = trimmed ? std::min(now, silence_since_) - *first_word_ : now - began_;
    leg_.core.recordings.finish(recording_, length);
  }

  const Scene& scene_;
  Leg& leg_;
  const twiml::Record& record_;
  std::string recording_, ended_by_;
  Instant began_ = {}, silence_since_ = {};
  std::optional<Instant> first_word_ = {};
};

}  // namespace

Task<Flow> run_verb(const Scene& scene, const twiml::Record& record) {
  Recorder recorder(scene, record);
  co_await recorder.run();
  auto flow = recorder.outcome();
  co_return flow;
}

}  // namespace ringctl::sim
