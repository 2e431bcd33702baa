#include "cmd/purging.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {

base::Instant long_ago(const std::string& text, Context& ctx) {
  const auto now = ctx.clock().now();
  try {
    return now - base::parse_duration(text);
  } catch (const Error& error) {
    if (error.slug() == "time.too_long")
      throw Error(error.errc(), error.slug(), fmt::format("--older-than: {}", error.message()), error.hint());
    if (error.slug() != "time.bad_duration") throw;
  }
  try {
    return parse_time("older-than", text, ctx.zone(), now);
  } catch (const Error& error) {
    if (error.slug() != "time.malformed") throw;
    throw Error(error.errc(), error.slug(),
                fmt::format("--older-than: {} is neither how long ago nor a date", base::in_quotes(text)),
                "--older-than 730d or --older-than 2024-01-01");
  }
}

base::Instant confirmed_time(const PurgeArguments& arguments, std::string_view what, Context& ctx) {
  const auto before = long_ago(arguments.older_than, ctx);
  const auto& workspace = ctx.workspace();
  if (!ctx.dry_run())
    ctx.io().confirm_severe(fmt::format("purge {} before {} of workspace", what, base::format_utc(before)),
                            workspace.name);
  return before;
}

void report_purge(Change change, bool any, std::string_view none, const std::string& why, Context& ctx) {
  change.action = any && !ctx.dry_run() ? "purged" : "purge";
  change.object = ctx.workspace().name;
  if (!any) {
    change.called = none;
    change.rest = why;
    return ctx.io().unchanged(change);
  }
  ctx.dry_run() ? ctx.io().would_change(change) : ctx.io().changed(change);
}

std::string counted(std::int64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", base::group_digits(static_cast<std::uint64_t>(n)), n == 1 ? one : many);
}

}  // namespace ringctl::cmd
