#pragma once
// Numbers looked for, bought and given back. A purchase is journaled before Twilio is asked; one that nobody
// knows the outcome of is looked up, never repeated.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sync/configure.hpp"
#include "sync/effect_row.hpp"
#include "twilio/rest_numbers.hpp"

namespace ringctl::sync {

/// Twilio answers a question with few numbers: with more wanted, several are asked (each digit put in the
/// place of an open one), merged, each number once, in order. At most `limit`.
std::vector<twilio::Available> search(twilio::Client&, const twilio::Search&, std::size_t limit);

struct BuyOptions {
  std::vector<std::string> numbers = {};  ///< these, else `count` that `search` finds
  std::int64_t count = 1;
  twilio::Search search = {};
  std::optional<std::int64_t> budget = {};  ///< millionths a month, of this run
  std::string label = {}, address_sid = {}, bundle_sid = {};
  bool configure = true;  ///< with webhooks from the start
  Wanted wanted = {};
};
struct Purchase {
  std::string phone_number, type, country;
  std::optional<twilio::Price> price = {};
};
struct BuyPlan {
  std::vector<Purchase> numbers;
  std::optional<std::int64_t> monthly_micros = {};  ///< nullopt: Twilio does not tell of all of them
  std::string unit = {};
};
/// What several numbers cost a month, added up.
struct MonthlySum {
  std::int64_t count = 0;
  std::optional<std::int64_t> micros = 0;  ///< nullopt: one has no price, or one of another currency
  std::string unit = {};                   ///< of the first that has a price
  void add(const std::optional<twilio::Price>&);
};
/// Throws Errc::invalid [numbers.too_few] if there are not so many, [numbers.over_budget] (with --budget, or
/// with what the workspace's buy_budget of today leaves), [numbers.price_unknown] where a budget cannot be
/// held against it; Errc::conflict [numbers.exists], [jobs.effect_under_way]. A price list that cannot be had
/// throws what number_price() does; where there is no budget, a login that is not taken (401) alone.
BuyPlan plan_buy(Account&, const BuyOptions&);

/// EffectRow::code of a number that the account has, and not from this job: taken over, or left alone where
/// another workspace has it on record.
inline constexpr std::string_view k_in_account = "numbers.in_account", k_foreign = "numbers.foreign";
struct BuyReport {
  base::Uuid job;
  std::int64_t bought = 0, refused = 0, unknown = 0;
  std::vector<EffectRow> rows;        ///< of the whole job
  std::vector<EffectRow> found = {};  ///< of these, what this run found in the account, not the job's
  std::optional<Error> stopped = {};  ///< by a signal or --timeout, before everything was settled
};
/// The budget is held again in the transaction that writes the intents. Rows of bought numbers are made as
/// each is known. A signal ends it behind the purchases that are on their way, which are heard. Throws
/// Errc::auth and its like with the job to resume.
BuyReport apply_buy(Account&, const BuyPlan&, const BuyOptions&, const ProgressFn& = {});

/// Prices by number.
using KnownPrices = std::map<std::string, twilio::Price, std::less<>>;
struct ResumePlan {
  BuyPlan left;          ///< what was not bought, at the price that it had, or has now if nobody knew it then
  MonthlySum anew = {};  ///< of that, what no budget has counted yet
  std::vector<std::string> unsure = {};     ///< numbers that Twilio is asked about first
  std::vector<std::string> elsewhere = {};  ///< on record by now: another purchase has them
  KnownPrices asked = {};                   ///< of those that had none
};
/// What going on with a job would do; throws Errc::conflict [jobs.not_unfinished], and
/// [jobs.effect_under_way] where another job buys one of its numbers; with a buy_budget what Prices does for
/// a number that is to be bought, with the job. Writes nothing, and asks only for prices that nobody knew.
ResumePlan plan_resume(Account&, const base::Uuid& job);
/// Throws what resume_buy() will where the workspace's buy_budget does not admit what is left, as far as that
/// is known before anybody looked up what is unsure.
void hold_resume(Account&, const ResumePlan&);
/// Goes on with a job: what is unknown is looked up first, what was never sent is sent; the budget is held
/// against that, on the day of today. What is on record by now is refused, and so is what was in the account
/// before: it is not this job's. Prices that are not `known` are asked for once the look-up is done.
BuyReport resume_buy(Account&, const base::Uuid& job, const ProgressFn& = {}, const KnownPrices& known = {});

struct ReleaseReport {
  std::string phone_number;
  std::string action;  ///< scheduled, released, canceled, kept, waiting, failed
  std::optional<base::Instant> at = {};
  std::string code = {}, message = {};  ///< of one that failed
};
/// Marks it: inactive now, given back after the workspace's release_wait. Errc::conflict where something uses
/// it (estate/number_use.hpp); Errc::invalid [numbers.not_at_twilio]. `write` false: only throws and tells.
ReleaseReport schedule_release(Account&, std::string_view number, bool now, bool write);
ReleaseReport cancel_release(Account&, std::string_view number, bool write);
/// Gives back every number whose time has come: Twilio first, then the row. One that cannot go is `failed`,
/// and the others go all the same; a login that is refused, or no answer, ends it.
std::vector<ReleaseReport> release_due(Account&, bool write);

/// Every effect of the job (nullopt: of the workspace) that is open, asked about at Twilio and settled.
/// Writes nothing there: buys, calls and makes nothing. What it cannot tell yet stays unknown.
struct ResolveReport {
  std::int64_t done = 0, undone = 0, unknown = 0;
  std::vector<EffectRow> rows;
};
ResolveReport resolve(Account&, const std::optional<base::Uuid>& job);

}  // namespace ringctl::sync
