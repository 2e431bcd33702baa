#include "routing/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <span>

#include "directory/people.hpp"

namespace ringctl::routing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view k_menu_text =
    "Press the extension you wish to reach, or stay on the line for the main line.";  // R102
constexpr std::string_view k_menu_again_text = "That extension is not known.";
constexpr std::string_view k_consent_text = "This call may be recorded.";
constexpr std::string_view k_voicemail_text =
    "Nobody can take your call now. Please leave a message after the tone.";
constexpr std::string_view k_callback_text = "Nobody can take your call now. We will call you back.";
constexpr std::string_view k_message_text = "Nobody can take your call now. Please call again later.";
constexpr std::string_view k_no_number_text = "The number you have called is not in service.";
constexpr std::string_view k_hold_text = "Please stay on the line. The next free agent will take your call.";
constexpr std::string_view k_accept_text = "A call for you. Press any key to take it.";
constexpr std::string_view k_thanks_text = "Thank you. Goodbye.";
constexpr std::string_view k_apology_text =
    "We are sorry. Your call cannot be put through now. Please call again later.";

constexpr auto k_menu_timeout = 5s;  // R102
constexpr auto k_accept_timeout = 5s;
constexpr auto k_longest_voicemail = 300s;
constexpr auto k_pause_between_waves = 10s;  // where no music says how long

const twiml::Set<twiml::CallEvent> k_all_events{twiml::CallEvent::initiated, twiml::CallEvent::ringing,
                                                twiml::CallEvent::answered,
                                                twiml::CallEvent::completed};  // R21

twiml::Say say(std::string_view text) { return {.text = std::string(text)}; }
twiml::Say say(const std::string& own, std::string_view built_in) {
  return say(own.empty() ? built_in : own);
}

/// Who ring at a place of a step.
std::span<const Party> parties_at(const Step& step, const Place& place) {
  if (step.waves.empty()) return {};
  const auto wave = static_cast<std::size_t>(std::max(place.wave, 0)) % step.waves.size();
  std::size_t first = 0;
  for (std::size_t i = 0; i < wave; ++i) first += step.waves[i];
  const auto last = std::min(first + step.waves[wave], step.parties.size());
  return std::span(step.parties).subspan(first, last - first);
}

/// The same of a plan: nobody outside of it.
std::span<const Party> parties_at(const Plan& plan, const Place& place) {
  if (place.step < 0 || place.step >= static_cast<int>(plan.steps.size())) return {};
  return parties_at(plan.steps[static_cast<std::size_t>(place.step)], place);
}

/// Builds one answer, step after step until one takes the call.
class Answer {
 public:
  Answer(const Plan& plan, const Links& links) : plan_(plan), links_(links) {}

  twiml::Response at(Place place) {
    if (plan_.announced && place == Place{}) add(say(plan_.consent, k_consent_text));
    const auto steps = static_cast<int>(plan_.steps.size());
    while (place.step >= 0 && place.step < steps && add_step(place)) place = {.step = place.step + 1};
    if (place.step < 0 || place.step >= steps) add(twiml::Hangup{});
    return std::move(response_);
  }

 private:
  template <class Verb>
  void add(Verb verb) {
    response_.verbs.emplace_back(std::move(verb));
  }

  /// True if the answer goes on with the next step.
  bool add_step(const Place& place) {
    const auto& step = plan_.steps[static_cast<std::size_t>(place.step)];
    switch (step.kind) {
      case StepKind::ring:
        add(dial(step, place));
        return false;
      case StepKind::queue:
        add_queue(step, place);
        return false;
      case StepKind::menu:
        add_menu(step);
        return true;
      case StepKind::message:
        add(say(step.text, step.reason == Reason::last || step.reason == Reason::rule ? k_message_text
                                                                                      : k_no_number_text));
        return true;
      case StepKind::callback:
        add(say(step.text, k_callback_text));
        add(twiml::Hangup{});
        return false;
      case StepKind::voicemail:
        add_voicemail(step);
        return false;
      case StepKind::support:
        add_support(step, place);
        return false;
      case StepKind::reject:
        add_reject(step, place);
        return false;
      case StepKind::hangup:
        add(twiml::Hangup{});
        return false;
    }
    return false;
  }

  twiml::Dial bare_dial(const Step& step, const Place& place) const {
    twiml::Dial dial{.action = links_.next(place), .timeout = std::chrono::seconds(step.timeout_s)};
    dial.caller_id = plan_.caller_id;
    if (plan_.recorded) {
      dial.record = twiml::RecordFrom::answer_dual;
      dial.recording_status_callback = links_.recording();
    }
    return dial;
  }

