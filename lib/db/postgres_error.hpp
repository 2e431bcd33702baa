#pragma once
// What a PostgreSQL failure means to a caller. Private to this room.

#include <libpq-fe.h>

#include <string>

#include "base/error.hpp"

namespace ringctl::db {

/// A failed command. `name` is the database as messages call it. The server's own text is quoted only where
/// it cannot hold a value that was bound.
Error postgres_error(const PGconn*, const PGresult*, const std::string& name);

/// A connection that could not be made.
Error postgres_connect_error(const PGconn*, const std::string& name);

}  // namespace ringctl::db
