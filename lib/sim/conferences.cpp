// Who is in which conference: coming in, going out, and what is changed from outside.

#include "sim/conferences.hpp"

#include <algorithm>
#include <utility>

#include "sim/core.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_bad_coach = 13240;
constexpr int k_label_taken = 16025;

template <class Participants>
auto position(Participants& participants, const std::string& call_sid) {
  return std::find_if(participants.begin(), participants.end(),
                      [&](const Participant& one) { return one.call_sid == call_sid; });
}

}  // namespace

Conference* Conferences::find(const std::string& sid_or_name) const {
  auto& all = core_.account.conferences;
  if (auto* const by_sid = all.find(sid_or_name)) return by_sid;
  return all.first(
      [&](const Conference& one) { return one.friendly_name == sid_or_name && one.status != "completed"; });
}

Participant* Conferences::find_participant(Conference& conference, const std::string& name) const {
  auto& all = conference.participants;
  const auto at = std::find_if(all.begin(), all.end(), [&](const Participant& one) {
    return one.call_sid == name || (!name.empty() && one.label == name);
  });
  return at == all.end() ? nullptr : &*at;
}

Conference& Conferences::open(const Join& join) {
  auto* const known = find(join.name);
  if (known != nullptr && known->status != "completed") return *known;
  Conference conference;
  conference.sid = core_.sids.next("CF");
  conference.friendly_name = join.name;
  conference.created_at = conference.updated_at = core_.now();
  auto& room = rooms_[conference.sid];
  room.callback = join.callback;
  room.events = join.events;
  room.record = join.record;
  room.recording_callback = join.recording_callback;
  room.recording_events = join.recording_events;
  return core_.account.conferences.add(std::move(conference));
}

bool Conferences::lets_in(const Leg& leg, const Conference* conference, const Join& join) const {
  const bool lives = conference != nullptr && conference->status != "completed";
  const auto has = [&](const auto& wanted) {
    return lives && std::any_of(conference->participants.begin(), conference->participants.end(), wanted);
  };
  if (join.as.coaching && (!has([&](const Participant& one) {
        return one.call_sid == join.as.call_sid_to_coach;
      }) || conference->status != "in-progress")) {
    core_.problem(leg.sid(), k_bad_coach, "nobody to coach: " + join.as.call_sid_to_coach);
    return false;
  }
  if (!join.as.label.empty() && has([&](const Participant& one) { return one.label == join.as.label; })) {
    core_.problem(leg.sid(), k_label_taken, "somebody else has this label: " + join.as.label);
    return false;
  }
  if (!lives || conference->participants.size() < static_cast<std::size_t>(join.max_participants))
    return true;
  core_.note(What::conference, leg.sid(), conference->friendly_name + " is full",
             {{"conference", conference->friendly_name}, {"event", "full"}});
  return false;
}

bool Conferences::join(Leg& leg, const Join& join) {
  if (leg.leaving() || !lets_in(leg, find(join.name), join)) return false;
  auto& conference = open(join);
  auto participant = join.as;
  participant.call_sid = leg.sid();
  participant.joined_at = conference.updated_at = core_.now();
  conference.participants.push_back(participant);
  leg.conference_sid = conference.sid;
  core_.note(What::conference, leg.sid(), "joins " + conference.friendly_name,
             {{"conference", conference.friendly_name}, {"event", "join"}});
  rooms_[conference.sid].beeps[leg.sid()] = join.beep;
  tell_of(conference, participant, "join", "participant-join");
  begin_if_due(conference);
  beep(conference, leg.sid(), "onEnter");
  for (const auto& other : conference.participants)
    if (auto* const hears = core_.find_leg(other.call_sid)) hears->ear().ring();
  return true;
}

void Conferences::begin_if_due(Conference& conference) {
  const auto& all = conference.participants;
  const bool may = std::any_of(all.begin(), all.end(),
                               [](const Participant& one) { return one.start_conference_on_enter; });
  if (conference.status != "init" || all.size() < 2 || !may) return;
  conference.status = "in-progress";
  core_.note(What::conference, {}, conference.friendly_name + " begins",
             {{"conference", conference.friendly_name}, {"event", "start"}});
  tell(conference, "start", "conference-start");
  const auto& room = rooms_[conference.sid];
  if (room.record) {
    RecordingSetup setup;
    setup.conference_sid = conference.sid;
    setup.source = "Conference";
    setup.callback = room.recording_callback;
    setup.events = room.recording_events;
    core_.recordings.start(setup);
  }
  for (const auto& one : all)
    if (auto* const leg = core_.find_leg(one.call_sid)) leg->interrupt();
}

