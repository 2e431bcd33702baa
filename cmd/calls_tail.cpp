// calls tail

#include <fmt/format.h>

#include "calls/follow.hpp"
#include "cmd/calls.hpp"
#include "cmd/tail.hpp"
#include "cmd/terminal.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

struct TailOptions {};

/// A line for people. Who calls chooses what stands in some of it.
std::string line_of(const calls::Call& call, TimeText& times, base::Instant now) {
  std::string line;
  times.append_local(line, now);
  const auto shown = [](const std::string& text) { return text.empty() ? "-" : visible(text); };
  line += fmt::format("  {:<8}  {:<11}  {} -> {}", call.direction, call.status, shown(call.from_number),
                      shown(call.to_number));
  for (const auto* text : {&call.customer_name, &call.user_email})
    if (!text->empty()) line += "  " + visible(*text);
  if (call.ended_at && call.duration_s)
    line += "  " + base::format_duration(std::chrono::seconds(*call.duration_s));
  line += "  " + call.call_sid + "\n";
  return line;
}

std::span<const Column> columns() {
  static const auto k_columns = tail_columns(call_columns());
  return k_columns;
}

void run_tail(const TailOptions&, Context& ctx) {
  Tail tail(ctx, "calls tail", call_columns());
  calls::Follower follower(ctx.database(), ctx.workspace().id);
  tail.follow([&] {
    const auto now = ctx.clock().now();
    follower.poll(now, [&](const calls::Call& call) {
      tail.show([&] { return call_cells(call); }, [&] { return line_of(call, ctx.io().times(), now); });
    });
  });
}

}  // namespace

void add_calls_tail(Noun& calls) {
  calls.verb<TailOptions>("tail", "Follow calls as they begin, change and end", run_tail)
      .columns(columns())
      .lists()
      .details(
          "Looks once a second and writes each call that is new, changed or over, until Ctrl-C, --timeout, or --limit "
          "rows. Begins with the calls that are going on. On a terminal a line for people; elsewhere the columns of "
          "`calls list`.")
      .example("ringctl calls tail --limit 1")
      .example("ringctl calls tail --limit 1 -o jsonl")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
