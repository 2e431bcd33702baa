#pragma once
// The form of a resource's name at Twilio.

#include <algorithm>
#include <string_view>

namespace ringctl::base {

/// The kind ("PN", "CA") and 32 lower-case hex digits.
inline bool is_sid(std::string_view text, std::string_view kind) {
  constexpr std::size_t k_digits = 32;
  if (!text.starts_with(kind) || text.size() != kind.size() + k_digits) return false;
  const auto digits = text.substr(kind.size());
  return std::all_of(digits.begin(), digits.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace ringctl::base
