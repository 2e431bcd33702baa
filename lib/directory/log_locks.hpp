#pragma once
// The locks of a workspace's calls and messages, both at once, for rooms under those (calls/counter.hpp,
// messages/counter.hpp).

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::directory {

/// First of all in a write transaction that changes rows of calls or messages, if only through a reference
/// that is set to nothing; held until its end. Webhooks that are being applied have read these rows and would
/// write back what is no longer there.
void lock_logs(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::directory
