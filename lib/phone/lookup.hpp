#pragma once
// Reading the generated tables. Private to this room.

#include <string_view>

#include "phone/tables.hpp"

namespace ringctl::phone {

/// The calling code that `digits` (ASCII digits only, no plus sign) begin with; code 0 if there is none.
inline const CodeRow& code_of(std::string_view digits) noexcept {
  unsigned prefix = 0;
  for (std::size_t i = 0; i < 3; ++i)
    prefix = prefix * 10 + (i < digits.size() ? static_cast<unsigned>(digits[i] - '0') : 0U);
  const CodeRow& row = k_tables.codes[k_tables.prefix[prefix]];
  return digits.size() < row.digits ? k_tables.codes[0] : row;
}

/// Index of the region in k_tables.regions, or k_no_region.
inline std::uint8_t region_index_of(std::string_view digits) noexcept {
  const CodeRow& code = code_of(digits);
  if (code.root == 0) return code.region;
  std::uint16_t node = code.root;
  for (const char digit : digits.substr(code.digits)) node = k_tables.nodes[node].next[digit - '0'];
  return k_tables.nodes[node].region;
}

}  // namespace ringctl::phone
