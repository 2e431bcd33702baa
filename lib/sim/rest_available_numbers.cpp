// AvailablePhoneNumbers: what could be bought. Searching reserves nothing.

#include <fmt/format.h>

#include <algorithm>

#include "sim/inventory.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr auto k_search = keys::paged(
    {keys::whole("AreaCode", 0, 999), keys::text("Contains"), keys::boolean("SmsEnabled"),
     keys::boolean("MmsEnabled"), keys::boolean("VoiceEnabled"), keys::boolean("FaxEnabled"),
     keys::boolean("ExcludeAllAddressRequired"), keys::boolean("ExcludeLocalAddressRequired"),
     keys::boolean("ExcludeForeignAddressRequired"), keys::boolean("Beta"), keys::text("NearNumber"),
     keys::text("NearLatLong"), keys::whole("Distance", 0, 500), keys::text("InPostalCode"),
     keys::text("InRegion"), keys::text("InRateCenter"), keys::text("InLata"), keys::text("InLocality")});

struct TypeName {
  std::string_view type, uri;
};
constexpr TypeName k_types[] = {{"Local", "local"},
                                {"TollFree", "toll_free"},
                                {"Mobile", "mobile"},
                                {"National", "national"},
                                {"Voip", "voip"},
                                {"SharedCost", "shared_cost"},
                                {"MachineToMachine", "machine_to_machine"}};

void write_country(const Desk& desk, JsonText& json, const StockedCountry& country) {
  json.text("country_code", country.code);
  json.text("country", country.name);
  json.text("uri", uri_of(desk, fmt::format("/AvailablePhoneNumbers/{}.json", country.code)));
  json.boolean("beta", false);
  json.open("subresource_uris");
  for (const auto& [type, name] : k_types)
    if (find_stock(country, type) != nullptr)
      json.text(name, uri_of(desk, fmt::format("/AvailablePhoneNumbers/{}/{}.json", country.code, type)));
  json.close();
}

RestAnswer countries(Desk& desk, const Ask& ask) {
  JsonText json;
  json.open();
  json.open_list("countries");
  for (const auto& country : stocked_countries()) {
    json.open();
    write_country(desk, json, country);
    json.close();
  }
  json.close_list();
  json.text("uri", ask.path);
  json.close();
  return answer_ok(json.take());
}

RestAnswer country(Desk& desk, const Ask& ask) {
  const auto* const found = find_country(ask.id());
  return found == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_country, *found));
}

// --- searching ---

/// "" where nothing was asked for: everything fits.
std::string whole_pattern(std::string_view contains) {
  if (contains.empty()) return {};
  std::string pattern(contains);
  const bool is_begin = pattern.starts_with('+'), is_end = pattern.ends_with('$');
  if (is_end) pattern.pop_back();
  return (is_begin ? "" : "%") + pattern + (is_end ? "" : "%");
}

bool is_good_pattern(std::string_view contains) {
  constexpr std::size_t k_least = 2, k_most = 16;
  const auto literal = std::count_if(contains.begin(), contains.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  const auto good =
      contains.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*%+$") ==
      std::string_view::npos;
  return good && literal >= 2 && contains.size() >= k_least && contains.size() <= k_most;
}

bool can(const Fields& fields, const Stock& stock) {
  const auto fits = [&](std::string_view name, bool has) {
    return !fields.has(name) || fields.flag(name) == has;
  };
  return fits("SmsEnabled", stock.sms) && fits("MmsEnabled", stock.mms) && fits("VoiceEnabled", true) &&
         fits("FaxEnabled", false) && !fields.flag("Beta");
}

bool is_there(const Fields& fields, const StockPlace& place) {
  const auto fits = [&](std::string_view name, std::string_view has) {
    return fields.text(name).empty() || fields.text(name) == has;
  };
  return fits("InPostalCode", place.postal_code) && fits("InRegion", place.region) &&
         fits("InRateCenter", place.rate_center) && fits("InLata", place.lata) &&
         fits("InLocality", place.locality);
}

void write_number(JsonText& json, const StockedCountry& country, const Stock& stock,
                  const std::string& number, const StockPlace& place) {
  json.open();
  json.text("friendly_name", formatted(number));
  json.text("phone_number", number);
  json.text_or_null("lata", place.lata);
  json.text_or_null("locality", place.locality);
  json.text_or_null("rate_center", place.rate_center);
  json.text_or_null("latitude", place.latitude);
  json.text_or_null("longitude", place.longitude);
  json.text_or_null("region", place.region);
  json.text_or_null("postal_code", place.postal_code);
  json.text("iso_country", country.code);
  json.text("address_requirements", country.code == "US" || country.code == "CA" ? "none" : "any");
  json.boolean("beta", false);
  json.open("capabilities");
  json.boolean("voice", true);
  json.boolean("sms", stock.sms);
  json.boolean("mms", stock.mms);
  json.boolean("fax", false);
  json.close();
  json.close();
}

/// The area code that is asked for, by itself or as that of a number nearby.
std::string area_of(const Fields& fields) {
  if (const auto area = fields.text("AreaCode"); !area.empty()) return area;
  const auto near = fields.text("NearNumber");
  return near.starts_with("+1") && near.size() > 5 ? near.substr(2, 3) : std::string();
}

/// Countries that ask for an address of their buyers have none to show to those who want none asked.
bool is_excluded(const Fields& fields, const StockedCountry& country) {
  const bool is_free = country.code == "US" || country.code == "CA";
  return !is_free &&
         (fields.flag("ExcludeAllAddressRequired") || fields.flag("ExcludeLocalAddressRequired") ||
          fields.flag("ExcludeForeignAddressRequired"));
}

RestAnswer search(Desk& desk, const Ask& ask) {
  const auto* const in = find_country(ask.ids[0]);
  const auto* const stock = in == nullptr ? nullptr : find_stock(*in, ask.ids[1]);
  if (stock == nullptr) return not_found(ask.path);
  const auto contains = ask.fields.text("Contains");
  if (!contains.empty() && !is_good_pattern(contains))
    return refuse(400, 20422, fmt::format("Invalid Pattern Provided: Contains {}", contains));
  const auto pattern = whole_pattern(contains);
  auto left = ask.fields.whole("PageSize", 50);
  JsonText json;
  json.open();
  json.open_list("available_phone_numbers");
  if (can(ask.fields, *stock) && !is_excluded(ask.fields, *in))
    each_available(desk.account, *stock, area_of(ask.fields),
                   [&](const std::string& number, const StockPlace& place) {
                     if (!is_there(ask.fields, place)) return true;
                     if (!pattern.empty() && !matches_pattern(number, pattern)) return true;
                     write_number(json, *in, *stock, number, place);
                     return --left > 0;
                   });
  json.close_list();
  json.text("uri", ask.path);
  json.close();
  return answer_ok(json.take());
}

}  // namespace

std::span<const Route> available_number_routes() {
  static constexpr Route k_routes[] = {{"AvailablePhoneNumbers", {countries, keys::k_page}},
                                       {"AvailablePhoneNumbers/{*}", {country}},
                                       {"AvailablePhoneNumbers/{*}/{*}", {search, k_search}}};
  return k_routes;
}

}  // namespace ringctl::sim
