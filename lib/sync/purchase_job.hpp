#pragma once
// What the runs of one job of purchases share: the first, those that go on with it, and those that only ask
// what became of it.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "jobs/effects.hpp"
#include "jobs/journal.hpp"
#include "sync/purchase.hpp"

namespace ringctl::sync {

inline constexpr std::string_view k_buy_kind = "number.buy";

/// As the job keeps it.
struct Order {
  std::string label = {}, address_sid = {}, bundle_sid = {};
  bool configure = true;
  std::optional<std::int64_t> budget = {};  ///< of --budget, as it was
  Wanted wanted = {};
};
std::string to_json(const Order&);
Order order_of(const jobs::Job&);

/// Those that are on record here or in another workspace. Inside a transaction of holder_scope().
std::set<std::string, std::less<>> on_record(Account&, std::vector<std::string_view> numbers);

/// What Twilio is told of a number that is bought: its webhooks from the start.
twilio::NumberUpdate update_of(const Order&);

/// Rows of numbers that the account has now; those that are there already learn their SID. Inside a
/// transaction of holder_scope(). Numbers that another workspace holds are left out, and returned.
std::vector<std::string> write_bought(Account&, const base::Uuid& job, const Order&,
                                      std::span<const twilio::Number>);

/// The newest effect of each number of the job.
std::map<std::string, jobs::Effect> newest_effects(db::Connection&, const base::Clock&,
                                                   const base::Uuid& workspace, const base::Uuid& job);
/// Counts of the job, and its end where every number is bought or refused. Inside a write transaction.
void settle_job(Account&, jobs::Job&);

/// Throws Errc::invalid [numbers.over_budget], [numbers.price_unknown] if the workspace's buy_budget does not
/// admit `monthly` more today. Inside a transaction.
void hold_budget(Account&, const std::optional<std::int64_t>& monthly, const std::string& unit);

EffectRow row_of(const jobs::Effect&);

}  // namespace ringctl::sync
