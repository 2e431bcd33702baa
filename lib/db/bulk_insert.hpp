#pragma once
// Many rows into one table: a prepared INSERT per row on SQLite; on PostgreSQL (where COPY does not work under row
// policies) COPY into a temporary staging table and one INSERT .. SELECT per batch.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"

namespace ringctl::db {

struct BulkColumn {
  std::string_view name;
  std::string_view type;  ///< PostgreSQL type of the staging column: "text", "uuid", "timestamptz", "bigint", "boolean"
};

/// Inside a write transaction. Rows whose unique key exists already are left out (ON CONFLICT DO NOTHING) and not counted.
class BulkInsert {
 public:
  BulkInsert(Connection&, std::string table, std::vector<BulkColumn> columns);
  ~BulkInsert();
  void add(std::span<const Param> row);
  /// Sends what is buffered; the number of rows inserted since the last flush().
  std::int64_t flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::db
