// Messaging v1: services and the numbers in them.

#include <fmt/format.h>

#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array k_settings = {keys::url("InboundRequestUrl"),
                                   keys::method("InboundMethod"),
                                   keys::url("FallbackUrl"),
                                   keys::method("FallbackMethod"),
                                   keys::url("StatusCallback"),
                                   keys::boolean("StickySender"),
                                   keys::boolean("MmsConverter"),
                                   keys::boolean("SmartEncoding"),
                                   keys::choice("ScanMessageContent", "inherit|enable|disable"),
                                   keys::boolean("FallbackToLongCode"),
                                   keys::boolean("AreaCodeGeomatch"),
                                   keys::whole("ValidityPeriod", 1, 36000),
                                   keys::boolean("SynchronousValidation"),
                                   keys::text("Usecase"),
                                   keys::boolean("UseInboundWebhookOnNumber")};
constexpr auto k_create = keys::together(k_settings, {keys::needed(keys::text("FriendlyName", 64))});
constexpr auto k_update = keys::together(k_settings, {keys::text("FriendlyName", 64)});
constexpr std::array k_attach = {keys::needed(keys::sid("PhoneNumberSid", "PN"))};

std::string url_of(const Desk& desk, const std::string& sid) {
  return fmt::format("{}/v1/Services/{}", desk.bases.messaging, sid);
}

void write_links(JsonText& json, const std::string& url) {
  static constexpr std::pair<std::string_view, std::string_view> k_links[] = {
      {"phone_numbers", "PhoneNumbers"},        {"short_codes", "ShortCodes"},
      {"alpha_senders", "AlphaSenders"},        {"messages", "Messages"},
      {"us_app_to_person", "Compliance/Usa2p"}, {"us_app_to_person_usecases", "Compliance/Usa2p/Usecases"},
      {"channel_senders", "ChannelSenders"},    {"destination_alpha_senders", "DestinationAlphaSenders"}};
  json.open("links");
  for (const auto& [name, part] : k_links) json.text(name, fmt::format("{}/{}", url, part));
  json.close();
}

void write(const Desk& desk, JsonText& json, const Service& service) {
  const auto url = url_of(desk, service.sid);
  json.text("sid", service.sid);
  json.text("account_sid", desk.account.sid);
  json.text("friendly_name", service.friendly_name);
  write_dates_iso(json, service.created_at, service.updated_at);
  json.text_or_null("inbound_request_url", service.inbound.url);
  json.text("inbound_method", service.inbound.method);
  json.text_or_null("fallback_url", service.fallback.url);
  json.text("fallback_method", service.fallback.method);
  json.text_or_null("status_callback", service.status_callback);
  json.boolean("sticky_sender", service.sticky_sender);
  json.boolean("mms_converter", service.mms_converter);
  json.boolean("smart_encoding", service.smart_encoding);
  json.text("scan_message_content", service.scan_message_content);
  json.boolean("fallback_to_long_code", service.fallback_to_long_code);
  json.boolean("area_code_geomatch", service.area_code_geomatch);
  json.boolean("synchronous_validation", service.synchronous_validation);
  json.number("validity_period", service.validity_period);
  json.text("url", url);
  write_links(json, url);
  json.text("usecase", service.usecase);
  json.boolean("us_app_to_person_registered", false);
  json.boolean("use_inbound_webhook_on_number", service.use_inbound_webhook_on_number);
}

void set_all(const Fields& fields, Service& service) {
  fields.set("FriendlyName", service.friendly_name);
  fields.set("InboundRequestUrl", "InboundMethod", service.inbound);
  fields.set("FallbackUrl", "FallbackMethod", service.fallback);
  fields.set("StatusCallback", service.status_callback);
  fields.set("StickySender", service.sticky_sender);
  fields.set("MmsConverter", service.mms_converter);
  fields.set("SmartEncoding", service.smart_encoding);
  fields.choose("ScanMessageContent", service.scan_message_content);
  fields.set("FallbackToLongCode", service.fallback_to_long_code);
  fields.set("AreaCodeGeomatch", service.area_code_geomatch);
  fields.set("SynchronousValidation", service.synchronous_validation);
  fields.choose("Usecase", service.usecase);
  fields.set("ValidityPeriod", service.validity_period);
  fields.set("UseInboundWebhookOnNumber", service.use_inbound_webhook_on_number);
}

