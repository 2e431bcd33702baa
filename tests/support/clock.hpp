#pragma once
// A clock that stands still until it is told.

#include "base/clock.hpp"

namespace ringctl::test {

class FixedClock final : public base::Clock {
 public:
  explicit FixedClock(base::Instant now = base::parse_utc("2026-03-02T12:00:00.000Z")) : now_(now) {}
  base::Instant now() const override { return now_; }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(now_.time_since_epoch());
  }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  base::Instant now_;
};

}  // namespace ringctl::test
