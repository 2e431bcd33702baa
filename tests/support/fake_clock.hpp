#pragma once
// A clock that stands still until told otherwise.

#include <chrono>
#include <string_view>

#include "base/clock.hpp"

namespace ringctl::test {

class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(std::string_view utc = "2026-03-08T12:00:00.000Z") : now_(base::parse_utc(utc)) {}
  base::Instant now() const override { return now_; }
  std::chrono::steady_clock::time_point steady() const override { return steady_; }
  void set(std::string_view utc) { now_ = base::parse_utc(utc); }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    steady_ += by;
  }

 private:
  base::Instant now_;
  std::chrono::steady_clock::time_point steady_{};
};

}  // namespace ringctl::test
