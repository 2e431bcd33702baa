#include "db/migrations.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "db/maintenance.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::error_of;
using test::Schema;
using test::slug_of;
using test::TestDatabase;

namespace {

std::vector<int> all_numbers() {
  std::vector<int> numbers;
  for (const auto& migration : sqlite_migrations()) numbers.push_back(migration.number);
  return numbers;
}

/// A workspace and a number of it, in the tables as the first migration made them.
void add_number(Connection& connection) {
  in_transaction(connection, Scope{}, [&] {
    connection.exec(
        "INSERT INTO workspaces (id, name, timezone, created_at, updated_at) "
        "VALUES ('w', 'default', 'UTC', '2026-03-08T00:00:00.000Z', '2026-03-08T00:00:00.000Z')");
    connection.exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) VALUES "
        "('n', 'w', '+12025550101', 'twilio', 'active', '2026-03-08T00:00:00.000Z', '2026-03-08T00:00:00.000Z')");
  });
}

/// Edits what is recorded about migrations, as another version of the program would have left it.
void record(Connection& connection, const std::string& change) {
  in_transaction(connection, Scope{}, [&] { connection.exec(change); });
}

}  // namespace

TEST_CASE("both engines have the same migrations, numbered from one without a gap", "[db]") {
  const auto sqlite = sqlite_migrations();
  const auto postgresql = postgresql_migrations();
  REQUIRE(sqlite.size() == postgresql.size());
  for (std::size_t i = 0; i < sqlite.size(); ++i) {
    CHECK(sqlite[i].number == static_cast<int>(i) + 1);
    CHECK(postgresql[i].number == sqlite[i].number);
    CHECK(postgresql[i].name == sqlite[i].name);
  }
}

