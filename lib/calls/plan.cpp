#include "calls/plan.hpp"

#include "db/transaction.hpp"

namespace ringctl::calls {

std::string find_plan(db::Connection& db, const base::Uuid& workspace, std::string_view call_sid) {
  const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  return db.text("SELECT plan FROM calls WHERE call_sid = $1 AND workspace_id = $2", {call_sid, workspace})
      .value_or(std::string());
}

}  // namespace ringctl::calls
