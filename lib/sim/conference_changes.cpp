// What is changed in a conference from outside, and who is told of what happens in it.

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "sim/conferences.hpp"
#include "sim/core.hpp"
#include "sim/rest_json.hpp"
#include "sim/twiml_summary.hpp"
#include "sim/verbs.hpp"
#include "twiml/read.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_not_in_schema = 12200;

std::string yes_no(bool value) { return value ? "true" : "false"; }

std::optional<twiml::Prompt> prompt_of(const twiml::Verb& verb) {
  std::optional<twiml::Prompt> prompt;
  if (const auto* const say = std::get_if<twiml::Say>(&verb)) prompt = *say;
  if (const auto* const sound = std::get_if<twiml::Play>(&verb)) prompt = *sound;
  if (const auto* const pause = std::get_if<twiml::Pause>(&verb)) prompt = *pause;
  return prompt;
}

}  // namespace

void Conferences::tell(const Conference& conference, const std::string& event, const std::string& name,
                       Parameters more) {
  const auto room = rooms_.find(conference.sid);
  if (room == rooms_.end()) return;
  const auto& events = room->second.events;
  if (std::find(events.begin(), events.end(), event) == events.end()) return;
  Parameters parameters{
      {"ConferenceSid", conference.sid},   {"FriendlyName", conference.friendly_name},
      {"AccountSid", core_.account.sid},   {"SequenceNumber", std::to_string(++room->second.sequence)},
      {"Timestamp", rfc2822(core_.now())}, {"StatusCallbackEvent", name}};
  for (auto& parameter : more) parameters.push_back(std::move(parameter));
  core_.tell("conference", {}, room->second.callback, std::move(parameters));
}

void Conferences::tell_of(const Conference& conference, const Participant& one, const std::string& event,
                          const std::string& name, Parameters more) {
  Parameters parameters{{"CallSid", one.call_sid},
                        {"Muted", yes_no(one.muted)},
                        {"Hold", yes_no(one.hold)},
                        {"Coaching", yes_no(one.coaching)},
                        {"EndConferenceOnExit", yes_no(one.end_conference_on_exit)},
                        {"StartConferenceOnEnter", yes_no(one.start_conference_on_enter)}};
  if (!one.label.empty()) parameters.emplace_back("ParticipantLabel", one.label);
  if (one.coaching) parameters.emplace_back("CallSidToCoach", one.call_sid_to_coach);
  for (auto& parameter : more) parameters.push_back(std::move(parameter));
  tell(conference, event, name, std::move(parameters));
}

void Conferences::change(Conference& conference, Participant& one, const ParticipantChange& change) {
  conference.updated_at = core_.now();
  if (change.muted) change_mute(conference, one, *change.muted);
  if (change.hold) change_hold(conference, one, *change.hold, change.hold_hook);
  if (change.coaching || change.call_sid_to_coach) change_coaching(conference, one, change);
  if (change.end_conference_on_exit && one.end_conference_on_exit != *change.end_conference_on_exit) {
    one.end_conference_on_exit = *change.end_conference_on_exit;
    tell_of(conference, one, "modify", "participant-modify");
  }
  if (!change.announce.url.empty()) play(conference.sid, {one.call_sid}, change.announce, [](bool) {});
}

void Conferences::change_mute(Conference& conference, Participant& one, bool muted) {
  if (one.muted == muted) return;
  one.muted = muted;
  const std::string event = muted ? "mute" : "unmute";
  core_.note(What::conference, one.call_sid, event + "d in " + conference.friendly_name,
             {{"conference", conference.friendly_name}, {"event", event}});
  tell_of(conference, one, "mute", "participant-" + event);
}

void Conferences::change_hold(Conference& conference, Participant& one, bool hold, const Hook& hook) {
  if (one.hold == hold) return;
  one.hold = hold;
  const std::string event = hold ? "hold" : "unhold";
  core_.note(What::conference, one.call_sid,
             hold ? "held in " + conference.friendly_name : "back in " + conference.friendly_name,
             {{"conference", conference.friendly_name}, {"event", event}});
  tell_of(conference, one, "hold", "participant-" + event);
  if (hold && !hook.url.empty()) play(conference.sid, {one.call_sid}, hook, [](bool) {});
}

void Conferences::change_coaching(Conference& conference, Participant& one, const ParticipantChange& change) {
  if (change.coaching) one.coaching = *change.coaching;
  if (change.call_sid_to_coach) one.call_sid_to_coach = *change.call_sid_to_coach;
  if (!one.coaching) one.call_sid_to_coach.clear();
  core_.note(What::conference, one.call_sid,
             one.coaching ? "speaks to " + one.call_sid_to_coach + " alone"
                          : "is heard by all in " + conference.friendly_name,
             {{"conference", conference.friendly_name}, {"event", one.coaching ? "coach" : "uncoach"}});
  tell_of(conference, one, "modify", "participant-modify");
}

void Conferences::announce(Conference& conference, const Hook& hook) {
  std::vector<std::string> all;
  for (const auto& one : conference.participants) all.push_back(one.call_sid);
  play(conference.sid, std::move(all), hook, [this, sid = conference.sid](bool played) {
    const auto* const then = core_.account.conferences.find(sid);
    if (then != nullptr) tell(*then, "announcement", played ? "announcement-end" : "announcement-fail");
  });
}

/// What a URL answers is heard by these calls, one sound after the other, whatever else they hear.
void Conferences::play(const std::string& conference_sid, std::vector<std::string> call_sids,
                       const Hook& hook, std::function<void(bool)> done) {
  WebRequest request;
  request.kind = "announce";
  request.call_sid = call_sids.empty() ? std::string() : call_sids.front();
  request.url = hook.url;
  request.method = hook.method;
  request.parameters = {{"AccountSid", core_.account.sid}, {"ConferenceSid", conference_sid}};
  core_.ask(std::move(request),
            [this, calls = std::move(call_sids), done = std::move(done)](const WebAnswer& answer) {
              const auto first = calls.empty() ? std::string() : calls.front();
              twiml::Problem problem;
              const auto response = answer.error == 0 ? twiml::try_read(answer.body, problem) : std::nullopt;
              if (!response) {
                core_.problem(first, answer.error == 0 ? code_of(problem) : answer.error,
                              answer.error == 0 ? text_of(problem) : answer.problem);
                return done(false);
              }
              auto at = milliseconds(0);
              for (const auto& verb : response->verbs) {
                const auto prompt = prompt_of(verb);
                if (!prompt) {
                  core_.problem(first, k_not_in_schema, "an announcement can only Say, Play and Pause");
                  continue;
                }
                for (const auto& sid : calls)
                  core_.later(at, [this, sid, prompt] {
                    if (auto* const leg = core_.find_leg(sid)) hear(*leg, *prompt);
                  });
                at += time_of(*prompt);
              }
              core_.later(at, [done] { done(true); });
            });
}

}  // namespace ringctl::sim
