// IncomingPhoneNumbers: the numbers of the account, and what is asked when they are called or texted.

#include <fmt/format.h>

#include "sim/inventory.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array k_settings = {keys::text("ApiVersion"),
                                   keys::text("FriendlyName", 64),
                                   keys::sid("SmsApplicationSid", "AP"),
                                   keys::method("SmsFallbackMethod"),
                                   keys::url("SmsFallbackUrl"),
                                   keys::method("SmsMethod"),
                                   keys::url("SmsUrl"),
                                   keys::url("StatusCallback"),
                                   keys::method("StatusCallbackMethod"),
                                   keys::sid("VoiceApplicationSid", "AP"),
                                   keys::boolean("VoiceCallerIdLookup"),
                                   keys::method("VoiceFallbackMethod"),
                                   keys::url("VoiceFallbackUrl"),
                                   keys::method("VoiceMethod"),
                                   keys::url("VoiceUrl"),
                                   keys::choice("EmergencyStatus", "Active|Inactive"),
                                   keys::sid("EmergencyAddressSid", "AD"),
                                   keys::sid("TrunkSid", "TK"),
                                   keys::choice("VoiceReceiveMode", "voice|fax"),
                                   keys::sid("IdentitySid", "RI"),
                                   keys::sid("AddressSid", "AD"),
                                   keys::sid("BundleSid", "BU")};
constexpr auto k_update = keys::together(k_settings, {keys::sid("AccountSid", "AC")});
constexpr auto k_create = keys::together(k_settings, {keys::text("PhoneNumber"), keys::text("AreaCode")});
constexpr auto k_create_of_type =
    keys::together(k_settings, {keys::needed(keys::text("PhoneNumber"), 21421)});
constexpr auto k_list = keys::paged({keys::boolean("Beta"), keys::text("FriendlyName"),
                                     keys::text("PhoneNumber"), keys::choice("Origin", "twilio|hosted")});

/// Twilio's own, for tests: one that can always be had, one that is always taken, one that is no number.
constexpr std::string_view k_magic_good = "+15005550006", k_magic_taken = "+15005550000",
                           k_magic_invalid = "+15005550001";
constexpr std::string_view k_magic_area = "500", k_magic_empty_area = "533";

// --- reading what is to be set ---

RestAnswer invalid(int code, std::string_view message) { return refuse(400, code, message); }

/// Whether what the number refers to is there.
std::optional<RestAnswer> broken_reference(Desk& desk, const Ask& ask) {
  for (const auto* const name : {"VoiceApplicationSid", "SmsApplicationSid"})
    if (const auto sid = ask.fields.text(name);
        !sid.empty() && desk.account.applications.find(sid) == nullptr)
      return invalid(21218, fmt::format("{} {} is not an application of this account", name, sid));
  if (const auto sid = ask.fields.text("TrunkSid"); !sid.empty() && desk.account.trunks.find(sid) == nullptr)
    return invalid(20422, fmt::format("TrunkSid {} is not a trunk of this account", sid));
  if (const auto sid = ask.fields.text("AccountSid"); !sid.empty() && sid != desk.account.sid)
    return invalid(20422, fmt::format("AccountSid {} is not a subaccount of this account", sid));
  return std::nullopt;
}

void set_voice(const Fields& fields, Number& number) {
  fields.set("VoiceUrl", "VoiceMethod", number.voice_hook);
  fields.set("VoiceFallbackUrl", "VoiceFallbackMethod", number.voice_fallback);
  fields.set("StatusCallback", "StatusCallbackMethod", number.status_callback);
  fields.set("VoiceCallerIdLookup", number.caller_id_lookup);
  fields.choose("VoiceReceiveMode", number.voice_receive_mode);
  // A trunk and a voice application put each other out.
  fields.set("VoiceApplicationSid", number.voice_application_sid);
  if (!fields.text("VoiceApplicationSid").empty()) number.trunk_sid.clear();
  fields.set("TrunkSid", number.trunk_sid);
  if (!fields.text("TrunkSid").empty()) number.voice_application_sid.clear();
}

void set_all(const Fields& fields, Number& number) {
  fields.set("FriendlyName", number.friendly_name);
  set_voice(fields, number);
  fields.set("SmsUrl", "SmsMethod", number.sms_hook);
  fields.set("SmsFallbackUrl", "SmsFallbackMethod", number.sms_fallback);
  fields.set("SmsApplicationSid", number.sms_application_sid);
  fields.choose("EmergencyStatus", number.emergency_status);
  fields.set("EmergencyAddressSid", number.emergency_address_sid);
  fields.set("AddressSid", number.address_sid);
  fields.set("IdentitySid", number.identity_sid);
  fields.set("BundleSid", number.bundle_sid);
}

