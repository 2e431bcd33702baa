#include "calls/parties.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "directory/user_names.hpp"

namespace ringctl::calls {
namespace {

constexpr std::string_view k_prefix = "agent_";
constexpr std::size_t k_bare_uuid = 32;

constexpr std::string_view k_select =
    "SELECT u.id, u.email, u.name, u.role, u.ring_on, u.phone_number, u.is_active FROM users u ";

std::optional<Person> read(db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  return Person{.id = rows.uuid(0),
                .email = std::string(rows.text(1)),
                .name = std::string(rows.text(2)),
                .role = std::string(rows.text(3)),
                .ring_on = std::string(rows.text(4)),
                .phone_number = std::string(rows.text(5)),
                .is_active = rows.boolean(6)};
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<Person> find_person(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  if (const auto id = base::Uuid::try_parse(who))
    return read(
        db.query(fmt::format("{}WHERE u.workspace_id = $1 AND u.id = $2", k_select), {workspace, *id}));
  if (is_digits(who))
    return read(
        db.query(fmt::format("{}JOIN user_extensions x ON x.user_id = u.id WHERE x.workspace_id = $1 AND "
                             "x.extension = $2 AND x.is_active = TRUE",
                             k_select),
                 {workspace, who}));
  const auto email = base::fold(who);
  return read(
      db.query(fmt::format("{}WHERE u.workspace_id = $1 AND u.email = $2", k_select), {workspace, email}));
}

Person get_person(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  auto person = is_digits(who) ? std::nullopt : find_person(db, workspace, who);
  if (!person) throw directory::unknown_user(db, workspace, who);
  return *std::move(person);
}

bool may_supervise(db::Connection& db, const base::Uuid& workspace, const Person& who,
                   std::string_view user_id) {
  if (!who.is_active) return false;
  if (who.role == "admin") return true;
  const auto user = base::Uuid::try_parse(user_id);
  if (who.role != "supervisor" || !user) return false;
  return db
      .integer(
          "SELECT 1 FROM users u JOIN teams t ON t.id = u.team_id WHERE u.workspace_id = $1 AND "
          "u.id = $2 AND t.supervisor_id = $3",
          {workspace, *user, who.id})
      .has_value();
}

std::optional<base::Uuid> user_of_identity(std::string_view identity) {
  if (!identity.starts_with(k_prefix)) return std::nullopt;
  std::string text(identity.substr(k_prefix.size()));
  if (text.size() == k_bare_uuid)
    for (const auto at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return base::Uuid::try_parse(text);
}

void tie_callback(audit::Session& session, const base::Uuid& workspace, const base::Uuid& callback,
                  std::string_view call_sid) {
  session.db.exec("UPDATE callbacks SET calling_sid = $3 WHERE workspace_id = $1 AND id = $2",
                  {workspace, callback, call_sid});
}

std::optional<std::string> find_call_back_call(db::Connection& db, const base::Uuid& workspace,
                                               const base::Uuid& callback) {
  return db.text(
      "SELECT c.call_sid FROM callbacks b JOIN calls c ON c.call_sid = b.calling_sid "
      "WHERE b.workspace_id = $1 AND b.id = $2 AND c.workspace_id = $1 AND c.ended_at IS NULL",
      {workspace, callback});
}

}  // namespace ringctl::calls
