// What would be bought, and what it costs.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "phone/region.hpp"
#include "sync/purchase_job.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

constexpr std::array<std::string_view, 7> k_toll_free = {"800", "833", "844", "855", "866", "877", "888"};
constexpr std::array k_types = {"local", "mobile", "tollfree", "national"};

void refuse_taken(Account& account, const std::vector<std::string_view>& numbers) {
  db::Transaction transaction(account.session.db, holder_scope(account), db::Access::read);
  if (const auto here = on_record(account, numbers); !here.empty())
    throw Error(Errc::conflict, "numbers.exists", fmt::format("{} is on record already", *here.begin()),
                fmt::format("ringctl numbers show {}", *here.begin()));
  refuse_under_way(account, numbers);
  transaction.commit();
}

/// Those that are on record, and those that another purchase has under way.
std::set<std::string, std::less<>> taken(Account& account, std::vector<std::string_view> numbers) {
  db::Transaction transaction(account.session.db, holder_scope(account), db::Access::read);
  auto all = on_record(account, numbers);
  const auto busy = under_way(account);
  transaction.commit();
  for (const auto number : numbers)
    if (busy.contains(number)) all.emplace(number);
  return all;
}

/// Of which type a number is that was named; "" if nothing tells.
std::string type_of(Account& account, const phone::E164& number, const std::string& country,
                    const std::string& guess) {
  const auto text = number.text();
  if (phone::calling_code(number) == 1)
    return std::find(k_toll_free.begin(), k_toll_free.end(), std::string_view(text).substr(2, 3)) !=
                   k_toll_free.end()
               ? "tollfree"
           : guess == "tollfree" ? "local"
                                 : guess;
  std::vector<std::string> types = {guess};
  for (const auto* type : k_types)
    if (guess != type) types.emplace_back(type);
  for (const auto& type : types) {
    twilio::Search search;
    search.country = country;
    search.type = type;
    search.contains = text;
    const auto answer = twilio::search_numbers(account.client, search, 1);
    if (!answer.empty() && answer.front().phone_number == text) return type;
  }
  return {};
}

std::vector<Purchase> named(Account& account, const BuyOptions& options) {
  std::vector<Purchase> all;
  std::set<std::string> once;
  for (const auto& text : options.numbers) {
    const auto number = phone::E164::parse(text);
    if (!once.insert(number.text()).second) continue;
    auto country = std::string(phone::region_code_of(number));
    if (country.empty()) country = options.search.country;
    auto type = type_of(account, number, country, options.search.type);
    all.push_back({.phone_number = number.text(), .type = std::move(type), .country = std::move(country)});
  }
  std::vector<std::string_view> numbers;
  for (const auto& one : all) numbers.push_back(one.phone_number);
  refuse_taken(account, numbers);
  return all;
}

std::vector<Purchase> found(Account& account, const BuyOptions& options) {
  const auto wanted = static_cast<std::size_t>(options.count);
  std::vector<Purchase> all;
  std::size_t more = 0;  // to be asked for in the place of those that are passed over here
  for (bool enough = false; !enough;) {
    const auto available = search(account.client, options.search, wanted + more);
    std::vector<std::string_view> numbers;
    for (const auto& one : available) numbers.push_back(one.phone_number);
    const auto here = taken(account, numbers);
    all.clear();
    for (const auto& one : available)
      if (!here.contains(one.phone_number) && all.size() < wanted)
        all.push_back({.phone_number = one.phone_number,
                       .type = one.type.empty() ? options.search.type : one.type,
                       .country = one.iso_country.empty() ? options.search.country : one.iso_country});
    enough = all.size() == wanted || available.size() < wanted + more;
    more += here.size();
  }
  if (all.size() == wanted) return all;
  throw Error(Errc::invalid, "numbers.too_few",
              fmt::format("Twilio offers {} such {}, not {}", all.size(),
                          all.size() == 1 ? "number" : "numbers", wanted),
              "ringctl numbers search shows what there is");
}

void set_prices(Account& account, bool must_know, BuyPlan& plan) {
  Prices prices(account);
  MonthlySum sum;
  for (auto& one : plan.numbers) {
    one.price = prices.of(one.country, one.type, must_know);
    sum.add(one.price);
  }
  plan.monthly_micros = sum.micros;
  plan.unit = sum.unit;
}

void hold_own_budget(const BuyPlan& plan, std::int64_t budget) {
  if (!plan.monthly_micros)
    throw Error(Errc::invalid, "numbers.price_unknown",
                "Twilio does not tell what these numbers cost, so that they cannot be held against --budget",
                "leave --budget out to buy them at any price");
  if (*plan.monthly_micros > budget)
    throw Error(Errc::invalid, "numbers.over_budget",
                fmt::format("these numbers cost {} {} a month, more than the {} of --budget",
                            twilio::money_text(*plan.monthly_micros), plan.unit, twilio::money_text(budget)));
}

}  // namespace

void MonthlySum::add(const std::optional<twilio::Price>& price) {
  ++count;
  if (price && unit.empty()) unit = price->unit;
  if (!price || price->unit != unit)
    micros.reset();
  else if (micros)
    *micros += price->micros;
}

BuyPlan plan_buy(Account& account, const BuyOptions& options) {
  BuyPlan plan;
  plan.numbers = options.numbers.empty() ? found(account, options) : named(account, options);
  set_prices(account, options.budget || has_day_budget(account), plan);
  if (options.budget) hold_own_budget(plan, *options.budget);
  auto& db = account.session.db;
  db::Transaction transaction(db, db::Scope::of(account.workspace.id), db::Access::read);
  hold_budget(account, plan.monthly_micros, plan.unit);
  transaction.commit();
  return plan;
}

}  // namespace ringctl::sync
