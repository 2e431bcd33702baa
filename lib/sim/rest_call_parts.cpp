// What runs beside a call: streams and transcriptions; and its lists that are always empty here.

#include <fmt/format.h>

#include <algorithm>

#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

/// Parameter1.Name, Parameter1.Value ... Parameter99.Value.
struct ParameterNames {
  std::array<std::string, 198> texts;
  ParameterNames() {
    for (std::size_t i = 0; i < texts.size(); ++i)
      texts.at(i) = fmt::format("Parameter{}.{}", i / 2 + 1, i % 2 == 0 ? "Name" : "Value");
  }
};

constexpr std::array k_stream = {keys::needed(keys::url("Url")), keys::text("Name"),
                                 keys::choice("Track", "inbound_track|outbound_track|both_tracks"),
                                 keys::url("StatusCallback"), keys::method("StatusCallbackMethod")};
constexpr std::array k_transcription = {keys::text("Name"),
                                        keys::choice("Track", "inbound_track|outbound_track|both_tracks"),
                                        keys::url("StatusCallbackUrl"),
                                        keys::method("StatusCallbackMethod"),
                                        keys::text("InboundTrackLabel"),
                                        keys::text("OutboundTrackLabel"),
                                        keys::boolean("PartialResults"),
                                        keys::text("LanguageCode"),
                                        keys::text("TranscriptionEngine"),
                                        keys::boolean("ProfanityFilter"),
                                        keys::text("SpeechModel"),
                                        keys::text("Hints"),
                                        keys::boolean("EnableAutomaticPunctuation"),
                                        keys::text("IntelligenceService"),
                                        keys::text("ConversationConfiguration"),
                                        keys::text("ConversationId"),
                                        keys::text("ConfigurationId"),
                                        keys::boolean("EnableProviderData")};
constexpr std::array k_stop = {keys::needed(keys::choice("Status", "stopped"))};
constexpr auto k_notifications = keys::paged({keys::whole("Log", 0, 1), keys::date("MessageDate"),
                                              keys::date("MessageDate<"), keys::date("MessageDate>")});

/// A stream goes to a WebSocket, not to a web server.
std::vector<FormKey> stream_keys() {
  static const ParameterNames names;
  std::vector<FormKey> all(k_stream.begin(), k_stream.end());
  all.front().kind = KeyKind::text;
  for (const auto& name : names.texts) all.push_back(keys::text(name, 500));
  return all;
}

void write(const Desk& desk, JsonText& json, const Side& side, std::string_view part) {
  json.text("sid", side.sid);
  json.text("account_sid", desk.account.sid);
  json.text("call_sid", side.call_sid);
  json.text_or_null("name", side.name);
  json.text("status", side.status);
  json.text("date_updated", rfc2822(side.updated_at));
  json.text("uri", uri_of(desk, fmt::format("/Calls/{}/{}/{}.json", side.call_sid, part, side.sid)));
}

void write_stream(const Desk& desk, JsonText& json, const Side& side) { write(desk, json, side, "Streams"); }
void write_transcription(const Desk& desk, JsonText& json, const Side& side) {
  write(desk, json, side, "Transcriptions");
}

const Call* find_call(Desk& desk, const Ask& ask) {
  const auto* const call = desk.account.calls.find(ask.id());
  return call == nullptr || call->deleted ? nullptr : call;
}

/// One that is up; null with `why` otherwise.
const Call* live_call(Desk& desk, const Ask& ask, std::optional<RestAnswer>& why) {
  const auto* const call = find_call(desk, ask);
  if (call == nullptr)
    why = not_found(ask.path);
  else if (call->status != "in-progress")
    why = refuse(400, 21220, "Call is not in-progress");
  return why ? nullptr : call;
}

twiml::Method method_of(const Hook& hook) {
  return hook.method == "GET" ? twiml::Method::get : twiml::Method::post;
}

twiml::StreamTrack track_of(const Ask& ask, twiml::StreamTrack otherwise) {
  const auto track = ask.fields.text("Track");
  if (track.empty()) return otherwise;
  if (track == "both_tracks") return twiml::StreamTrack::both_tracks;
  return track == "inbound_track" ? twiml::StreamTrack::inbound_track : twiml::StreamTrack::outbound_track;
}

