#pragma once
// Telephone numbers as the estate stores them: E.164, and nothing else.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ringctl::phone {

/// `+`, country code, at most 15 digits in all; possible (right length for its country code), not necessarily
/// assigned.
class E164 {
 public:
  /// Strict text "+12025550143" only: no spaces, no national form. Throws Errc::invalid [phone.invalid].
  static E164 parse(std::string_view);
  static std::optional<E164> try_parse(std::string_view, std::error_code&) noexcept;

  std::string_view view() const { return {text_.data(), size_}; }
  std::string text() const { return std::string(view()); }
  /// The digits as one integer; orders by value, not by text.
  std::uint64_t digits() const;
  friend bool operator==(const E164& a, const E164& b) { return a.view() == b.view(); }
  friend std::strong_ordering operator<=>(const E164& a, const E164& b) { return a.view() <=> b.view(); }

 private:
  friend class Parser;
  std::array<char, 16> text_{};
  std::uint8_t size_ = 0;
};

/// Why text is not a number.
enum class PhoneErrc {
  no_country_code = 1,
  no_plus,  ///< digits only, which a plus sign would make a number
  too_short,
  too_long,
  bad_length,
  unknown_country_code,
  not_a_number
};
const std::error_category& phone_category() noexcept;
std::error_code make_error_code(PhoneErrc) noexcept;

/// What people type: strict E.164 takes the fast way; "(202) 555-0143", "0044 20 ...", Unicode digits,
/// extensions and letters go through libphonenumber. `default_country` ("" = none) reads national forms.
std::optional<E164> try_parse_typed(std::string_view text, std::string_view default_country,
                                    std::error_code&);
E164 parse_typed(std::string_view text, std::string_view default_country = {});

/// True if a default country might read the text.
bool lacks_country(const std::error_code&) noexcept;

/// libphonenumber's "possible", decided for strict text without it: country code known, length right. What is
/// possible within an area only (555-0100, without its area code) is not. Proved equal to the library by a
/// test.
bool is_possible(std::string_view strict_e164) noexcept;

/// Country code of the number, 1 to 3 digits: 1, 44, 354.
int calling_code(const E164&) noexcept;

}  // namespace ringctl::phone

template <>
struct std::is_error_code_enum<ringctl::phone::PhoneErrc> : std::true_type {};
