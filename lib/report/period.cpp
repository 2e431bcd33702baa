#include "report/period.hpp"

#include <algorithm>

#include "limits/day.hpp"

namespace ringctl::report {
namespace {

/// Where a day begins and ends.
Slice whole_day(const base::Zone& zone, base::Day day) {
  return {day, zone.start_of(day), zone.start_of(limits::next_day(zone, day)), true};
}

std::ptrdiff_t days_touched(const Period& period, const base::Zone& zone) {
  if (period.until <= period.since) return 0;
  const auto last = limits::day_at(zone, period.until - std::chrono::milliseconds(1));
  std::ptrdiff_t days = 1;
  for (auto day = limits::day_at(zone, period.since); day < last; day = limits::next_day(zone, day)) ++days;
  return days;
}

base::Day earlier(base::Day day, std::ptrdiff_t days, const base::Zone& zone) {
  for (; days > 0; --days) day = limits::previous_day(zone, day);
  return day;
}

/// As far into `day` as `at` is into the day that begins at `start`.
base::Instant as_far_into(const base::Zone& zone, base::Day day, base::Instant start, base::Instant at) {
  const auto there = whole_day(zone, day);
  return std::min(there.from + (at - start), there.until);
}

}  // namespace

std::vector<Slice> slices_of(const Period& period, const base::Zone& zone) {
  std::vector<Slice> slices;
  if (period.until <= period.since) return slices;
  auto day = whole_day(zone, limits::day_at(zone, period.since));
  while (true) {
    const auto from = std::max(day.from, period.since);
    const auto until = std::min(day.until, period.until);
    slices.push_back({day.day, from, until, from == day.from && until == day.until});
    if (until == period.until) return slices;
    day = whole_day(zone, limits::next_day(zone, day.day));
  }
}

Period before(const Period& period, const base::Zone& zone) {
  const auto days = days_touched(period, zone);
  if (days == 0) return period;
  const auto first = limits::day_at(zone, period.since);
  const auto last = limits::day_at(zone, period.until - std::chrono::milliseconds(1));
  // To the end of the last day: to the end of that one, however long it was.
  const bool to_the_end = period.until == whole_day(zone, last).until;
  return {as_far_into(zone, earlier(first, days, zone), zone.start_of(first), period.since),
          to_the_end ? whole_day(zone, earlier(last, days, zone)).until
                     : as_far_into(zone, earlier(last, days, zone), zone.start_of(last), period.until)};
}

base::Day day_before(base::Day day, const Period& period, const base::Zone& zone) {
  return earlier(day, days_touched(period, zone), zone);
}

Period last_days(int days, const base::Zone& zone, base::Instant now) {
  return {zone.start_of(earlier(limits::day_at(zone, now), days - 1, zone)), now};
}

}  // namespace ringctl::report
