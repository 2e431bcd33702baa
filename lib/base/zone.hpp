#pragma once
// IANA time zones and the instants people type. Sole owner of the time-zone library.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace ringctl::base {

/// A calendar date in some zone.
using Day = std::chrono::year_month_day;

/// What the clocks of some zone show.
struct LocalTime {
  Day day;
  int minute;  ///< of the day, 0 to 1439, as the clock shows it
};

class Zone {
 public:
  /// Throws Errc::invalid [time.unknown_zone] with the nearest names.
  static Zone parse(std::string_view iana_name);
  static bool exists(std::string_view iana_name);
  /// TZ if it names a zone, else /etc/localtime, else UTC.
  static Zone system();
  static Zone utc();

  const std::string& name() const { return name_; }
  Day day_of(Instant) const;
  LocalTime local_time(Instant) const;
  /// First instant of the day. In zones where midnight is missing: the first instant that exists; doubled:
  /// the first.
  Instant start_of(Day) const;
  /// RFC 3339 with the zone's offset: "2026-03-08T03:00:00.000-04:00".
  std::string format(Instant) const;

 private:
  explicit Zone(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

/// Which edition of the zones the machine has: "2025b"; "" where it does not say.
std::string zone_data_version();

/// "2026-03-08" and back. parse_day throws Errc::invalid [time.bad_date].
std::string format_day(Day);
Day parse_day(std::string_view);

/// RFC 3339, a date, "today", "yesterday", "now", "-7d" (s m h d w), or a local date and time.
/// Errc::invalid: [time.malformed]; [time.skipped] for a local time in a DST gap and [time.ambiguous] in an
/// overlap, with the two instants to choose from; [time.too_long_ago] for more than a century.
Instant parse_instant(std::string_view text, const Zone&, Instant now);

/// "90s", "10m", "1h30m", "2d", "500ms"; throws Errc::invalid [time.bad_duration], and [time.too_long] for
/// more than a century.
std::chrono::milliseconds parse_duration(std::string_view);
std::string format_duration(std::chrono::milliseconds);

}  // namespace ringctl::base
