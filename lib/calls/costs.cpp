// Prices are decimals in text, which no engine adds up exactly: calls of one price are counted instead, and
// there are few different ones.
#include "calls/costs.hpp"

#include <fmt/format.h>

namespace ringctl::calls {
namespace {

struct KeySql {
  std::string_view expression, join;
};

KeySql sql_of(CostKey key) {
  switch (key) {
    case CostKey::agent:
      return {"COALESCE(u.email, '')", "LEFT JOIN users u ON u.id = c.user_id "};
    case CostKey::number:
      return {"COALESCE(p.phone_number, '')", "LEFT JOIN phone_numbers p ON p.id = c.number_id "};
    case CostKey::direction:
      return {"c.direction", ""};
    case CostKey::party:
      return {"CASE WHEN c.direction = 'inbound' THEN c.from_number ELSE c.to_number END", ""};
    case CostKey::total:
      break;
  }
  return {"CAST('' AS text)", ""};
}

}  // namespace

void for_each_cost(db::Connection& db, const base::Uuid& workspace, base::Instant since, base::Instant until,
                   CostKey key, const std::function<void(const CostGroup&)>& visit) {
  const auto [expression, join] = sql_of(key);
  auto rows = db.stream(
      fmt::format(
          "SELECT k, price, price_unit, count(*), CAST(COALESCE(sum(duration_s), 0) AS bigint) FROM (SELECT {} "
          "AS k, c.price, c.price_unit, c.duration_s FROM calls c {}WHERE c.workspace_id = $1 AND "
          "c.started_at >= $2 AND c.started_at < $3 AND c.ended_at IS NOT NULL) AS ended "
          "GROUP BY k, price, price_unit ORDER BY k, price_unit, price",
          expression, join),
      {workspace, since, until});
  while (rows.next())
    visit({.key = rows.text(0),
           .price = rows.text(1),
           .unit = rows.text(2),
           .calls = rows.integer(3),
           .duration_s = rows.integer(4)});
}

}  // namespace ringctl::calls
