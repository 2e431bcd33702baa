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
  try {
    return parse_time("older-than", text, ctx.io().options().zone, now);
  } catch (const Error& error) {
    if (error.slug() != "time.malformed") throw;
    throw Error(error.errc(), error.slug(),
                fmt::format("--older-than: {} is neither how long ago nor a date", base::in_quotes(text)),
                "--older-than 730d or --older-than 2024-01-01");
  }
}

std::string counted(std::int64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", base::group_digits(static_cast<std::uint64_t>(n)), n == 1 ? one : many);
}

}  // namespace ringctl::cmd
