// Sums of a day are read without a lock, so that a million counters keep nobody waiting; what is written is
// one row. Its primary key decides between two machines that close a day at once. Calls that were counted
// between the sums and the row are found by summing once more after it. On PostgreSQL a call that looked for
// the row before it was there may still commit after that, and whoever closes may be killed in between: so
// every run begins by summing the newest closed day again.

#include "limits/reset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "db/lease.hpp"
#include "db/transaction.hpp"
#include "limits/closed.hpp"
#include "limits/day.hpp"
#include "limits/expire.hpp"
#include "limits/settings.hpp"

namespace ringctl::limits {
namespace {

constexpr std::size_t k_most_days = 400;
// More days than a long weekend leaves, and nobody called on the last ones: then it is rather the clock.
constexpr std::size_t k_quiet_days = 7;
constexpr std::size_t k_batch = 50;  // counters zeroed in one transaction
constexpr std::chrono::minutes k_worth_a_warning{1};

constexpr std::string_view k_close =
    "INSERT INTO resets (workspace_id, day, at, actor, counters, reserved, connected, refunded, adjusted, expired) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id, day) DO NOTHING";
constexpr std::string_view k_to_zero =
    "SELECT d.assignment_id, d.reserved - d.refunded - d.adjusted FROM daily_usage d WHERE d.workspace_id = $1 AND d.day = $2 "
    "AND d.reserved - d.refunded - d.adjusted <> 0 AND (CAST($3 AS text) IS NULL OR d.assignment_id IN "
    "(SELECT a.id FROM agent_phone_numbers a WHERE CAST(a.phone_number_id AS text) = $3)) ORDER BY d.assignment_id";
// An update that changes nothing locks the row and reads its newest state in one statement, on both engines.
constexpr std::string_view k_lock_used =
    "UPDATE daily_usage SET adjusted = adjusted WHERE assignment_id = $1 AND day = $2 "
    "RETURNING reserved - refunded - adjusted";

/// After the newest closed day; before there is one, the first that was called on.
std::optional<base::Day> first_unclosed(db::Connection& db, const base::Uuid& workspace,
                                        const Settings& settings) {
  if (settings.closed_day) return next_day(settings.zone, *settings.closed_day);
  const auto first = db.text("SELECT min(day) FROM daily_usage WHERE workspace_id = $1", {workspace});
  return first ? std::optional(base::parse_day(*first)) : std::nullopt;
}

class Reset {
 public:
  Reset(audit::Session& session, const base::Uuid& workspace, const ResetOptions& options)
      : session_(session), db_(session.db), workspace_(workspace), options_(options) {
    report_.dry_run = options.dry_run;
  }

  ResetReport run() {
    if (options_.compare_clock) compare_clock();
    if (options_.dry_run) {
      plan();
      foresee();
      return std::move(report_);
    }
    auto lease = db::Lease::acquire(db_, session_.clock, std::string(k_reset_lease), workspace_,
                                    k_reset_lease_ttl, options_.lock_wait, options_.cancel);
    if (options_.number.empty()) report_.corrected = correct_newest(session_, workspace_);
    plan();
    for (const auto& day : days_) {
      cancelled();
      close(day);
      lease.renew();
    }
    // What expired of days that are closed already, or of today.
    sweep({}, nullptr);
    if (options_.force) zero(lease);
    lease.release();
    return std::move(report_);
  }

 private:
  void compare_clock() {
    const auto ahead = require_server_clock(session_, workspace_);
    if (std::chrono::abs(ahead) > k_worth_a_warning) report_.clock_ahead = ahead;
  }

  /// Reads what is to be done.
  void plan() {
    const db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
    const auto settings = read_settings(db_, workspace_);
    const auto now = session_.clock.now();
    report_.today = settings.open_day(now);
    const auto last = last_day(settings.zone, day_at(settings.zone, now));
    if (!options_.number.empty())
      find_number();
    else
      find_days(settings, last);
  }

  base::Day last_day(const base::Zone& zone, base::Day today) const {
    auto last = options_.as_of;
    if (!options_.as_of_said.empty())
      last = day_at(zone, base::parse_instant(options_.as_of_said, zone, session_.clock.now()));
    if (!last) return previous_day(zone, today);
    if (*last >= today)
      throw Error(Errc::invalid, "limits.day_not_over",
                  fmt::format("{} is not over: it is {} in {}", base::format_day(*last),
                              base::format_day(today), zone.name()));
    return *last;
  }

