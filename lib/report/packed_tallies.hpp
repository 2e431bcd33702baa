#pragma once
// Tallies of one day and dimension as one text, for call_tallies: hundreds of them are read in the time that
// a database takes for a few rows.
//
// A line for each: the key's length, the key, the unit's length, the unit, and the sums in the order of
// sums(), one space between all of them. Lengths are in bytes; a key may hold anything.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/tally.hpp"

namespace ringctl::report {

struct PackedTally {
  std::string_view key, price_unit;  ///< into the packed text
  Tally tally;
};

void append_packed(std::string& text, std::string_view key, std::string_view price_unit, const Tally&);

/// In the order they were appended; nullopt for a text that was damaged.
std::optional<std::vector<PackedTally>> unpack(std::string_view text);

}  // namespace ringctl::report
