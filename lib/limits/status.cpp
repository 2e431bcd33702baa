#include "limits/status.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "db/transaction.hpp"
#include "limits/live.hpp"
#include "limits/settings.hpp"

namespace ringctl::limits {
namespace {

constexpr std::string_view k_used = "coalesce(d.reserved - d.refunded - d.adjusted, 0)";

std::string capacity_query(CapacityBy by) {
  const std::string_view key = by == CapacityBy::agent    ? "u.email"
                               : by == CapacityBy::number ? "n.phone_number"
                                                          : "";
  return fmt::format(
      "SELECT {}, count(DISTINCT a.agent_id), count(DISTINCT a.phone_number_id), "
      "CAST(coalesce(sum(a.daily_limit), 0) AS bigint), CAST(coalesce(sum({}), 0) AS bigint), "
      "CAST(coalesce(sum(CASE WHEN a.daily_limit > {} THEN a.daily_limit - {} ELSE 0 END), 0) AS bigint) {} AND {}{}",
      key.empty() ? "''" : key, k_used, k_used, k_used, k_assignments, k_callable,
      key.empty() ? "" : fmt::format(" GROUP BY {} ORDER BY {}", key, key));
}

}  // namespace

void for_each_status(audit::Session& session, const base::Uuid& workspace, const StatusFilter& filter,
                     const std::function<void(const Status&)>& visit) {
  static const std::string k_query = fmt::format(
      "SELECT a.id, u.email, u.name, n.phone_number, CASE WHEN {} THEN TRUE ELSE FALSE END, a.daily_limit, {}, "
      "coalesce(d.reserved, 0), coalesce(d.connected, 0), coalesce(d.refunded, 0), coalesce(d.adjusted, 0), "
      "(SELECT max(l.day) FROM daily_usage l WHERE l.assignment_id = a.id) {} "
      "AND (CAST($3 AS text) IS NULL OR u.email = $3) AND (CAST($4 AS text) IS NULL OR n.phone_number = $4) "
      "ORDER BY n.phone_number",
      k_callable, k_used, k_assignments);
  const db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  Status status{
      .assignment = {}, .agent = {}, .agent_name = {}, .phone_number = {}, .day = today(session, workspace)};
  const auto day = base::format_day(status.day);
  const auto agent = base::fold(filter.agent);
  auto rows =
      session.db.stream(k_query, {workspace, day, db::or_null(agent), db::or_null(filter.phone_number)});
  while (rows.next()) {
    status.assignment = rows.uuid(0);
    status.agent = rows.text(1);
    status.agent_name = rows.text(2);
    status.phone_number = rows.text(3);
    status.callable = rows.boolean(4);
    status.daily_limit = rows.integer(5);
    status.used = rows.integer(6);
    status.reserved = rows.integer(7);
    status.connected = rows.integer(8);
    status.refunded = rows.integer(9);
    status.adjusted = rows.integer(10);
    status.last_day = rows.is_null(11) ? std::nullopt : std::optional(base::parse_day(rows.text(11)));
    visit(status);
  }
}

void for_each_capacity(audit::Session& session, const base::Uuid& workspace, CapacityBy by,
                       const std::function<void(const Capacity&)>& visit) {
  const db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  const auto day = base::format_day(today(session, workspace));
  auto rows = session.db.stream(capacity_query(by), {workspace, day});
  while (rows.next())
    visit({std::string(rows.text(0)), rows.integer(1), rows.integer(2), rows.integer(3), rows.integer(4),
           rows.integer(5)});
}

}  // namespace ringctl::limits