  void find_number() {
    const auto id = db_.text("SELECT id FROM phone_numbers WHERE workspace_id = $1 AND phone_number = $2",
                             {workspace_, options_.number});
    if (!id)
      throw Error(Errc::not_found, "limits.unknown_number",
                  fmt::format("there is no number {}", options_.number), "ringctl numbers list");
    number_id_ = base::Uuid::parse(*id);
  }

  void find_days(const Settings& settings, base::Day last) {
    auto day = first_day(settings, last);
    if (!has_day(settings.zone, day)) day = next_day(settings.zone, day);
    for (; day <= last; day = next_day(settings.zone, day)) days_.push_back(day);
    if (!options_.as_of) require_likely_days(last);
  }

  void require_likely_days(base::Day last) {
    const auto unlikely = [&](std::string slug, std::string_view why) {
      return Error(Errc::conflict, std::move(slug),
                   fmt::format("{} days from {} on would be closed{}; is the clock right?", days_.size(),
                               base::format_day(days_.front()), why),
                   fmt::format("ringctl limits reset --as-of {}", base::format_day(last)));
    };
    if (days_.size() > k_most_days) throw unlikely("limits.many_days", "");
    if (days_.size() <= k_quiet_days) return;
    const auto since = base::format_day(days_[days_.size() - k_quiet_days]);
    if (!db_.integer("SELECT 1 FROM daily_usage WHERE workspace_id = $1 AND day >= $2 AND day <= $3 LIMIT 1",
                     {workspace_, since, base::format_day(last)}))
      throw unlikely("limits.quiet_days", ", and nobody has called on the last ones");
  }

  /// Where nobody has called yet, the last alone.
  base::Day first_day(const Settings& settings, base::Day last) {
    const auto first = first_unclosed(db_, workspace_, settings);
    if (settings.closed_day || !first) return first.value_or(last);
    return std::min(*first, last);
  }

  /// What run() would do, without the reservations that are settled until then.
  void foresee() {
    for (const auto& day : days_) report_.days.push_back(sums_of(db_, workspace_, day));
    const db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
    count_due(session_, workspace_, {.number_id = number_id_}, [&](base::Day day, std::int64_t count) {
      report_.expired += count;
      for (auto& closed : report_.days) {
        if (closed.day != day) continue;
        closed.expired += count;
        closed.refunded += count;
      }
    });
    if (!options_.force) return;
    for (const auto& counter : to_zero()) {
      ++report_.zeroed;
      report_.forgiven += counter.used;
    }
  }

  void sweep(std::optional<base::Day> up_to, std::int64_t* of_that_day) {
    expire(session_, workspace_, {.up_to = up_to, .number_id = number_id_, .cancel = options_.cancel},
           [&](base::Day day, std::int64_t count) {
             report_.expired += count;
             if (of_that_day != nullptr && day == *up_to) *of_that_day += count;
           });
  }

  void close(base::Day day) {
    std::int64_t expired = 0;
    sweep(day, &expired);
    auto sums = sums_of(db_, workspace_, day);
    sums.expired = expired;
    const auto text = base::format_day(day);
    bool closed = false;
    db::in_transaction_if(db_, db::Scope::of(workspace_), [&] {
      closed =
          db_.exec(k_close, {workspace_, text, session_.clock.now(), session_.actor, sums.counters,
                             sums.reserved, sums.connected, sums.refunded, sums.adjusted, sums.expired}) == 1;
      if (closed) record_closed(session_, workspace_, sums);
      return closed;
    });
    if (!closed) return;
    report_.days.push_back(correct(session_, workspace_, sums).value_or(sums));
  }

  struct Counter {
    base::Uuid assignment;
    std::int64_t used;
  };

  std::vector<Counter> to_zero() {
    std::vector<Counter> found;
    auto rows = db_.query(k_to_zero, {workspace_, base::format_day(report_.today), number_id_});
    while (rows.next()) found.push_back({rows.uuid(0), rows.integer(1)});
    return found;
  }

