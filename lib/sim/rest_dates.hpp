#pragma once
// Times in filters: days and instants, with the inequality in the name of the parameter.

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "sim/rest_form.hpp"

namespace ringctl::sim {

/// A whole UTC day, or an instant: then both are the same.
struct RestTime {
  base::Instant begin = {}, last = {};  ///< the last millisecond of the day
};
/// "2026-01-31", "2026-01-31T15:00:00Z", with or without fractions of a second.
std::optional<RestTime> parse_rest_time(std::string_view text);

/// StartTime, StartTime< and StartTime> of one request. Both inequalities include the day, or instant, they
/// name.
class TimeFilter {
 public:
  TimeFilter(const Fields&, std::string_view name);
  bool holds(std::optional<base::Instant> at) const;

 private:
  std::optional<RestTime> on_, before_, after_;
};

}  // namespace ringctl::sim
