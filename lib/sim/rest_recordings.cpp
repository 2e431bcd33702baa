// Recordings of the account, of one call and of one conference, and their media.

#include <fmt/format.h>

#include "sim/media.hpp"
#include "sim/rest_dates.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_deleted = "deleted";

constexpr auto k_list = keys::paged({keys::date("DateCreated"), keys::date("DateCreated<"),
                                     keys::date("DateCreated>"), keys::sid("CallSid", "CA"),
                                     keys::sid("ConferenceSid", "CF"), keys::boolean("IncludeSoftDeleted")});
constexpr auto k_list_part =
    keys::paged({keys::date("DateCreated"), keys::date("DateCreated<"), keys::date("DateCreated>")});
constexpr std::array k_fetch = {keys::boolean("IncludeSoftDeleted")};
constexpr std::array k_media = {keys::boolean("Download"), keys::whole("RequestedChannels", 1, 2)};
constexpr std::array k_start = {
    keys::many(keys::choice("RecordingStatusCallbackEvent", "in-progress|completed|absent")),
    keys::url("RecordingStatusCallback"),
    keys::method("RecordingStatusCallbackMethod"),
    keys::choice("Trim", "trim-silence|do-not-trim"),
    keys::choice("RecordingChannels", "mono|dual"),
    keys::choice("RecordingTrack", "inbound|outbound|both")};
constexpr std::array k_change = {keys::needed(keys::choice("Status", "in-progress|paused|stopped")),
                                 keys::choice("PauseBehavior", "skip|silence")};

bool is_of(const Recording& recording, std::string_view owner) {
  return recording.call_sid == owner || recording.conference_sid == owner;
}

bool is_over(const Recording& recording) {
  return recording.status != "in-progress" && recording.status != "paused" && recording.status != "stopped";
}

void write_common(const Desk& desk, JsonText& json, const Recording& recording) {
  const auto length = std::chrono::round<seconds>(recording.length).count();
  json.text("sid", recording.sid);
  json.text("account_sid", desk.account.sid);
  json.text("api_version", "2010-04-01");
  json.text_or_null("call_sid", recording.call_sid);
  json.text_or_null("conference_sid", recording.conference_sid);
  write_dates(json, recording.created_at, recording.updated_at);
  json.text("start_time", rfc2822(recording.created_at));
  json.text_or_null("duration", is_over(recording) ? std::to_string(length) : std::string());
  json.null("price");
  json.text("price_unit", "USD");
  json.text("status", recording.status);
  json.number("channels", recording.channels);
  json.text("source", recording.source);
  json.null("error_code");
  json.null("encryption_details");
}

void write_of_call(const Desk& desk, JsonText& json, const Recording& recording) {
  write_common(desk, json, recording);
  json.text("track", recording.track);
  json.text("uri",
            uri_of(desk, fmt::format("/Calls/{}/Recordings/{}.json", recording.call_sid, recording.sid)));
}

void write_of_conference(const Desk& desk, JsonText& json, const Recording& recording) {
  write_common(desk, json, recording);
  json.text("uri", uri_of(desk, fmt::format("/Conferences/{}/Recordings/{}.json", recording.conference_sid,
                                            recording.sid)));
}

// --- of the account ---

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto call = ask.fields.text("CallSid"), conference = ask.fields.text("ConferenceSid");
  const bool with_deleted = ask.fields.flag("IncludeSoftDeleted");
  const TimeFilter created(ask.fields, "DateCreated");
  const auto wanted = [&](const Recording& recording) {
    return (with_deleted || recording.status != k_deleted) && (call.empty() || recording.call_sid == call) &&
           (conference.empty() || recording.conference_sid == conference) &&
           created.holds(recording.created_at);
  };
  return page_of(ask, "recordings", desk.account.recordings, wanted,
                 [&](JsonText& json, const Recording& recording) { write_recording(desk, json, recording); });
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const recording = desk.account.recordings.find(ask.id());
  if (recording == nullptr) return not_found(ask.path);
  if (recording->status == k_deleted && !ask.fields.flag("IncludeSoftDeleted")) return not_found(ask.path);
  return answer_ok(shown(desk, &write_recording, *recording));
}

/// What is known about it stays for a while, its sound does not.
RestAnswer erase(Desk& desk, const Ask& ask, Recording* recording) {
  if (recording == nullptr || recording->status == k_deleted) return not_found(ask.path);
  if (!is_over(*recording)) return refuse(400, 21220, "Recording is in progress and cannot be deleted");
  recording->status = k_deleted;
  recording->updated_at = desk.now();
  return answer_gone();
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  return erase(desk, ask, desk.account.recordings.find(ask.id()));
}

RestAnswer media(Desk& desk, const Ask& ask) {
  const auto* const recording = desk.account.recordings.find(ask.id());
  if (recording == nullptr || recording->status != "completed") return not_found(ask.path);
  const auto channels = static_cast<int>(ask.fields.whole("RequestedChannels", recording->channels));
  if (ask.path.ends_with(".mp3"))
    return {.body = silence_mp3(recording->length, channels), .content_type = "audio/mpeg"};
  return {.body = silence_wav(recording->length, channels), .content_type = "audio/x-wav"};
}

// --- of one call or conference ---

