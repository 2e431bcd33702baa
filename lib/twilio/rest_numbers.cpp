#include "twilio/rest_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/sid.hpp"
#include "base/text.hpp"
#include "twilio/rest_parts.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::string_view k_numbers = "/IncomingPhoneNumbers";
constexpr std::string_view k_list = "incoming_phone_numbers";

bool is_e164(std::string_view text) {
  return text.size() >= 3 && text.size() <= 16 && text[0] == '+' && text[1] >= '1' && text[1] <= '9' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Hook hook_of(const Json& json, std::string_view url, std::string_view method) {
  Hook hook;
  hook.url = json.text(url);
  if (auto text = json.text(method); !text.empty()) hook.method = std::move(text);
  return hook;
}

template <class Capable>
void read_capabilities(const Json& json, Capable& to) {
  const auto* const can = json.find("capabilities");
  if (can == nullptr) return;
  // One API writes the names in capitals.
  const auto flag = [&](std::string_view lower, std::string_view upper) {
    return can->flag(lower) || can->flag(upper);
  };
  to.voice = flag("voice", "Voice");
  to.sms = flag("sms", "SMS");
  to.mms = flag("mms", "MMS");
  to.fax = flag("fax", "Fax");
}

struct UpdateField {
  std::string_view name;
  std::optional<std::string> NumberUpdate::*member;
};
constexpr std::array k_update_fields = {
    UpdateField{"FriendlyName", &NumberUpdate::friendly_name},
    UpdateField{"VoiceUrl", &NumberUpdate::voice_url},
    UpdateField{"VoiceMethod", &NumberUpdate::voice_method},
    UpdateField{"VoiceFallbackUrl", &NumberUpdate::voice_fallback_url},
    UpdateField{"VoiceFallbackMethod", &NumberUpdate::voice_fallback_method},
    UpdateField{"StatusCallback", &NumberUpdate::status_callback},
    UpdateField{"StatusCallbackMethod", &NumberUpdate::status_callback_method},
    UpdateField{"VoiceApplicationSid", &NumberUpdate::voice_application_sid},
    UpdateField{"SmsUrl", &NumberUpdate::sms_url},
    UpdateField{"SmsMethod", &NumberUpdate::sms_method},
    UpdateField{"SmsFallbackUrl", &NumberUpdate::sms_fallback_url},
    UpdateField{"SmsFallbackMethod", &NumberUpdate::sms_fallback_method},
    UpdateField{"SmsApplicationSid", &NumberUpdate::sms_application_sid},
    UpdateField{"TrunkSid", &NumberUpdate::trunk_sid},
    UpdateField{"EmergencyAddressSid", &NumberUpdate::emergency_address_sid},
    UpdateField{"AddressSid", &NumberUpdate::address_sid},
    UpdateField{"BundleSid", &NumberUpdate::bundle_sid},
    UpdateField{"IdentitySid", &NumberUpdate::identity_sid},
};

struct NumberType {
  std::string_view name, folder, price;  ///< as Search says it, in paths, in the pricing API
};
constexpr std::array k_types = {
    NumberType{"local", "Local", "local"},
    NumberType{"tollfree", "TollFree", "toll free"},
    NumberType{"mobile", "Mobile", "mobile"},
    NumberType{"national", "National", "national"},
    NumberType{"voip", "Voip", "voip"},
    NumberType{"sharedcost", "SharedCost", "shared cost"},
    NumberType{"machinetomachine", "MachineToMachine", "machine to machine"},
};

const NumberType& type_named(std::string_view name) {
  const auto* const found =
      std::find_if(k_types.begin(), k_types.end(), [&](const NumberType& type) { return type.name == name; });
  if (found != k_types.end()) return *found;
  throw Error(Errc::usage, "numbers.bad_type", fmt::format("{} is no type of number", base::in_quotes(name)),
              "local, tollfree, mobile, national, voip, sharedcost or machinetomachine");
}

Fields query_of(const Search& search, std::size_t page_size) {
  Fields query;
  add_if(query, "AreaCode", search.area_code);
  add_if(query, "Contains", search.contains);
  add_if(query, "InRegion", search.region);
  add_if(query, "InLocality", search.locality);
  add_if(query, "InPostalCode", search.postal_code);
  add_if(query, "InRateCenter", search.rate_center);
  add_if(query, "InLata", search.lata);
  add_if(query, "NearNumber", search.near_number);
  add_if(query, "NearLatLong", search.near_lat_long);
  if (search.distance) query.emplace_back("Distance", std::to_string(*search.distance));
  add_if(query, "VoiceEnabled", search.voice);
  add_if(query, "SmsEnabled", search.sms);
  add_if(query, "MmsEnabled", search.mms);
  add_if(query, "FaxEnabled", search.fax);
  add_if(query, "Beta", search.beta);
  if (search.no_address) query.emplace_back("ExcludeAllAddressRequired", "true");
  query.emplace_back("PageSize", std::to_string(page_size));
  return query;
}

std::optional<Available> available_from(const Json& json, std::string_view type) {
  Available available;
  available.phone_number = json.text("phone_number");
  if (!is_e164(available.phone_number)) return std::nullopt;
  available.friendly_name = json.text("friendly_name");
  available.iso_country = json.text("iso_country");
  available.region = json.text("region");
  available.locality = json.text("locality");
  available.postal_code = json.text("postal_code");
  available.rate_center = json.text("rate_center");
  available.address_requirements = json.text("address_requirements");
  available.type = type;
  available.beta = json.flag("beta");
  read_capabilities(json, available);
  return available;
}

}  // namespace

