#include "limits/day.hpp"

namespace ringctl::limits {
namespace {

base::Day plus(base::Day day, int days) { return std::chrono::sys_days(day) + std::chrono::days(days); }

base::Day step(const base::Zone& zone, base::Day day, int by) {
  do day = plus(day, by);
  while (!has_day(zone, day));
  return day;
}

}  // namespace

base::Day day_at(const base::Zone& zone, base::Instant at) {
  const auto shown = zone.day_of(at);
  const auto next = plus(shown, 1);
  return zone.start_of(next) <= at ? next : shown;
}

bool has_day(const base::Zone& zone, base::Day day) { return zone.day_of(zone.start_of(day)) == day; }

base::Day next_day(const base::Zone& zone, base::Day day) { return step(zone, day, 1); }
base::Day previous_day(const base::Zone& zone, base::Day day) { return step(zone, day, -1); }

}  // namespace ringctl::limits