Recording* find_of(Desk& desk, const std::string& owner, const std::string& sid) {
  auto* recording = desk.account.recordings.find(sid);
  if (sid == "Twilio.CURRENT")
    recording = desk.account.recordings.first(
        [&](const Recording& one) { return is_of(one, owner) && !is_over(one) && one.status != "stopped"; });
  return recording == nullptr || !is_of(*recording, owner) || recording->status == k_deleted ? nullptr
                                                                                             : recording;
}

using Writer = void (*)(const Desk&, JsonText&, const Recording&);

RestAnswer list_of(Desk& desk, const Ask& ask, Writer write) {
  const TimeFilter created(ask.fields, "DateCreated");
  return page_of(
      ask, "recordings", desk.account.recordings,
      [&](const Recording& recording) {
        return is_of(recording, ask.id()) && recording.status != k_deleted &&
               created.holds(recording.created_at);
      },
      [&](JsonText& json, const Recording& recording) { write(desk, json, recording); });
}

RestAnswer fetch_of(Desk& desk, const Ask& ask, Writer write) {
  const auto* const recording = find_of(desk, ask.ids[0], ask.ids[1]);
  return recording == nullptr ? not_found(ask.path) : answer_ok(shown(desk, write, *recording));
}

RestAnswer change_of(Desk& desk, const Ask& ask, Writer write) {
  const auto* const recording = find_of(desk, ask.ids[0], ask.ids[1]);
  if (recording == nullptr) return not_found(ask.path);
  std::optional<Refusal> refusal;
  desk.network.change_recording(recording->sid, ask.fields.text("Status"),
                                ask.fields.text("PauseBehavior") == "skip", refusal);
  return refusal ? refuse(*refusal) : answer_ok(shown(desk, write, *recording));
}

RestAnswer list_of_call(Desk& desk, const Ask& ask) {
  if (desk.account.calls.find(ask.id()) == nullptr) return not_found(ask.path);
  return list_of(desk, ask, &write_of_call);
}

RestAnswer start_of_call(Desk& desk, const Ask& ask) {
  if (desk.account.calls.find(ask.id()) == nullptr) return not_found(ask.path);
  NewRecording wanted;
  if (ask.fields.text("RecordingChannels") == "dual") wanted.channels = 2;
  if (const auto track = ask.fields.text("RecordingTrack"); !track.empty()) wanted.track = track;
  wanted.callback = ask.fields.hook("RecordingStatusCallback", "RecordingStatusCallbackMethod");
  if (auto events = ask.fields.all("RecordingStatusCallbackEvent"); !events.empty())
    wanted.events = std::move(events);
  std::optional<Refusal> refusal;
  const auto sid = desk.network.start_recording(ask.id(), wanted, refusal);
  if (refusal) return refuse(*refusal);
  const auto* const recording = desk.account.recordings.find(sid);
  if (recording == nullptr) return refuse(500, 20500, "The network has lost the recording it started");
  return answer_created(shown(desk, &write_of_call, *recording));
}

RestAnswer fetch_of_call(Desk& desk, const Ask& ask) { return fetch_of(desk, ask, &write_of_call); }
RestAnswer change_of_call(Desk& desk, const Ask& ask) { return change_of(desk, ask, &write_of_call); }
RestAnswer remove_of(Desk& desk, const Ask& ask) {
  return erase(desk, ask, find_of(desk, ask.ids[0], ask.ids[1]));
}

RestAnswer list_of_conference(Desk& desk, const Ask& ask) {
  if (desk.account.conferences.find(ask.id()) == nullptr) return not_found(ask.path);
  return list_of(desk, ask, &write_of_conference);
}
RestAnswer fetch_of_conference(Desk& desk, const Ask& ask) {
  return fetch_of(desk, ask, &write_of_conference);
}
RestAnswer change_of_conference(Desk& desk, const Ask& ask) {
  return change_of(desk, ask, &write_of_conference);
}

}  // namespace

void write_recording(const Desk& desk, JsonText& json, const Recording& recording) {
  const auto path = uri_of(desk, fmt::format("/Recordings/{}", recording.sid));
  write_common(desk, json, recording);
  json.text("uri", path + ".json");
  json.open("subresource_uris");
  json.text("add_on_results", path + "/AddOnResults.json");
  json.text("transcriptions", path + "/Transcriptions.json");
  json.close();
  json.text("media_url", desk.bases.api + path);
}

std::span<const Route> recording_routes() {
  static constexpr Route k_routes[] = {
      {"Recordings", {list, k_list}},
      {"Recordings/{RE}", {fetch, k_fetch}, {}, {remove}},
      {"Recordings/{RE}", {media, k_media}, {}, {}, Suffix::none},
      {"Recordings/{RE}", {media, k_media}, {}, {}, Suffix::wav},
      {"Recordings/{RE}", {media, k_media}, {}, {}, Suffix::mp3},
      {"Calls/{CA}/Recordings", {list_of_call, k_list_part}, {start_of_call, k_start}},
      {"Calls/{CA}/Recordings/{*}", {fetch_of_call}, {change_of_call, k_change}, {remove_of}},
      {"Conferences/{CF}/Recordings", {list_of_conference, k_list_part}},
      {"Conferences/{CF}/Recordings/{*}",
       {fetch_of_conference},
       {change_of_conference, k_change},
       {remove_of}}};
  return k_routes;
}

}  // namespace ringctl::sim