TEST_CASE("one process migrates at a time, and others wait as long as their connection does", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  const test::FixedClock clock;
  auto options = test::test_options();
  options.create = true;
  options.busy_timeout = std::chrono::milliseconds(50);
  const auto hasty = database.connect(options);
  options.busy_timeout = test::k_patience;
  const auto patient = database.connect(options);

  std::optional<Transaction> held;
  held.emplace(database.connection(), Scope::through(Door::maintenance));
  if (database.engine() == Engine::postgresql)
    database.connection().query("SELECT pg_advisory_xact_lock(5930246217110593097)");
  const auto error = error_of([&] { migrate(*hasty, clock); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::db_busy);
  std::thread waiting([&] { migrate(*patient, clock); });
  // Who does not wait has given up again by the time the lock goes.
  CHECK(error_of([&] { migrate(*hasty, clock); }));
  held.reset();
  waiting.join();
  CHECK(migration_state(*hasty).current == latest_schema());
}

TEST_CASE("an empty database is migrated once, in order", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  auto& connection = database.connection();
  const test::FixedClock clock;
  CHECK(migration_state(connection).current == 0);
  CHECK(slug_of([&] { require_current_schema(connection); }) == "schema.too_old");
  CHECK(migrate(connection, clock) == all_numbers());
  CHECK(migrate(connection, clock).empty());
  const auto state = migration_state(connection);
  CHECK(state.current == latest_schema());
  CHECK(state.pending.empty());
  CHECK_FALSE(state.newer);
  CHECK(state.changed.empty());
  CHECK_NOTHROW(require_current_schema(connection));
}

TEST_CASE("an SQLite file that is in use is copied before each migration, a new one is not", "[db]") {
  TestDatabase database(Engine::sqlite, Schema::none);
  const test::FixedClock clock;
  const auto copy_before = [&](int number) {
    return std::filesystem::exists(database.path().string() + fmt::format(".before-{:04}", number));
  };
  migrate(database.connection(), clock, 1);
  CHECK_FALSE(copy_before(1));
  add_number(database.connection());
  migrate(database.connection(), clock);
  CHECK(database.connection().integer("SELECT count(*) FROM phone_number WHERE number = '+12025550101'") ==
        1);
  for (int number = 2; number <= latest_schema(); ++number) CHECK(copy_before(number));

  TestDatabase whole(Engine::sqlite);
  CHECK_FALSE(std::filesystem::exists(whole.path().string() + ".before-0002"));
}

TEST_CASE("a database from a newer program is refused", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  auto& connection = database.connection();
  record(connection,
         "INSERT INTO schema_migration (number, name, checksum, applied_at) "
         "VALUES (9999, 'later', 'x', '2030-01-01T00:00:00.000Z')");
  const test::FixedClock clock;
  CHECK(migration_state(connection).newer);
  CHECK(slug_of([&] { require_current_schema(connection); }) == "schema.too_new");
  CHECK(slug_of([&] { migrate(connection, clock); }) == "schema.too_new");
}

TEST_CASE("a migration that was applied with another text is refused", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  auto& connection = database.connection();
  record(connection, "UPDATE schema_migration SET checksum = 'x' WHERE number = 1");
  CHECK(migration_state(connection).changed == std::vector<int>{1});
  CHECK(slug_of([&] { require_current_schema(connection); }) == "schema.changed");
}

TEST_CASE("a missing migration table is an empty database", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  CHECK(migration_state(database.connection()).pending.size() == all_numbers().size());
}

TEST_CASE("of processes that migrate at once each migration is applied by one", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  constexpr int k_threads = 4;
  std::array<std::vector<int>, k_threads> applied;
  std::array<std::string, k_threads> failures;
  std::vector<std::thread> threads;
  threads.reserve(k_threads);
  for (std::size_t i = 0; i < k_threads; ++i)
    threads.emplace_back([&, i] {
      const auto error = error_of([&] {
        const test::FixedClock clock;
        applied[i] = migrate(*database.connect(), clock);
      });
      if (error) failures[i] = error->message();
    });
  for (auto& thread : threads) thread.join();
  std::vector<int> together;
  for (const auto& numbers : applied) together.insert(together.end(), numbers.begin(), numbers.end());
  std::sort(together.begin(), together.end());
  CHECK(together == all_numbers());
  for (const auto& failure : failures) {
    INFO(failure);
    CHECK(failure.empty());
  }
}

TEST_CASE("a migration that fails leaves nothing behind", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  auto& connection = database.connection();
  // In the way of the first migration's last statements.
  connection.exec_script(database.engine() == Engine::sqlite
                             ? "CREATE TABLE audit_heads (x INTEGER) STRICT"
                             : "CREATE SCHEMA ringctl; CREATE TABLE ringctl.audit_heads (x bigint)");
  const test::FixedClock clock;
  CHECK_THROWS_AS(migrate(connection, clock), Error);
  CHECK_FALSE(connection.in_transaction());
  CHECK(migration_state(connection).current == 0);
  const Transaction transaction(connection, Scope{});
  CHECK(slug_of([&] { connection.query("SELECT 1 FROM workspaces"); }) == "schema.missing_table");
}

TEST_CASE("what was kept of days in another form is forgotten, and kept anew under the same policies", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  const test::FixedClock clock;
  auto& connection = database.connection();
  migrate(connection, clock, 17);
  const auto workspace = database.add_workspace();
  const auto day = [&](std::string_view tallies) {
    in_transaction(connection, Scope::of(workspace), [&] {
      connection.exec(
          "INSERT INTO call_days (workspace_id, day, zone, definitions, starts_at, ends_at, made_at) VALUES "
          "($1, '2026-03-05', 'UTC', 1, '2026-03-05T00:00:00.000Z', '2026-03-06T00:00:00.000Z', $2)",
          {workspace, clock.now()});
      connection.exec(fmt::format("INSERT INTO call_tallies {}", tallies), {workspace});
    });
  };
  const auto kept = [&](std::string_view table) {
    const Transaction transaction(connection, Scope::of(workspace), Access::read);
    return connection.integer(fmt::format("SELECT count(*) FROM {}", table));
  };
  std::string sums;
  for (int i = 0; i < 28; ++i) sums += ", 0";
  day("SELECT $1, 'all', '2026-03-05', '', ''" + sums);
  migrate(connection, clock);
  CHECK(kept("call_days") == 0);
  CHECK(kept("call_tallies") == 0);
  CHECK(schema_difference(connection).empty());
  day("(workspace_id, dimension, day, tallies) VALUES ($1, 'all', '2026-03-05', '')");
  CHECK(kept("call_tallies") == 1);
  in_transaction(connection, Scope::of(workspace), [&] { connection.exec("DELETE FROM call_days"); });
  CHECK(kept("call_tallies") == 0);
}

TEST_CASE("foreign keys bind again after a migration", "[db]") {
  TestDatabase database(Engine::sqlite);
  CHECK(database.connection().integer("PRAGMA foreign_keys") == 1);
}

TEST_CASE("an SQLite file carries the schema's number and the program's mark", "[db]") {
  TestDatabase database(Engine::sqlite);
  CHECK(database.connection().integer("PRAGMA user_version") == latest_schema());
  CHECK(database.connection().integer("PRAGMA application_id") == 0x52494e47);
}
