#pragma once
// Closing days. A new local day is a new counter, so calling waits for none of this: closing a day takes back
// what expired, writes down its sums, and keeps the day from being counted on again (but for a call that was
// being counted at that moment on PostgreSQL, which the next run adds to the sums). Run twice, late or on two
// machines at once it changes nothing more.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/zone.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::limits {

struct ResetOptions {
  std::optional<base::Day> as_of = {};  ///< the last day to close; without: yesterday
  /// The same as people say it: "yesterday", "-7d", read in the workspace's zone. No date, so it says nothing
  /// about the clock.
  std::string as_of_said = {};
  /// E.164. Closes no day, for a day is the workspace's: takes back what expired of this number, and with
  /// `force` zeroes it alone.
  std::string number = {};
  /// Also lets today begin again: takes today's counters to zero by an adjustment. Calls reserved before
  /// count no more and are not refunded either.
  bool force = false;
  bool dry_run = false;
  /// On PostgreSQL: hold the clock against the server's first, see clock_ahead().
  bool compare_clock = false;
  std::chrono::milliseconds lock_wait{0};
  const base::CancelToken* cancel = nullptr;  ///< asked between short transactions; what is done stays done
};

/// What the counters of one day came to when it was closed. Calls that end later still settle on their day's
/// counters and leave this as it is.
struct ClosedDay {
  base::Day day{};
  std::int64_t counters = 0, reserved = 0, connected = 0, refunded = 0, adjusted = 0;
  std::int64_t expired = 0;  ///< reservations taken back by this closing; among the refunded
  std::int64_t used() const { return reserved - refunded - adjusted; }
};

struct ResetReport {
  std::vector<ClosedDay> days;              ///< in order
  std::optional<ClosedDay> corrected = {};  ///< the newest closed day, if it had got calls since
  std::int64_t expired = 0;                 ///< reservations taken back, of whatever day
  base::Day today{};
  std::int64_t zeroed = 0;    ///< counters of today that `force` took to zero
  std::int64_t forgiven = 0;  ///< calls they held
  /// How far the clock is ahead of the server's, where that is more than a minute; negative: behind.
  std::optional<std::chrono::milliseconds> clock_ahead = {};
  bool dry_run = false;
  bool changed() const { return !days.empty() || corrected || expired > 0 || zeroed > 0; }
};

/// Throws Errc::invalid [limits.day_not_over, and time's own of as_of_said]; Errc::not_found
/// [limits.unknown_number]; Errc::locked [lock.held] while another one runs. The clock may be wrong, and what
/// is closed by it keeps everybody from calling until that day has come. So Errc::conflict
/// [limits.clock_differs] where it is more than 5 minutes from the server's, and, unless a date was given,
/// [limits.many_days] where more than 400 days would be closed and [limits.quiet_days] where more than 7
/// would, on whose last 7 nobody counted a call.
ResetReport reset(audit::Session&, const base::Uuid& workspace, const ResetOptions& = {});

struct WorkspaceReset {
  directory::Workspace workspace;
  ResetReport report = {};
  std::optional<Error> error = {};  ///< the others are reset all the same
};
/// Every active workspace, by name.
std::vector<WorkspaceReset> reset_all(audit::Session&, const ResetOptions& = {});

struct ReopenOptions {
  bool dry_run = false;
  bool compare_clock = false;  ///< as in ResetOptions
  std::chrono::milliseconds lock_wait{0};
  const base::CancelToken* cancel = nullptr;
};

/// Takes back that days were closed which are not over, as a wrong clock leaves them: `from` and later ones,
/// but none before today. Calls that were counted meanwhile stay on the day they were counted on. Returns
/// them in order, each an audit row. Throws Errc::conflict [limits.clock_differs], Errc::locked [lock.held].
std::vector<ClosedDay> reopen(audit::Session&, const base::Uuid& workspace, base::Day from,
                              const ReopenOptions& = {});

/// Days that are over and were not closed, up to yesterday.
struct UnclosedDays {
  base::Day first{};
  std::int64_t count = 0;
};
/// nullopt: there are none, or no call was ever counted. Inside a read transaction.
std::optional<UnclosedDays> unclosed_days(db::Connection&, const base::Uuid& workspace, base::Instant now);

/// Days that were closed, newest first, at most `limit` (0 = all). Inside a read transaction.
std::vector<ClosedDay> closed_days(db::Connection&, const base::Uuid& workspace, std::int64_t limit);

}  // namespace ringctl::limits
