#pragma once
// The lock of a workspace's messages. Whoever writes messages takes it first: places are then given in the
// order of the commits, turns are taken one at a time, and no two writers wait for each other.

#include <cstdint>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::messages {

/// Inside a write transaction; held until its end. Returns the last message_seq given.
std::int64_t lock_counter(db::Connection&, const base::Uuid& workspace);
void write_counter(db::Connection&, const base::Uuid& workspace, std::int64_t message_seq);

}  // namespace ringctl::messages
