// Calls: placing, changing, looking up.

#include <fmt/format.h>

#include "sim/rest_dates.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_statuses = "queued|ringing|in-progress|completed|busy|failed|no-answer|canceled";

constexpr std::array k_create = {
    keys::needed(keys::text("To"), 21201),
    keys::needed(keys::text("From"), 21213),
    keys::method("Method"),
    keys::url("FallbackUrl"),
    keys::method("FallbackMethod"),
    keys::wrong(keys::url("StatusCallback"), 21609),
    keys::many(keys::choice("StatusCallbackEvent", "initiated|ringing|answered|completed")),
    keys::method("StatusCallbackMethod"),
    keys::wrong(keys::text("SendDigits", 32), 21206),
    keys::wrong(keys::whole("Timeout", 1, 600), 21208),
    keys::boolean("Record"),
    keys::choice("RecordingChannels", "mono|dual"),
    keys::url("RecordingStatusCallback"),
    keys::method("RecordingStatusCallbackMethod"),
    keys::text("SipAuthUsername"),
    keys::text("SipAuthPassword"),
    keys::choice("MachineDetection", "Enable|DetectMessageEnd"),
    keys::whole("MachineDetectionTimeout", 3, 59),
    keys::many(keys::choice("RecordingStatusCallbackEvent", "in-progress|completed|absent")),
    keys::choice("Trim", "trim-silence|do-not-trim"),
    keys::text("CallerId"),
    keys::whole("MachineDetectionSpeechThreshold", 1000, 6000),
    keys::whole("MachineDetectionSpeechEndThreshold", 500, 5000),
    keys::whole("MachineDetectionSilenceTimeout", 2000, 10000),
    keys::boolean("AsyncAmd"),
    keys::url("AsyncAmdStatusCallback"),
    keys::method("AsyncAmdStatusCallbackMethod"),
    keys::sid("Byoc", "BY"),
    keys::text("CallReason", 50),
    keys::text("CallToken"),
    keys::choice("RecordingTrack", "inbound|outbound|both"),
    keys::whole("TimeLimit", 1, 86400),
    keys::url("ClientNotificationUrl"),
    keys::wrong(keys::url("Url"), 21205),
    keys::wrong(keys::text("Twiml", 4000), 32018),
    keys::wrong(keys::sid("ApplicationSid", "AP"), 21218)};
constexpr std::array k_update = {keys::wrong(keys::url("Url"), 21205),
                                 keys::method("Method"),
                                 keys::choice("Status", "canceled|completed"),
                                 keys::url("FallbackUrl"),
                                 keys::method("FallbackMethod"),
                                 keys::wrong(keys::url("StatusCallback"), 21609),
                                 keys::method("StatusCallbackMethod"),
                                 keys::wrong(keys::text("Twiml", 4000), 32018),
                                 keys::whole("TimeLimit", 1, 86400)};
constexpr auto k_list = keys::paged({keys::text("To"), keys::text("From"), keys::sid("ParentCallSid", "CA"),
                                     keys::choice("Status", k_statuses), keys::date("StartTime"),
                                     keys::date("StartTime<"), keys::date("StartTime>"),
                                     keys::date("EndTime"), keys::date("EndTime<"), keys::date("EndTime>")});

/// REST has no word of its own for what status callbacks call initiated.
std::string_view shown_status(const Call& call) {
  return call.status == "initiated" ? std::string_view("queued") : std::string_view(call.status);
}

std::optional<Instant> start_of(const Call& call) {
  if (call.answered_at || !call.is_over()) return call.answered_at;
  return call.created_at;
}

void write_parts(const Desk& desk, JsonText& json, const std::string& sid) {
  static constexpr std::pair<std::string_view, std::string_view> k_parts[] = {
      {"notifications", "Notifications"},
      {"recordings", "Recordings"},
      {"payments", "Payments"},
      {"events", "Events"},
      {"siprec", "Siprec"},
      {"streams", "Streams"},
      {"transcriptions", "Transcriptions"},
      {"user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"},
      {"user_defined_messages", "UserDefinedMessages"}};
  json.open("subresource_uris");
  for (const auto& [name, part] : k_parts)
    json.text(name, fmt::format("{}/Calls/{}/{}.json", desk.path, sid, part));
  json.close();
}

