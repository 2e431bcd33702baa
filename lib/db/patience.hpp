#pragma once
// For connections that somebody waits behind: how long a database that does not answer is waited for.

#include <chrono>

#include "db/connection.hpp"

namespace ringctl::db {

/// From here on an answer that takes longer is none: the statement throws Errc::db_down [db.no_answer], the
/// connection is closed and refuses all that follows in the same way. Nobody knows then what became of a
/// commit. For a PostgreSQL that hangs, or a network that swallows what it is given; one that is gone says so
/// by itself. On SQLite, which is never away, it is how long a lock is waited for (Errc::db_busy).
void answer_within(Connection&, std::chrono::milliseconds);

}  // namespace ringctl::db
