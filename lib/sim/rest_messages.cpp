// Text messages, their pictures and the feedback on them.

#include <fmt/format.h>

#include <algorithm>

#include "sim/message_webhooks.hpp"
#include "sim/rest_dates.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array k_create = {keys::needed(keys::text("To"), 21604),
                                 keys::wrong(keys::url("StatusCallback"), 21609),
                                 keys::sid("ApplicationSid", "AP"),
                                 keys::text("MaxPrice"),
                                 keys::boolean("ProvideFeedback"),
                                 keys::whole("Attempt", 1, 1000),
                                 keys::whole("ValidityPeriod", 1, 36000),
                                 keys::boolean("ForceDelivery"),
                                 keys::choice("ContentRetention", "retain|discard"),
                                 keys::choice("AddressRetention", "retain|obfuscate"),
                                 keys::boolean("SmartEncoded"),
                                 keys::many(keys::text("PersistentAction")),
                                 keys::choice("TrafficType", "free"),
                                 keys::boolean("ShortenUrls"),
                                 keys::choice("ScheduleType", "fixed"),
                                 keys::date("SendAt"),
                                 keys::boolean("SendAsMms"),
                                 keys::text("ContentVariables"),
                                 keys::choice("RiskCheck", "enable|disable"),
                                 keys::text("From"),
                                 keys::text("FallbackFrom"),
                                 keys::sid("MessagingServiceSid", "MG"),
                                 keys::wrong(keys::text("Body", 1600), 21617),
                                 keys::wrong(keys::many(keys::url("MediaUrl")), 21620),
                                 keys::sid("ContentSid", "HX")};
constexpr std::array k_update = {keys::text("Body", 1600), keys::choice("Status", "canceled")};
constexpr std::array k_feedback = {keys::choice("Outcome", "confirmed|unconfirmed")};
constexpr auto k_list = keys::paged({keys::text("To"), keys::text("From"), keys::date("DateSent"),
                                     keys::date("DateSent<"), keys::date("DateSent>")});
constexpr auto k_list_media =
    keys::paged({keys::date("DateCreated"), keys::date("DateCreated<"), keys::date("DateCreated>")});

std::string_view error_text(int code) {
  switch (code) {
    case 21610:
      return "Attempt to send to unsubscribed recipient";
    case 30003:
      return "Unreachable destination handset";
    case 30004:
      return "Message blocked";
    case 30005:
      return "Unknown destination handset";
    case 30006:
      return "Landline or unreachable carrier";
    case 30007:
      return "Carrier violation";
    default:
      return "Unknown error";
  }
}

void write(const Desk& desk, JsonText& json, const Message& message) {
  const auto path = uri_of(desk, fmt::format("/Messages/{}", message.sid));
  json.text("sid", message.sid);
  json.text("account_sid", desk.account.sid);
  json.text("api_version", "2010-04-01");
  json.text("body", message.body);
  json.text("num_segments", std::to_string(message.segments));
  json.text("num_media", std::to_string(message.media.size()));
  json.text("direction", message.direction);
  json.text_or_null("from", message.from);
  json.text("to", message.to);
  write_dates(json, message.created_at, message.updated_at);
  json.text_or_null("date_sent", message.sent_at ? rfc2822(*message.sent_at) : std::string());
  json.text_or_null("messaging_service_sid", message.service_sid);
  json.text("status", message.status);
  if (message.error_code == 0)
    json.null("error_code");
  else
    json.number("error_code", message.error_code);
  json.text_or_null("error_message",
                    message.error_code == 0 ? std::string_view() : error_text(message.error_code));
  json.text_or_null("price", charge_text(price_of(message)));
  json.text("price_unit", "USD");
  json.text("uri", path + ".json");
  json.open("subresource_uris");
  json.text("media", path + "/Media.json");
  json.close();
}

Message* find(Desk& desk, const std::string& sid) {
  auto* const message = desk.account.messages.find(sid);
  return message == nullptr || message->deleted ? nullptr : message;
}

// --- sending ---

/// What the network cannot see; the rest it refuses itself.
std::optional<RestAnswer> wrong_message(const Desk& desk, const Fields& fields) {
  if (const auto content = fields.text("ContentSid"); !content.empty())
    return refuse(400, 21655,
                  fmt::format("The ContentSid {} is invalid: there are no templates here", content));
  if (const auto app = fields.text("ApplicationSid");
      !app.empty() && desk.account.applications.find(app) == nullptr)
    return refuse(400, 21218, fmt::format("Invalid ApplicationSid: {}", app));
  if (fields.text("SendAt").empty() != fields.text("ScheduleType").empty())
    return refuse(400, 35114, "SendAt and ScheduleType have to be given together");
  return std::nullopt;
}

RestAnswer create(Desk& desk, const Ask& ask) {
  const auto& fields = ask.fields;
  if (auto wrong = wrong_message(desk, fields)) return *wrong;
  const auto* const app = desk.account.applications.find(fields.text("ApplicationSid"));
  NewMessage wanted;
  wanted.to = fields.text("To");
  wanted.from = fields.text("From");
  wanted.service_sid = fields.text("MessagingServiceSid");
  wanted.body = fields.text("Body");
  wanted.media = fields.all("MediaUrl");
  wanted.status_callback = fields.text("StatusCallback");
  if (const auto at = parse_rest_time(fields.text("SendAt"))) wanted.send_at = at->begin;
  wanted.validity = seconds(fields.whole("ValidityPeriod", wanted.validity.count()));
  if (wanted.status_callback.empty() && app != nullptr) wanted.status_callback = app->message_status_callback;
  std::optional<Refusal> refusal;
  const auto sid = desk.network.send_message(wanted, refusal);
  if (refusal) return refuse(*refusal);
  const auto* const message = desk.account.messages.find(sid);
  if (message == nullptr) return refuse(500, 20500, "The network has lost the message it took");
  return answer_created(shown(desk, &write, *message));
}