  twiml::Dial dial(const Step& step, const Place& place) const {
    auto dial = bare_dial(step, place);
    // None in a plan from elsewhere: its Dial ends at once, and the plan goes on.
    for (const auto& party : parties_at(step, place)) dial.nouns.push_back(noun(party, place));
    return dial;
  }

  twiml::Noun noun(const Party& party, const Place& place) const {
    const auto status = links_.status(place);
    if (party.device == Device::client)
      return twiml::Client{.identity = party.user ? directory::identity_of(*party.user) : std::string(),
                           .status_callback = status,
                           .status_callback_event = k_all_events};
    if (party.device == Device::sip)
      return twiml::Sip{
          .uri = party.address, .status_callback = status, .status_callback_event = k_all_events};
    twiml::Number number{
        .number = party.address, .status_callback = status, .status_callback_event = k_all_events};
    // Somebody else's phone may be a switchboard, which presses no keys.
    if (party.device == Device::phone && plan_.accept_prompt) number.url = links_.accept(place);
    return number;
  }

  void add_queue(const Step& step, const Place& place) {
    if (place.ringing) return add(dial(step, place));
    add(twiml::Enqueue{.name = links_.queue, .action = links_.next(place), .wait_url = links_.wait(place)});
  }

  void add_menu(const Step& step) {
    twiml::Gather gather{.action = links_.menu(step.attempt), .timeout = k_menu_timeout};
    if (step.digits > 0) gather.num_digits = step.digits;
    if (step.attempt > 0) gather.prompts.emplace_back(say(k_menu_again_text));
    gather.prompts.emplace_back(say(step.text, k_menu_text));
    add(std::move(gather));
  }

  void add_voicemail(const Step& step) {
    add(say(step.text, k_voicemail_text));
    add(twiml::Record{.action = links_.voicemail(),
                      .max_length = k_longest_voicemail,
                      .recording_status_callback = links_.recording()});
    add(twiml::Hangup{});
  }

  void add_support(const Step& step, const Place& place) {
    auto dial = bare_dial(step, place);
    dial.nouns.emplace_back(twiml::Number{
        .number = step.text, .status_callback = links_.status(place), .status_callback_event = k_all_events});
    add(std::move(dial));
  }

  /// A call can only be rejected before anything else was done with it.
  void add_reject(const Step& step, const Place& place) {
    if (plan_.after_menu || place.step > 0 || !response_.verbs.empty()) return add(twiml::Hangup{});
    add(twiml::Reject{step.text == "busy" ? twiml::RejectReason::busy : twiml::RejectReason::rejected});
  }

  const Plan& plan_;
  const Links& links_;
  twiml::Response response_;
};

std::optional<int> number_at(std::string_view& text, char mark) {
  if (text.empty() || text.front() != mark) return std::nullopt;
  text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool sound = error == std::errc() && value >= 0 && text.front() != '-' && value <= 1'000'000;
  if (!sound) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<Place> next_step(const Place& place) { return Place{.step = place.step + 1}; }

/// A Dial of the queue has ended: more music, unless the wait is over.
std::optional<Place> after_queue_wave(const Step& step, const Place& place) {
  const int waited = place.waited_s + std::max(step.timeout_s, 1);
  if (waited >= step.wait_s) return next_step(place);
  return Place{.step = place.step, .wave = place.wave + 1, .waited_s = waited};
}

}  // namespace

std::string to_text(const Place& place) {
  auto text = fmt::format("s{}w{}", place.step, place.wave);
  if (place.waited_s > 0) text += fmt::format("t{}", place.waited_s);
  if (place.ringing) text += 'r';
  return text;
}

std::optional<Place> try_parse_place(std::string_view text) {
  const auto step = number_at(text, 's');
  const auto wave = step ? number_at(text, 'w') : std::nullopt;
  if (!wave) return std::nullopt;
  Place place{.step = *step, .wave = *wave};
  if (text.starts_with('t')) {
    const auto waited = number_at(text, 't');
    if (!waited) return std::nullopt;
    place.waited_s = *waited;
  }
  place.ringing = text == "r";
  if (!text.empty() && !place.ringing) return std::nullopt;
  return place;
}

std::string queue_of(const base::Uuid& workspace) { return "ringctl-" + workspace.text(); }

twiml::Response answer(const Plan& plan, const Place& place, const Links& links) {
  return Answer(plan, links).at(place);
}

bool promises_call_back(const Plan& plan, const Place& place) {
  if (place.step < 0) return false;
  for (auto step = static_cast<std::size_t>(place.step); step < plan.steps.size(); ++step) {
    const auto kind = plan.steps[step].kind;
    if (kind == StepKind::callback) return true;
    if (kind != StepKind::message && kind != StepKind::menu) return false;
  }
  return false;
}

