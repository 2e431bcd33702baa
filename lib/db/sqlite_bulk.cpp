// Rows are gathered in memory and inserted by one statement for many.

#include <fmt/format.h>

#include "base/error.hpp"
#include "db/bulk_insert_impl.hpp"
#include "db/sqlite_rows_table.hpp"

namespace ringctl::db {
namespace {

constexpr std::size_t k_most_rows = 2000;
constexpr std::size_t k_most_text = 1 << 20;

/// ?1 are the rows, ?2 and so on what is the same in all of them.
std::string insert_statement(const std::string& table, const std::vector<BulkColumn>& columns) {
  std::string names, sources;
  int cells = 0, parameters = 1;
  for (const auto& column : columns) {
    const auto* const comma = names.empty() ? "" : ", ";
    names += fmt::format("{}{}", comma, column.name);
    sources += column.same ? fmt::format("{}?{}", comma, ++parameters) : fmt::format("{}c{}", comma, cells++);
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM ringctl_rows(?1)", table, names, sources);
}

class SqliteBulk final : public BulkInsert::Impl {
 public:
  SqliteBulk(SqliteConnection& connection, const std::string& table, const std::vector<BulkColumn>& columns,
             std::size_t values)
      : connection_(connection), rows_(values) {
    if (const int code = register_rows_table(connection.handle()); code != SQLITE_OK) connection.fail(code);
    statement_ = connection.compile(insert_statement(table, columns), true);
    sqlite3_bind_pointer(statement_.get(), 1, &rows_, k_row_buffer_type, nullptr);
    int parameters = 1;
    for (const auto& column : columns)
      if (column.same) connection.bind(statement_.get(), ++parameters, *column.same, true);
  }

  void add(std::span<const Param> row) override {
    rows_.add(row);
    if (rows_.rows() >= k_most_rows || rows_.size() >= k_most_text) insert();
  }
  void flush() override {
    if (rows_.rows() > 0) insert();
  }

 private:
  void insert() {
    try {
      connection_.step(statement_.get());
    } catch (...) {
      sqlite3_reset(statement_.get());
      throw;
    }
    sqlite3_reset(statement_.get());
    rows_.clear();
  }

  SqliteConnection& connection_;
  RowBuffer rows_;
  SqliteStatement statement_;
};

}  // namespace

std::unique_ptr<BulkInsert::Impl> BulkInsert::Impl::make(SqliteConnection& connection,
                                                         const std::string& table,
                                                         const std::vector<BulkColumn>& columns,
                                                         std::size_t values) {
  return std::make_unique<SqliteBulk>(connection, table, columns, values);
}

}  // namespace ringctl::db
