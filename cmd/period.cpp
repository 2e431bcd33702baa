#include "cmd/period.hpp"

#include <fmt/format.h>

#include "base/zone.hpp"

namespace ringctl::cmd {

Period read_period(const std::optional<std::string>& since, const std::optional<std::string>& until,
                   Context& ctx) {
  Period period;
  if (!since && !until) return period;
  const auto zone = ctx.zone();
  const auto now = ctx.clock().now();
  if (since) period.since = parse_time("since", *since, zone, now);
  if (until) period.until = parse_time("until", *until, zone, now);
  if (since && until) require_period(*period.since, *period.until, zone);
  return period;
}

void require_period(base::Instant since, base::Instant until, const base::Zone& zone) {
  if (since < until) return;
  const auto what = since == until
                        ? fmt::format("the period is empty: it begins and ends at {}", zone.format(since))
                        : fmt::format("the period would end ({}) before it begins ({})", zone.format(until),
                                      zone.format(since));
  throw Error(Errc::usage, "usage.empty_period", what, "--since TIME --until TIME, the earlier one first");
}

}  // namespace ringctl::cmd
