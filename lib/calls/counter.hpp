#pragma once
// The lock of a workspace's call log. Whoever changes calls, attempts or recordings takes it first: places of
// finished and of changed calls are then given in the order of the commits, and sums of days that are kept
// cannot miss a change.

#include <cstdint>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

/// Inside a write transaction; held until its end. Returns the last closed_seq given.
std::int64_t lock_counter(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::calls
