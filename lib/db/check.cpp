// db check: what can be wrong with a database that still opens.

#include <fmt/format.h>

#include "base/error.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"
#include "db/schema_objects.hpp"
#include "db/sqlite_connection.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

Finding schema_finding(Connection& connection) {
  const auto state = migration_state(connection);
  const auto evidence = fmt::format("schema {} of {}", state.current, latest_schema());
  if (state.newer)
    return {"schema", false, evidence + ": newer than this ringctl", "install a newer ringctl"};
  if (!state.changed.empty())
    return {"schema", false,
            fmt::format("migration {} differs from the one this ringctl brings", state.changed.front()), ""};
  if (state.current == 0)
    return {"schema", false, "the database is empty", std::string(set_up_command(connection))};
  if (state.current < latest_schema()) return {"schema", false, evidence, "ringctl db migrate"};
  if (connection.engine() == Engine::sqlite && connection.integer("PRAGMA user_version") != state.current)
    return {"schema", false, "the file's header names another schema than its tables",
            "ringctl db restore FILE"};
  if (const auto difference = schema_difference(connection); !difference.empty())
    return {"schema", false, fmt::format("{}, but {}", evidence, difference),
            connection.engine() == Engine::sqlite ? "ringctl db restore FILE" : ""};
  return {"schema", true, evidence, ""};
}

// Damage may be found by reading on as well as be reported as a row.
Finding integrity_finding(Connection& connection) {
  std::string first;
  int count = 0;
  try {
    auto rows = connection.query("PRAGMA quick_check(100)");
    while (rows.next())
      if (rows.text(0) != "ok" && ++count == 1) first = rows.text(0);
  } catch (const Error& error) {
    if (error.errc() != Errc::db_corrupt) throw;
    if (++count == 1) first = error.message();
  }
  if (count == 0) return {"integrity", true, "quick_check: ok", ""};
  for (auto& c : first)
    if (c == '\n') c = ' ';
  return {"integrity", false,
          fmt::format("quick_check: {}{}", first, count > 1 ? fmt::format(" (and {} more)", count - 1) : ""),
          "ringctl db restore FILE"};
}

Finding reference_finding(Connection& connection) {
  std::string first;
  int count = 0;
  try {
    auto rows = connection.query("PRAGMA foreign_key_check");
    while (rows.next())
      if (++count == 1) first = fmt::format("{} refers to {}", rows.text(0), rows.text(2));
  } catch (const Error& error) {
    if (error.errc() != Errc::db_corrupt) throw;
    return {"foreign_keys", false, error.message(), "ringctl db restore FILE"};
  }
  if (count == 0) return {"foreign_keys", true, "every reference is met", ""};
  return {"foreign_keys", false, fmt::format("{} rows refer to rows that are not there ({})", count, first),
          "ringctl db restore FILE"};
}

std::string joined(Rows rows) {
  std::string names;
  while (rows.next()) {
    if (!names.empty()) names += ", ";
    names += rows.text(0);
  }
  return names;
}

Finding role_finding(Connection& connection) {
  auto role =
      connection.query("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user");
  if (role.next() && !role.boolean(1) && !role.boolean(2))
    return {"role", true, fmt::format("row policies bind role {}", role.text(0)), ""};
  return {"role", false, fmt::format("row policies do not bind role {}", role.text(0)),
          fmt::format("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS", role.text(0))};
}

Finding policy_finding(Connection& connection) {
  const auto open = joined(connection.query(
      "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'ringctl' AND c.relkind IN ('r', 'p') AND (c.relname = 'workspaces' OR EXISTS (SELECT 1 "
      "FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped)) "
      "AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid)) "
      "ORDER BY c.relname"));
  if (open.empty()) return {"policies", true, "every tenant table has forced row policies", ""};
  return {"policies", false, "no forced row policies on " + open,
          "ALTER TABLE ringctl.NAME ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"};
}

Finding validation_finding(Connection& connection) {
  const auto open = joined(connection.query(
      "SELECT c.conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace "
      "WHERE n.nspname = 'ringctl' AND c.contype = 'f' AND NOT c.convalidated ORDER BY c.conname"));
  if (open.empty()) return {"foreign_keys", true, "every foreign key is validated", ""};
  return {"foreign_keys", false, "not validated: " + open,
          "ALTER TABLE ringctl.NAME VALIDATE CONSTRAINT NAME"};
}

// Byte order, as in SQLite: then both engines list and export in the same order, whatever the server's
// locale.
Finding collation_finding(Connection& connection) {
  const auto other = joined(connection.query(
      "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
      "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_collation l ON l.oid = a.attcollation "
      "WHERE n.nspname = 'ringctl' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND l.collname <> 'C' "
      "AND c.relname <> 'schema_migration' ORDER BY 1"));
  if (other.empty()) return {"collation", true, "every text column is in byte order", ""};
  return {"collation", false, "not in byte order: " + other,
          "ALTER TABLE ringctl.NAME ALTER COLUMN NAME TYPE text COLLATE \"C\""};
}

}  // namespace

std::string schema_difference(Connection& connection) {
  const auto state = migration_state(connection);
  if (state.current == 0 || state.newer || !state.changed.empty()) return {};
  const auto there = objects_there(connection);
  const auto expected = objects_expected(connection.engine(), state.current);
  // Of a table that is gone its indexes are as well.
  for (const auto& [name, definition] : expected)
    if (name.starts_with("table ") && !there.contains(name)) return name + " is missing";
  for (const auto& [name, definition] : expected) {
    const auto found = there.find(name);
    if (found == there.end()) return name + " is missing";
    if (found->second != definition) return name + " is not as it was made";
  }
  for (const auto& [name, definition] : there)
    if (!expected.contains(name)) return name + " does not belong to it";
  return {};
}

std::optional<Replication> replication(Connection& connection) {
  if (connection.engine() == Engine::sqlite) return std::nullopt;
  try {
    const Transaction transaction(connection, Scope::through(Door::maintenance), Access::read);
    // A standby that has replayed all it has received is not behind, however long ago anything happened: as
    // long as it receives.
    auto rows = connection.query(
        "SELECT pg_is_in_recovery(), (SELECT count(*) FROM pg_stat_replication), "
        "(SELECT count(state) FROM pg_stat_replication), CAST(1000 * CASE WHEN NOT pg_is_in_recovery() "
        "THEN (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication) "
        "WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) "
        "THEN 0 "
        "ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS bigint)");
    if (!rows.next()) return std::nullopt;
    Replication found{.is_standby = rows.boolean(0), .standbys = rows.integer(1), .shown = rows.integer(2)};
    if (!rows.is_null(3)) found.behind = std::chrono::milliseconds(rows.integer(3));
    return found;
  } catch (const Error& error) {
    if (error.errc() == Errc::db_down) throw;
    return std::nullopt;  // a service that only speaks PostgreSQL's protocol
  }
}

std::vector<Finding> check(Connection& connection) {
  const Transaction transaction(connection, Scope::through(Door::maintenance), Access::read);
  if (connection.engine() == Engine::sqlite)
    return {integrity_finding(connection), reference_finding(connection), schema_finding(connection)};
  return {role_finding(connection), policy_finding(connection), validation_finding(connection),
          collation_finding(connection), schema_finding(connection)};
}

}  // namespace ringctl::db
