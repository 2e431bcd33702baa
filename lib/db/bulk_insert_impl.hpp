#pragma once
// What an engine provides behind BulkInsert. Private to this room.

#include <memory>
#include <string>
#include <vector>

#include "db/bulk_insert.hpp"
#include "db/postgres_connection.hpp"
#include "db/sqlite_connection.hpp"

namespace ringctl::db {

struct BulkInsert::Impl {
  virtual ~Impl() = default;
  virtual void add(std::span<const Param> row) = 0;
  virtual void flush() = 0;

  /// `values`: columns that are not the same in every row.
  static std::unique_ptr<Impl> make(SqliteConnection&, const std::string& table,
                                    const std::vector<BulkColumn>&, std::size_t values);
  static std::unique_ptr<Impl> make(PostgresConnection&, const std::string& table,
                                    const std::vector<BulkColumn>&);
};

}  // namespace ringctl::db
