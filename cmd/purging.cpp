#include "cmd/purging.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/zone.hpp"

namespace ringctl::cmd {

base::Instant long_ago(const std::string& text, Context& ctx) {
  const auto now = ctx.clock().now();
  try {
    return now - base::parse_duration(text);
  } catch (const Error& error) {
    if (error.slug() != "time.bad_duration") throw;
  }
  return base::parse_instant(text, ctx.io().options().zone, now);
}

std::string counted(std::int64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", base::group_digits(static_cast<std::uint64_t>(n)), n == 1 ? one : many);
}

}  // namespace ringctl::cmd
