// Strict text is decided by the generated tables alone; only what people type otherwise loads libphonenumber.
#include "phone/e164.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "phone/library.hpp"
#include "phone/lookup.hpp"

namespace ringctl::phone {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr std::size_t k_most_digits = 15;
/// The library takes minutes over 100,000 digits.
constexpr std::size_t k_longest_typed = 250;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "555-0100", "(202) 555 0143": a number, but of which country?
bool looks_national(std::string_view text) {
  constexpr std::string_view k_punctuation = " -.()/";
  return std::ranges::any_of(text, is_digit) && std::ranges::all_of(text, [&](char c) {
           return is_digit(c) || k_punctuation.find(c) != std::string_view::npos;
         });
}

PhoneErrc length_fault(unsigned lengths, std::size_t length) {
  if ((lengths >> length) == 0) return PhoneErrc::too_long;
  return (lengths & ((1U << length) - 1)) == 0 ? PhoneErrc::too_short : PhoneErrc::bad_length;
}

/// Of what stands behind the plus sign.
std::error_code judge_digits(std::string_view digits) noexcept {
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return PhoneErrc::not_a_number;
  const CodeRow& code = code_of(digits);
  if (code.code == 0) return digits.size() < 3 ? PhoneErrc::too_short : PhoneErrc::unknown_country_code;
  if (digits.size() > k_most_digits) return PhoneErrc::too_long;
  const auto length = digits.size() - code.digits;
  if ((code.lengths >> length & 1U) == 0) return length_fault(code.lengths, length);
  return {};
}

/// No error if `text` is strict E.164 of a possible number.
std::error_code judge(std::string_view text) noexcept {
  if (text.starts_with('+')) return judge_digits(text.substr(1));
  if (!looks_national(text)) return PhoneErrc::not_a_number;
  // Spreadsheets take the plus sign off.
  return judge_digits(text) ? PhoneErrc::no_country_code : PhoneErrc::no_plus;
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "phone"; }
  std::string message(int value) const override {
    switch (static_cast<PhoneErrc>(value)) {
      case PhoneErrc::no_country_code:
        return "has no country code (expected like +12025550123)";
      case PhoneErrc::no_plus:
        return "has no + or country code (expected like +12025550123)";
      case PhoneErrc::too_short:
        return "is too short for a number of its country";
      case PhoneErrc::too_long:
        return "is too long for a number of its country";
      case PhoneErrc::bad_length:
        return "has a wrong number of digits for its country";
      case PhoneErrc::unknown_country_code:
        return "has a country code that does not exist";
      case PhoneErrc::not_a_number:
        return "is not a telephone number (expected like +12025550123)";
    }
    return "is not a telephone number";
  }
};

ringctl::Error invalid(std::string_view text, const std::error_code& error) {
  constexpr std::size_t k_most_shown = 64;
  const auto shown =
      text.size() > k_most_shown ? std::string(text.substr(0, k_most_shown)) + "..." : std::string(text);
  return {Errc::invalid, "phone.invalid", fmt::format("\"{}\" {}", shown, error.message()),
          lacks_country(error) ? "ringctl workspaces update NAME --default-country CC" : ""};
}

std::error_code from_library(PhoneNumberUtil::ErrorType error, bool has_country) {
  switch (error) {
    case PhoneNumberUtil::NO_PARSING_ERROR:
      return {};
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return has_country ? PhoneErrc::unknown_country_code : PhoneErrc::no_country_code;
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
      return PhoneErrc::too_short;
    case PhoneNumberUtil::TOO_LONG_NSN:
      return PhoneErrc::too_long;
    default:
      return PhoneErrc::not_a_number;
  }
}

}  // namespace

/// Builds values from text that judge() has passed.
class Parser {
 public:
  static E164 number_of(std::string_view text) noexcept {
    E164 number;
    std::ranges::copy(text, number.text_.begin());
    number.size_ = static_cast<std::uint8_t>(text.size());
    return number;
  }
};

std::optional<E164> E164::try_parse(std::string_view text, std::error_code& error) noexcept {
  error = judge(text);
  if (error) return std::nullopt;
  return Parser::number_of(text);
}

E164 E164::parse(std::string_view text) {
  std::error_code error;
  if (const auto number = try_parse(text, error)) return *number;
  throw invalid(text, error);
}

std::uint64_t E164::digits() const {
  std::uint64_t value = 0;
  for (const char c : digits_of(view())) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

const std::error_category& phone_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(PhoneErrc code) noexcept {
  return {static_cast<int>(code), phone_category()};
}

std::optional<E164> try_parse_typed(std::string_view text, std::string_view default_country,
                                    std::error_code& error) {
  text = base::trim(text);
  if (auto number = E164::try_parse(text, error)) return number;
  if (text.size() > k_longest_typed) return std::nullopt;
  const std::error_code strict_error = error;
  PhoneNumber parsed;
  const auto& util = library();
  // "ZZ" is the library's word for no region.
  const std::string region = default_country.empty() ? "ZZ" : base::ascii_upper(default_country);
  error = from_library(util.Parse(std::string(text), region == "UK" ? "GB" : region, &parsed),
                       text.starts_with('+') || !default_country.empty());
  if (!error && parsed.has_extension()) error = PhoneErrc::not_a_number;
  if (!error) {
    std::string strict;
    util.Format(parsed, PhoneNumberUtil::E164, &strict);
    if (auto number = E164::try_parse(strict, error)) return number;
  }
  // Where the library has nothing better to say, or the text was strict but for its length, the first reading
  // does.
  if (error == PhoneErrc::not_a_number || strict_error == PhoneErrc::too_long ||
      (error == PhoneErrc::no_country_code && strict_error == PhoneErrc::no_plus))
    error = strict_error;
  return std::nullopt;
}

E164 parse_typed(std::string_view text, std::string_view default_country) {
  std::error_code error;
  if (const auto number = try_parse_typed(text, default_country, error)) return *number;
  throw invalid(text, error);
}

bool lacks_country(const std::error_code& error) noexcept {
  return error == PhoneErrc::no_country_code || error == PhoneErrc::no_plus;
}

bool is_possible(std::string_view strict_e164) noexcept { return !judge(strict_e164); }

int calling_code(const E164& number) noexcept { return code_of(digits_of(number.view())).code; }

}  // namespace ringctl::phone
