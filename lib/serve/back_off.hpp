#pragma once
// How long to wait before a database that was away is asked again.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace ringctl::serve {

class BackOff {
 public:
  BackOff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : first_(first), longest_(longest), random_(std::random_device{}()) {}

  /// After the attempt of that number, from 0 on: doubled each time up to the longest, less up to half by
  /// chance, so that those who found it away together do not come back together.
  std::chrono::milliseconds after(unsigned attempt) {
    constexpr unsigned k_most_doublings = 16;
    const auto delay = std::min(first_ * (1 << std::min(attempt, k_most_doublings)), longest_);
    std::uniform_int_distribution<std::int64_t> less(0, delay.count() / 2);
    return delay - std::chrono::milliseconds(less(random_));
  }

 private:
  const std::chrono::milliseconds first_, longest_;
  std::minstd_rand random_;
};

}  // namespace ringctl::serve
