// Who is in a conference. Only those who are: whoever has left is in no list.

#include <fmt/format.h>

#include <algorithm>

#include "base/sid.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_recording_events = "in-progress|completed|absent";
constexpr auto k_list =
    keys::paged({keys::boolean("Muted"), keys::boolean("Hold"), keys::boolean("Coaching")});
constexpr std::array k_update = {keys::boolean("Muted"),      keys::boolean("Hold"),
                                 keys::url("HoldUrl"),        keys::method("HoldMethod"),
                                 keys::url("AnnounceUrl"),    keys::method("AnnounceMethod"),
                                 keys::url("WaitUrl"),        keys::method("WaitMethod"),
                                 keys::boolean("BeepOnExit"), keys::boolean("EndConferenceOnExit"),
                                 keys::boolean("Coaching"),   keys::sid("CallSidToCoach", "CA")};
constexpr std::array k_create = {
    keys::needed(keys::text("From"), 21213),
    keys::needed(keys::text("To"), 21201),
    keys::url("StatusCallback"),
    keys::method("StatusCallbackMethod"),
    keys::many(keys::choice("StatusCallbackEvent", "initiated|ringing|answered|completed")),
    keys::text("Label", 128),
    keys::whole("Timeout", 1, 600),
    keys::boolean("Record"),
    keys::boolean("Muted"),
    keys::choice("Beep", "true|false|onEnter|onExit"),
    keys::boolean("StartConferenceOnEnter"),
    keys::boolean("EndConferenceOnExit"),
    keys::url("WaitUrl"),
    keys::method("WaitMethod"),
    keys::boolean("EarlyMedia"),
    keys::whole("MaxParticipants", 1, 250),
    keys::choice("ConferenceRecord", "true|false|record-from-start|do-not-record"),
    keys::choice("ConferenceTrim", "trim-silence|do-not-trim"),
    keys::url("ConferenceStatusCallback"),
    keys::method("ConferenceStatusCallbackMethod"),
    keys::many(keys::text("ConferenceStatusCallbackEvent")),
    keys::choice("RecordingChannels", "mono|dual"),
    keys::url("RecordingStatusCallback"),
    keys::method("RecordingStatusCallbackMethod"),
    keys::text("SipAuthUsername"),
    keys::text("SipAuthPassword"),
    keys::text("Region"),
    keys::url("ConferenceRecordingStatusCallback"),
    keys::method("ConferenceRecordingStatusCallbackMethod"),
    keys::many(keys::choice("RecordingStatusCallbackEvent", k_recording_events)),
    keys::many(keys::choice("ConferenceRecordingStatusCallbackEvent", k_recording_events)),
    keys::boolean("Coaching"),
    keys::sid("CallSidToCoach", "CA"),
    keys::choice("JitterBufferSize", "large|medium|small|off"),
    keys::sid("Byoc", "BY"),
    keys::text("CallerId"),
    keys::text("CallReason", 50),
    keys::choice("RecordingTrack", "inbound|outbound|both"),
    keys::whole("TimeLimit", 1, 86400),
    keys::choice("MachineDetection", "Enable|DetectMessageEnd"),
    keys::whole("MachineDetectionTimeout", 3, 59),
    keys::whole("MachineDetectionSpeechThreshold", 1000, 6000),
    keys::whole("MachineDetectionSpeechEndThreshold", 500, 5000),
    keys::whole("MachineDetectionSilenceTimeout", 2000, 10000),
    keys::url("AmdStatusCallback"),
    keys::method("AmdStatusCallbackMethod"),
    keys::choice("Trim", "trim-silence|do-not-trim"),
    keys::text("CallToken"),
    keys::url("ClientNotificationUrl"),
    keys::text("CallerDisplayName")};

struct Shown {
  const Participant& participant;
  std::string conference_sid;
  std::string name;  ///< what its path calls the conference
  std::string_view status = "connected";
  Instant updated_at = {};
};

void write(const Desk& desk, JsonText& json, const Shown& one) {
  const auto& participant = one.participant;
  json.text("account_sid", desk.account.sid);
  json.text("call_sid", participant.call_sid);
  json.text_or_null("label", participant.label);
  json.text_or_null("call_sid_to_coach", participant.call_sid_to_coach);
  json.boolean("coaching", participant.coaching);
  json.text_or_null("conference_sid", one.conference_sid);
  write_dates(json, participant.joined_at, one.updated_at);
  json.boolean("end_conference_on_exit", participant.end_conference_on_exit);
  json.boolean("muted", participant.muted);
  json.boolean("hold", participant.hold);
  json.boolean("start_conference_on_enter", participant.start_conference_on_enter);
  json.text("status", one.status);
  json.text("queue_time", "0");
  json.text("uri", uri_of(desk, fmt::format("/Conferences/{}/Participants/{}.json", one.name,
                                            participant.call_sid)));
}

Shown of(const Conference& conference, const Participant& participant) {
  return {participant, conference.sid, conference.sid, "connected",
          std::max(participant.joined_at, conference.updated_at)};
}

/// By SID, or by name while it lives.
Conference* find_conference(Desk& desk, const std::string& name) {
  if (auto* const conference = desk.account.conferences.find(name)) return conference;
  return desk.account.conferences.first([&](const Conference& conference) {
    return conference.friendly_name == name && conference.status != "completed";
  });
}

/// By call SID or label.
const Participant* find_participant(const Conference& conference, const std::string& name) {
  const auto& all = conference.participants;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Participant& participant) {
    return participant.call_sid == name || (!name.empty() && participant.label == name);
  });
  return found == all.end() ? nullptr : &*found;
}

