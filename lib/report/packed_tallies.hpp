#pragma once
// Tallies of one day and dimension as one text, for call_tallies: hundreds of them are read in the time that
// a database takes for a few rows.
//
// A line for each: the key's length, the key, the unit's length, the unit, and the sums in the order of
// sums(), one space between all of them. Lengths are in bytes; a key may hold anything.

#include <string>
#include <string_view>

#include "report/counting.hpp"

namespace ringctl::report {

void append_packed(std::string& text, std::string_view key, std::string_view price_unit, const Tally&);

/// In the order they were appended; the views live as long as `text`. Throws Errc::db_corrupt
/// [reports.kept_unreadable], perhaps after some were visited.
void unpack(std::string_view text, const VisitTally& visit);

}  // namespace ringctl::report
