#pragma once
// IncomingPhoneNumbers, AvailablePhoneNumbers, and what a number costs (Pricing v1).

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "twilio/client.hpp"

namespace ringctl::twilio {

/// A URL and how it is asked. Twilio's "" and null are both "".
struct Hook {
  std::string url = {};
  std::string method = "POST";
  friend bool operator==(const Hook&, const Hook&) = default;
};

/// IncomingPhoneNumber. "" = not set.
struct Number {
  std::string sid = {}, account_sid = {}, phone_number = {}, friendly_name = {};
  bool voice = false, sms = false, mms = false, fax = false;
  Hook voice_hook = {}, voice_fallback = {}, status_callback = {}, sms_hook = {}, sms_fallback = {};
  std::string voice_application_sid = {}, sms_application_sid = {}, trunk_sid = {};
  std::string origin = {}, status = {}, type = {}, voice_receive_mode = {};
  std::string address_sid = {}, address_requirements = {}, bundle_sid = {};
  std::string emergency_status = {}, emergency_address_sid = {}, emergency_address_status = {};
  std::optional<base::Instant> created_at = {};
};
/// nullopt: an item that has no SID of a number or no E.164.
std::optional<Number> number_from(const Json&);

/// What a POST of a number sets: members that are set are sent, "" clears.
struct NumberUpdate {
  std::optional<std::string> friendly_name = {}, voice_url = {}, voice_method = {}, voice_fallback_url = {},
                             voice_fallback_method = {}, status_callback = {}, status_callback_method = {},
                             voice_application_sid = {}, sms_url = {}, sms_method = {}, sms_fallback_url = {},
                             sms_fallback_method = {}, sms_application_sid = {}, trunk_sid = {},
                             emergency_address_sid = {}, address_sid = {}, bundle_sid = {}, identity_sid = {};
  bool empty() const;
  friend bool operator==(const NumberUpdate&, const NumberUpdate&) = default;
};
Fields fields_of(const NumberUpdate&);

/// Every number of the account, a page at a time. Throws Errc::twilio_garbage for an item that is none.
std::uint64_t list_numbers(Client&, const std::function<void(const std::vector<Number>&)>& page);
Number fetch_number(Client&, std::string_view sid);
/// Exactly this number, not one that its digits stand in. nullopt: the account does not have it.
std::optional<Number> find_number(Client&, std::string_view phone_number);
Ask update_number_ask(std::string_view sid, const NumberUpdate&);
/// Repeat::never: by its number, never by area code.
Ask buy_number_ask(std::string_view phone_number, const NumberUpdate&);
Ask release_number_ask(std::string_view sid);

struct Available {
  std::string phone_number = {}, friendly_name = {}, iso_country = {}, region = {}, locality = {},
              postal_code = {}, rate_center = {}, address_requirements = {}, type = {};  ///< type: local, ...
  bool voice = false, sms = false, mms = false, fax = false, beta = false;
};
struct Search {
  std::string country = "US";
  std::string type = "local";  ///< local, tollfree, mobile, national, voip, sharedcost, machinetomachine
  std::string area_code = {}, contains = {}, region = {}, locality = {}, postal_code = {}, rate_center = {},
              lata = {}, near_number = {}, near_lat_long = {};
  std::optional<int> distance = {};  ///< miles, 1 to 500
  std::optional<bool> voice = {}, sms = {}, mms = {}, fax = {}, beta = {};
  bool no_address = false;  ///< only numbers that need none
};
/// At most `page_size` (1-1000) of one question; what is not offered is an empty list. Nothing is reserved.
std::vector<Available> search_numbers(Client&, const Search&, std::size_t page_size = 50);

/// A month of a number, in millionths, by Search::type; nullopt: Twilio does not tell.
struct Price {
  std::int64_t micros = 0;
  std::string unit = {};  ///< "USD"
};
/// Throws to_error() where the price list cannot be had: that is not a number without a price.
std::optional<Price> number_price(Client&, std::string_view country, std::string_view type);
/// The same, for whoever tells its failures apart: a login that is not taken (401), one that may not ask for
/// prices (403), a list that is down.
std::variant<std::optional<Price>, Failed> try_number_price(Client&, std::string_view country,
                                                            std::string_view type);

}  // namespace ringctl::twilio
