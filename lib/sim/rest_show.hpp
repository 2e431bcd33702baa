#pragma once
// How resources are written in answers, where more than one family writes them, and how they are priced.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/rest_desk.hpp"
#include "sim/rest_json.hpp"

namespace ringctl::sim {

/// "/2010-04-01/Accounts/AC.../Calls/CA....json"
std::string uri_of(const Desk&, std::string_view rest);
/// date_created and date_updated, as the API of 2010 writes them.
void write_dates(JsonText&, Instant created_at, Instant updated_at);
void write_dates_iso(JsonText&, Instant created_at, Instant updated_at);
/// A URL and its method, `name` and `method_name`.
void write_hook(JsonText&, std::string_view name, std::string_view method_name, const Hook&);

/// The members, without braces.
void write_call(const Desk&, JsonText&, const Call&);
void write_recording(const Desk&, JsonText&, const Recording&);
void write_number(const Desk&, JsonText&, const Number&);
/// `write(desk, json, thing)` between braces.
template <typename T>
std::string shown(const Desk& desk, void (*write)(const Desk&, JsonText&, const T&), const T& thing) {
  JsonText json;
  json.open();
  write(desk, json, thing);
  json.close();
  return json.take();
}

/// "(202) 555-0143" for North America, else the text itself.
std::string formatted(std::string_view address);
/// "US"; "" where it is not known.
std::string_view country_of(std::string_view phone_number);
bool is_e164(std::string_view text);
/// What a call can go to: a number, client:..., sip:...
bool is_endpoint(std::string_view text);

// --- prices, in millionths of a dollar ---
/// 0 while the call is not over, or was never answered.
std::int64_t price_of(const Call&, Instant now);
std::int64_t price_of(const Message&);
/// "-0.00850"; "" for 0.
std::string charge_text(std::int64_t micros);
/// Minutes, begun ones counted whole.
std::int64_t billed_minutes(const Call&, Instant now);
/// As usage records put it: calls-inbound-local, calls-outbound, calls-client, calls-sip.
std::string_view usage_category(const Desk&, const Call&);

/// What the form of a new call, or of a new participant, asks for.
PlacedCall placed_call(const Fields&);
/// Why nobody can be called so: an address that is none, or a number to show that is neither the account's
/// nor verified.
std::optional<RestAnswer> wrong_address(const Desk&, const std::string& to, const std::string& from);

}  // namespace ringctl::sim
