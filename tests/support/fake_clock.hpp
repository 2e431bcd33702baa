#pragma once
// A clock that stands still until told otherwise, by whatever thread.

#include <atomic>
#include <chrono>
#include <string_view>

#include "base/clock.hpp"

namespace ringctl::test {

class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(std::string_view utc = "2026-03-08T12:00:00.000Z") { set(utc); }
  base::Instant now() const override { return base::Instant(std::chrono::milliseconds(now_)); }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(steady_));
  }
  void set(std::string_view utc) { set(base::parse_utc(utc)); }
  void set(base::Instant at) { now_ = at.time_since_epoch().count(); }
  void advance(std::chrono::milliseconds by) {
    now_ += by.count();
    steady_ += by.count();
  }

 private:
  std::atomic<std::int64_t> now_ = 0, steady_ = 0;  // milliseconds
};

}  // namespace ringctl::test
