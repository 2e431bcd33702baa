// The verbs that need nobody else.

#include "sim/verbs.hpp"

#include <algorithm>
#include <array>

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "sim/core.hpp"
#include "sim/pace.hpp"
#include "sim/urls.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_relative_link = 15004;

template <typename E, std::size_t N>
std::vector<std::string> chosen(const twiml::Set<E>& set, const std::array<const char*, N>& names) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < N; ++i)
    if (set.contains(static_cast<E>(i))) out.emplace_back(names.at(i));
  return out;
}

Task<Flow> run_prompt(const Scene& scene, twiml::Prompt prompt) {
  scene.leg.pick_up();
  Flow flow;
  const int loops = loops_of(prompt);
  for (int i = 0; i < loops && !scene.leg.stopping(); ++i) {
    hear(scene.leg, prompt);
    co_await scene.leg.pass(time_of(prompt));
  }
  co_return flow;
}

}  // namespace

bool stands_in(const twiml::Verb& verb, Place place) {
  const auto is = [&verb]<typename... V>(std::variant<V...>*) {
    return (std::holds_alternative<V>(verb) || ...);
  };
  using InConference = std::variant<twiml::Say, twiml::Play, twiml::Pause, twiml::Redirect>;
  using InQueue = std::variant<twiml::Say, twiml::Play, twiml::Pause, twiml::Redirect, twiml::Gather,
                               twiml::Hangup, twiml::Leave>;
  using InWhisper = std::variant<twiml::Say, twiml::Play, twiml::Pause, twiml::Redirect, twiml::Gather,
                                 twiml::Hangup, twiml::Message, twiml::Start, twiml::Stop>;
  switch (place) {
    case Place::call:
      return !std::holds_alternative<twiml::Leave>(verb);
    case Place::whisper:
      return is(static_cast<InWhisper*>(nullptr));
    case Place::queue_wait:
      return is(static_cast<InQueue*>(nullptr));
    case Place::conference_wait:
      return is(static_cast<InConference*>(nullptr));
  }
  return false;
}

milliseconds time_of(const twiml::Prompt& prompt) {
  return std::visit(
      base::Overloaded{[](const twiml::Say& say) {
                         const auto characters =
                             static_cast<milliseconds::rep>(base::count_characters(say.text));
                         return std::max(k_shortest_say, milliseconds(k_character * characters));
                       },
                       [](const twiml::Play& play) {
                         if (play.digits.empty()) return k_play;
                         const auto pauses = std::count(play.digits.begin(), play.digits.end(), 'w');
                         const auto tones = static_cast<std::ptrdiff_t>(play.digits.size()) - pauses;
                         return milliseconds(k_tone * tones + k_tone_pause * pauses);
                       },
                       [](const twiml::Pause& pause) { return milliseconds(pause.length); }},
      prompt);
}

void hear(Leg& leg, const twiml::Prompt& prompt) {
  if (const auto* const say = std::get_if<twiml::Say>(&prompt)) leg.hear("Say", say->text);
  if (const auto* const play = std::get_if<twiml::Play>(&prompt))
    leg.hear("Play", play->digits.empty() ? play->url : play->digits);
  if (const auto* const play = std::get_if<twiml::Play>(&prompt)) leg.sound_tones(play->digits);
}

int loops_of(const twiml::Prompt& prompt) {
  int loops = 1;
  if (const auto* const say = std::get_if<twiml::Say>(&prompt)) loops = say->loop;
  if (const auto* const play = std::get_if<twiml::Play>(&prompt)) loops = play->loop;
  return loops <= 0 ? k_most_loops : std::min(loops, k_most_loops);
}

Hook hook_of(const Document& document, const std::string& link, twiml::Method method) {
  Hook hook;
  if (!link.empty()) hook.url = resolve_url(document.url, link);
  hook.method = method == twiml::Method::get ? "GET" : "POST";
  return hook;
}

Flow after(const Scene& scene, std::string_view kind, const std::string& action, twiml::Method method,
           Parameters parameters) {
  Flow flow;
  if (action.empty()) return flow;
  flow.kind = Flow::Kind::turn;
  flow.page.kind = kind;
  flow.page.hook = hook_of(scene.document, action, method);
  flow.page.parameters = std::move(parameters);
  if (!has_scheme(flow.page.hook.url))
    scene.leg.core.problem(scene.leg.sid(), k_relative_link,
                           "a relative URL in TwiML that came from none: " + action);
  return flow;
}

void tell_action(const Scene& scene, std::string_view kind, const std::string& action, twiml::Method method,
                 Parameters parameters) {
  if (!action.empty()) scene.leg.tell(after(scene, kind, action, method, std::move(parameters)).page);
}

