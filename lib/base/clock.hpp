#pragma once
// Time as the program sees it. Instants are UTC milliseconds; only SystemClock reads the machine's clock.

#include <chrono>
#include <string>
#include <string_view>

namespace ringctl::base {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  /// For deadlines and rates; never goes back.
  virtual std::chrono::steady_clock::time_point steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  std::chrono::steady_clock::time_point steady() const override;
};

/// "2026-03-08T07:59:58.123Z", always 24 characters. Years 0000-9999.
std::string format_utc(Instant);
/// Reads what format_utc writes, and PostgreSQL's "2026-03-08 07:59:58.123+00". Throws Errc::invalid
/// otherwise.
Instant parse_utc(std::string_view text);

}  // namespace ringctl::base