  void zero(db::Lease& lease) {
    std::vector<Counter> counters;
    {
      const db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
      counters = to_zero();
    }
    for (std::size_t at = 0; at < counters.size(); at += k_batch) {
      cancelled();
      const auto batch = std::span(counters).subspan(at, std::min(k_batch, counters.size() - at));
      std::int64_t zeroed = 0, forgiven = 0;
      db::in_transaction(db_, db::Scope::of(workspace_), [&] {
        zeroed = forgiven = 0;
        for (const auto& counter : batch)
          if (const auto used = zero_one(counter.assignment); used != 0) {
            ++zeroed;
            forgiven += used;
          }
        if (zeroed > 0) record_zeroed(zeroed, forgiven);
      });
      report_.zeroed += zeroed;
      report_.forgiven += forgiven;
      lease.renew();
    }
  }

  /// Calls still open are counted, and so never refunded: a refund after the adjustment would make room for a
  /// call beyond the limit. Returns what the counter held.
  std::int64_t zero_one(const base::Uuid& assignment) {
    const auto day = base::format_day(report_.today);
    std::int64_t used = 0;
    {
      auto rows = db_.query(k_lock_used, {assignment, day});
      if (rows.next()) used = rows.integer(0);
      while (rows.next()) continue;
    }
    if (used == 0) return 0;
    db_.exec("UPDATE daily_usage SET adjusted = reserved - refunded WHERE assignment_id = $1 AND day = $2",
             {assignment, day});
    db_.exec(
        "UPDATE reservations SET state = 'counted', settled_at = $3, expires_at = NULL WHERE assignment_id = $1 AND "
        "day = $2 AND state = 'open'",
        {assignment, day, session_.clock.now()});
    return used;
  }

  void record_zeroed(std::int64_t zeroed, std::int64_t forgiven) {
    const auto day = base::format_day(report_.today);
    const bool one = number_id_.has_value();
    audit::record(
        session_, workspace_,
        {.action = "limits.force",
         .object_type = one ? "number" : "day",
         .object_id = number_id_,
         .object_key = one ? std::string_view(options_.number) : std::string_view(day),
         .after = nlohmann::json{{"day", day}, {"counters", zeroed}, {"adjusted", forgiven}}.dump()});
  }

  void cancelled() const {
    if (options_.cancel != nullptr) options_.cancel->check("ringctl limits reset");
  }

  audit::Session& session_;
  db::Connection& db_;
  base::Uuid workspace_;
  const ResetOptions& options_;
  std::optional<base::Uuid> number_id_;
  std::vector<base::Day> days_;
  ResetReport report_;
};

}  // namespace

ResetReport reset(audit::Session& session, const base::Uuid& workspace, const ResetOptions& options) {
  return Reset(session, workspace, options).run();
}

std::vector<WorkspaceReset> reset_all(audit::Session& session, const ResetOptions& options) {
  std::vector<WorkspaceReset> all;
  for (auto& workspace : directory::Workspaces(session).list()) {
    if (!workspace.is_active) continue;
    auto& one = all.emplace_back(WorkspaceReset{.workspace = std::move(workspace)});
    try {
      one.report = reset(session, one.workspace.id, options);
    } catch (const Error& error) {
      if (options.cancel != nullptr && options.cancel->cancelled()) throw;
      one.error = error;
    }
  }
  return all;
}

std::optional<UnclosedDays> unclosed_days(db::Connection& db, const base::Uuid& workspace,
                                          base::Instant now) {
  const auto settings = read_settings(db, workspace);
  const auto today = day_at(settings.zone, now);
  const auto first = first_unclosed(db, workspace, settings);
  if (!first || *first >= today) return std::nullopt;
  UnclosedDays days{.first = *first};
  for (auto day = *first; day < today; day = next_day(settings.zone, day)) ++days.count;
  return days;
}

std::vector<ClosedDay> closed_days(db::Connection& db, const base::Uuid& workspace, std::int64_t limit) {
  std::vector<ClosedDay> days;
  auto rows = db.query(
      "SELECT day, counters, reserved, connected, refunded, adjusted, expired FROM resets WHERE workspace_id = $1 "
      "ORDER BY day DESC LIMIT CAST($2 AS bigint)",
      {workspace, limit > 0 ? limit : std::int64_t{1'000'000}});
  while (rows.next())
    days.push_back({base::parse_day(rows.text(0)), rows.integer(1), rows.integer(2), rows.integer(3),
                    rows.integer(4), rows.integer(5), rows.integer(6)});
  return days;
}

}  // namespace ringctl::limits
