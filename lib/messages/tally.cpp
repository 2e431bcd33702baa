#include "messages/tally.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limits/day.hpp"

namespace ringctl::messages {
namespace {

constexpr std::string_view k_sums =
    "count(CASE WHEN m.direction = 'inbound' THEN 1 END), "
    "count(CASE WHEN m.direction = 'outbound' THEN 1 END), "
    "count(CASE WHEN m.direction = 'outbound' AND m.status IN ('delivered', 'read') THEN 1 END), "
    "count(CASE WHEN m.direction = 'outbound' AND m.status IN ('failed', 'undelivered', 'canceled') THEN 1 END), "
    "CAST(coalesce(sum(CASE WHEN m.direction = 'outbound' AND m.message_sid IS NOT NULL THEN m.segments END), 0) "
    "AS bigint), "
    "count(CASE WHEN m.direction = 'inbound' AND m.keyword = 'stop' THEN 1 END), "
    "count(DISTINCT m.thread_id)";

/// The first column is the key.
Sums read(const db::Rows& row) {
  return {.received = row.integer(1),
          .sent = row.integer(2),
          .delivered = row.integer(3),
          .failed = row.integer(4),
          .segments = row.integer(5),
          .stops = row.integer(6),
          .conversations = row.integer(7)};
}

struct Key {
  std::string_view expression, join = {};
};
Key key_of(Grouping by) {
  switch (by) {
    case Grouping::agent:
      return {"coalesce(u.email, '')",
              "LEFT JOIN users u ON u.id = CASE m.direction WHEN 'outbound' THEN m.user_id ELSE "
              "m.assigned_user_id END"};
    case Grouping::number:
      return {"CASE m.direction WHEN 'outbound' THEN m.from_number ELSE m.to_number END"};
    case Grouping::status:
      return {"m.status"};
    case Grouping::total:
    case Grouping::day:
      break;
  }
  return {"''"};
}

std::string select(const Key& key) {
  return fmt::format(
      "SELECT {}, {} FROM messages m {} WHERE m.workspace_id = $1 AND m.created_at >= $2 AND m.created_at < $3",
      key.expression, k_sums, key.join);
}

}  // namespace

void for_each_sum(db::Connection& db, const base::Uuid& workspace, base::Instant since, base::Instant until,
                  Grouping by, const base::Zone& zone,
                  const std::function<void(std::string_view, const Sums&)>& visit) {
  const auto sql = select(key_of(by));
  const auto one = [&](std::string_view key, base::Instant from, base::Instant to) {
    auto rows = db.query(sql, {workspace, from, to});
    visit(key, rows.next() ? read(rows) : Sums{});
  };
  if (by == Grouping::total) return one("", since, until);
  if (by == Grouping::day) {
    for (auto from = since; from < until;) {
      const auto day = limits::day_at(zone, from);
      const auto next = zone.start_of(limits::next_day(zone, day));
      one(base::format_day(day), from, std::min(next, until));
      from = next;
    }
    return;
  }
  auto rows = db.query(sql + " GROUP BY 1 ORDER BY 1", {workspace, since, until});
  while (rows.next()) visit(rows.text(0), read(rows));
}

}  // namespace ringctl::messages
