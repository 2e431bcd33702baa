#pragma once
// From webhooks to rows: messages, conversations, who is told, what is queued for the workspace's own
// webhook, and opt-outs. In whatever order status callbacks are applied, and however often anything is, the
// rows come out the same; what came in is dealt in the order in which it is applied.

#include <cstdint>
#include <span>

#include "audit/log.hpp"
#include "messages/event.hpp"

namespace ringctl::messages {

struct Applied {
  std::int64_t fresh = 0;     ///< events that were new
  std::int64_t repeated = 0;  ///< that had been applied before, or stood twice among these
  std::int64_t queued = 0;    ///< deliveries for the workspace's own webhook

  Applied& operator+=(const Applied& other) {
    fresh += other.fresh;
    repeated += other.repeated;
    queued += other.queued;
    return *this;
  }
};

/// Inside the caller's write transaction on the workspace: all events are of it, whatever they say. Takes
/// lock_counter(). A few statements for a whole piece of 256. What came in to a number that is not the
/// workspace's is kept without one, and goes to R97's. A SID that another workspace has is left alone. Audits
/// opt-outs alone (optouts.stop, optouts.start), last.
Applied apply(audit::Session&, const base::Uuid& workspace, std::span<const Event>);

/// Which of them apply() would keep as new. Inside the caller's read transaction.
std::vector<const Event*> missing(db::Connection&, const base::Uuid& workspace, std::span<const Event>);

}  // namespace ringctl::messages
