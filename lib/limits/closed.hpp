#pragma once
// The sums of a day that is closed: reading them off its counters, and keeping them true to calls that come
// to be known late. Private to this room.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "audit/log.hpp"
#include "limits/reset.hpp"

namespace ringctl::limits {

/// Held by whoever closes days or opens them again.
inline constexpr std::string_view k_reset_lease = "limits reset";
inline constexpr std::chrono::minutes k_reset_lease_ttl{5};

/// How far the clock is ahead of the server's, 0 on SQLite. Throws Errc::conflict [limits.clock_differs]
/// where it is more than 5 minutes, either way.
std::chrono::milliseconds require_server_clock(audit::Session&, const base::Uuid& workspace);

/// Canonical JSON for the audit log.
std::string image_of(const ClosedDay&);

/// What the day's counters come to now. In read transactions of its own, a piece at a time on SQLite.
ClosedDay sums_of(db::Connection&, const base::Uuid& workspace, base::Day);

/// The audit log's line about a day that was closed or whose sums were corrected. In a write transaction.
void record_closed(audit::Session&, const base::Uuid& workspace, const ClosedDay&);

/// One call more, and maybe one counter more, on a day that may be closed. In a write transaction, after the
/// counter.
void add_to_closed(audit::Session&, const base::Uuid& workspace, base::Day, bool new_counter);

/// Sums the newest closed day anew and writes down the calls that the sums did not hold. Returns the day as
/// corrected.
std::optional<ClosedDay> correct_newest(audit::Session&, const base::Uuid& workspace);

/// The same for a day whose marker says `written`. Nothing, if somebody corrected it meanwhile.
std::optional<ClosedDay> correct(audit::Session&, const base::Uuid& workspace, const ClosedDay& written);

}  // namespace ringctl::limits
