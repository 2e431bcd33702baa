#include "cmd/db.hpp"

#include "cmd/root.hpp"

namespace ringctl::cmd {

void add_db(Noun& db) {
  add_db_schema(db);
  add_db_files(db);
}

}  // namespace ringctl::cmd
