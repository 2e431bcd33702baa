#include "db/patience.hpp"

#include "db/postgres_connection.hpp"
#include "db/sqlite_connection.hpp"

namespace ringctl::db {

void answer_within(Connection& connection, std::chrono::milliseconds limit) {
  if (auto* const server = dynamic_cast<PostgresConnection*>(&connection))
    server->answer_within(limit);
  else if (auto* const file = dynamic_cast<SqliteConnection*>(&connection))
    sqlite3_busy_timeout(file->handle(), static_cast<int>(limit.count()));
}

}  // namespace ringctl::db
