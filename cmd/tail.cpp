#include "cmd/tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace ringctl::cmd {
namespace {

constexpr std::chrono::seconds k_pause{1};
constexpr std::chrono::milliseconds k_step{50};
/// The others need to know the last row.
constexpr std::array k_endless{Format::table, Format::tsv, Format::csv, Format::jsonl};

void wait(const base::CancelToken& cancel, const base::Clock& clock) {
  const auto end = clock.steady() + k_pause;
  while (!cancel.cancelled() && clock.steady() < end) std::this_thread::sleep_for(k_step);
}

}  // namespace

std::vector<Column> tail_columns(std::span<const Column> listed) {
  std::vector<Column> columns(listed.begin(), listed.end());
  for (auto& column : columns) column.sortable = false;
  return columns;
}

Tail::Tail(Context& ctx, std::string_view name, std::span<const Column> columns)
    : ctx_(ctx), limit_(ctx.globals().limit ? ctx.list_options().limit : 0) {
  if (ctx_.io().options().out != "-")
    throw Error(Errc::usage, "usage.no_out", fmt::format("{} has no end, which a file of --out needs", name),
                fmt::format("ringctl {} > FILE", name));
  const auto format = ctx_.io().format();
  if (std::find(k_endless.begin(), k_endless.end(), format) == k_endless.end())
    throw Error(Errc::usage, "usage.no_format", fmt::format("{} has no end, which this format needs", name),
                "use -o jsonl, csv or tsv");
  if (format != Format::table) rows_.emplace(ctx_.io().rows(columns));
}

void Tail::show(const std::function<std::vector<Cell>()>& cells, const std::function<std::string()>& line) {
  if (full()) return;
  ++shown_;
  rows_ ? rows_->row(cells()) : ctx_.io().out().write(line());
}

void Tail::follow(const std::function<void()>& look) {
  auto& cancel = ctx_.cancel();
  while (!cancel.cancelled() && !full()) {
    ctx_.io().out().require_reader();
    look();
    ctx_.io().out().flush();
    if (!full()) wait(cancel, ctx_.clock());
  }
  if (rows_) rows_->finish();
  // Ctrl-C is how this ends; a deadline or a signal to end is told as everywhere.
  if (cancel.exit_status() != static_cast<int>(Errc::interrupted)) cancel.check();
}

}  // namespace ringctl::cmd
