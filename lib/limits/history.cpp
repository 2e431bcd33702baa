#include "limits/history.hpp"

#include <fmt/format.h>

#include <map>

#include "limits/live.hpp"

namespace ringctl::limits {
namespace {

constexpr std::string_view k_used = "d.reserved - d.refunded - d.adjusted";

/// What rows are about, and what people call it.
struct Subject {
  std::string_view key, name;
};

Subject subject_of(CapacityBy by) {
  switch (by) {
    case CapacityBy::agent:
      return {"u.email", "u.name"};
    case CapacityBy::number:
      return {"n.phone_number", "n.label"};
    case CapacityBy::workspace:
      break;
  }
  return {"''", "''"};
}

using Uses = std::map<std::string, Use, std::less<>>;

Use& use_at(Uses& uses, const db::Rows& rows) {
  auto& use = uses[std::string(rows.text(0))];
  use.key = rows.text(0);
  use.name = rows.text(1);
  return use;
}

void add_capacity(db::Connection& db, const base::Uuid& workspace, CapacityBy by, const std::string& day,
                  Uses& uses) {
  const auto subject = subject_of(by);
  auto rows =
      db.stream(fmt::format("SELECT {}, {}, count(DISTINCT a.agent_id), count(DISTINCT a.phone_number_id), "
                            "CAST(coalesce(sum(a.daily_limit), 0) AS bigint) {} AND {} GROUP BY 1, 2",
                            subject.key, subject.name, k_assignments, k_callable),
                {workspace, day});
  while (rows.next()) {
    auto& use = use_at(uses, rows);
    use.agents = rows.integer(2);
    use.numbers = rows.integer(3);
    use.capacity = rows.integer(4);
  }
}

/// Days in order, so that the first of the busiest stays.
void add_days(db::Connection& db, const base::Uuid& workspace, CapacityBy by, base::Day first, base::Day last,
              Uses& uses) {
  const auto subject = subject_of(by);
  auto rows = db.stream(
      fmt::format("SELECT {0}, {1}, d.day, CAST(sum({2}) AS bigint), CAST(sum(d.connected) AS bigint), "
                  "count(CASE WHEN {2} > 0 AND {2} >= a.daily_limit THEN 1 END) FROM daily_usage d "
                  "JOIN agent_phone_numbers a ON a.id = d.assignment_id JOIN users u ON u.id = a.agent_id "
                  "LEFT JOIN phone_numbers n ON n.id = a.phone_number_id "
                  "WHERE d.workspace_id = $1 AND d.day >= $3 AND d.day <= $2 GROUP BY 1, 2, 3 ORDER BY 3",
                  subject.key, subject.name, k_used),
      {workspace, base::format_day(last), base::format_day(first)});
  while (rows.next()) {
    const auto used = rows.integer(3), connected = rows.integer(4);
    if (used == 0 && connected == 0) continue;
    auto& use = use_at(uses, rows);
    use.used += used;
    use.connected += connected;
    if (used <= 0) continue;
    ++use.days;
    if (rows.integer(5) > 0) ++use.full_days;
    if (used <= use.peak) continue;
    use.peak = used;
    use.peak_day = base::parse_day(rows.text(2));
  }
}

}  // namespace

void for_each_use(db::Connection& db, const base::Uuid& workspace, CapacityBy by, base::Day first,
                  base::Day last, const std::function<void(const Use&)>& visit) {
  Uses uses;
  if (by == CapacityBy::workspace) uses[""];
  add_capacity(db, workspace, by, base::format_day(last), uses);
  add_days(db, workspace, by, first, last, uses);
  for (const auto& [key, use] : uses)
    if (!key.empty()) visit(use);
  if (const auto whole = uses.find(""); whole != uses.end()) visit(whole->second);
}

}  // namespace ringctl::limits
