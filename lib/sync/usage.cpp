#include "sync/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"

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
    throw Error(Errc::usage, "usage.empty_period",
                fmt::format("the period from {} to {} has no days", query.start_date, query.end_date),
                "--since DAY --until DAY, the earlier one first");
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

/// That is what is wrong, and not a date, say.
bool names_category(const Error& error) {
  return base::ascii_lower(error.message()).find("category") != std::string::npos;
}

/// Twilio knows its categories, and says of any other that it is none.
Error with_categories(const Error& error) {
  return error.with_hint(
      "ringctl reports account lists those that were used; calls, sms, phonenumbers, recordings and "
      "totalprice are always there");
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
    try {
      ask(true);
    } catch (const Error& error) {
      if (error.errc() != Errc::twilio || !names_category(error)) throw;
      throw with_categories(error);
    }
  }
  return count;
}

}  // namespace ringctl::sync