std::optional<Number> number_from(const Json& json) {
  Number number;
  number.sid = json.text("sid");
  number.phone_number = json.text("phone_number");
  if (!base::is_sid(number.sid, "PN") || !is_e164(number.phone_number)) return std::nullopt;
  number.account_sid = json.text("account_sid");
  number.friendly_name = json.text("friendly_name");
  read_capabilities(json, number);
  number.voice_hook = hook_of(json, "voice_url", "voice_method");
  number.voice_fallback = hook_of(json, "voice_fallback_url", "voice_fallback_method");
  number.status_callback = hook_of(json, "status_callback", "status_callback_method");
  number.sms_hook = hook_of(json, "sms_url", "sms_method");
  number.sms_fallback = hook_of(json, "sms_fallback_url", "sms_fallback_method");
  number.voice_application_sid = json.text("voice_application_sid");
  number.sms_application_sid = json.text("sms_application_sid");
  number.trunk_sid = json.text("trunk_sid");
  number.origin = json.text("origin");
  number.status = json.text("status");
  number.type = json.text("type");
  number.voice_receive_mode = json.text("voice_receive_mode");
  number.address_sid = json.text("address_sid");
  number.address_requirements = json.text("address_requirements");
  number.bundle_sid = json.text("bundle_sid");
  number.emergency_status = json.text("emergency_status");
  number.emergency_address_sid = json.text("emergency_address_sid");
  number.emergency_address_status = json.text("emergency_address_status");
  number.created_at = json.instant("date_created");
  return number;
}

bool NumberUpdate::empty() const {
  return std::none_of(k_update_fields.begin(), k_update_fields.end(),
                      [&](const UpdateField& field) { return (this->*field.member).has_value(); });
}

Fields fields_of(const NumberUpdate& update) {
  Fields fields;
  for (const auto& [name, member] : k_update_fields) add_if(fields, name, update.*member);
  return fields;
}

std::uint64_t list_numbers(Client& client, const std::function<void(const std::vector<Number>&)>& page) {
  return client.pages(get_ask(std::string(k_numbers) + ".json"), k_list, [&](const std::vector<Json>& items) {
    std::vector<Number> numbers;
    numbers.reserve(items.size());
    for (const auto& item : items) numbers.push_back(required(number_from(item), k_list));
    page(numbers);
    return true;
  });
}

Number fetch_number(Client& client, std::string_view sid) {
  return required(number_from(client.send(get_ask(under(k_numbers, sid))).json), k_list);
}

std::optional<Number> find_number(Client& client, std::string_view phone_number) {
  std::optional<Number> found;
  client.pages(get_ask(std::string(k_numbers) + ".json", {{"PhoneNumber", std::string(phone_number)}}),
               k_list, [&](const std::vector<Json>& items) {
                 for (const auto& item : items) {
                   auto number = required(number_from(item), k_list);
                   if (number.phone_number == phone_number) found = std::move(number);
                 }
                 return !found;
               });
  return found;
}

Ask update_number_ask(std::string_view sid, const NumberUpdate& update) {
  return post_ask(under(k_numbers, sid), fields_of(update));
}

Ask buy_number_ask(std::string_view phone_number, const NumberUpdate& update) {
  auto form = fields_of(update);
  form.insert(form.begin(), {"PhoneNumber", std::string(phone_number)});
  return post_ask(std::string(k_numbers) + ".json", std::move(form), Repeat::never);
}

Ask release_number_ask(std::string_view sid) { return delete_ask(under(k_numbers, sid)); }

std::vector<Available> search_numbers(Client& client, const Search& search, std::size_t page_size) {
  const auto& type = type_named(search.type);
  const auto path = fmt::format("/AvailablePhoneNumbers/{}/{}.json", encoded(search.country), type.folder);
  const auto reply =
      find(client, get_ask(path, query_of(search, std::clamp<std::size_t>(page_size, 1, 1000))));
  if (!reply) return {};  // not of this type, or not in this country
  const auto* const items = reply->json.find("available_phone_numbers");
  if (items == nullptr || !items->is_list()) throw incomplete("available_phone_numbers");
  std::vector<Available> all;
  for (const auto& item : items->items())
    all.push_back(required(available_from(item, type.name), "available_phone_numbers"));
  return all;
}

namespace {

/// `type` as the price list names it.
std::optional<Price> price_in(const Json& list, std::string_view type) {
  const auto* const prices = list.find("phone_number_prices");
  if (prices == nullptr || !prices->is_list()) return std::nullopt;
  for (const auto& one : prices->items()) {
    if (base::ascii_lower(one.text("number_type")) != type) continue;
    const auto micros = one.micros("current_price");
    if (!micros || *micros < 0) return std::nullopt;
    return Price{*micros, base::ascii_upper(list.text("price_unit"))};
  }
  return std::nullopt;
}

}  // namespace

std::variant<std::optional<Price>, Failed> try_number_price(Client& client, std::string_view country,
                                                            std::string_view type) {
  const auto& wanted = type_named(type);
  const auto outcome =
      client.try_send(at_api(Api::pricing, get_ask(under("/v1/PhoneNumbers/Countries", country, ""))));
  if (const auto* const reply = std::get_if<Reply>(&outcome)) return price_in(reply->json, wanted.price);
  const auto& failed = std::get<Failed>(outcome);
  if (failed.kind == Failed::Kind::not_found) return std::optional<Price>();  // not in this country
  return failed;
}

std::optional<Price> number_price(Client& client, std::string_view country, std::string_view type) {
  auto answer = try_number_price(client, country, type);
  if (const auto* const failed = std::get_if<Failed>(&answer)) throw to_error(*failed);
  return std::get<std::optional<Price>>(std::move(answer));
}

}  // namespace ringctl::twilio
