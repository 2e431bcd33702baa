#pragma once
// --sort and --limit for list verbs, and lists small enough to be sorted here.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cmd/cell.hpp"

namespace ringctl::cmd {

class Io;

struct Sort {
  std::string column;
  bool descending = false;
};

/// What a list verb passes to its room.
struct ListOptions {
  std::optional<Sort> sort;  ///< one of the sortable columns
  std::int64_t limit = 0;    ///< 0: all
};

/// "label" or "label:desc"; throws Errc::usage [usage.bad_sort] naming the sortable columns.
Sort parse_sort(const std::string& text, std::span<const Column> columns);

Error bad_limit(std::int64_t limit);

/// A list that fits in memory (workspaces, profiles, jobs): sorted, cut and printed here. Text is copied.
class SmallList {
 public:
  SmallList(Io& io, std::span<const Column> columns, ListOptions options)
      : io_(io), columns_(columns), options_(std::move(options)) {}
  void add(std::span<const Cell> cells);
  void add(std::initializer_list<Cell> cells) { add(std::span(cells.begin(), cells.size())); }
  void print();
  /// The rows that print() shows, by the order in which they were added.
  std::vector<std::size_t> shown() const;
  std::size_t size() const { return rows_.size(); }

 private:
  Io& io_;
  std::span<const Column> columns_;
  ListOptions options_;
  std::deque<std::string> texts_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace ringctl::cmd
