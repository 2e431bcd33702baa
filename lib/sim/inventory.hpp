#pragma once
// The numbers Twilio could sell: those kept for fiction in a few countries (of the United States and Canada in
// every area code), the same in every run, less those the account has.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "sim/resources.hpp"

namespace ringctl::sim {

/// A place numbers belong to.
struct StockPlace {
  std::string_view area;  ///< "202"; a country's own prefix without one
  std::string_view locality = {}, region = {}, postal_code = {}, rate_center = {}, lata = {};
  std::string_view latitude = {}, longitude = {};
};

/// What one country has of one type.
struct Stock {
  std::string_view type;    ///< as in paths: Local, Mobile, TollFree
  std::string_view prefix;  ///< "+1", before the area
  std::string_view middle;  ///< "55501", after it
  int digits = 2;           ///< that follow
  std::span<const StockPlace> places;
  bool sms = true, mms = true;
  /// "US": beside the places, every area code of that region, of which nothing else is known.
  std::string_view region = {};
};

struct StockedCountry {
  std::string_view code, name;
  std::span<const Stock> stocks;
};

std::span<const StockedCountry> stocked_countries();
const StockedCountry* find_country(std::string_view code);
const Stock* find_stock(const StockedCountry&, std::string_view type);

/// `visit(phone_number, place)` until it says false: of `stock`, those of `area` ("" = everywhere), an area
/// code that no place is known of included.
void each_available(const Account&, const Stock&, std::string_view area,
                    const std::function<bool(const std::string&, const StockPlace&)>& visit);
/// The first of a North American area code; "" if the account has them all or there is no such area.
std::string first_available(const Account&, std::string_view area);
/// "local", "mobile" or "tollfree"
std::string number_type(std::string_view phone_number);

/// Twilio's patterns: * is one digit, % any number of them, a letter the key it is on.
bool matches_pattern(std::string_view number, std::string_view pattern);

}  // namespace ringctl::sim
