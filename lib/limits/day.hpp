#pragma once
// Days as limits count them: one period for every date a zone has, each instant in exactly one of them.

#include "base/clock.hpp"
#include "base/zone.hpp"

namespace ringctl::limits {

/// The day an instant counts for: the last one that has begun. Never goes back while time goes on: where
/// clocks are set back over midnight, the new day goes on although the wall shows the old date again.
base::Day day_at(const base::Zone&, base::Instant);

/// False for a date that the zone left out (Apia, 2011-12-30).
bool has_day(const base::Zone&, base::Day);

/// The nearest date that the zone has, after or before this one.
base::Day next_day(const base::Zone&, base::Day);
base::Day previous_day(const base::Zone&, base::Day);

}  // namespace ringctl::limits
