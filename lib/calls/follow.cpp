// Ids of webhooks begin with the time they were kept at, by the clock of the machine that kept them: what is
// new is found by them, some time back as well, and what was handed out is left out.

#include "calls/follow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "calls/call_query.hpp"
#include "db/transaction.hpp"

namespace ringctl::calls {
namespace {

constexpr std::chrono::hours k_longest{24};

/// How far clocks of machines may be apart.
constexpr std::chrono::seconds k_overlap{30};
/// A workspace in which nothing happens is not looked at from its last webhook on: ids are of all workspaces.
/// Webhooks of one are kept one transaction after the other, which lasts no longer than this.
constexpr std::chrono::minutes k_quiet{10};

/// The lowest id that is kept at this time.
std::string first_id_at(base::Instant at) {
  const auto digits = fmt::format("{:012x}", std::max<std::int64_t>(0, at.time_since_epoch().count()));
  return fmt::format("{}-{}-0000-0000-000000000000", digits.substr(0, 8), digits.substr(8, 4));
}

base::Instant kept_at(std::string_view id) {
  const auto digits = std::string(id.substr(0, 8)).append(id.substr(9, 4));
  std::int64_t ms = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), ms, 16);
  return base::Instant(std::chrono::milliseconds(ms));
}

/// By the call's SID, which all its legs hang on. The workspace is compared by the reader: as a condition it
/// would tempt SQLite to read all its webhooks in order.
std::string select_events(bool of_a_call) {
  return fmt::format(
      "SELECT e.id, e.workspace_id, e.call_sid, e.kind, e.status, e.form, e.sequence, e.received_at "
      "FROM call_events e WHERE e.id >= $1{} ORDER BY e.id",
      of_a_call ? " AND (e.call_sid = $2 OR e.call_sid IN (SELECT a.leg_sid FROM call_attempts a "
                  "JOIN calls c ON c.id = a.call_id WHERE c.call_sid = $2))"
                : "");
}

}  // namespace

Follower::Follower(db::Connection& db, const base::Uuid& workspace) : db_(db), workspace_(workspace) {
  db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
  closed_ =
      db_.integer("SELECT closed_seq FROM call_counters WHERE workspace_id = $1", {workspace_}).value_or(0);
  transaction.commit();
}

void Follower::poll(base::Instant now, const std::function<void(const Call&)>& visit) {
  db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
  for_each_closed(db_, workspace_, closed_, 0, [&](const Call& call) {
    closed_ = *call.closed_seq;
    visit(call);
  });
  std::map<base::Uuid, base::Instant> live;
  for_each_live(db_, workspace_, now - k_longest, [&](const Call& call) {
    const auto known = live_.find(call.id);
    if (known == live_.end() || known->second != call.updated_at) visit(call);
    live.emplace(call.id, call.updated_at);
  });
  live_.swap(live);
  transaction.commit();
}

EventFollower::EventFollower(db::Connection& db, const base::Uuid& workspace, std::chrono::seconds back)
    : db_(db), workspace_(workspace), back_(back) {}

base::Instant EventFollower::look_from(base::Instant now) const {
  if (!newest_) return now - back_ - k_overlap;
  return std::max(*newest_ - k_overlap, now - k_quiet);
}

void EventFollower::poll(base::Instant now, std::string_view call_sid,
                         const std::function<void(const KeptEvent&)>& visit) {
  const bool first = !newest_;
  const auto begin = now - back_;
  const auto from = look_from(now);
  const auto from_id = first_id_at(from);
  if (first) newest_ = begin;

  db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
  {
    std::vector<db::Param> params{from_id};
    if (!call_sid.empty()) params.emplace_back(call_sid);
    auto rows = db_.stream(select_events(!call_sid.empty()), params);
    while (rows.next()) {
      if (rows.text(1) != workspace_.view()) continue;
      const std::string id(rows.text(0));
      const auto at = kept_at(id);
      // A clock that is ahead hides nothing of the others.
      newest_ = std::max(*newest_, std::min(at, now));
      while (!seen_.empty() && seen_.begin()->second < *newest_ - k_overlap) seen_.erase(seen_.begin());
      if (!seen_.emplace(id, at).second || (first && at < begin)) continue;
      visit({.call_sid = std::string(rows.text(2)),
             .kind = std::string(rows.text(3)),
             .status = std::string(rows.text(4)),
             .form = std::string(rows.text(5)),
             .sequence = maybe_integer(rows, 6),
             .received_at = rows.instant(7)});
    }
  }
  transaction.commit();
}

}  // namespace ringctl::calls
