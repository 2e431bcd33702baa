#include "limits/expire.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "db/transaction.hpp"

namespace ringctl::limits {
namespace {

constexpr std::size_t k_batch = 100;  // counters in one transaction: a few milliseconds
constexpr int k_look_ahead = 10'000;  // counters remembered at once
// A pass that meets others settling the same reservations leaves them to the next one.
constexpr int k_passes = 1'000;

// In one order, as zeroing does; a caller locks one counter alone.
constexpr std::string_view k_due =
    "SELECT r.assignment_id, r.day, count(*) FROM reservations r WHERE r.workspace_id = $1 AND r.state = 'open' "
    "AND r.call_sid IS NULL AND r.expires_at <= $2 AND r.day <= $3 AND (CAST($4 AS text) IS NULL OR r.assignment_id "
    "IN (SELECT a.id FROM agent_phone_numbers a WHERE CAST(a.phone_number_id AS text) = $4)) "
    "AND (CAST($5 AS text) IS NULL OR CAST(r.assignment_id AS text) = $5) "
    "GROUP BY r.assignment_id, r.day ORDER BY r.assignment_id, r.day LIMIT $6";
constexpr std::string_view k_refund =
    "UPDATE daily_usage SET refunded = refunded + $3 WHERE assignment_id = $1 AND day = $2";
constexpr std::string_view k_expire =
    "UPDATE reservations SET state = 'expired', settled_at = $3 WHERE assignment_id = $1 AND day = $2 "
    "AND state = 'open' AND call_sid IS NULL AND expires_at <= $3";

/// Reservations of one counter.
struct Due {
  base::Uuid assignment;
  std::string day;
  std::int64_t count;
};

std::vector<Due> find_due(db::Connection& db, const base::Uuid& workspace, const ExpireOptions& options,
                          base::Instant now, int most) {
  const auto up_to = options.up_to ? base::format_day(*options.up_to) : std::string("9999-12-31");
  std::vector<Due> found;
  auto rows = db.query(k_due, {workspace, now, up_to, options.number_id, options.assignment, most});
  while (rows.next()) found.push_back({rows.uuid(0), std::string(rows.text(1)), rows.integer(2)});
  return found;
}

/// In a write transaction. False if one of them was settled, or got its call, since it was seen.
bool take_back(db::Connection& db, std::span<const Due> batch, base::Instant now) {
  return std::all_of(batch.begin(), batch.end(), [&](const Due& due) {
    db.exec(k_refund, {due.assignment, due.day, due.count});
    return db.exec(k_expire, {due.assignment, due.day, now}) == due.count;
  });
}

}  // namespace

std::int64_t expire(audit::Session& session, const base::Uuid& workspace, const ExpireOptions& options,
                    const std::function<void(base::Day, std::int64_t)>& each) {
  auto& db = session.db;
  const auto scope = db::Scope::of(workspace);
  const auto now = session.clock.now();
  std::int64_t total = 0;
  for (int pass = 0; pass < k_passes; ++pass) {
    std::vector<Due> found;
    {
      db::Transaction transaction(db, scope, db::Access::read);
      found = find_due(db, workspace, options, now, k_look_ahead);
    }
    if (found.empty()) break;
    for (std::size_t at = 0; at < found.size(); at += k_batch) {
      if (options.cancel != nullptr) options.cancel->check();
      const auto batch = std::span(found).subspan(at, std::min(k_batch, found.size() - at));
      bool done = false;
      db::in_transaction_if(db, scope, [&] { return done = take_back(db, batch, now); });
      if (!done) continue;
      for (const auto& due : batch) {
        total += due.count;
        if (each) each(base::parse_day(due.day), due.count);
      }
    }
  }
  return total;
}

void count_due(audit::Session& session, const base::Uuid& workspace, const ExpireOptions& options,
               const std::function<void(base::Day, std::int64_t)>& each) {
  for (const auto& due : find_due(session.db, workspace, options, session.clock.now(), 1'000'000))
    each(base::parse_day(due.day), due.count);
}

}  // namespace ringctl::limits