RestAnswer list(Desk& desk, const Ask& ask) {
  return page_of(
      ask, "services", desk.account.services, k_everything,
      [&](JsonText& json, const Service& service) { write(desk, json, service); }, desk.bases.messaging);
}

RestAnswer create(Desk& desk, const Ask& ask) {
  Service service{.sid = desk.sids.next("MG"), .created_at = desk.now(), .updated_at = desk.now()};
  set_all(ask.fields, service);
  return answer_created(shown(desk, &write, desk.account.services.add(std::move(service))));
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const service = desk.account.services.find(ask.id());
  return service == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, *service));
}

RestAnswer update(Desk& desk, const Ask& ask) {
  auto* const service = desk.account.services.find(ask.id());
  if (service == nullptr) return not_found(ask.path);
  set_all(ask.fields, *service);
  service->updated_at = desk.now();
  return answer_ok(shown(desk, &write, *service));
}

RestAnswer remove(Desk& desk, const Ask& ask) {
  if (!desk.account.services.remove(ask.id())) return not_found(ask.path);
  desk.account.numbers.each([&](Number& number) {
    if (number.service_sid == ask.id()) number.service_sid.clear();
  });
  return answer_gone();
}

// --- its numbers ---

void write_number_of(const Desk& desk, JsonText& json, const Number& number) {
  json.text("sid", number.sid);
  json.text("account_sid", desk.account.sid);
  json.text("service_sid", number.service_sid);
  write_dates_iso(json, number.created_at, number.updated_at);
  json.text("phone_number", number.phone_number);
  json.text("country_code", country_of(number.phone_number));
  json.open_list("capabilities");
  if (number.sms) json.item("SMS");
  if (number.mms) json.item("MMS");
  if (number.voice) json.item("Voice");
  json.close_list();
  json.text("url", fmt::format("{}/PhoneNumbers/{}", url_of(desk, number.service_sid), number.sid));
}

Number* find_number_of(Desk& desk, const Ask& ask) {
  auto* const number = desk.account.numbers.find(ask.ids[1]);
  return number == nullptr || number->service_sid != ask.ids[0] ? nullptr : number;
}

RestAnswer list_numbers(Desk& desk, const Ask& ask) {
  if (desk.account.services.find(ask.id()) == nullptr) return not_found(ask.path);
  return page_of(
      ask, "phone_numbers", desk.account.numbers,
      [&](const Number& number) { return number.service_sid == ask.id(); },
      [&](JsonText& json, const Number& number) { write_number_of(desk, json, number); },
      desk.bases.messaging);
}

RestAnswer attach(Desk& desk, const Ask& ask) {
  if (desk.account.services.find(ask.id()) == nullptr) return not_found(ask.path);
  const auto sid = ask.fields.text("PhoneNumberSid");
  auto* const number = desk.account.numbers.find(sid);
  if (number == nullptr) return refuse(404, 20404, fmt::format("The phone number {} was not found", sid));
  if (number->service_sid == ask.id())
    return refuse(409, 21710, "Phone Number or Short Code is already in the Messaging Service.");
  if (!number->service_sid.empty())
    return refuse(409, 21712, "Phone Number or Short Code is associated with another Messaging Service.");
  number->service_sid = ask.id();
  number->updated_at = desk.now();
  return answer_created(shown(desk, &write_number_of, *number));
}

RestAnswer fetch_number(Desk& desk, const Ask& ask) {
  const auto* const number = find_number_of(desk, ask);
  return number == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_number_of, *number));
}

RestAnswer detach(Desk& desk, const Ask& ask) {
  auto* const number = find_number_of(desk, ask);
  if (number == nullptr) return not_found(ask.path);
  number->service_sid.clear();
  number->updated_at = desk.now();
  return answer_gone();
}

}  // namespace

std::span<const Route> service_routes() {
  static constexpr Route k_routes[] = {
      {"Services", {list, keys::k_page}, {create, k_create}, {}, Suffix::none},
      {"Services/{MG}", {fetch}, {update, k_update}, {remove}, Suffix::none},
      {"Services/{MG}/PhoneNumbers", {list_numbers, keys::k_page}, {attach, k_attach}, {}, Suffix::none},
      {"Services/{MG}/PhoneNumbers/{PN}", {fetch_number}, {}, {detach}, Suffix::none}};
  return k_routes;
}

}  // namespace ringctl::sim
