#pragma once
// What an SQLite result code means to a caller. Private to this room.

#include <sqlite3.h>

#include <string>

#include "base/error.hpp"

namespace ringctl::db {

/// `code` is the extended result code, `name` the database as messages call it. Reads `db`'s message, so ask
/// at once.
Error sqlite_error(sqlite3* db, int code, const std::string& name);

}  // namespace ringctl::db
