#pragma once
// What an import can be told to do, by the names that flags take and the journal keeps.

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "bulk/import.hpp"

namespace ringctl::bulk {

constexpr auto names_of(csv::Format) {
  return std::to_array<std::string_view>({"auto", "csv", "tsv", "jsonl"});
}
constexpr auto names_of(csv::Encoding) {
  return std::to_array<std::string_view>({"auto", "utf-8", "utf-16", "windows-1252"});
}
constexpr auto names_of(HeaderMode) { return std::to_array<std::string_view>({"auto", "yes", "no"}); }
constexpr auto names_of(OnConflict) { return std::to_array<std::string_view>({"update", "skip", "fail"}); }

template <class Choice>
constexpr std::string_view name_of(Choice choice) {
  return names_of(choice)[static_cast<std::size_t>(choice)];
}

/// Throws Errc::invalid [import.unknown_choice].
template <class Choice>
Choice choice_of(std::string_view name) {
  constexpr auto names = names_of(Choice{});
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    throw Error(Errc::invalid, "import.unknown_choice",
                "the import was told something this ringctl does not know");
  return static_cast<Choice>(found - names.begin());
}

}  // namespace ringctl::bulk
