#include "db/migrations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "db/maintenance.hpp"
#include "db/sqlite_connection.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

// Any number that no other program on the same server is likely to lock on.
constexpr std::string_view k_postgresql_lock = "SELECT pg_advisory_xact_lock(5930246217110593097)";

constexpr std::string_view k_sqlite_bootstrap =
    "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT";
constexpr std::string_view k_postgresql_bootstrap =
    "CREATE SCHEMA IF NOT EXISTS ringctl; "
    "CREATE TABLE IF NOT EXISTS ringctl.schema_migration (number bigint PRIMARY KEY, name text NOT NULL, "
    "checksum text NOT NULL, applied_at timestamptz(3) NOT NULL)";

// PostgreSQL's catalog is read as tables: to_regclass() may answer from a cache that has not heard yet of
// what another process committed while we waited for its lock.
bool has_migration_table(Connection& connection) {
  const bool sqlite = connection.engine() == Engine::sqlite;
  return connection
      .integer(sqlite ? "SELECT 1 FROM sqlite_schema WHERE name = 'schema_migration'"
                      : "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                        "WHERE n.nspname = 'ringctl' AND c.relname = 'schema_migration'")
      .has_value();
}

const Migration* find_migration(std::span<const Migration> known, std::int64_t number) {
  const auto at = std::ranges::find(known, number, [](const Migration& m) { return std::int64_t{m.number}; });
  return at == known.end() ? nullptr : &*at;
}

MigrationState read_state(Connection& connection) {
  MigrationState state;
  const auto known = migrations(connection.engine());
  if (has_migration_table(connection)) {
    const bool sqlite = connection.engine() == Engine::sqlite;
    auto rows =
        connection.query(sqlite ? "SELECT number, checksum FROM schema_migration ORDER BY number"
                                : "SELECT number, checksum FROM ringctl.schema_migration ORDER BY number");
    while (rows.next()) {
      state.current = static_cast<int>(rows.integer(0));
      const auto* migration = find_migration(known, state.current);
      if (migration == nullptr)
        state.newer = true;
      else if (rows.text(1) != base::sha256_hex(migration->sql))
        state.changed.push_back(state.current);
    }
  }
  std::ranges::copy_if(known, std::back_inserter(state.pending),
                       [&](const Migration& m) { return m.number > state.current; });
  return state;
}

void refuse_foreign_state(const MigrationState& state, const std::string& name) {
  if (state.newer)
    throw Error(Errc::schema, "schema.too_new",
                fmt::format("{} has schema {}, newer than this ringctl knows ({})", name, state.current,
                            latest_schema()),
                "install a newer ringctl");
  if (!state.changed.empty())
    throw Error(Errc::schema, "schema.changed",
                fmt::format("migration {} of {} differs from the one this ringctl brings",
                            state.changed.front(), name),
                "ringctl db status");
}

// Tables are rebuilt by making a new one and dropping the old, which foreign keys would answer by deleting;
// so they are off while a migration runs and all are checked before it commits. SQLite ignores the switch
// inside a transaction.
class ForeignKeysOff {
 public:
  explicit ForeignKeysOff(Connection& connection) : connection_(connection) {
    if (sqlite()) connection_.exec_script("PRAGMA foreign_keys=OFF");
  }
  ~ForeignKeysOff() {
    try {
      if (sqlite()) connection_.exec_script("PRAGMA foreign_keys=ON");
    } catch (const std::exception&) {
      // Nothing but memory can fail here, and then the next statement says so.
    }
  }
  ForeignKeysOff(const ForeignKeysOff&) = delete;
  ForeignKeysOff& operator=(const ForeignKeysOff&) = delete;

 private:
  bool sqlite() const { return connection_.engine() == Engine::sqlite; }
  Connection& connection_;
};

// A backup taken while this connection holds the write lock: no other process can have migrated in between.
void backup_before(Connection& connection, int number) {
  const auto path = sqlite_path(connection.url_with_password());
  if (path.empty()) return;
  OpenOptions options;
  options.read_only = true;
  const auto reader = Connection::open(connection.url_with_password(), options);
  backup(*reader, path.string() + fmt::format(".before-{:04}", number));
}

void apply(Connection& connection, const Migration& migration, base::Instant now) {
  const bool sqlite = connection.engine() == Engine::sqlite;
  connection.exec_script(migration.sql);
  if (sqlite && connection.query("PRAGMA foreign_key_check").next())
    throw Error(Errc::schema, "schema.broken_reference",
                fmt::format("migration {} would leave rows that refer to nothing", migration.number),
                "ringctl db check");
  connection.exec(
      sqlite ? "INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)"
             : "INSERT INTO ringctl.schema_migration (number, name, checksum, applied_at) "
               "VALUES ($1, $2, $3, $4)",
      {migration.number, migration.name, base::sha256_hex(migration.sql), now});
  // In the same transaction as the tables: the two never disagree.
  if (sqlite) connection.exec_script(fmt::format("PRAGMA user_version={}", migration.number));
}

/// Applies the next migration up to `to`, if there is one, and returns its number; 0 when there is none.
/// `keep_copy`: of the SQLite file as it was.
int apply_next(Connection& connection, const base::Clock& clock, int to, bool keep_copy) {
  const bool sqlite = connection.engine() == Engine::sqlite;
  const ForeignKeysOff foreign_keys_off(connection);
  Transaction transaction(connection, Scope::through(Door::maintenance));
  if (!sqlite) connection.query(k_postgresql_lock);
  const auto state = read_state(connection);  // again, now that nobody else can move it
  refuse_foreign_state(state, connection.url());
  if (state.pending.empty() || state.pending.front().number > to) return 0;
  const auto& migration = state.pending.front();
  if (sqlite && keep_copy) backup_before(connection, migration.number);
  connection.exec_script(sqlite ? k_sqlite_bootstrap : k_postgresql_bootstrap);
  apply(connection, migration, clock.now());
  transaction.commit();
  return migration.number;
}

}  // namespace

std::span<const Migration> migrations(Engine engine) {
  return engine == Engine::sqlite ? sqlite_migrations() : postgresql_migrations();
}

std::string_view set_up_command(const Connection& connection) {
  return connection.engine() == Engine::postgresql ? "ringctl init --yes" : "ringctl init";
}

int latest_schema() { return sqlite_migrations().back().number; }

MigrationState migration_state(Connection& connection) { return read_state(connection); }

void require_current_schema(Connection& connection) {
  const auto state = read_state(connection);
  refuse_foreign_state(state, connection.url());
  if (state.current == latest_schema()) return;
  if (state.current == 0)
    throw Error(Errc::schema, "schema.too_old", fmt::format("{} is empty", connection.url()),
                std::string(set_up_command(connection)));
  throw Error(Errc::schema, "schema.too_old",
              fmt::format("{} has schema {}, this ringctl needs {}", connection.url(), state.current,
                          latest_schema()),
              "ringctl db migrate");
}

std::vector<int> migrate(Connection& connection, const base::Clock& clock, int to) {
  std::vector<int> applied;
  // One look without the lock first: the usual case is that there is nothing to do.
  const auto state = read_state(connection);
  refuse_foreign_state(state, connection.url());
  if (state.pending.empty()) return applied;
  const bool new_database = state.current == 0;
  while (const int number = apply_next(connection, clock, to == 0 ? latest_schema() : to, !new_database))
    applied.push_back(number);
  return applied;
}

}  // namespace ringctl::db
