#pragma once
// Numbered, embedded, append-only migrations; each in one transaction, recorded with its checksum.

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "db/connection.hpp"

namespace ringctl::db {

struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};
std::span<const Migration> sqlite_migrations();
std::span<const Migration> postgresql_migrations();
std::span<const Migration> migrations(Engine);
/// The command that makes an empty database usable: on a server it would ask first, and hints are for scripts
/// too.
std::string_view set_up_command(const Connection&);
/// The schema this binary speaks.
int latest_schema();

struct MigrationState {
  int current = 0;                 ///< 0: empty database
  std::vector<Migration> pending;  ///< in order
  bool newer = false;              ///< the database has migrations this binary does not know
  std::vector<int> changed;        ///< recorded checksum differs from the embedded text
};
MigrationState migration_state(Connection&);

/// Throws Errc::schema unless current: too new [schema.too_new], too old [schema.too_old] with the command
/// that mends it, changed [schema.changed].
void require_current_schema(Connection&);

/// Applies what is pending up to `to` (0 = latest), one transaction each, under a lock that lets one process
/// in; the others wait as long as their connection's busy_timeout, then throw Errc::db_busy.
/// SQLite: a non-empty database is backed up first to `PATH.before-NNNN`. Returns the numbers applied.
std::vector<int> migrate(Connection&, const base::Clock&, int to = 0);

}  // namespace ringctl::db
