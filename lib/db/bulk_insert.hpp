#pragma once
// Many rows into one table with one INSERT .. SELECT per batch: out of a virtual table over the batch on
// SQLite, out of a temporary staging table filled by COPY on PostgreSQL (COPY itself does not work under row
// policies).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"

namespace ringctl::db {

struct BulkColumn {
  std::string_view name;
  std::string_view type;  ///< in PostgreSQL: "text", "uuid", "timestamptz", "bigint", "boolean"
  std::optional<std::string> same = {};  ///< its value in every row, which add() is not given then
};

/// Inside a write transaction. A row whose unique key is taken fails: Errc::conflict [db.unique]. (To pass
/// over such rows costs PostgreSQL as much again as to store the others.) Other statements may run in
/// between. A bad
/// row may be reported by a later add(), by flush(), or by the next statement of the transaction.
class BulkInsert {
 public:
  struct Impl;  // one per engine
  BulkInsert(Connection&, const std::string& table, const std::vector<BulkColumn>& columns);
  ~BulkInsert();
  /// One value for each column that is not the same in every row, in order.
  void add(std::span<const Param> row);
  /// Sends what is buffered, and waits until it is stored.
  void flush();

 private:
  std::size_t values_;  ///< of a row
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::db
