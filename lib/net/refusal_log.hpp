#pragma once
// Says in the log that requests are refused before any handler sees them: one line for each reason in a
// while, however many come.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "net/refusal.hpp"

namespace ringctl::net {

class RefusalLog {
 public:
  static constexpr std::chrono::seconds k_silence{60};  ///< between two lines of one reason

  /// Any thread. `now` goes forward, give or take what threads differ by.
  void note(Refusal, std::string_view remote, std::chrono::steady_clock::time_point now);

 private:
  struct Reason {
    std::atomic<std::chrono::steady_clock::time_point> silent_until{
        std::chrono::steady_clock::time_point::min()};
    std::atomic<std::uint64_t> unsaid{0};  ///< since the last line
  };
  std::array<Reason, k_refusals> reasons_{};
};

}  // namespace ringctl::net
