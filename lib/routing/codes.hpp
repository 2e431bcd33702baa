#pragma once
// Texts as they are compared: short ones as integers, by the thousand. Private to this room.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace ringctl::routing {

/// Digits of an E.164 number; 0 for anything else.
inline std::uint64_t number_code(std::string_view number) {
  if (number.size() < 2 || number.size() > 16 || number.front() != '+') return 0;
  std::uint64_t code = 0;
  for (const char c : number.substr(1)) {
    if (c < '0' || c > '9') return 0;
    code = code * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return code;
}

/// Without regard to case. What another program wrote may be no UTF-8: then it is compared as it is.
inline std::string folded(std::string_view text) {
  return base::valid_utf8(text) ? base::fold(base::trim(text)) : std::string(text);
}

/// Two letters; 0 for anything else.
inline std::uint64_t country_code(std::string_view country) {
  if (country.size() != 2) return 0;
  return static_cast<std::uint64_t>(static_cast<unsigned char>(country[0])) << 8U |
         static_cast<unsigned char>(country[1]);
}

}  // namespace ringctl::routing
