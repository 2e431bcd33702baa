#include "estate/pool_faults.hpp"

namespace ringctl::estate {

void for_each_deserted_pool(db::Connection& db, const base::Uuid& workspace,
                            const std::function<void(std::string_view)>& visit) {
  auto rows = db.stream(
      "SELECT n.phone_number FROM phone_numbers n WHERE n.workspace_id = $1 AND n.status = 'active' AND "
      "n.provider = 'twilio' AND (n.sms_mode <> 'notify_all' OR EXISTS (SELECT 1 FROM agent_phone_numbers p "
      "WHERE p.phone_number_id = n.id AND (p.sms_access_enabled = TRUE OR p.voice = FALSE))) AND "
      "NOT EXISTS (SELECT 1 FROM agent_phone_numbers a JOIN users u ON u.id = a.agent_id "
      "WHERE a.phone_number_id = n.id AND a.sms_access_enabled = TRUE AND u.is_active = TRUE) "
      "ORDER BY n.phone_number",
      {workspace});
  while (rows.next()) visit(rows.text(0));
}

}  // namespace ringctl::estate
