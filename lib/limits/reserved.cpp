#include "limits/reserved.hpp"

namespace ringctl::limits {

std::optional<Reserved> find_reserved(db::Connection& db, const base::Uuid& workspace,
                                      const base::Uuid& reservation) {
  auto rows = db.query(
      "SELECT r.id, u.id, u.email, n.phone_number, r.to_number, r.call_sid, r.state FROM reservations r "
      "JOIN agent_phone_numbers a ON a.id = r.assignment_id JOIN phone_numbers n ON n.id = a.phone_number_id "
      "JOIN users u ON u.id = a.agent_id WHERE r.workspace_id = $1 AND r.id = $2",
      {workspace, reservation});
  if (!rows.next()) return std::nullopt;
  return Reserved{.id = rows.uuid(0),
                  .agent = rows.uuid(1),
                  .email = std::string(rows.text(2)),
                  .from_number = std::string(rows.text(3)),
                  .to_number = std::string(rows.text(4)),
                  .call_sid = std::string(rows.text(5)),
                  .state = state_of(rows.text(6))};
}

}  // namespace ringctl::limits
