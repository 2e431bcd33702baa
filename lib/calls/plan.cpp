#include "calls/plan.hpp"

#include <map>

namespace ringctl::calls {
namespace {

// The workspace is compared here: as a condition it leads a planner that knows little of a table which grows
// to read all of the workspace's calls.
const db::KeyedSelect& plan_select() {
  static const db::KeyedSelect select("SELECT call_sid, workspace_id, plan FROM calls WHERE call_sid = $1");
  return select;
}

std::vector<std::string_view> known_among(std::vector<std::string_view> call_sids) {
  std::erase(call_sids, std::string_view());
  return call_sids;
}

}  // namespace

PlanRead::PlanRead(const db::Connection& db, const base::Uuid& workspace,
                   std::vector<std::string_view> call_sids)
    : workspace_(workspace),
      call_sids_(std::move(call_sids)),
      read_(db, plan_select(), known_among(call_sids_)) {}

std::vector<std::string> PlanRead::take(std::span<db::Rows> all) const {
  std::map<std::string, std::string, std::less<>> plans;
  for (auto& rows : all)
    while (rows.next())
      if (rows.text(1) == workspace_.view()) plans.emplace(rows.text(0), rows.text(2));
  std::vector<std::string> in_order;
  in_order.reserve(call_sids_.size());
  for (const auto sid : call_sids_) {
    const auto plan = plans.find(sid);
    in_order.push_back(plan == plans.end() ? std::string() : plan->second);
  }
  return in_order;
}

}  // namespace ringctl::calls
