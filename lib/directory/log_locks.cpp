#include "directory/log_locks.hpp"

namespace ringctl::directory {

// A workspace without a call, or a message, has no row yet.
void lock_logs(db::Connection& db, const base::Uuid& workspace) {
  db.exec(
      "INSERT INTO call_counters (workspace_id, closed_seq) VALUES ($1, 0) ON CONFLICT (workspace_id) "
      "DO UPDATE SET closed_seq = call_counters.closed_seq",
      {workspace});
  db.exec(
      "INSERT INTO message_counters (workspace_id) VALUES ($1) ON CONFLICT (workspace_id) "
      "DO UPDATE SET message_seq = message_counters.message_seq",
      {workspace});
}

}  // namespace ringctl::directory
