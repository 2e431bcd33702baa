#include "calls/plan.hpp"

namespace ringctl::calls {

db::Read plan_read(const base::Uuid& workspace, std::string_view call_sid) {
  return {"SELECT plan FROM calls WHERE call_sid = $1 AND workspace_id = $2", {call_sid, workspace}};
}

std::string plan_of(db::Rows& rows) { return rows.next() ? std::string(rows.text(0)) : std::string(); }

}  // namespace ringctl::calls
