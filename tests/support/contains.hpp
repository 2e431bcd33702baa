#pragma once
#include <string>

#include "support/catch.hpp"

namespace ringctl::test {

/// Matches a text that holds another, for which Catch2 2 and 3 have a name each.
inline auto contains(const std::string& text) {
#if CATCH_VERSION_MAJOR >= 3
  return Catch::Matchers::ContainsSubstring(text);
#else
  return Catch::Matchers::Contains(text);
#endif
}

}  // namespace ringctl::test
