#include "messages/counter.hpp"

namespace ringctl::messages {

std::int64_t lock_counter(db::Connection& db, const base::Uuid& workspace) {
  auto rows = db.query(
      "INSERT INTO message_counters (workspace_id, message_seq) VALUES ($1, 0) ON CONFLICT (workspace_id) "
      "DO UPDATE SET message_seq = message_counters.message_seq RETURNING message_seq",
      {workspace});
  std::int64_t seq = 0;
  while (rows.next()) seq = rows.integer(0);
  return seq;
}

void write_counter(db::Connection& db, const base::Uuid& workspace, std::int64_t message_seq) {
  db.exec("UPDATE message_counters SET message_seq = $2 WHERE workspace_id = $1", {workspace, message_seq});
}

}  // namespace ringctl::messages
