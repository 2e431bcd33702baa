#include "db/bulk_mode.hpp"

namespace ringctl::db {

BulkMode::BulkMode(Connection& connection) : connection_(connection) {
  if (connection_.engine() != Engine::sqlite) return;
  cache_size_ = connection_.integer("PRAGMA cache_size").value();
  // 48 MiB: the unique index over a million numbers, which is what is hit at random, and room for the ends of
  // the rest.
  connection_.exec_script("PRAGMA cache_size=-49152");
}

BulkMode::~BulkMode() {
  if (connection_.engine() != Engine::sqlite) return;
  try {
    connection_.exec_script("PRAGMA cache_size=" + std::to_string(cache_size_));
  } catch (const std::exception&) {
    // A larger cache than needed harms nobody.
  }
}

}  // namespace ringctl::db
