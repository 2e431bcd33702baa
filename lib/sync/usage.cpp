#include "sync/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "calls/costs.hpp"
#include "db/transaction.hpp"
#include "directory/workspace_settings.hpp"
#include "phone/region.hpp"

namespace ringctl::sync {
namespace {

// --- usage ---

std::string by_of(const std::string& by) {
  if (by.empty()) return {};
  static constexpr std::array<std::pair<std::string_view, const char*>, 3> k_ways = {
      {{"day", "Daily"}, {"month", "Monthly"}, {"year", "Yearly"}}};
  for (const auto& [word, way] : k_ways)
    if (by == word) return way;
  throw Error(Errc::usage, "usage.bad_value",
              fmt::format("usage is told by day, month or year, not by {}", by));
}

std::chrono::sys_days days_of(const std::string& day) { return base::parse_day(day); }

/// The first day of this month until today, where nothing is said.
twilio::UsageQuery query_of(const UsageOptions& options, base::Instant now) {
  const auto today = base::Zone::utc().day_of(now);
  twilio::UsageQuery query;
  query.by = by_of(options.by);
  query.end_date =
      options.until.empty() ? base::format_day(today) : base::format_day(base::parse_day(options.until));
  const auto last = base::parse_day(query.end_date);
  const auto first = options.since.empty() ? last.year() / last.month() / std::chrono::day(1)
                                           : base::parse_day(options.since);
  query.start_date = base::format_day(first);
  if (days_of(query.start_date) > days_of(query.end_date))
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("the period from {} to {} has no days", query.start_date, query.end_date));
  return query;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_nought(std::string_view decimal) { return decimal.find_first_not_of("0.") == std::string_view::npos; }

bool was_used(const twilio::UsageRecord& record) {
  return !is_nought(record.count) || !is_nought(record.usage) || record.price_micros != 0;
}

// --- costs ---

/// Of one key, each currency's sums; those without a price under "".
class Costs {
 public:
  void add(const std::string& key, const calls::CostGroup& group) {
    auto& row = sums_[key][std::string(group.unit)];
    row.calls += group.calls;
    row.duration_s += group.duration_s;
    const auto each = micros_of(group.price);
    if (!each) return;
    row.priced += group.calls;
    row.micros += *each * group.calls;
  }

  std::vector<CostRow> rows() const {
    std::vector<CostRow> all;
    for (const auto& [key, units] : sums_) add_rows(key, units, all);
    return all;
  }

 private:
  using Units = std::map<std::string, CostRow>;

  /// The table's text, "-0.01" too.
  static std::optional<std::int64_t> micros_of(std::string_view price) {
    if (price.empty()) return std::nullopt;
    const bool back = price.starts_with('-');
    const auto micros = directory::try_parse_money(back ? price.substr(1) : price);
    return micros && back ? std::optional(-*micros) : micros;
  }

  static void add_rows(const std::string& key, const Units& units, std::vector<CostRow>& all) {
    const auto first = all.size();
    CostRow unpriced;
    for (const auto& [unit, sums] : units) {
      if (unit.empty()) {
        unpriced = sums;
        continue;
      }
      all.push_back(sums);
      all.back().key = key;
      all.back().unit = unit;
    }
    if (all.size() == first) all.push_back({.key = key});
    all[first].calls += unpriced.calls;
    all[first].duration_s += unpriced.duration_s;
  }

  std::map<std::string, Units> sums_;
};

calls::CostKey key_of(CostBy by) {
  switch (by) {
    case CostBy::agent:
      return calls::CostKey::agent;
    case CostBy::number:
      return calls::CostKey::number;
    case CostBy::direction:
      return calls::CostKey::direction;
    case CostBy::country:
      return calls::CostKey::party;
    case CostBy::total:
    case CostBy::day:
    case CostBy::month:
      break;
  }
  return calls::CostKey::total;
}

/// "US" of "+1202..."; "" of what is no number, or of no known country.
std::string country_of(std::string_view party) {
  std::error_code ignored;
  const auto number = phone::E164::try_parse(party, ignored);
  return number ? std::string(phone::region_code_of(*number)) : std::string();
}

/// Where the next day, or the next month, begins.
base::Day next_of(base::Day day, CostBy by) {
  if (by == CostBy::day) return std::chrono::sys_days(day) + std::chrono::days(1);
  return (day.year() / day.month() / std::chrono::day(1)) + std::chrono::months(1);
}

void add_periods(db::Connection& db, const base::Uuid& workspace, const CostOptions& options, Costs& costs) {
  auto since = options.since;
  auto day = options.zone.day_of(since);
  while (since < options.until) {
    const auto next = next_of(day, options.by);
    const auto end = std::min(options.zone.start_of(next), options.until);
    auto key = base::format_day(day);
    if (options.by == CostBy::month) key.resize(std::string_view("2026-03").size());
    // A date that a zone left out has no instants.
    if (since < end)
      calls::for_each_cost(db, workspace, since, end, calls::CostKey::total,
                           [&](const calls::CostGroup& group) { costs.add(key, group); });
    since = std::max(since, end);
    day = next;
  }
}

}  // namespace

std::uint64_t usage(Account& account, const UsageOptions& options,
                    const std::function<void(const twilio::UsageRecord&)>& visit) {
  auto query = query_of(options, account.session.clock.now());
  std::uint64_t count = 0;
  const auto ask = [&](bool all) {
    twilio::list_usage(account.client, query, [&](const twilio::UsageRecord& record) {
      if (!all && !was_used(record)) return true;
      ++count;
      visit(record);
      return true;
    });
  };
  for (const auto& category : options.categories)
    if (!is_word(category))
      throw Error(Errc::usage, "usage.bad_value",
                  fmt::format("{} is no category", base::in_quotes(category)));
  if (options.categories.empty()) ask(false);
  for (const auto& category : options.categories) {
    query.category = category;
    ask(true);
  }
  return count;
}

std::vector<CostRow> costs(db::Connection& db, const base::Uuid& workspace, const CostOptions& options) {
  Costs costs;
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  if (options.by == CostBy::day || options.by == CostBy::month)
    add_periods(db, workspace, options, costs);
  else
    calls::for_each_cost(
        db, workspace, options.since, options.until, key_of(options.by), [&](const calls::CostGroup& group) {
          costs.add(options.by == CostBy::country ? country_of(group.key) : std::string(group.key), group);
        });
  transaction.commit();
  return costs.rows();
}

}  // namespace ringctl::sync
