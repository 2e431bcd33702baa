// Rows are gathered in memory and inserted by one statement for many.

#include <fmt/format.h>

#include "base/error.hpp"
#include "db/bulk_insert_impl.hpp"
#include "db/sqlite_rows_table.hpp"

namespace ringctl::db {
namespace {

constexpr std::size_t k_most_rows = 2000;
constexpr std::size_t k_most_text = 1 << 20;

std::string insert_statement(const std::string& table, const std::vector<BulkColumn>& columns) {
  std::string names, sources;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names += fmt::format("{}{}", i == 0 ? "" : ", ", columns[i].name);
    sources += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
  }
  // WHERE TRUE: without it the grammar would read ON as part of a join.
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM ringctl_rows(?1) WHERE TRUE ON CONFLICT DO NOTHING",
                     table, names, sources);
}

class SqliteBulk final : public BulkInsert::Impl {
 public:
  SqliteBulk(SqliteConnection& connection, const std::string& table, const std::vector<BulkColumn>& columns)
      : connection_(connection), rows_(columns.size()) {
    if (const int code = register_rows_table(connection.handle()); code != SQLITE_OK) connection.fail(code);
    statement_ = connection.compile(insert_statement(table, columns), true);
    sqlite3_bind_pointer(statement_.get(), 1, &rows_, k_row_buffer_type, nullptr);
  }

  void add(std::span<const Param> row) override {
    rows_.add(row);
    if (rows_.rows() >= k_most_rows || rows_.size() >= k_most_text) insert();
  }
  std::int64_t flush() override {
    if (rows_.rows() > 0) insert();
    return std::exchange(inserted_, 0);
  }

 private:
  void insert() {
    try {
      connection_.step(statement_.get());
    } catch (...) {
      sqlite3_reset(statement_.get());
      throw;
    }
    inserted_ += sqlite3_changes64(connection_.handle());
    sqlite3_reset(statement_.get());
    rows_.clear();
  }

  SqliteConnection& connection_;
  RowBuffer rows_;
  SqliteStatement statement_;
  std::int64_t inserted_ = 0;
};

}  // namespace

std::unique_ptr<BulkInsert::Impl> BulkInsert::Impl::make(SqliteConnection& connection,
                                                         const std::string& table,
                                                         const std::vector<BulkColumn>& columns) {
  return std::make_unique<SqliteBulk>(connection, table, columns);
}

}  // namespace ringctl::db
