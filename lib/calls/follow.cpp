#include "calls/follow.hpp"

#include "db/transaction.hpp"

namespace ringctl::calls {
namespace {

constexpr std::chrono::hours k_longest{24};

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

}  // namespace ringctl::calls
