#include "phone/tariff.hpp"

#include <phonenumbers/shortnumberinfo.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

#include "phone/library.hpp"
#include "phone/lookup.hpp"

namespace ringctl::phone {
namespace {

constexpr std::size_t k_most_digits = 15;
constexpr std::size_t k_longest_emergency = 6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits of what was dialled; nullopt if it holds anything that is not part of a short number.
std::optional<std::string> short_digits(std::string_view dialled) {
  constexpr std::string_view k_punctuation = " -.()";
  std::string digits;
  for (const char c : dialled) {
    if (is_digit(c))
      digits.push_back(c);
    else if (k_punctuation.find(c) == std::string_view::npos)
      return std::nullopt;
  }
  if (digits.empty() || digits.size() > k_longest_emergency) return std::nullopt;
  return digits;
}

}  // namespace

Tariff tariff_of(const E164& number) {
  using i18n::phonenumbers::PhoneNumberUtil;
  if (number.view().empty()) return Tariff::ordinary;
  switch (library().GetNumberType(to_library(digits_of(number.view())))) {
    case PhoneNumberUtil::PREMIUM_RATE:
      return Tariff::premium;
    case PhoneNumberUtil::SHARED_COST:
      return Tariff::shared_cost;
    default:
      return Tariff::ordinary;
  }
}

bool is_number_prefix(std::string_view text) {
  if (text.size() < 2 || text[0] != '+' || text.size() > k_most_digits + 1) return false;
  const auto digits = text.substr(1);
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  const auto& code = code_of(digits);
  if (code.code == 0) return false;
  const bool of_no_country = code.root == 0 && code.region == k_no_region;
  return of_no_country || digits.size() > code.digits;
}

bool is_emergency(std::string_view dialled, std::string_view region) {
  const auto digits = short_digits(dialled);
  if (!digits) return false;
  constexpr std::array<std::string_view, 3> k_everywhere{"911", "112", "933"};
  if (std::find(k_everywhere.begin(), k_everywhere.end(), *digits) != k_everywhere.end()) return true;
  if (region.empty()) return false;
  library();  // silences the library before its first word
  static const i18n::phonenumbers::ShortNumberInfo k_short_numbers;
  return k_short_numbers.IsEmergencyNumber(*digits, std::string(region));
}

bool is_emergency_anywhere(std::string_view dialled) {
  if (is_emergency(dialled, {})) return true;
  if (!short_digits(dialled)) return false;
  std::set<std::string> regions;
  library().GetSupportedRegions(&regions);
  return std::any_of(regions.begin(), regions.end(),
                     [&](const std::string& region) { return is_emergency(dialled, region); });
}

}  // namespace ringctl::phone
