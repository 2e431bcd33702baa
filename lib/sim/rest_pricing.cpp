// Pricing v1: what a month of a number costs, of what the inventory has.

#include <fmt/format.h>

#include "sim/inventory.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

struct Monthly {
  std::string_view type;  ///< as the inventory has it
  std::string_view name;  ///< as Twilio's prices do
  std::string_view price;
};
constexpr Monthly k_prices[] = {
    {"Local", "local", "1.15"}, {"Mobile", "mobile", "6.00"}, {"TollFree", "toll free", "2.15"}};

std::string url_of(const Desk& desk, std::string_view code) {
  return fmt::format("{}/v1/PhoneNumbers/Countries/{}", desk.bases.pricing, code);
}

void write(const Desk& desk, JsonText& json, const StockedCountry& country) {
  json.text("country", country.name);
  json.text("iso_country", country.code);
  json.text("url", url_of(desk, country.code));
}

RestAnswer list(Desk& desk, const Ask& ask) {
  const auto all = stocked_countries();
  const std::vector<StockedCountry> countries(all.begin(), all.end());
  return page_of_list(
      ask, "countries", countries,
      [&](JsonText& json, const StockedCountry& country) { write(desk, json, country); }, desk.bases.pricing);
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const country = find_country(ask.id());
  if (country == nullptr) return not_found(ask.path);
  JsonText json;
  json.open();
  write(desk, json, *country);
  json.open_list("phone_number_prices");
  for (const auto& monthly : k_prices) {
    if (find_stock(*country, monthly.type) == nullptr) continue;
    json.open();
    json.text("number_type", monthly.name);
    json.text("base_price", monthly.price);
    json.text("current_price", monthly.price);
    json.close();
  }
  json.close_list();
  json.text("price_unit", "USD");
  json.close();
  return answer_ok(json.take());
}

}  // namespace

std::span<const Route> pricing_routes() {
  static constexpr Route k_routes[] = {{"PhoneNumbers/Countries", {list, keys::k_page}, {}, {}, Suffix::none},
                                       {"PhoneNumbers/Countries/{*}", {fetch}, {}, {}, Suffix::none}};
  return k_routes;
}

}  // namespace ringctl::sim
