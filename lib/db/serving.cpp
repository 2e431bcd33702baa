#include "db/serving.hpp"

namespace ringctl::db {

void prepare_for_serving(Connection& connection) {
  if (connection.engine() != Engine::sqlite) return;
  connection.exec_script("PRAGMA cache_size=-2048; PRAGMA wal_autocheckpoint=4000");  // KiB, pages
}

}  // namespace ringctl::db
