#pragma once
// A connection that is one of several which a server keeps for months.

#include "db/connection.hpp"

namespace ringctl::db {

/// SQLite: less memory than a command takes that is over soon, and fewer and larger checkpoints, for pages
/// that every call changes are then copied once for many calls.
void prepare_for_serving(Connection&);

}  // namespace ringctl::db
