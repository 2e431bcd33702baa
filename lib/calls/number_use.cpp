#include "calls/number_use.hpp"

namespace ringctl::calls {

void numbers_in_use(db::Connection& db, const base::Uuid& workspace, base::Instant since,
                    const std::function<void(const base::Uuid&)>& visit) {
  auto rows = db.query(
      "SELECT DISTINCT number_id FROM calls WHERE workspace_id = $1 AND started_at >= $2 AND number_id IS NOT NULL",
      {workspace, since});
  while (rows.next()) visit(rows.uuid(0));
}

}  // namespace ringctl::calls
