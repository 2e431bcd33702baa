#pragma once
// Waiting for what another thread or process does.

#include <poll.h>

#include <chrono>
#include <functional>

namespace ringctl::test {

/// What has not happened by then never will: more than a machine with ten times too much to do needs for
/// anything here. Whoever waits so long has failed; nothing that goes well takes as long.
inline constexpr std::chrono::seconds k_patience{60};

/// True as soon as `holds` does, which is asked every few milliseconds; false if it does not within
/// k_patience.
inline bool eventually(const std::function<bool()>& holds, int every_ms = 1) {
  const auto until = std::chrono::steady_clock::now() + k_patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::poll(nullptr, 0, every_ms);
  }
  return true;
}

}  // namespace ringctl::test
