// Calls and counters only ever grow in number, so a day's sums are behind if there are fewer of them than the
// counters come to. Whoever corrects names the sums it saw, so that two who do it at once do not undo each
// other.

#include "limits/closed.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "db/transaction.hpp"

namespace ringctl::limits {
namespace {

constexpr std::string_view k_sums =
    "SELECT count(*), CAST(coalesce(sum(reserved), 0) AS bigint), CAST(coalesce(sum(connected), 0) AS bigint), "
    "CAST(coalesce(sum(refunded), 0) AS bigint), CAST(coalesce(sum(adjusted), 0) AS bigint), {} FROM {}";
constexpr std::string_view k_of_day = "daily_usage WHERE workspace_id = $1 AND day = $2";
constexpr std::chrono::minutes k_most_apart{5};
// On SQLite a long look keeps the log from being written back, and a caller who commits then pays for it: so
// many counters at a time.
constexpr std::int64_t k_look = 50'000;
constexpr std::string_view k_correct =
    "UPDATE resets SET counters = $3, reserved = $4, connected = $5, refunded = $6, adjusted = $7 "
    "WHERE workspace_id = $1 AND day = $2 AND counters = $8 AND reserved = $9";
constexpr std::string_view k_add =
    "UPDATE resets SET counters = counters + $3, reserved = reserved + 1 WHERE workspace_id = $1 AND day = $2 "
    "RETURNING counters, reserved, connected, refunded, adjusted, expired";

/// Inside a transaction: the day's counters after this one ("" = from the first on) are added. Returns where
/// it stopped, "" at the end.
std::string add_counters(db::Connection& db, const base::Uuid& workspace, ClosedDay& day,
                         const std::string& after) {
  static const auto k_all = fmt::format(k_sums, "NULL", k_of_day);
  static const auto k_some =
      fmt::format(k_sums, "max(assignment_id)",
                  fmt::format("(SELECT * FROM {} AND assignment_id > $3 ORDER BY assignment_id LIMIT {})",
                              k_of_day, k_look));
  const auto text = base::format_day(day.day);
  auto rows = db.engine() == db::Engine::sqlite ? db.query(k_some, {workspace, text, after})
                                                : db.query(k_all, {workspace, text});
  rows.next();
  day.counters += rows.integer(0);
  day.reserved += rows.integer(1);
  day.connected += rows.integer(2);
  day.refunded += rows.integer(3);
  day.adjusted += rows.integer(4);
  return std::string(rows.text(5));
}

}  // namespace

std::chrono::milliseconds require_server_clock(audit::Session& session, const base::Uuid& workspace) {
  if (session.db.engine() == db::Engine::sqlite) return {};
  const db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  auto rows = session.db.query("SELECT CAST(clock_timestamp() AS timestamptz(3))");
  rows.next();
  const auto ahead = session.clock.now() - rows.instant(0);
  if (std::chrono::abs(ahead) > k_most_apart)
    throw Error(
        Errc::conflict, "limits.clock_differs",
        fmt::format("this machine's clock is {} {} the database server's; nothing is closed by it",
                    base::format_duration(std::chrono::round<std::chrono::seconds>(std::chrono::abs(ahead))),
                    ahead.count() > 0 ? "ahead of" : "behind"),
        "set the clock");
  return ahead;
}

std::string image_of(const ClosedDay& day) {
  return nlohmann::json{{"counters", day.counters}, {"reserved", day.reserved}, {"connected", day.connected},
                        {"refunded", day.refunded}, {"adjusted", day.adjusted}, {"expired", day.expired}}
      .dump();
}

ClosedDay sums_of(db::Connection& db, const base::Uuid& workspace, base::Day day) {
  ClosedDay sums{.day = day};
  std::string at;
  do {
    const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    at = add_counters(db, workspace, sums, at);
  } while (!at.empty());
  return sums;
}

void record_closed(audit::Session& session, const base::Uuid& workspace, const ClosedDay& day) {
  audit::record(session, workspace,
                {.action = "limits.reset",
                 .object_type = "day",
                 .object_key = base::format_day(day.day),
                 .after = image_of(day)});
}

void add_to_closed(audit::Session& session, const base::Uuid& workspace, base::Day day, bool new_counter) {
  ClosedDay sums{.day = day};
  {
    auto rows = session.db.query(k_add, {workspace, base::format_day(day), new_counter ? 1 : 0});
    if (!rows.next()) return;
    sums.counters = rows.integer(0);
    sums.reserved = rows.integer(1);
    sums.connected = rows.integer(2);
    sums.refunded = rows.integer(3);
    sums.adjusted = rows.integer(4);
    sums.expired = rows.integer(5);
    while (rows.next()) continue;
  }
  record_closed(session, workspace, sums);
}

std::optional<ClosedDay> correct(audit::Session& session, const base::Uuid& workspace,
                                 const ClosedDay& written) {
  auto& db = session.db;
  auto now = sums_of(db, workspace, written.day);
  // Settling goes on after a day is closed and is no matter here: only calls that came in late are.
  if (now.reserved == written.reserved && now.counters == written.counters) return std::nullopt;
  now.expired = written.expired;
  bool corrected = false;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    corrected =
        db.exec(k_correct, {workspace, base::format_day(now.day), now.counters, now.reserved, now.connected,
                            now.refunded, now.adjusted, written.counters, written.reserved}) == 1;
    if (corrected) record_closed(session, workspace, now);
    return corrected;
  });
  return corrected ? std::optional(now) : std::nullopt;
}

std::optional<ClosedDay> correct_newest(audit::Session& session, const base::Uuid& workspace) {
  std::vector<ClosedDay> newest;
  {
    const db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
    newest = closed_days(session.db, workspace, 1);
  }
  return newest.empty() ? std::nullopt : correct(session, workspace, newest.front());
}

}  // namespace ringctl::limits
