#include "db/patience.hpp"

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using std::chrono::milliseconds;
using test::slug_of;

namespace {

const auto k_scope = db::Scope::through(db::Door::maintenance);

}  // namespace

TEST_CASE("a server that does not answer in time is away, and its connection of no more use",
          "[db][postgresql]") {
  test::TestDatabase database(db::Engine::postgresql, test::Schema::none);
  database.connection().exec_script("CREATE SCHEMA ringctl; CREATE TABLE ringctl.t (a bigint)");
  const auto impatient = database.connect();
  db::answer_within(*impatient, milliseconds(200));
  const auto began = std::chrono::steady_clock::now();
  const auto failed = test::error_of([&] {
    db::Transaction transaction(*impatient, k_scope);
    impatient->exec("INSERT INTO t VALUES (1)");
    impatient->query("SELECT pg_sleep(600)");
    transaction.commit();
  });
  CHECK(std::chrono::steady_clock::now() - began < test::k_patience);
  REQUIRE(failed);
  CHECK(failed->errc() == Errc::db_down);
  CHECK(failed->slug() == "db.no_answer");
  CHECK_FALSE(impatient->in_transaction());
  CHECK(slug_of([&] { impatient->exec("SELECT 1"); }) == "db.no_answer");
  CHECK(slug_of([&] { impatient->integer("SELECT 1"); }) == "db.no_answer");
  CHECK(database.connection().integer("SELECT count(*) FROM ringctl.t") == 0);
}

TEST_CASE("whoever is impatient gets the same answers, in time", "[db][postgresql]") {
  test::TestDatabase database(db::Engine::postgresql, test::Schema::none);
  const auto connection = database.connect();
  db::answer_within(*connection, std::chrono::seconds(60));
  connection->exec_script("CREATE SCHEMA ringctl; CREATE TABLE ringctl.t (a bigint, b text)");
  const std::string large(1 << 20, 'x');
  for (int round = 0; round < 3; ++round) {  // from the second on under a name
    db::Transaction transaction(*connection, k_scope);
    CHECK(connection->exec("INSERT INTO t VALUES ($1, $2)", {round, large}) == 1);
    transaction.commit();
  }
  {
    db::Transaction transaction(*connection, k_scope, db::Access::read);
    CHECK(connection->integer("SELECT sum(length(b)) FROM t") == 3 << 20);
    std::int64_t sum = 0;
    for (auto rows = connection->stream("SELECT a FROM t ORDER BY a"); rows.next();) sum += rows.integer(0);
    CHECK(sum == 3);
  }
  CHECK(slug_of([&] {
          db::Transaction transaction(*connection, k_scope);
          connection->exec("INSERT INTO t VALUES ($1, $2)", {4, "four"});
          connection->exec("SELECT 1 FROM nowhere");
        }) == "schema.missing_table");
  CHECK(connection->integer("SELECT count(*) FROM ringctl.t") == 3);
}

TEST_CASE("on SQLite a lock is waited for as long", "[db]") {
  test::TestDatabase database(db::Engine::sqlite);
  const auto other = database.connect();
  db::answer_within(*other, milliseconds(1));
  const db::Transaction holds(database.connection(), k_scope);
  CHECK(test::error_of([&] { db::Transaction(*other, k_scope); })->errc() == Errc::db_busy);
}
