#pragma once
// db check, backup, restore, copy: whole-database work. Knows the tables, not what they mean.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "db/connection.hpp"

namespace ringctl::db {

/// Every table that holds data, parents before children, with its ordering key. Views, schema_migration and
/// leases (locks of processes at work on one database) left out.
struct TableInfo {
  std::string_view name;
  std::string_view order_by;
};
std::span<const TableInfo> tables();

struct Finding {
  std::string id;  ///< "integrity", "foreign_keys", "schema", "role", "policies", "collation"
  bool ok;
  std::string evidence;  ///< one line
  std::string fix;       ///< command, or ""
};
/// SQLite: quick_check, foreign_key_check, application_id, schema. PostgreSQL: schema, policies forced on
/// every tenant table and binding this role (no superuser, no BYPASSRLS), foreign keys validated. Throws
/// Errc::db_corrupt only when the database cannot be read at all.
std::vector<Finding> check(Connection&);

/// What this PostgreSQL says of its standbys, or of itself if it is one.
struct Replication {
  bool is_standby = false;
  std::int64_t standbys = 0;  ///< connected now
  std::int64_t shown = 0;     ///< of which this role may know more than that they are there
  /// Of the standby, or of the one that is farthest behind; nullopt: nothing is, or nobody knows.
  std::optional<std::chrono::milliseconds> behind = {};
};
/// nullopt on SQLite, and where what answers has no such thing.
std::optional<Replication> replication(Connection&);

/// The first table, view, index, trigger or policy in which the database differs from one just migrated to
/// the same schema: "table audit_log is missing"; "" if there is none, or the schema is not one this ringctl
/// knows.
std::string schema_difference(Connection&);

/// The file of "sqlite:PATH", absolute; empty for a database in memory or on a server. Throws Errc::usage.
std::filesystem::path database_file(const std::string& url);

/// Throw what backup() and restore() would, as far as that can be known without writing.
void plan_backup(Connection&, const std::filesystem::path& to);
void plan_restore(const std::filesystem::path& from, const std::string& url);

/// SQLite: a consistent copy while others write (the online backup API), to a temporary name, quick_check,
/// fsync, rename; 0600. Throws Errc::db_corrupt for a damaged source, and what `cancel` says once it is set;
/// either leaves `to` as it was and nothing beside it. Removes drafts that a killed run left there.
void backup(Connection&, const std::filesystem::path& to, const base::CancelToken* cancel = nullptr);
/// Replaces the SQLite database at `url` by `from` after checking it; the old file is kept as
/// PATH.before-restore
/// (-2, -3 ... where there is one already).
/// Throws Errc::db_busy while another process has the database open.
void restore(const std::filesystem::path& from, const std::string& url,
             const base::CancelToken* cancel = nullptr);

/// SQLite: makes `to`, which nobody else uses meanwhile, what `from` is, page by page.
void clone(Connection& from, Connection& to);
/// SQLite: a database in memory as bytes, and what they hold brought to `to`, as by clone(). Who kept them
/// vouches for them: pages are not looked into. Throws Errc::config [db.not_a_database] where it shows at
/// once.
std::string image_of(Connection&);
void load_image(std::string_view image, Connection& to);

struct CopyCount {
  std::string table;
  std::int64_t rows;
  std::string checksum;  ///< over canonical text of all rows in key order: equal on both engines
};
/// Copies every table into an empty, migrated database in one transaction, reads back what arrived and
/// compares counts and checksums before it commits: Errc::db_corrupt [db.copy_differs] naming the table.
/// Errc::conflict [db.not_empty].
/// `progress` is told how many rows were copied so far, every thousand rows that are copied or read back.
std::vector<CopyCount> copy(Connection& from, Connection& to,
                            const std::function<void(std::int64_t rows)>& progress);

}  // namespace ringctl::db
