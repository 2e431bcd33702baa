#pragma once
// For what is counted by the day and by the machine's clock.

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "base/clock.hpp"

namespace ringctl::test {

/// A time zone where it is about noon: no day ends there while a test runs, whatever time it is here.
inline std::string zone_of_noon() {
  const auto now = base::SystemClock().now().time_since_epoch();
  const auto hour = std::chrono::floor<std::chrono::hours>(now - std::chrono::floor<std::chrono::days>(now));
  // West is positive in these names.
  return hour.count() == 12 ? "UTC" : fmt::format("Etc/GMT{:+}", hour.count() - 12);
}

}  // namespace ringctl::test