std::vector<std::string> names_of(const twiml::Set<twiml::CallEvent>& set) {
  return chosen(set, std::array{"initiated", "ringing", "answered", "completed"});
}

std::vector<std::string> names_of(const twiml::Set<twiml::RecordingEvent>& set) {
  return chosen(set, std::array{"in-progress", "completed", "absent"});
}

std::vector<std::string> names_of(const twiml::Set<twiml::ConferenceEvent>& set) {
  return chosen(
      set, std::array{"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"});
}

std::string name_of(twiml::RecordingTrack track) {
  if (track == twiml::RecordingTrack::inbound) return "inbound";
  return track == twiml::RecordingTrack::outbound ? "outbound" : "both";
}

std::string name_of(twiml::Beep beep) {
  return std::array{"true", "false", "onEnter", "onExit"}.at(static_cast<std::size_t>(beep));
}

Task<Flow> run_verb(const Scene& scene, const twiml::Say& say) { return run_prompt(scene, say); }
Task<Flow> run_verb(const Scene& scene, const twiml::Play& play) { return run_prompt(scene, play); }
Task<Flow> run_verb(const Scene& scene, const twiml::Pause& pause) { return run_prompt(scene, pause); }

Task<Flow> run_verb(const Scene&, const twiml::Leave&) {
  Flow flow;
  flow.kind = Flow::Kind::leave;
  co_return flow;
}

Task<Flow> run_verb(const Scene&, const twiml::Hangup&) {
  Flow flow;
  flow.kind = Flow::Kind::hang_up;
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Redirect& redirect) {
  auto flow = after(scene, "redirect", redirect.url, redirect.method, {});
  flow.kind = Flow::Kind::turn;
  flow.page.by_redirect = true;
  // Nothing at all: the same document once more.
  if (redirect.url.empty())
    flow.page.hook = {scene.document.url, redirect.method == twiml::Method::get ? "GET" : "POST"};
  if (scene.place == Place::whisper) flow.page.kind = "whisper";
  if (scene.place == Place::queue_wait) flow.page.kind = "queue-wait";
  if (scene.place == Place::conference_wait) flow.page.kind = "conference-wait";
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Reject& reject) {
  Flow flow;
  flow.kind = Flow::Kind::hang_up;
  if (!scene.leg.is_up()) scene.leg.end(reject.reason == twiml::RejectReason::busy ? "busy" : "no-answer");
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Message& message) {
  scene.leg.core.messages.send_from_call(scene.leg.call, message, scene.document.url);
  Flow flow;
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Start& start) {
  auto& core = scene.leg.core;
  const auto& sid = scene.leg.sid();
  scene.leg.pick_up();
  if (const auto* const stream = std::get_if<twiml::Stream>(&start.what)) {
    auto absolute = *stream;
    absolute.status_callback = hook_of(scene.document, stream->status_callback, twiml::Method::post).url;
    core.sides.start(sid, absolute);
  }
  if (const auto* const transcription = std::get_if<twiml::Transcription>(&start.what)) {
    auto absolute = *transcription;
    absolute.status_callback_url =
        hook_of(scene.document, transcription->status_callback_url, twiml::Method::post).url;
    core.sides.start(sid, absolute);
  }
  if (const auto* const recording = std::get_if<twiml::Recording>(&start.what)) {
    RecordingSetup setup;
    setup.call_sid = sid;
    setup.source = "StartCallRecordingAPI";
    setup.track = name_of(recording->track);
    setup.channels = 2;
    setup.callback = hook_of(scene.document, recording->recording_status_callback,
                             recording->recording_status_callback_method);
    setup.events = names_of(recording->recording_status_callback_event);
    core.recordings.start(setup);
  }
  Flow flow;
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Stop& stop) {
  auto& core = scene.leg.core;
  const auto& sid = scene.leg.sid();
  if (const auto* const stream = std::get_if<twiml::Stream>(&stop.what))
    core.sides.stop_streams(sid, stream->name);
  else if (const auto* const transcription = std::get_if<twiml::Transcription>(&stop.what))
    core.sides.stop_transcriptions(sid, transcription->name);
  else
    core.recordings.call_ended(sid);
  Flow flow;
  co_return flow;
}

Task<Flow> run_verb(const Scene& scene, const twiml::Connect& connect) {
  scene.leg.pick_up();
  auto absolute = connect.stream;
  absolute.status_callback = hook_of(scene.document, connect.stream.status_callback, twiml::Method::post).url;
  scene.leg.core.sides.start(scene.leg.sid(), absolute);
  // Nobody is at the other end of the socket, so nobody closes it.
  while (!scene.leg.stopping()) co_await scene.leg.next();
  Flow flow;
  co_return flow;
}

}  // namespace ringctl::sim