/// What the network has just started, or why it has not.
RestAnswer started(const Desk& desk, const Shelf<Side>& shelf, const std::string& sid,
                   const std::optional<Refusal>& refusal,
                   void (*write_side)(const Desk&, JsonText&, const Side&)) {
  if (refusal) return refuse(*refusal);
  const auto* const side = shelf.find(sid);
  if (side == nullptr) return refuse(500, 20500, "The network has lost what it started");
  return answer_ok(shown(desk, write_side, *side));
}

RestAnswer start_stream(Desk& desk, const Ask& ask) {
  std::optional<RestAnswer> why;
  if (live_call(desk, ask, why) == nullptr) return *why;
  twiml::Stream stream;
  stream.url = ask.fields.text("Url");
  if (!stream.url.starts_with("wss://") || stream.url.find('?') != std::string::npos)
    return refuse(400, 21402, "Url has to begin with wss:// and may have no query");
  const auto callback = ask.fields.hook("StatusCallback", "StatusCallbackMethod");
  stream.name = ask.fields.text("Name");
  stream.track = track_of(ask, stream.track);
  stream.status_callback = callback.url;
  stream.status_callback_method = method_of(callback);
  std::optional<Refusal> refusal;
  const auto sid = desk.network.start_stream(ask.id(), stream, refusal);
  return started(desk, desk.account.streams, sid, refusal, &write_stream);
}

RestAnswer start_transcription(Desk& desk, const Ask& ask) {
  std::optional<RestAnswer> why;
  if (live_call(desk, ask, why) == nullptr) return *why;
  twiml::Transcription transcription;
  const auto callback = ask.fields.hook("StatusCallbackUrl", "StatusCallbackMethod");
  transcription.name = ask.fields.text("Name");
  transcription.track = track_of(ask, transcription.track);
  transcription.language_code = ask.fields.text("LanguageCode");
  transcription.status_callback_url = callback.url;
  transcription.status_callback_method = method_of(callback);
  std::optional<Refusal> refusal;
  const auto sid = desk.network.start_transcription(ask.id(), transcription, refusal);
  return started(desk, desk.account.transcriptions, sid, refusal, &write_transcription);
}

RestAnswer stop(Desk& desk, const Ask& ask, Shelf<Side>& shelf,
                void (*write_side)(const Desk&, JsonText&, const Side&)) {
  const auto* side = std::as_const(shelf).find(ask.ids[1]);
  if (side == nullptr)
    side = shelf.first([&](const Side& one) { return one.call_sid == ask.ids[0] && one.name == ask.ids[1]; });
  if (side == nullptr || side->call_sid != ask.ids[0]) return not_found(ask.path);
  desk.network.stop_side(side->sid);
  return answer_ok(shown(desk, write_side, *side));
}

RestAnswer stop_stream(Desk& desk, const Ask& ask) {
  return stop(desk, ask, desk.account.streams, &write_stream);
}
RestAnswer stop_transcription(Desk& desk, const Ask& ask) {
  return stop(desk, ask, desk.account.transcriptions, &write_transcription);
}

RestAnswer nothing(Desk& desk, const Ask& ask, std::string_view name) {
  if (find_call(desk, ask) == nullptr) return not_found(ask.path);
  return page_of_list(ask, name, std::vector<int>(), [](JsonText&, int) {});
}
RestAnswer events(Desk& desk, const Ask& ask) { return nothing(desk, ask, "events"); }
RestAnswer notifications(Desk& desk, const Ask& ask) { return nothing(desk, ask, "notifications"); }

}  // namespace

std::span<const Route> call_part_routes() {
  static const auto k_stream_keys = stream_keys();
  static const Route k_routes[] = {{"Calls/{CA}/Streams", {}, {start_stream, k_stream_keys}},
                                   {"Calls/{CA}/Streams/{*}", {}, {stop_stream, k_stop}},
                                   {"Calls/{CA}/Transcriptions", {}, {start_transcription, k_transcription}},
                                   {"Calls/{CA}/Transcriptions/{*}", {}, {stop_transcription, k_stop}},
                                   {"Calls/{CA}/Events", {events, keys::k_page}},
                                   {"Calls/{CA}/Notifications", {notifications, k_notifications}}};
  return k_routes;
}

}  // namespace ringctl::sim
