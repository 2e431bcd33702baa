// Taking back that days were closed.

#include <algorithm>

#include "db/lease.hpp"
#include "db/transaction.hpp"
#include "limits/closed.hpp"
#include "limits/day.hpp"
#include "limits/reset.hpp"
#include "limits/settings.hpp"

namespace ringctl::limits {
namespace {

/// Inside a transaction: days closed from `from` on that are not over, in order.
std::vector<ClosedDay> closed_too_early(audit::Session& session, const base::Uuid& workspace,
                                        base::Day from) {
  const auto zone = read_settings(session.db, workspace).zone;
  const auto first = std::max(from, day_at(zone, session.clock.now()));
  auto days = closed_days(session.db, workspace, 0);
  std::erase_if(days, [&](const ClosedDay& day) { return day.day < first; });
  std::reverse(days.begin(), days.end());
  return days;
}

}  // namespace

std::vector<ClosedDay> reopen(audit::Session& session, const base::Uuid& workspace, base::Day from,
                              const ReopenOptions& options) {
  auto& db = session.db;
  if (options.compare_clock) require_server_clock(session, workspace);
  std::vector<ClosedDay> days;
  if (options.dry_run) {
    const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    return closed_too_early(session, workspace, from);
  }
  auto lease = db::Lease::acquire(db, session.clock, std::string(k_reset_lease), workspace, k_reset_lease_ttl,
                                  options.lock_wait, options.cancel);
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    days = closed_too_early(session, workspace, from);
    for (const auto& day : days) {
      const auto text = base::format_day(day.day);
      db.exec("DELETE FROM resets WHERE workspace_id = $1 AND day = $2", {workspace, text});
      audit::record(
          session, workspace,
          {.action = "limits.reopen", .object_type = "day", .object_key = text, .before = image_of(day)});
    }
    return !days.empty();
  });
  lease.release();
  return days;
}

}  // namespace ringctl::limits
