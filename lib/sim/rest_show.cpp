#include "sim/rest_show.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "phone/e164.hpp"
#include "phone/region.hpp"

namespace ringctl::sim {
namespace {

constexpr std::int64_t k_inbound = 8'500, k_toll_free = 22'000, k_outbound = 14'000, k_client = 4'000,
                       k_text = 7'900, k_picture = 20'000;

bool is_browser(std::string_view address) { return address.starts_with("client:"); }
bool is_sip(std::string_view address) { return address.starts_with("sip:") || address.starts_with("sips:"); }

bool is_toll_free(std::string_view number) {
  constexpr std::string_view k_codes[] = {"+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888"};
  return std::any_of(std::begin(k_codes), std::end(k_codes),
                     [&](std::string_view code) { return number.starts_with(code); });
}

std::int64_t price_of_minute(const Call& call) {
  if (is_browser(call.from) || is_browser(call.to) || is_sip(call.from) || is_sip(call.to)) return k_client;
  if (call.direction != "inbound") return k_outbound;
  return is_toll_free(call.to) ? k_toll_free : k_inbound;
}

}  // namespace

std::string uri_of(const Desk& desk, std::string_view rest) {
  std::string uri;
  uri.reserve(desk.path.size() + rest.size());
  return uri.append(desk.path).append(rest);
}

void write_dates(JsonText& json, Instant created_at, Instant updated_at) {
  json.text("date_created", rfc2822(created_at));
  json.text("date_updated", rfc2822(updated_at));
}

void write_dates_iso(JsonText& json, Instant created_at, Instant updated_at) {
  json.text("date_created", iso8601(created_at));
  json.text("date_updated", iso8601(updated_at));
}

void write_hook(JsonText& json, std::string_view name, std::string_view method_name, const Hook& hook) {
  json.text(name, hook.url);
  json.text(method_name, hook.method);
}

std::string formatted(std::string_view address) {
  constexpr std::size_t k_north_american = 12;
  if (address.size() != k_north_american || !address.starts_with("+1")) return std::string(address);
  return fmt::format("({}) {}-{}", address.substr(2, 3), address.substr(5, 3), address.substr(8));
}

std::string_view country_of(std::string_view phone_number) {
  std::error_code why;
  const auto number = phone::E164::try_parse(phone_number, why);
  return number ? phone::region_code_of(*number) : std::string_view();
}

bool is_e164(std::string_view text) {
  std::error_code why;
  return phone::E164::try_parse(text, why).has_value();
}

bool is_endpoint(std::string_view text) {
  constexpr std::string_view k_client_prefix = "client:";
  if (is_browser(text)) return text.size() > k_client_prefix.size();
  return is_sip(text) ? text.find('@') != std::string_view::npos : is_e164(text);
}

std::int64_t billed_minutes(const Call& call, Instant now) { return (call.duration(now).count() + 59) / 60; }

std::int64_t price_of(const Call& call, Instant now) {
  return call.is_over() ? billed_minutes(call, now) * price_of_minute(call) : 0;
}

std::int64_t price_of(const Message& message) {
  const auto& status = message.status;
  const bool went =
      status == "sent" || status == "delivered" || status == "undelivered" || status == "received";
  if (!went) return 0;
  return message.media.empty() ? k_text * message.segments : k_picture;
}

std::string charge_text(std::int64_t micros) {
  constexpr std::int64_t k_dollar = 1'000'000;
  if (micros == 0) return {};
  return fmt::format("-{}.{:05}", micros / k_dollar, micros % k_dollar / 10);
}

std::string_view usage_category(const Desk& desk, const Call& call) {
  if (is_browser(call.from) || is_browser(call.to)) return "calls-client";
  if (is_sip(call.from) || is_sip(call.to)) return "calls-sip";
  if (call.direction != "inbound") return "calls-outbound";
  const auto* const number = desk.account.numbers.find(call.phone_number_sid);
  const std::string_view type = number == nullptr ? "local" : std::string_view(number->type);
  if (type == "tollfree" || is_toll_free(call.to)) return "calls-inbound-tollfree";
  return type == "mobile" ? "calls-inbound-mobile" : "calls-inbound-local";
}

}  // namespace ringctl::sim