/// `number` as it would be: why it may not.
std::optional<RestAnswer> contradiction(const Number& number) {
  if (!number.voice_fallback.url.empty() && number.voice_hook.url.empty())
    return invalid(21405, "Cannot set VoiceFallbackUrl without setting VoiceUrl");
  if (!number.sms_fallback.url.empty() && number.sms_hook.url.empty())
    return invalid(21406, "Cannot set SmsFallbackUrl without setting SmsUrl");
  return std::nullopt;
}

// --- operations ---

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const number = desk.account.numbers.find(ask.id());
  return number == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_number, *number));
}

RestAnswer update(Desk& desk, const Ask& ask) {
  auto* const number = desk.account.numbers.find(ask.id());
  if (number == nullptr) return not_found(ask.path);
  if (auto broken = broken_reference(desk, ask)) return *broken;
  auto changed = *number;
  set_all(ask.fields, changed);
  if (auto wrong = contradiction(changed)) return *wrong;
  changed.updated_at = desk.now();
  *number = std::move(changed);
  return answer_ok(shown(desk, &write_number, *number));
}

RestAnswer release(Desk& desk, const Ask& ask) {
  return desk.account.numbers.remove(ask.id()) ? answer_gone() : not_found(ask.path);
}

/// PhoneNumber: a digit or letter for itself, * for any digit, found anywhere; from the beginning with a +.
std::string whole_pattern(const std::string& like) {
  if (like.empty()) return {};
  return (like.starts_with('+') ? "" : "%") + like + "%";
}

/// Whoever asks for one number, as before each that is bought, is not led past a hundred thousand others.
bool is_narrow(const std::string& like) {
  constexpr std::size_t k_least = 9;
  return like.size() >= k_least && like.starts_with('+') &&
         like.find_first_not_of("0123456789", 1) == std::string::npos;
}

/// As the lists of one type show it: without that.
void write_number_of_type(const Desk& desk, JsonText& json, const Number& number) {
  json.text("sid", number.sid);
  json.text("account_sid", desk.account.sid);
  json.text("friendly_name", number.friendly_name);
  json.text("phone_number", number.phone_number);
  write_hook(json, "voice_url", "voice_method", number.voice_hook);
  write_hook(json, "voice_fallback_url", "voice_fallback_method", number.voice_fallback);
  json.boolean("voice_caller_id_lookup", number.caller_id_lookup);
  json.text("voice_receive_mode", number.voice_receive_mode);
  json.text_or_null("voice_application_sid", number.voice_application_sid);
  json.text_or_null("trunk_sid", number.trunk_sid);
  write_hook(json, "sms_url", "sms_method", number.sms_hook);
  write_hook(json, "sms_fallback_url", "sms_fallback_method", number.sms_fallback);
  json.text_or_null("sms_application_sid", number.sms_application_sid);
  write_hook(json, "status_callback", "status_callback_method", number.status_callback);
  write_dates(json, number.created_at, number.updated_at);
  json.open("capabilities");
  json.boolean("voice", number.voice);
  json.boolean("sms", number.sms);
  json.boolean("mms", number.mms);
  json.boolean("fax", number.fax);
  json.close();
  json.text("address_requirements", "none");
  json.text_or_null("address_sid", number.address_sid);
  json.text_or_null("identity_sid", number.identity_sid);
  json.text_or_null("bundle_sid", number.bundle_sid);
  json.text("emergency_status", number.emergency_status);
  json.text_or_null("emergency_address_sid", number.emergency_address_sid);
  json.text("emergency_address_status", number.emergency_address_sid.empty() ? "unregistered" : "registered");
  json.boolean("beta", false);
  json.text("origin", number.origin);
  json.text("status", "in-use");
  json.text("api_version", "2010-04-01");
  json.text("uri", uri_of(desk, fmt::format("/IncomingPhoneNumbers/{}.json", number.sid)));
}

