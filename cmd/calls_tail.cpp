// calls tail

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "calls/follow.hpp"
#include "cmd/calls.hpp"
#include "cmd/terminal.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::chrono::seconds k_pause{1};
constexpr std::chrono::milliseconds k_step{50};

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

void wait(const base::CancelToken& cancel, const base::Clock& clock) {
  const auto end = clock.steady() + k_pause;
  while (!cancel.cancelled() && clock.steady() < end) std::this_thread::sleep_for(k_step);
}

/// Those of the list, none of which orders what has not come yet.
std::span<const Column> tail_columns() {
  static const auto k_columns = [] {
    const auto listed = call_columns();
    std::vector<Column> columns(listed.begin(), listed.end());
    for (auto& column : columns) column.sortable = false;
    return columns;
  }();
  return k_columns;
}

void run_tail(const TailOptions&, Context& ctx) {
  auto& io = ctx.io();
  if (io.format() == Format::json || io.format() == Format::md)
    throw Error(Errc::usage, "usage.no_format", "calls tail has no end, which json and md need",
                "use -o jsonl, csv or tsv");
  const auto& workspace = ctx.workspace();
  const auto limit = ctx.globals().limit ? ctx.list_options().limit : 0;
  auto& cancel = ctx.cancel();
  calls::Follower follower(ctx.database(), workspace.id);
  std::optional<Rows> rows;
  if (io.format() != Format::table) rows.emplace(io.rows(call_columns()));
  std::int64_t shown = 0;
  const auto full = [&] { return limit > 0 && shown >= limit; };
  while (!cancel.cancelled() && !full()) {
    follower.poll(ctx.clock().now(), [&](const calls::Call& call) {
      if (full()) return;
      ++shown;
      rows ? rows->row(call_cells(call)) : io.out().write(line_of(call, io.times(), ctx.clock().now()));
    });
    io.out().flush();
    if (!full()) wait(cancel, ctx.clock());
  }
  if (rows) rows->finish();
  // Ctrl-C is how this ends; a deadline or a signal to end is told as everywhere.
  if (cancel.exit_status() != static_cast<int>(Errc::interrupted)) cancel.check();
}

}  // namespace

void add_calls_tail(Noun& calls) {
  calls.verb<TailOptions>("tail", "Follow calls as they begin, change and end", run_tail)
      .columns(tail_columns())
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
