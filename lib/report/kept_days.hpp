#pragma once
// Finished days whose sums are kept (call_days, call_tallies), so that a report over years reads days, not
// calls. What is kept is what counting gives: a change of a call, whoever makes it, takes its day away in the
// same transaction (triggers of migration 0012), and then it is counted until it is kept anew. Whoever
// changes calls, attempts or recordings locks the workspace's call counter first (calls/counter.hpp); so does
// keep_days(), and no change can slip in between counting and keeping.

#include <cstdint>
#include <functional>
#include <string_view>

#include "audit/log.hpp"
#include "base/cancel.hpp"
#include "base/zone.hpp"
#include "report/counting.hpp"
#include "report/packed_tallies.hpp"

namespace ringctl::report {

/// Days are kept once they have been over for so long: by then their calls are, too.
inline constexpr std::chrono::hours k_settled_after{6};
/// A reset of daily limits, which cron comes by with, keeps so many; a long log is for `reports refresh`.
inline constexpr std::int64_t k_days_a_reset = 62;

struct Kept {
  std::int64_t days = 0;     ///< kept by this run
  std::int64_t calls = 0;    ///< that they hold
  std::int64_t missing = 0;  ///< finished days that are still to be kept
};

/// Counts finished days that are not kept, newest first, at most `most` (0 = all), from the day of the first
/// call on, each in transactions of its own; `between` is called after each (progress, cancelling by an
/// exception). Days without calls are kept as well. `anew`: what is kept is forgotten first. Zone: the
/// workspace's own; days of another one, of other definitions, or of other area codes are forgotten. A day
/// whose calls change while it is counted is left for the next run. Not audited: nothing is changed that
/// cannot be counted again. Throws Errc::not_found [limits.unknown_workspace].
Kept keep_days(audit::Session&, const base::Uuid& workspace, std::int64_t most, bool anew,
               const std::function<void(const Kept&)>& between = {});

/// What keep_days() would have to do, unless anew: writes nothing.
Kept plan_days(audit::Session&, const base::Uuid& workspace);

/// The slices of `slices` that are kept for this zone, whole ones alone: their indexes, in order. Inside a
/// read transaction.
std::vector<std::size_t> find_kept(db::Connection&, const base::Uuid& workspace, const base::Zone&,
                                   const std::vector<Slice>& slices);
/// Their tallies, of days that are kept for this zone alone. Returns the days whose tallies were damaged:
/// none of those was visited, and whoever wants them counts the day.
std::vector<base::Day> read_kept(db::Connection& db, const base::Uuid& workspace, Dimension,
                                 const base::Zone&, base::Day first, base::Day last,
                                 const std::function<void(base::Day, const PackedTally&)>& visit);

/// Holds what is kept for the workspace's zone against counting, day by day, in a read transaction each: the
/// days that differ (none, unless somebody changed them behind ringctl's back) or that are damaged; those
/// that are taken away meanwhile do not. `between` is called after each.
std::vector<base::Day> differing_days(db::Connection&, const base::Uuid& workspace,
                                      const std::function<void()>& between = {});

}  // namespace ringctl::report