RestAnswer show(const Desk& desk, const Call& call) { return answer_ok(shown(desk, &write_call, call)); }

Call* find(Desk& desk, const std::string& sid) {
  auto* const call = desk.account.calls.find(sid);
  return call == nullptr || call->deleted ? nullptr : call;
}

// --- placing ---

std::optional<RestAnswer> wrong_source(Desk& desk, const Fields& fields) {
  const auto url = fields.text("Url"), twiml = fields.text("Twiml"), app = fields.text("ApplicationSid");
  if (!url.empty() && !twiml.empty()) return refuse(400, 20422, "Url and Twiml cannot both be given");
  if (url.empty() && twiml.empty() && app.empty()) return refuse(400, 21205, "Url parameter is required.");
  if (!app.empty() && desk.account.applications.find(app) == nullptr)
    return refuse(400, 21218, fmt::format("Invalid ApplicationSid: {}", app));
  return std::nullopt;
}

RestAnswer create(Desk& desk, const Ask& ask) {
  auto placed = placed_call(ask.fields);
  if (auto wrong = wrong_address(desk, placed.to, placed.from)) return *wrong;
  if (auto wrong = wrong_source(desk, ask.fields)) return *wrong;
  std::optional<Refusal> refusal;
  const auto sid = desk.network.place_call(placed, refusal);
  if (refusal) return refuse(*refusal);
  const auto* const call = desk.account.calls.find(sid);
  if (call == nullptr) return refuse(500, 20500, "The network has lost the call it placed");
  return answer_created(shown(desk, &write_call, *call));
}

// --- the rest ---

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto to = ask.fields.text("To"), from = ask.fields.text("From"),
             parent = ask.fields.text("ParentCallSid"), status = ask.fields.text("Status");
  const TimeFilter start(ask.fields, "StartTime"), end(ask.fields, "EndTime");
  const auto wanted = [&](const Call& call) {
    return !call.deleted && (to.empty() || call.to == to) && (from.empty() || call.from == from) &&
           (parent.empty() || call.parent_sid == parent) &&
           (status.empty() || shown_status(call) == status) && start.holds(start_of(call)) &&
           end.holds(call.ended_at);
  };
  return page_of(ask, "calls", desk.account.calls, wanted,
                 [&](JsonText& json, const Call& call) { write_call(desk, json, call); });
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const call = find(desk, ask.id());
  return call == nullptr ? not_found(ask.path) : show(desk, *call);
}

RestAnswer update(Desk& desk, const Ask& ask) {
  const auto* const call = find(desk, ask.id());
  if (call == nullptr) return not_found(ask.path);
  const auto& fields = ask.fields;
  CallChange change;
  change.status = fields.text("Status");
  if (!fields.text("Url").empty()) change.url = fields.hook("Url", "Method");
  if (!fields.text("Twiml").empty()) change.twiml = fields.text("Twiml");
  if (change.url && change.twiml) return refuse(400, 20422, "Url and Twiml cannot both be given");
  if (fields.has("FallbackUrl")) change.fallback = fields.hook("FallbackUrl", "FallbackMethod");
  if (fields.has("StatusCallback"))
    change.status_callback = fields.hook("StatusCallback", "StatusCallbackMethod");
  std::optional<Refusal> refusal;
  desk.network.change_call(call->sid, change, refusal);
  return refusal ? refuse(*refusal) : show(desk, *call);
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  auto* const call = find(desk, ask.id());
  if (call == nullptr) return not_found(ask.path);
  if (!call->is_over()) return refuse(400, 21220, "Call is in progress and cannot be deleted");
  call->deleted = true;
  return answer_gone();
}

}  // namespace