// --- operations ---

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto* const conference = find_conference(desk, ask.id());
  if (conference == nullptr) return not_found(ask.path);
  const auto& fields = ask.fields;
  const auto fits = [&](std::string_view name, bool is) {
    return fields.text(name).empty() || fields.flag(name) == is;
  };
  std::vector<const Participant*> wanted;
  for (const auto& one : conference->participants)
    if (fits("Muted", one.muted) && fits("Hold", one.hold) && fits("Coaching", one.coaching))
      wanted.push_back(&one);
  return page_of_list(ask, "participants", wanted, [&](JsonText& json, const Participant* one) {
    write(desk, json, of(*conference, *one));
  });
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const conference = find_conference(desk, ask.ids[0]);
  const auto* const one = conference == nullptr ? nullptr : find_participant(*conference, ask.ids[1]);
  return one == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, of(*conference, *one)));
}

std::optional<bool> given(const Fields& fields, std::string_view name) {
  if (fields.text(name).empty()) return std::nullopt;
  return fields.flag(name);
}

RestAnswer update(Desk& desk, const Ask& ask) {
  const auto* const conference = find_conference(desk, ask.ids[0]);
  const auto* one = conference == nullptr ? nullptr : find_participant(*conference, ask.ids[1]);
  if (one == nullptr) return not_found(ask.path);
  const auto& fields = ask.fields;
  ParticipantChange change;
  change.muted = given(fields, "Muted");
  change.hold = given(fields, "Hold");
  change.coaching = given(fields, "Coaching");
  change.end_conference_on_exit = given(fields, "EndConferenceOnExit");
  if (fields.has("CallSidToCoach")) change.call_sid_to_coach = fields.text("CallSidToCoach");
  change.announce = fields.hook("AnnounceUrl", "AnnounceMethod");
  change.hold_hook = fields.hook("HoldUrl", "HoldMethod", "GET");
  const auto before = *one;
  std::optional<Refusal> refusal;
  desk.network.change_participant(conference->sid, before.call_sid, change, refusal);
  if (refusal) return refuse(*refusal);
  one = find_participant(*conference, before.call_sid);
  return answer_ok(shown(desk, &write, of(*conference, one == nullptr ? before : *one)));
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  const auto* const conference = find_conference(desk, ask.ids[0]);
  const auto* const one = conference == nullptr ? nullptr : find_participant(*conference, ask.ids[1]);
  if (one == nullptr) return not_found(ask.path);
  const auto call_sid = one->call_sid;
  std::optional<Refusal> refusal;
  desk.network.remove_participant(conference->sid, call_sid, refusal);
  return refusal ? refuse(*refusal) : answer_gone();
}

NewParticipant new_participant(const Fields& fields) {
  NewParticipant wanted;
  wanted.call = placed_call(fields);
  wanted.as.label = fields.text("Label");
  wanted.as.muted = fields.flag("Muted");
  wanted.as.coaching = fields.flag("Coaching");
  wanted.as.call_sid_to_coach = fields.text("CallSidToCoach");
  wanted.as.start_conference_on_enter = fields.flag("StartConferenceOnEnter", true);
  wanted.as.end_conference_on_exit = fields.flag("EndConferenceOnExit");
  if (fields.has("WaitUrl")) wanted.wait_url = fields.text("WaitUrl");
  if (const auto beep = fields.text("Beep"); !beep.empty()) wanted.beep = beep;
  const auto record = fields.text("ConferenceRecord");
  wanted.record_conference = record == "true" || record == "record-from-start";
  wanted.conference_status_callback =
      fields.hook("ConferenceStatusCallback", "ConferenceStatusCallbackMethod");
  // One value holds them all, separated by spaces, or each stands by itself.
  wanted.conference_events = fields.all("ConferenceStatusCallbackEvent");
  return wanted;
}

/// A conference's SID that is none of ours, or one that is over, is not a name to make a new one of.
bool can_join(Desk& desk, const std::string& name) {
  if (!base::is_sid(name, "CF")) return true;
  const auto* const conference = desk.account.conferences.find(name);
  return conference != nullptr && conference->status != "completed";
}

RestAnswer create(Desk& desk, const Ask& ask) {
  if (!can_join(desk, ask.id())) return not_found(ask.path);
  auto wanted = new_participant(ask.fields);
  if (auto wrong = wrong_address(desk, wanted.call.to, wanted.call.from)) return *wrong;
  const auto* const there = find_conference(desk, ask.id());
  if (there != nullptr && !wanted.as.label.empty() && find_participant(*there, wanted.as.label) != nullptr)
    return refuse(400, 16025, fmt::format("A participant labelled {} is in the conference", wanted.as.label));
  std::optional<Refusal> refusal;
  wanted.as.call_sid = desk.network.add_participant(ask.id(), wanted, refusal);
  if (refusal) return refuse(*refusal);
  wanted.as.joined_at = desk.now();
  // The conference may come into being only when the call is answered.
  const auto* const conference = find_conference(desk, ask.id());
  const Shown queued{wanted.as, conference == nullptr ? std::string() : conference->sid,
                     conference == nullptr ? ask.id() : conference->sid, "queued", desk.now()};
  return answer_created(shown(desk, &write, queued));
}

}  // namespace

std::span<const Route> participant_routes() {
  static constexpr Route k_routes[] = {
      {"Conferences/{*}/Participants", {list, k_list}, {create, k_create}},
      {"Conferences/{*}/Participants/{*}", {fetch}, {update, k_update}, {remove}}};
  return k_routes;
}

}  // namespace ringctl::sim