RestAnswer list_type(Desk& desk, const Ask& ask, std::string_view type) {
  const auto like = ask.fields.text("PhoneNumber"), name = ask.fields.text("FriendlyName"),
             origin = ask.fields.text("Origin");
  const bool only_beta = ask.fields.flag("Beta");
  const auto pattern = whole_pattern(like);
  const auto wanted = [&](const Number& number) {
    return !only_beta && (type.empty() || number.type == type) &&
           (name.empty() || number.friendly_name == name) && (origin.empty() || number.origin == origin) &&
           (pattern.empty() || matches_pattern(number.phone_number, pattern));
  };
  const auto write = [&](JsonText& json, const Number& number) {
    (type.empty() ? write_number : write_number_of_type)(desk, json, number);
  };
  constexpr std::string_view k_name = "incoming_phone_numbers";
  if (!is_narrow(like)) return page_of(ask, k_name, desk.account.numbers, wanted, write);
  Few<Number> few;
  desk.account.numbers.each_of_phone(
      like, [&](std::uint64_t serial, const Number& number) { few.add(serial, number); });
  few.sort();
  return page_of(ask, k_name, few, wanted, write);
}

/// The number to buy; "" with `why` if there is none.
std::string choose(Desk& desk, const Ask& ask, std::optional<RestAnswer>& why) {
  const auto wanted = ask.fields.text("PhoneNumber"), area = ask.fields.text("AreaCode");
  if (!wanted.empty()) {
    if (wanted == k_magic_invalid || !is_e164(wanted))
      why = invalid(21421, fmt::format("PhoneNumber {} is not a valid phone number", wanted));
    else if (wanted == k_magic_taken || desk.account.find_number(wanted) != nullptr)
      why = invalid(21422, fmt::format("PhoneNumber {} is not available", wanted));
    return wanted;
  }
  if (area.empty()) {
    why = invalid(21421, "PhoneNumber or AreaCode is required");
    return {};
  }
  if (area.size() != 3 || area.find_first_not_of("0123456789") != std::string::npos) {
    why = invalid(21451, fmt::format("AreaCode {} is not valid", area));
    return {};
  }
  if (area == k_magic_area && desk.account.find_number(std::string(k_magic_good)) == nullptr)
    return std::string(k_magic_good);
  auto found = area == k_magic_empty_area ? std::string() : first_available(desk.account, area);
  if (found.empty()) why = invalid(21452, fmt::format("No phone numbers found in area code {}", area));
  return found;
}

RestAnswer create_type(Desk& desk, const Ask& ask, std::string_view type) {
  if (auto broken = broken_reference(desk, ask)) return *broken;
  std::optional<RestAnswer> why;
  Number number;
  number.phone_number = choose(desk, ask, why);
  if (why) return *why;
  number.type = number_type(number.phone_number);
  if (!type.empty() && number.type != type)
    return invalid(21422, fmt::format("PhoneNumber {} is not a {} number", number.phone_number, type));
  number.friendly_name = formatted(number.phone_number);
  number.created_at = number.updated_at = desk.now();
  set_all(ask.fields, number);
  if (auto wrong = contradiction(number)) return *wrong;
  number.sid = desk.sids.next("PN");
  return answer_created(shown(desk, &write_number, desk.account.numbers.add(std::move(number))));
}

RestAnswer list(Desk& desk, const Ask& ask) { return list_type(desk, ask, {}); }
RestAnswer list_local(Desk& desk, const Ask& ask) { return list_type(desk, ask, "local"); }
RestAnswer list_mobile(Desk& desk, const Ask& ask) { return list_type(desk, ask, "mobile"); }
RestAnswer list_toll_free(Desk& desk, const Ask& ask) { return list_type(desk, ask, "tollfree"); }
RestAnswer create(Desk& desk, const Ask& ask) { return create_type(desk, ask, {}); }
RestAnswer create_local(Desk& desk, const Ask& ask) { return create_type(desk, ask, "local"); }
RestAnswer create_mobile(Desk& desk, const Ask& ask) { return create_type(desk, ask, "mobile"); }
RestAnswer create_toll_free(Desk& desk, const Ask& ask) { return create_type(desk, ask, "tollfree"); }

}  // namespace

void write_number(const Desk& desk, JsonText& json, const Number& number) {
  write_number_of_type(desk, json, number);
  json.text("type", number.type);
}

std::span<const Route> number_routes() {
  static constexpr Route k_routes[] = {
      {"IncomingPhoneNumbers", {list, k_list}, {create, k_create}},
      {"IncomingPhoneNumbers/Local", {list_local, k_list}, {create_local, k_create_of_type}},
      {"IncomingPhoneNumbers/Mobile", {list_mobile, k_list}, {create_mobile, k_create_of_type}},
      {"IncomingPhoneNumbers/TollFree", {list_toll_free, k_list}, {create_toll_free, k_create_of_type}},
      {"IncomingPhoneNumbers/{PN}", {fetch}, {update, k_update}, {release}}};
  return k_routes;
}

}  // namespace ringctl::sim
