#pragma once
// What the runs of one job of purchases share: the first, those that go on with it, and those that only ask
// what became of it.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

/// Throws Errc::conflict [jobs.effect_under_way] with the job for the first of them whose purchase nobody has
/// ended in this workspace. Inside a transaction.
void refuse_under_way(Account&, const std::vector<std::string_view>& numbers);
/// All of those of the workspace. Inside a transaction.
std::set<std::string, std::less<>> under_way(Account&);

/// What Twilio is told of a number that is bought: its webhooks from the start.
twilio::NumberUpdate update_of(const Order&);

/// Rows of numbers that the account has now; those that are there already learn their SID. Inside a
/// transaction of holder_scope(). Numbers that another workspace holds are left out, and returned.
std::vector<std::string> write_bought(Account&, const base::Uuid& job, const Order&,
                                      std::span<const twilio::Number>);

/// What became of a purchase of a job whose outcome nobody knew, and whose number the account has.
struct Found {
  jobs::EffectState state = jobs::EffectState::done;  ///< or refused: it is not this job's
  std::string code = {}, message = {};                ///< k_in_account, k_foreign; why
};
/// Settles it, and writes the number's row. It is the job's, but for a number that the account had before
/// the effect was written (or, where Twilio does not say since when it is there, one that shows nothing of
/// the order): that is called what it is called there. The effect is sent or unknown. Inside a transaction of
/// holder_scope().
Found settle_found(Account&, const jobs::Effect&, const Order&, const twilio::Number&);

/// What numbers cost a month, each country and type asked once. A login that is not taken (401) throws; any
/// other failure does where a budget is to be held (`must_know`), and else leaves a price unknown: also a
/// login that may not ask for prices (403). Ask for what must be known first.
class Prices {
 public:
  explicit Prices(Account& account) : account_(account) {}
  /// `type` "": nothing tells.
  std::optional<twilio::Price> of(const std::string& country, const std::string& type, bool must_know);
  /// Of a purchase's number.
  std::optional<twilio::Price> of(const jobs::Effect&, bool must_know);

 private:
  std::optional<twilio::Price> ask(const std::string& country, const std::string& type, bool must_know);

  Account& account_;
  std::map<std::pair<std::string, std::string>, std::optional<twilio::Price>> known_ = {};
};
/// True if the workspace says what may be bought in a day.
bool has_day_budget(const Account&);

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