std::optional<RestAnswer> wrong_address(const Desk& desk, const std::string& to, const std::string& from) {
  constexpr std::string_view k_magic_good = "+15005550006";
  if (!is_endpoint(to))
    return refuse(400, 21211,
                  fmt::format("The phone number you are attempting to call, {}, is not valid.", to));
  if (!is_e164(from)) {
    if (is_endpoint(from)) return std::nullopt;
    return refuse(400, 21212, fmt::format("The source phone number provided, {}, is not valid.", from));
  }
  const bool is_verified = desk.account.caller_ids.find_by_phone(from) != nullptr;
  if (is_verified || from == k_magic_good || desk.account.has_number(from)) return std::nullopt;
  return refuse(
      400, 21210,
      fmt::format("The source phone number provided, {}, is not yet verified for your account.", from));
}

PlacedCall placed_call(const Fields& fields) {
  PlacedCall placed;
  placed.to = fields.text("To");
  placed.from = fields.text("From");
  if (const auto id = fields.text("CallerId"); !id.empty()) placed.from = id;
  placed.application_sid = fields.text("ApplicationSid");
  if (placed.application_sid.empty())
    placed.url = fields.hook("Url", "Method"), placed.twiml = fields.text("Twiml");
  placed.fallback = fields.hook("FallbackUrl", "FallbackMethod");
  placed.status_callback = fields.hook("StatusCallback", "StatusCallbackMethod");
  if (auto events = fields.all("StatusCallbackEvent"); !events.empty())
    placed.status_events = std::move(events);
  placed.timeout = seconds(fields.whole("Timeout", placed.timeout.count()));
  placed.time_limit = seconds(fields.whole("TimeLimit", placed.time_limit.count()));
  placed.send_digits = fields.text("SendDigits");
  placed.record = fields.flag("Record");
  if (fields.text("RecordingChannels") == "dual") placed.recording_channels = 2;
  if (const auto track = fields.text("RecordingTrack"); !track.empty()) placed.recording_track = track;
  placed.recording_callback = fields.hook("RecordingStatusCallback", "RecordingStatusCallbackMethod");
  if (auto events = fields.all("RecordingStatusCallbackEvent"); !events.empty())
    placed.recording_events = std::move(events);
  placed.machine_detection = fields.text("MachineDetection");
  placed.async_amd = fields.flag("AsyncAmd");
  placed.async_amd_callback = fields.hook("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod");
  placed.caller_name = fields.text("CallerDisplayName");
  return placed;
}

void write_call(const Desk& desk, JsonText& json, const Call& call) {
  const auto start = start_of(call);
  const auto price = charge_text(price_of(call, desk.now()));
  json.text("sid", call.sid);
  write_dates(json, call.created_at, call.updated_at);
  json.text_or_null("parent_call_sid", call.parent_sid);
  json.text("account_sid", desk.account.sid);
  json.text("to", call.to);
  json.text("to_formatted", formatted(call.to));
  json.text("from", call.from);
  json.text("from_formatted", formatted(call.from));
  json.text_or_null("phone_number_sid", call.phone_number_sid);
  json.text("status", shown_status(call));
  json.text_or_null("start_time", start ? rfc2822(*start) : std::string());
  json.text_or_null("end_time", call.ended_at ? rfc2822(*call.ended_at) : std::string());
  json.text_or_null("duration",
                    call.is_over() ? std::to_string(call.duration(desk.now()).count()) : std::string());
  json.text_or_null("price", price);
  json.text("price_unit", "USD");
  json.text("direction", call.direction);
  json.text_or_null("answered_by", call.answered_by);
  json.text("api_version", "2010-04-01");
  json.text_or_null("forwarded_from", call.forwarded_from);
  json.null("group_sid");
  json.text_or_null("caller_name", call.caller_name);
  json.text("queue_time", std::to_string(call.queue_time.count()));
  json.null("trunk_sid");
  json.text("uri", uri_of(desk, fmt::format("/Calls/{}.json", call.sid)));
  write_parts(desk, json, call.sid);
}

std::span<const Route> call_routes() {
  static constexpr Route k_routes[] = {{"Calls", {list, k_list}, {create, k_create}},
                                       {"Calls/{CA}", {fetch}, {update, k_update}, {remove}}};
  return k_routes;
}

}  // namespace ringctl::sim