bool rings_ours_alone(const Plan& plan, const Place& place) {
  const auto parties = parties_at(plan, place);
  return !parties.empty() && std::all_of(parties.begin(), parties.end(),
                                         [](const Party& party) { return party.user.has_value(); });
}

const Party* only_party(const Plan& plan, const Place& place) {
  const auto parties = parties_at(plan, place);
  return parties.size() == 1 ? parties.data() : nullptr;
}

std::optional<Place> after(const Plan& plan, const Place& place, const FollowUp& ended) {
  if (place.step < 0 || place.step >= static_cast<int>(plan.steps.size())) return std::nullopt;
  const auto& step = plan.steps[static_cast<std::size_t>(place.step)];
  const auto& queue = ended.queue_result;
  if (!queue.empty() && step.kind == StepKind::queue) {
    if (queue == "hangup" || queue.starts_with("bridg") || queue.starts_with("redirected"))
      return std::nullopt;
    const int waited = place.waited_s + std::clamp(ended.queue_time_s, 0, step.wait_s);
    if (waited >= step.wait_s) return next_step(place);
    return Place{.step = place.step, .wave = place.wave, .waited_s = waited, .ringing = true};
  }
  const bool answered = ended.dial_status == "completed" || ended.dial_status == "answered";
  // Who hangs up instead of pressing a key has answered, and was not connected.
  if (answered && ended.bridged.value_or(true)) return std::nullopt;
  if (step.kind == StepKind::queue) return after_queue_wave(step, place);
  if (step.kind == StepKind::ring && place.wave + 1 < static_cast<int>(step.waves.size()))
    return Place{.step = place.step, .wave = place.wave + 1};
  return next_step(place);
}

Place pass_over(Plan& plan, const Place& place, const std::vector<base::Uuid>& talking) {
  auto& step = plan.steps.at(static_cast<std::size_t>(place.step));
  const auto talks = [&](const Party& party) {
    return party.user && std::find(talking.begin(), talking.end(), *party.user) != talking.end();
  };
  for (int turn = place.wave; turn < place.wave + static_cast<int>(step.waves.size()); ++turn) {
    auto& wave = step.waves[static_cast<std::size_t>(turn) % step.waves.size()];
    const auto first = step.parties.begin() + std::accumulate(step.waves.data(), &wave, 0);
    const auto free = std::remove_if(first, first + wave, talks) - first;
    if (free == 0) continue;
    step.parties.erase(first + free, first + wave);
    wave = static_cast<std::uint8_t>(free);
    return {.step = place.step, .wave = turn, .waited_s = place.waited_s, .ringing = true};
  }
  // Counted as time, however short the music turns out.
  return {.step = place.step, .wave = place.wave + 1, .waited_s = place.waited_s + 1};
}

twiml::Response wait_answer(const Plan& plan, const Place& place) {
  twiml::Response response;
  const auto known = place.step >= 0 && place.step < static_cast<int>(plan.steps.size());
  const auto music = known ? plan.steps[static_cast<std::size_t>(place.step)].text : std::string();
  if (place.wave == 0) {
    response.verbs.emplace_back(say(k_hold_text));
  } else if (!music.empty()) {
    response.verbs.emplace_back(twiml::Play{.url = music});
  } else {
    response.verbs.emplace_back(say(k_hold_text));
    response.verbs.emplace_back(twiml::Pause{k_pause_between_waves});
  }
  response.verbs.emplace_back(twiml::Leave{});
  return response;
}

twiml::Response accept_answer(const Place& place, const Links& links) {
  twiml::Gather gather{.action = links.accepted(place), .timeout = k_accept_timeout, .num_digits = 1};
  gather.finish_on_key = "";  // any key takes the call, # too
  gather.prompts.emplace_back(say(k_accept_text));
  return {{std::move(gather), twiml::Hangup{}}};
}

twiml::Response consent_answer(const std::string& message) { return {{say(message, k_consent_text)}}; }

twiml::Response accepted_answer(std::string_view digits) {
  if (digits.empty()) return {{twiml::Hangup{}}};
  return {};
}

twiml::Response voicemail_answer() { return {{say(k_thanks_text), twiml::Hangup{}}}; }

twiml::Response apology(std::string_view support_number) {
  twiml::Response response{{say(k_apology_text)}};
  if (!support_number.empty()) {
    twiml::Dial dial;
    dial.nouns.emplace_back(twiml::Number{.number = std::string(support_number)});
    response.verbs.emplace_back(std::move(dial));
  }
  response.verbs.emplace_back(twiml::Hangup{});
  return response;
}

}  // namespace ringctl::routing
