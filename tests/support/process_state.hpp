#pragma once
// What the kernel knows about a running child.

#include <poll.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>

#include "support/eventually.hpp"

namespace ringctl::test {

/// Returns when process `pid` has a handler for `signal`: from then on it ends by its own exit status.
inline void wait_until_handles(int pid, int signal) {
  const auto give_up = std::chrono::steady_clock::now() + k_patience;
  const auto bit = 1ULL << static_cast<unsigned>(signal - 1);
  while (std::chrono::steady_clock::now() < give_up) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("SigCgt:") && (std::stoull(line.substr(7), nullptr, 16) & bit) != 0) return;
    ::poll(nullptr, 0, 1);
  }
  throw std::runtime_error("the child never caught signal " + std::to_string(signal));
}

}  // namespace ringctl::test
