#pragma once
// Waiting for what another thread or process does.

#include <poll.h>

#include <chrono>
#include <functional>

namespace ringctl::test {

/// True as soon as `holds` does, which is asked every few milliseconds; false if it never does within 20 s.
inline bool eventually(const std::function<bool()>& holds, int every_ms = 1) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::poll(nullptr, 0, every_ms);
  }
  return true;
}

}  // namespace ringctl::test
