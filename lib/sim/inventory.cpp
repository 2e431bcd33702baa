#include "sim/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "phone/e164.hpp"
#include "phone/region.hpp"

namespace ringctl::sim {
namespace {

constexpr StockPlace k_us_places[] = {
    {"202", "Washington", "DC", "20001", "WSHNGTNZN1", "236", "38.907200", "-77.036900"},
    {"212", "New York", "NY", "10001", "NWYRCYZN01", "132", "40.712800", "-74.006000"},
    {"312", "Chicago", "IL", "60601", "CHICGOZN01", "358", "41.878100", "-87.629800"},
    {"415", "San Francisco", "CA", "94102", "SNFC CNTRL", "722", "37.774900", "-122.419400"},
    {"626", "Pasadena", "CA", "91101", "PASADENA", "730", "34.147800", "-118.144500"},
    {"737", "Austin", "TX", "78701", "AUSTIN", "558", "30.267200", "-97.743100"},
    {"305", "Miami", "FL", "33101", "MIAMI", "460", "25.761700", "-80.191800"},
    {"206", "Seattle", "WA", "98101", "SEATTLE", "674", "47.606200", "-122.332100"}};
constexpr StockPlace k_ca_places[] = {
    {"416", "Toronto", "ON", "M5H", "TORONTO", "888", "43.653200", "-79.383200"},
    {"514", "Montreal", "QC", "H2Y", "MONTREAL", "888", "45.501700", "-73.567300"},
    {"604", "Vancouver", "BC", "V6B", "VANCOUVER", "888", "49.282700", "-123.120700"}};
constexpr StockPlace k_toll_free_places[] = {{"800"}, {"833"}, {"844"}, {"855"}, {"866"}, {"877"}, {"888"}};
constexpr StockPlace k_london[] = {{"20", "London", "England", "SW1A", {}, {}, "51.507400", "-0.127800"}};
constexpr StockPlace k_gb_mobile[] = {{"7700"}};
constexpr StockPlace k_gb_toll_free[] = {{"808"}};
constexpr StockPlace k_berlin[] = {{"30", "Berlin", "Berlin", "10115", {}, {}, "52.520000", "13.405000"}};
constexpr StockPlace k_sydney[] = {{"2", "Sydney", "NSW", "2000", {}, {}, "-33.868800", "151.209300"}};
constexpr StockPlace k_au_mobile[] = {{"491"}};

constexpr Stock k_us[] = {{"Local", "+1", "55501", 2, k_us_places, true, true, "US"},
                          {"TollFree", "+1", "55501", 2, k_toll_free_places}};
constexpr Stock k_ca[] = {{"Local", "+1", "55501", 2, k_ca_places, true, true, "CA"},
                          {"TollFree", "+1", "55501", 2, k_toll_free_places}};
constexpr Stock k_gb[] = {{"Local", "+44", "79460", 3, k_london, false, false},
                          {"Mobile", "+44", "900", 3, k_gb_mobile, true, false},
                          {"TollFree", "+44", "1570", 3, k_gb_toll_free, false, false}};
constexpr Stock k_de[] = {{"Local", "+49", "23125", 3, k_berlin, false, false}};
constexpr Stock k_au[] = {{"Local", "+61", "5550", 4, k_sydney, false, false},
                          {"Mobile", "+61", "570", 3, k_au_mobile, true, false}};
constexpr StockedCountry k_countries[] = {{"US", "United States", k_us},
                                          {"CA", "Canada", k_ca},
                                          {"GB", "United Kingdom", k_gb},
                                          {"DE", "Germany", k_de},
                                          {"AU", "Australia", k_au}};

bool is_toll_free_area(std::string_view area) {
  return std::any_of(std::begin(k_toll_free_places), std::end(k_toll_free_places),
                     [&](const StockPlace& place) { return place.area == area; });
}

/// Of North America: 2 to 9, then two digits that are not 11.
bool is_area_code(std::string_view area) {
  return area.size() == 3 && area[0] >= '2' && area[0] <= '9' && area.substr(1) != "11" &&
         area.find_first_not_of("0123456789") == std::string_view::npos;
}

bool visit_place(const Account& account, const Stock& stock, const StockPlace& place,
                 const std::function<bool(const std::string&, const StockPlace&)>& visit) {
  int count = 1;
  for (int i = 0; i < stock.digits; ++i) count *= 10;
  for (int i = 0; i < count; ++i) {
    const auto number = fmt::format("{}{}{}{:0{}}", stock.prefix, place.area, stock.middle, i, stock.digits);
    if (account.has_number(number)) continue;
    if (!visit(number, place)) return false;
  }
  return true;
}

/// Of North America, those that numbers of this region begin with.
std::vector<std::string> area_codes_of(std::string_view region) {
  std::vector<std::string> all;
  for (int code = 200; code < 1000; ++code) {
    auto area = std::to_string(code);
    if (!is_area_code(area) || is_toll_free_area(area)) continue;
    if (phone::region_code_of(phone::E164::parse(fmt::format("+1{}5550100", area))) == region)
      all.push_back(std::move(area));
  }
  return all;
}

const std::vector<std::string>& other_areas(std::string_view region) {
  static const auto k_us_areas = area_codes_of("US"), k_ca_areas = area_codes_of("CA");
  return region == "CA" ? k_ca_areas : k_us_areas;
}

/// What no place is known of.
void visit_other_areas(const Account& account, const Stock& stock,
                       const std::function<bool(const std::string&, const StockPlace&)>& visit) {
  for (const auto& area : other_areas(stock.region)) {
    const bool is_known = std::any_of(stock.places.begin(), stock.places.end(),
                                      [&](const StockPlace& place) { return place.area == area; });
    if (!is_known && !visit_place(account, stock, StockPlace{.area = area}, visit)) return;
  }
}

char key_of(char c) {
  constexpr std::string_view k_keys = "22233344455566677778889999";
  if (c >= 'a' && c <= 'z') return k_keys[static_cast<std::size_t>(c - 'a')];
  if (c >= 'A' && c <= 'Z') return k_keys[static_cast<std::size_t>(c - 'A')];
  return c;
}

}  // namespace

std::span<const StockedCountry> stocked_countries() { return k_countries; }

const StockedCountry* find_country(std::string_view code) {
  const auto* const found = std::find_if(std::begin(k_countries), std::end(k_countries),
                                         [&](const StockedCountry& country) { return country.code == code; });
  return found == std::end(k_countries) ? nullptr : found;
}

const Stock* find_stock(const StockedCountry& country, std::string_view type) {
  const auto found = std::find_if(country.stocks.begin(), country.stocks.end(),
                                  [&](const Stock& stock) { return stock.type == type; });
  return found == country.stocks.end() ? nullptr : &*found;
}

void each_available(const Account& account, const Stock& stock, std::string_view area,
                    const std::function<bool(const std::string&, const StockPlace&)>& visit) {
  bool is_known = false;
  for (const auto& place : stock.places) {
    if (!area.empty() && place.area != area) continue;
    is_known = true;
    if (!visit_place(account, stock, place, visit)) return;
  }
  if (area.empty() && !stock.region.empty()) return visit_other_areas(account, stock, visit);
  const bool is_another = !is_known && stock.prefix == "+1" && stock.type == "Local" && is_area_code(area) &&
                          !is_toll_free_area(area);
  if (is_another) visit_place(account, stock, StockPlace{.area = area}, visit);
}

std::string first_available(const Account& account, std::string_view area) {
  std::string found;
  const auto take = [&](const std::string& number, const StockPlace&) {
    found = number;
    return false;
  };
  each_available(account, k_us[is_toll_free_area(area) ? 1 : 0], area, take);
  return found;
}

std::string number_type(std::string_view phone_number) {
  if (phone_number.starts_with("+1") && phone_number.size() > 5)
    return is_toll_free_area(phone_number.substr(2, 3)) ? "tollfree" : "local";
  for (const auto& country : k_countries)
    for (const auto& stock : country.stocks)
      for (const auto& place : stock.places) {
        const auto begin = fmt::format("{}{}", stock.prefix, place.area);
        if (phone_number.starts_with(begin))
          return stock.type == "Mobile" ? "mobile" : stock.type == "TollFree" ? "tollfree" : "local";
      }
  return "local";
}

bool matches_pattern(std::string_view number, std::string_view pattern) {
  // The usual two marks: where the last % began, and how much of the number it has eaten so far.
  std::size_t n = 0, p = 0, mark = std::string_view::npos, eaten = 0;
  while (n < number.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      mark = p++;
      eaten = n;
    } else if (p < pattern.size() &&
               ((pattern[p] == '*' && number[n] != '+') || key_of(pattern[p]) == number[n])) {
      ++p;
      ++n;
    } else if (mark != std::string_view::npos) {
      p = mark + 1;
      n = ++eaten;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace ringctl::sim
