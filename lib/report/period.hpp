#pragma once
// The time that a report is about, cut into days of a zone. Days are ranges of instants, bound as such; SQL
// knows no zones.

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/zone.hpp"

namespace ringctl::report {

/// Calls that began in [since, until).
struct Period {
  base::Instant since, until;
};

/// A day, or the part of one that a period holds.
struct Slice {
  base::Day day;
  base::Instant from, until;
  bool whole = false;  ///< all of the day
};
/// Without gaps, in order; a date that the zone left out has none. Empty if the period is. As the clock goes:
/// each instant belongs to the last day that has begun (limits/day.hpp, whose days these are).
std::vector<Slice> slices_of(const Period&, const base::Zone&);

/// The same number of days earlier, N being the days that the period touches: each end as far into its day as
/// here, or at that day's end if it was shorter. Today until noon: yesterday until noon.
Period before(const Period&, const base::Zone&);
/// The day that `day` of a period is held against: N days earlier.
base::Day day_before(base::Day day, const Period&, const base::Zone&);

/// The whole days of the last `days` days, today's part included: from the start of the day that is days - 1
/// days ago, until `now`.
Period last_days(int days, const base::Zone&, base::Instant now);

}  // namespace ringctl::report
