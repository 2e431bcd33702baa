#pragma once
// What the database cannot compare the same way on both engines: case-folded text. Asked of rows as they
// stream by.

#include <optional>
#include <string>
#include <string_view>

#include "estate/numbers.hpp"

namespace ringctl::estate {

class NumberSearch {
 public:
  explicit NumberSearch(const NumberFilter&);
  /// False: every row matches, nothing need be asked.
  bool active() const { return label_ || needle_; }
  bool matches(std::string_view phone_number, std::string_view label, std::string_view sid,
               std::string_view provider);

 private:
  bool holds_needle(std::string_view text);
  std::string_view folded(std::string_view text);

  std::optional<std::string> label_, needle_;  ///< folded
  std::string digits_;                         ///< of a needle that could be part of a number, else empty
  std::string scratch_;
};

}  // namespace ringctl::estate
