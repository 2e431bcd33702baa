#pragma once
// The tables, views, indexes, triggers and policies a schema consists of: those that are there, and those its
// migrations make. Private to this room.

#include <map>
#include <string>

#include "db/connection.hpp"

namespace ringctl::db {

/// "table audit_log", "trigger noisy on phone_numbers" -> how it is defined (SQLite), or "" (PostgreSQL,
/// where names are all that is compared).
using SchemaObjects = std::map<std::string, std::string>;

SchemaObjects objects_there(Connection&);
/// Of a database that was just migrated to `schema`.
SchemaObjects objects_expected(Engine, int schema);

}  // namespace ringctl::db
