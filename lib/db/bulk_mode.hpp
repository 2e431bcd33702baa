#pragma once
// Settings for the length of one big load.

#include <cstdint>
#include <string>

#include "db/connection.hpp"

namespace ringctl::db {

/// SQLite: a page cache that holds the indexes while they grow; as before at the end. PostgreSQL: nothing.
/// Around a transaction, not inside one.
class BulkMode {
 public:
  explicit BulkMode(Connection&);
  ~BulkMode();
  BulkMode(const BulkMode&) = delete;
  BulkMode& operator=(const BulkMode&) = delete;

 private:
  Connection& connection_;
  std::int64_t cache_size_ = 0;
};

}  // namespace ringctl::db
