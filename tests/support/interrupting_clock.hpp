#pragma once
// A clock that does something once, the next time it is asked. What is written is dated after it was read
// what it follows from, so that this is the middle of a transaction.

#include <functional>
#include <utility>

#include "base/clock.hpp"

namespace ringctl::test {

class InterruptingClock final : public base::Clock {
 public:
  explicit InterruptingClock(const base::Clock& clock) : clock_(clock) {}
  void once(std::function<void()> action) { action_ = std::move(action); }
  base::Instant now() const override {
    if (const auto action = std::exchange(action_, {})) action();
    return clock_.now();
  }
  std::chrono::steady_clock::time_point steady() const override { return clock_.steady(); }

 private:
  const base::Clock& clock_;
  mutable std::function<void()> action_ = {};
};

}  // namespace ringctl::test
