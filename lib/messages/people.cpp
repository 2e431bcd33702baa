#include "messages/people.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "messages/threads.hpp"

namespace ringctl::messages {

Person get_actor(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  auto person = calls::get_person(db, workspace, who);
  if (!person.is_active)
    throw Error(Errc::auth, "users.inactive", fmt::format("{} is not active", person.email),
                "ringctl users list --is-active yes");
  return person;
}

bool may_answer(db::Connection& db, const base::Uuid& workspace, const Person& who, const Thread& thread) {
  if (!who.is_active || who.role == "manager") return false;
  if (who.role == "admin" || thread.assigned_user_id == who.id.view()) return true;
  if (thread.number && db.integer("SELECT 1 FROM agent_phone_numbers WHERE workspace_id = $1 AND "
                                  "phone_number_id = $2 AND agent_id = $3 AND sms_access_enabled = TRUE",
                                  {workspace, *thread.number, who.id}))
    return true;
  if (thread.id == base::Uuid()) return false;  // of one that is to be, nobody was told
  return db
      .integer(
          "SELECT 1 FROM notifications WHERE workspace_id = $1 AND thread_id = $2 AND user_id = $3 LIMIT 1",
          {workspace, thread.id, who.id})
      .has_value();
}

bool may_reassign(db::Connection& db, const base::Uuid& workspace, const Person& who, const Thread& thread) {
  if (!thread.assigned_user_id.empty())
    return calls::may_supervise(db, workspace, who, thread.assigned_user_id);
  if (!who.is_active) return false;
  if (who.role == "admin") return true;
  if (who.role != "supervisor" || !thread.number) return false;
  return db
      .integer(
          "SELECT 1 FROM agent_phone_numbers a JOIN users u ON u.id = a.agent_id JOIN teams t ON t.id = u.team_id "
          "WHERE a.workspace_id = $1 AND a.phone_number_id = $2 AND a.sms_access_enabled = TRUE AND "
          "u.is_active = TRUE AND t.supervisor_id = $3 LIMIT 1",
          {workspace, *thread.number, who.id})
      .has_value();
}

}  // namespace ringctl::messages
