#pragma once
// A migrated database with one more table, `samples`, that has a column of every type and no policies.

#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "support/database.hpp"

namespace ringctl::test {

struct Samples {
  explicit Samples(db::Engine engine) : database(engine) {
    connection().exec_script(
        engine == db::Engine::sqlite
            ? "CREATE TABLE samples (id INTEGER PRIMARY KEY, label TEXT UNIQUE, flag INTEGER, ratio REAL, at TEXT, "
              "owner TEXT) STRICT"
            : "CREATE TABLE ringctl.samples (id bigint PRIMARY KEY, label text COLLATE \"C\" UNIQUE, flag boolean, "
              "ratio double precision, at timestamptz(3), owner uuid)");
  }
  db::Connection& connection() { return database.connection(); }
  void add(int id, db::Param label) {
    connection().exec("INSERT INTO samples (id, label) VALUES ($1, $2)", {id, label});
  }
  /// Rows 1 to `count`.
  void fill(int count) {
    connection().exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST($1 AS bigint)) "
        "INSERT INTO samples (id, label) SELECT i, 'row ' || CAST(i AS text) FROM n",
        {count});
  }
  std::int64_t count() { return connection().integer("SELECT count(*) FROM samples").value(); }

  TestDatabase database;
};

}  // namespace ringctl::test