void Conferences::beep(const Conference& conference, const std::string& call_sid, const std::string& when) {
  const auto room = rooms_.find(conference.sid);
  if (room == rooms_.end() || !has_begun(conference.sid)) return;
  const auto wanted = room->second.beeps[call_sid];
  if (wanted != "true" && wanted != when) return;
  for (const auto& one : conference.participants)
    if (auto* const leg = one.hold ? nullptr : core_.find_leg(one.call_sid)) leg->hear("Beep", "beep");
}

void Conferences::leave(Leg& leg, const std::string& reason) {
  auto* const conference = core_.account.conferences.find(leg.conference_sid);
  if (conference == nullptr) {
    leg.conference_sid.clear();
    return;
  }
  put_out(*conference, leg.sid(), reason);
}

void Conferences::put_out(Conference& conference, const std::string& call_sid, const std::string& reason) {
  auto& all = conference.participants;
  const auto at = position(all, call_sid);
  if (at == all.end()) return;
  const auto gone = *at;
  all.erase(at);
  conference.updated_at = core_.now();
  auto* const leg = core_.find_leg(call_sid);
  if (leg != nullptr) {
    leg->conference_sid.clear();
    leg->interrupt();
    leg->ear().ring();
  }
  core_.note(What::conference, call_sid, "leaves " + conference.friendly_name + ": " + reason,
             {{"conference", conference.friendly_name}, {"event", "leave"}, {"why", reason}});
  Parameters more{{"ReasonParticipantLeft", reason}};
  if (leg != nullptr) more.emplace_back("ParticipantCallStatus", leg->call.status);
  tell_of(conference, gone, "leave", "participant-leave", std::move(more));
  const std::string how = reason == "participant_kicked" ? "kicked" : "left";
  if (conference.status == "completed") return;
  if (gone.end_conference_on_exit)
    return end(conference, "participant-with-end-conference-on-exit-" + how, &gone);
  if (all.empty()) return end(conference, "last-participant-" + how, &gone);
  beep(conference, gone.call_sid, "onExit");
  rooms_[conference.sid].beeps.erase(gone.call_sid);
}

void Conferences::end(Conference& conference, const std::string& reason, const Participant* by) {
  if (conference.status == "completed") return;
  conference.status = "completed";
  conference.reason_ended = reason;
  if (by != nullptr) conference.call_sid_ending = by->call_sid;
  conference.updated_at = core_.now();
  while (!conference.participants.empty()) {
    const auto next = conference.participants.front().call_sid;
    put_out(conference, next, "conference_ended");
  }
  core_.note(What::conference, {}, conference.friendly_name + " ends: " + reason,
             {{"conference", conference.friendly_name}, {"event", "end"}, {"why", reason}});
  Parameters more{{"ReasonConferenceEnded", reason}, {"Reason", reason}};
  if (by != nullptr) more.emplace_back("CallSidEndingConference", by->call_sid);
  if (by != nullptr && !by->label.empty()) more.emplace_back("ParticipantLabelEndingConference", by->label);
  tell(conference, "end", "conference-end", std::move(more));
  core_.recordings.conference_ended(conference.sid);
  rooms_.erase(conference.sid);
}

bool Conferences::has_begun(const std::string& conference_sid) const {
  const auto* const conference = core_.account.conferences.find(conference_sid);
  return conference != nullptr && conference->status == "in-progress";
}

bool Conferences::has_company(const std::string& conference_sid) const {
  return has_begun(conference_sid) && core_.account.conferences.find(conference_sid)->participants.size() > 1;
}

std::vector<std::string> Conferences::hearers_of(const std::string& conference_sid,
                                                 const std::string& call_sid) const {
  std::vector<std::string> hearers;
  if (!has_begun(conference_sid)) return hearers;
  auto& all = core_.account.conferences.find(conference_sid)->participants;
  const auto speaker = position(all, call_sid);
  if (speaker == all.end() || speaker->muted || speaker->hold) return hearers;
  for (const auto& other : all) {
    const bool meant = !speaker->coaching || other.call_sid == speaker->call_sid_to_coach;
    if (other.call_sid != call_sid && !other.hold && meant) hearers.push_back(other.call_sid);
  }
  return hearers;
}

void Conferences::kick(Conference& conference, const std::string& call_sid) {
  put_out(conference, call_sid, "participant_kicked");
}

}  // namespace ringctl::sim
