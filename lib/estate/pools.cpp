#include "estate/pools.hpp"

#include <fmt/format.h>

#include "db/row_batch.hpp"
#include "estate/assignments.hpp"

namespace ringctl::estate {
namespace {

/// Of `agent_phone_numbers a JOIN users u`.
constexpr std::string_view k_eligible =
    "a.workspace_id = $1 AND a.sms_access_enabled = TRUE AND u.is_active = TRUE";

std::string select_eligible(std::string_view which) {
  return fmt::format(
      "SELECT a.phone_number_id, u.id, u.email, u.availability, u.role, a.is_primary FROM agent_phone_numbers a "
      "JOIN users u ON u.id = a.agent_id WHERE {} AND {} ORDER BY a.is_primary DESC, a.created_at, a.id",
      k_eligible, which);
}

PoolMember read_member(const db::Rows& rows) {
  return {.user = rows.uuid(1),
          .email = std::string(rows.text(2)),
          .availability = std::string(rows.text(3)),
          .role = std::string(rows.text(4)),
          .is_primary = rows.boolean(5)};
}

std::string flag_text(bool value) { return value ? "yes" : "no"; }

}  // namespace

std::vector<PoolMember> list_eligible_users(db::Connection& db, const base::Uuid& workspace,
                                            const base::Uuid& number) {
  auto rows = db.query(select_eligible("a.phone_number_id = $2"), {workspace, number});
  std::vector<PoolMember> members;
  while (rows.next()) members.push_back(read_member(rows));
  return members;
}

std::unordered_map<std::string, std::vector<PoolMember>> list_eligible_users_of(
    db::Connection& db, const base::Uuid& workspace, const std::vector<std::string_view>& numbers) {
  std::unordered_map<std::string, std::vector<PoolMember>> pools;
  if (numbers.empty()) return pools;
  const auto array = db::json_array(numbers);
  auto rows = db.query(select_eligible(db::ids_among(db, "a.phone_number_id", "$2")), {workspace, array});
  while (rows.next()) pools[std::string(rows.text(0))].push_back(read_member(rows));
  return pools;
}

std::optional<base::Uuid> resolve_primary_owner(db::Connection& db, const base::Uuid& workspace,
                                                const base::Uuid& number) {
  const auto members = list_eligible_users(db, workspace, number);
  if (members.empty()) return std::nullopt;
  return members.front().user;
}

std::vector<TextingNumber> texting_numbers(db::Connection& db, const base::Uuid& workspace,
                                           const base::Uuid& user) {
  auto rows = db.query(
      "SELECT p.id, p.phone_number, p.provider, p.status, p.account_sid, p.sms_mode, p.country_code, a.is_primary "
      "FROM agent_phone_numbers a JOIN phone_numbers p ON p.id = a.phone_number_id "
      "WHERE a.workspace_id = $1 AND a.agent_id = $2 AND a.sms_access_enabled = TRUE "
      "ORDER BY a.is_primary DESC, p.phone_number",
      {workspace, user});
  std::vector<TextingNumber> numbers;
  while (rows.next()) {
    TextingNumber number;
    number.id = rows.uuid(0);
    int column = 1;
    for (auto* text : {&number.phone_number, &number.provider, &number.status, &number.account_sid,
                       &number.sms_mode, &number.country_code})
      *text = rows.text(column++);
    number.is_primary = rows.boolean(column);
    numbers.push_back(std::move(number));
  }
  return numbers;
}

Access count_access(db::Connection& db, const base::Uuid& workspace, const base::Uuid& user) {
  Access access;
  access.numbers =
      db.integer(
            "SELECT count(DISTINCT p.id) FROM agent_phone_numbers a JOIN phone_numbers p ON p.id = "
            "a.phone_number_id WHERE a.workspace_id = $1 AND a.agent_id = $2 AND p.status = 'active' AND "
            "(a.sms_access_enabled = TRUE OR (a.voice = TRUE AND a.is_active = TRUE))",
            {workspace, user})
          .value_or(0);
  access.extensions =
      db.integer(
            "SELECT count(*) FROM user_extensions WHERE workspace_id = $1 AND user_id = $2 AND is_active = TRUE",
            {workspace, user})
          .value_or(0);
  return access;
}

records::Plan add_to_pool(audit::Session& session, const base::Uuid& workspace, const PoolChange& change,
                          bool write) {
  records::Change fields{{k_pool_number, change.number}, {k_pool_user, change.user}};
  if (change.sms_access_enabled)
    fields.push_back({k_pool_sms_access_enabled, flag_text(*change.sms_access_enabled)});
  if (change.is_primary) fields.push_back({k_pool_is_primary, flag_text(*change.is_primary)});
  return records::Records(session, workspace, pools_noun()).put(fields, write);
}

records::Plan remove_from_pool(audit::Session& session, const base::Uuid& workspace, std::string_view number,
                               std::string_view user, bool write) {
  const records::Change off{{k_pool_sms_access_enabled, flag_text(false)}};
  return records::Records(session, workspace, pools_noun())
      .update(fmt::format("{} {}", number, user), off, write);
}

}  // namespace ringctl::estate
