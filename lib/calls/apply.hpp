#pragma once
// From webhooks to rows: calls, attempts, recordings, callbacks, and what limits and users remember of them.
// In whatever order events are applied, and however often, the rows come out the same.

#include <cstdint>
#include <span>

#include "audit/log.hpp"
#include "calls/event.hpp"

namespace ringctl::calls {

struct Applied {
  std::int64_t fresh = 0;     ///< events that were new
  std::int64_t repeated = 0;  ///< events that had been applied before, or stood twice among these
  std::int64_t closed = 0;    ///< calls that became final

  Applied& operator+=(const Applied& other) {
    fresh += other.fresh;
    repeated += other.repeated;
    closed += other.closed;
    return *this;
  }
};

/// Inside the caller's write transaction on the events' workspace: all must be of the same one. Waits for
/// other appliers of the workspace until their commit, so that the order of closed_seq is that of the
/// commits. A call or leg that another workspace has is left alone. Writes no audit rows: the events are kept
/// as they came.
Applied apply(audit::Session&, std::span<const Event>);

}  // namespace ringctl::calls
