#pragma once
// What `calls tail`, `events tail` and `messages tail` share: looking again every second, and what is written
// of what was found.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/context.hpp"

namespace ringctl::cmd {

class Tail {
 public:
  /// `name`: of the command. Throws Errc::usage [usage.no_format] for a format that needs an end, and
  /// [usage.no_out] for --out, whose file appears at the end.
  Tail(Context&, std::string_view name, std::span<const Column>);

  /// One thing that was found: cells where programs read, a line where people do. Only the one that is needed
  /// is asked for, and none once there are as many as --limit says.
  void show(const std::function<std::vector<Cell>()>& cells, const std::function<std::string()>& line);
  /// Calls `look`, which shows what is new, once a second until Ctrl-C, --timeout or --limit, or until nobody
  /// reads any more, which is Errc::broken_pipe.
  void follow(const std::function<void()>& look);

 private:
  bool full() const { return limit_ > 0 && shown_ >= limit_; }
  Context& ctx_;
  std::int64_t limit_, shown_ = 0;
  std::optional<Rows> rows_;
};

/// Those of a list, none of which orders what has not come yet.
std::vector<Column> tail_columns(std::span<const Column> listed);

}  // namespace ringctl::cmd
