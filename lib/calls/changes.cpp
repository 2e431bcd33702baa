// Finished calls that changed after. Their places come from a trigger: whoever changes a call sets its
// updated_at.

#include <fmt/format.h>

#include "calls/call_query.hpp"
#include "calls/calls.hpp"

namespace ringctl::calls {

void for_each_changed(db::Connection& db, const base::Uuid& workspace, std::int64_t after, std::int64_t limit,
                      const std::function<void(const Call&)>& visit) {
  auto sql =
      fmt::format("{}WHERE c.workspace_id = $1 AND c.changed_seq > $2 ORDER BY c.changed_seq", select_call());
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  auto rows = db.stream(sql, {workspace, after});
  while (rows.next()) visit(read_call_row(rows));
}

std::int64_t last_changed(db::Connection& db, const base::Uuid& workspace) {
  return db.integer("SELECT changed_seq FROM call_counters WHERE workspace_id = $1", {workspace}).value_or(0);
}

}  // namespace ringctl::calls