// --- the rest ---

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto to = ask.fields.text("To"), from = ask.fields.text("From");
  const TimeFilter sent(ask.fields, "DateSent");
  const auto wanted = [&](const Message& message) {
    return !message.deleted && (to.empty() || message.to == to) && (from.empty() || message.from == from) &&
           sent.holds(message.sent_at);
  };
  return page_of(ask, "messages", desk.account.messages, wanted,
                 [&](JsonText& json, const Message& message) { write(desk, json, message); });
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const message = find(desk, ask.id());
  return message == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, *message));
}

/// An empty Body takes the text away; another one is none that Twilio would set.
RestAnswer update(Desk& desk, const Ask& ask) {
  auto* const message = find(desk, ask.id());
  if (message == nullptr) return not_found(ask.path);
  if (!ask.fields.text("Body").empty()) return refuse(400, 20422, "Body can only be emptied");
  if (!ask.fields.text("Status").empty()) {
    std::optional<Refusal> refusal;
    desk.network.cancel_message(message->sid, refusal);
    if (refusal) return refuse(*refusal);
  }
  if (ask.fields.has("Body")) {
    message->body.clear();
    message->updated_at = desk.now();
  }
  return answer_ok(shown(desk, &write, *message));
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  auto* const message = find(desk, ask.id());
  if (message == nullptr) return not_found(ask.path);
  const auto& status = message->status;
  const bool is_under_way = status == "queued" || status == "sending" || status == "accepted" ||
                            status == "scheduled" || status == "receiving";
  if (is_under_way) return refuse(409, 20009, "Cannot delete this resource before it is complete");
  message->deleted = true;
  return answer_gone();
}

// --- pictures ---

struct Picture {
  const Message& message;
  std::size_t place = 0;
};

/// Made of the message's own, so that it is the same each time.
std::string media_sid(const Picture& picture) {
  return fmt::format("ME{}{:02x}", picture.message.sid.substr(2, 30), picture.place);
}

void write_media(const Desk& desk, JsonText& json, const Picture& picture) {
  const auto sid = media_sid(picture);
  json.text("sid", sid);
  json.text("account_sid", desk.account.sid);
  json.text("parent_sid", picture.message.sid);
  json.text("content_type", media_type(picture.message.media[picture.place]));
  write_dates(json, picture.message.created_at, picture.message.created_at);
  json.text("uri", uri_of(desk, fmt::format("/Messages/{}/Media/{}.json", picture.message.sid, sid)));
}

RestAnswer list_media(Desk& desk, const Ask& ask) {
  const auto* const message = find(desk, ask.id());
  if (message == nullptr) return not_found(ask.path);
  const bool is_wanted = TimeFilter(ask.fields, "DateCreated").holds(message->created_at);
  std::vector<std::size_t> places(is_wanted ? message->media.size() : 0);
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  return page_of_list(ask, "media_list", places, [&](JsonText& json, std::size_t place) {
    write_media(desk, json, Picture{*message, place});
  });
}

std::optional<Picture> find_media(Desk& desk, const Ask& ask) {
  const auto* const message = find(desk, ask.ids[0]);
  if (message == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < message->media.size(); ++i)
    if (media_sid({*message, i}) == ask.ids[1]) return Picture{*message, i};
  return std::nullopt;
}

RestAnswer fetch_media(Desk& desk, const Ask& ask) {
  const auto picture = find_media(desk, ask);
  return picture ? answer_ok(shown(desk, &write_media, *picture)) : not_found(ask.path);
}

/// Twilio sends whoever asks for the picture itself to where it lies.
RestAnswer media_itself(Desk& desk, const Ask& ask) {
  const auto picture = find_media(desk, ask);
  if (!picture) return not_found(ask.path);
  return {
      .status = 307, .headers = {{"Location", picture->message.media[picture->place]}}, .content_type = {}};
}

void write_feedback(const Desk& desk, JsonText& json, const std::pair<std::string, std::string>& feedback) {
  json.text("account_sid", desk.account.sid);
  json.text("message_sid", feedback.first);
  json.text("outcome", feedback.second);
  write_dates(json, desk.now(), desk.now());
  json.text("uri", uri_of(desk, fmt::format("/Messages/{}/Feedback.json", feedback.first)));
}

RestAnswer give_feedback(Desk& desk, const Ask& ask) {
  if (find(desk, ask.id()) == nullptr) return not_found(ask.path);
  const auto outcome = ask.fields.text("Outcome");
  const std::pair<std::string, std::string> feedback{ask.id(), outcome.empty() ? "confirmed" : outcome};
  return answer_ok(shown(desk, &write_feedback, feedback));
}

}  // namespace

std::span<const Route> message_routes() {
  static constexpr Route k_routes[] = {{"Messages", {list, k_list}, {create, k_create}},
                                       {"Messages/{SM|MM}", {fetch}, {update, k_update}, {remove}},
                                       {"Messages/{SM|MM}/Media", {list_media, k_list_media}},
                                       {"Messages/{SM|MM}/Media/{ME}", {fetch_media}},
                                       {"Messages/{SM|MM}/Media/{ME}", {media_itself}, {}, {}, Suffix::none},
                                       {"Messages/{SM|MM}/Feedback", {}, {give_feedback, k_feedback}}};
  return k_routes;
}

}  // namespace ringctl::sim
