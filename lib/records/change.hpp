#pragma once
// What a change makes of a row's values. Private to this room.

#include <string>
#include <string_view>
#include <vector>

#include "records/records.hpp"

namespace ringctl::records {

/// A row that holds nothing but what new ones are given.
Record blank(const Noun&);
/// Throws Errc::invalid [noun.invalid] naming every value that is refused.
Record changed(const Noun&, Record, const Change&, const Reading&, std::vector<base::Finding>& warnings);
std::vector<std::size_t> differences(const Record&, const Record&);
/// Canonical key of what was typed: the parts of the key. Throws as changed().
std::vector<std::string> key_of(const Noun&, const Change&, const Reading&);

}  // namespace ringctl::records
