// Keys and words of whoever is on the leg.

#include "base/text.hpp"
#include "sim/core.hpp"
#include "sim/pace.hpp"
#include "sim/verbs.hpp"

namespace ringctl::sim {
namespace {

class Gathering {
 public:
  Gathering(const Scene& scene, const twiml::Gather& gather)
      : scene_(scene), leg_(scene.leg), gather_(gather) {}

  Task<void> run() {
    leg_.pick_up();
    for (const auto& prompt : gather_.prompts) {
      const int loops = loops_of(prompt);
      for (int i = 0; i < loops && !begun(); ++i) {
        hear(leg_, prompt);
        co_await take_until(leg_.core.now() + time_of(prompt));
      }
    }
    extend(gather_.timeout);
    while (!done_ && !leg_.stopping()) {
      if (leg_.core.now() >= until_) done_ = true;
      if (!done_) co_await take(until_);
    }
  }

  Flow outcome() const {
    Parameters heard;
    if (!spoken_.empty()) {
      heard = {{"SpeechResult", spoken_}, {"Confidence", "0.9"}};
    } else if (!digits_.empty() || gather_.action_on_empty_result) {
      heard = {{"Digits", digits_}};
    } else {
      return {};
    }
    // Without an action, what was gathered goes to where this document came from.
    const auto& action = gather_.action.empty() ? scene_.document.url : gather_.action;
    auto flow = after(scene_, "gather", action, gather_.method, std::move(heard));
    flow.kind = Flow::Kind::turn;
    return flow;
  }

 private:
  bool begun() const { return done_ || leg_.stopping() || !digits_.empty() || !spoken_.empty(); }
  bool takes_keys() const { return gather_.input != twiml::GatherInput::speech; }
  bool takes_speech() const { return gather_.input != twiml::GatherInput::dtmf; }
  void extend(milliseconds time) { until_ = std::max(until_, leg_.core.now() + time); }

  /// A prompt is cut off by the first key or word.
  Task<void> take_until(Instant until) {
    while (!begun() && leg_.core.now() < until) co_await take(until);
  }

  Task<void> take(Instant until) {
    auto event = co_await leg_.next(until);
    if (event.kind == Event::Kind::key && takes_keys()) take_key(event.text);
    if (event.kind == Event::Kind::speech && takes_speech()) take_words(event);
  }

  void take_key(const std::string& key) {
    if (done_) return;
    if (gather_.finish_on_key.find(key) != std::string::npos) {
      done_ = true;
      return;
    }
    digits_ += key;
    spoken_.clear();
    until_ = leg_.core.now() + gather_.timeout;
    done_ = gather_.num_digits && digits_.size() >= static_cast<std::size_t>(*gather_.num_digits);
  }

  void take_words(const Event& event) {
    if (!digits_.empty()) return;
    spoken_ += (spoken_.empty() ? "" : " ") + event.text;
    tell_partial();
    milliseconds silence = gather_.timeout;
    if (gather_.speech_timeout == "auto") silence = k_auto_silence;
    if (const auto own = base::parse_int(gather_.speech_timeout)) silence = std::chrono::seconds(*own);
    until_ = leg_.core.now() + event.takes + silence;
  }

  void tell_partial() {
    const auto hook =
        hook_of(scene_.document, gather_.partial_result_callback, gather_.partial_result_callback_method);
    leg_.core.tell("partial", leg_.sid(), hook,
                   {{"CallSid", leg_.sid()},
                    {"AccountSid", leg_.core.account.sid},
                    {"UnstableSpeechResult", spoken_},
                    {"StableSpeechResult", ""},
                    {"SequenceNumber", std::to_string(partial_++)}});
  }

  const Scene& scene_;
  Leg& leg_;
  const twiml::Gather& gather_;
  std::string digits_, spoken_;
  Instant until_ = {};
  bool done_ = false;
  int partial_ = 0;
};

}  // namespace

Task<Flow> run_verb(const Scene& scene, const twiml::Gather& gather) {
  Gathering gathering(scene, gather);
  co_await gathering.run();
  Flow flow;
  if (!scene.leg.stopping()) flow = gathering.outcome();
  co_return flow;
}

}  // namespace ringctl::sim
