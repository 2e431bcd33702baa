#pragma once
// How much of a file may be wrong before none of it is taken.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringctl::bulk {

/// How many rows may be rejected. None set: atomic, the first one stops everything.
struct Allowance {
  std::optional<std::uint64_t> rows;
  std::optional<double> percent;  ///< of the rows in the file
  bool atomic() const { return !rows && !percent; }
  bool admits(std::uint64_t rejected, std::uint64_t total) const;
  std::string text() const;  ///< as typed: "12", "5%", "" when atomic
};
/// "12" or "5%". Throws Errc::usage [import.bad_max_errors].
Allowance parse_allowance(std::string_view);

}  // namespace ringctl::bulk
