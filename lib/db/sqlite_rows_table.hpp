#pragma once
// Rows held in memory, as a table that SQLite can select from: `FROM ringctl_rows(?1)`. One INSERT .. SELECT
// over many rows costs far less than an INSERT for each, since cursors are opened and programs started once.
// Private to this room.

#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "db/connection.hpp"

namespace ringctl::db {

/// Rows of the same number of columns, at most k_most_columns; texts are copied.
class RowBuffer {
 public:
  static constexpr int k_most_columns = 64;

  explicit RowBuffer(std::size_t columns) : columns_(columns) {}
  /// Throws Errc::invalid [db.bad_text] for a text with a NUL byte.
  void add(std::span<const Param> row);
  void clear();
  std::size_t rows() const { return cells_.size() / columns_; }
  /// Bytes of text held.
  std::size_t size() const { return texts_.size(); }
  void result(sqlite3_context*, std::size_t row, std::size_t column) const;

 private:
  enum class Kind : std::uint8_t { null, integer, real, text };
  struct Cell {
    Kind kind;
    std::uint32_t size;  // of a text
    union {
      std::int64_t integer;
      double real;
      std::size_t offset;  // of a text
    };
  };
  Cell text_cell(std::string_view);
  Cell make_cell(const Param&);

  std::size_t columns_;
  std::vector<Cell> cells_;
  std::string texts_;
  base::Instant last_instant_{};
  std::string last_instant_text_ = base::format_utc(last_instant_);
};

/// What the pointer in `ringctl_rows(?1)` must be bound as.
inline constexpr const char* k_row_buffer_type = "ringctl_rows";
/// Makes `ringctl_rows` known to a connection: columns c0, c1 ... An SQLite result code.
int register_rows_table(sqlite3*);

}  // namespace ringctl::db
