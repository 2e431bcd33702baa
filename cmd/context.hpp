#pragma once
// Everything a command may touch. Heavy parts (configuration, database) come to life when first asked for, so
// that help, version and completion start at once.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "cmd/globals.hpp"
#include "cmd/io.hpp"
#include "cmd/list.hpp"
#include "cmd/registry.hpp"
#include "cmd/scan.hpp"
#include "config/settings.hpp"

namespace ringctl::audit {
struct Session;
}
namespace ringctl::db {
class Connection;
}  // namespace ringctl::db
namespace ringctl::directory {
struct Workspace;
}

namespace ringctl::cmd {

/// The outside world of one run.
struct World {
  const base::Clock& clock;
  base::CancelToken& cancel;
  Environment environment;
  Streams streams;
  std::filesystem::path system_config = "/etc/ringctl/config.toml";
};

/// This process's: real clock, environment, descriptors 0 to 2.
World process_world(base::CancelToken&);

class Context {
 public:
  Context(const Registry&, World);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Before a command runs: its flags, and itself. From here on there is a log as they and the environment
  /// say, and once the configuration is read as that says.
  void begin(const Command&, Globals);

  /// For completion: the flags that say where values come from, of a line that is not finished yet. From here
  /// on the database is only read.
  void begin_completion(const Command*, const std::vector<GivenFlag>&);

  const Registry& registry() const { return registry_; }
  const Command& command() const { return *command_; }
  const Globals& globals() const { return globals_; }
  const Environment& environment() const { return world_.environment; }
  const base::Clock& clock() const { return world_.clock; }
  base::UuidGenerator& ids() { return ids_; }
  const Streams& streams() const { return world_.streams; }
  Io& io();
  /// In which days begin and dates are read that choose among a workspace's data, and in which people see its
  /// times: --tz, RINGCTL_TZ, the configured one, else the workspace's own. Not TZ: a line of cron removes
  /// the same whatever machine it is on.
  base::Zone zone();
  bool dry_run() const { return globals_.dry_run; }
  /// How much is logged.
  base::LogLevel log_level() const;

  /// Throws Errc::config when a file cannot be read or holds something unknown.
  const config::Settings& settings();
  /// The configuration if it can be read; for commands that must also run when it cannot.
  const config::Settings* settings_if_readable();
  /// What the configuration would be read from.
  config::Sources sources() const;

  /// The file that `config set` and `profiles` edit. Throws Errc::config [config.no_home].
  std::filesystem::path user_config_file();

  /// From now on a first signal only sets the token, and the work must look at it. `in_batches`: people are
  /// told that Ctrl-C ends it after the current one.
  base::CancelToken& cancel(bool in_batches = true);
  /// "os:alice"
  std::string actor() const;
  std::chrono::milliseconds lock_wait();
  /// --sort against the command's sortable columns, --limit or its default: 100 on a terminal, else all.
  ListOptions list_options();

  // --- database (context_database.cpp) ---
  /// Opened on first use. SQLite: the file must exist, and is migrated when it is behind. PostgreSQL: the
  /// schema must be current. Throws Errc::config [db.missing], Errc::schema and what opening throws.
  db::Connection& database();
  /// The same, but on SQLite a database that is not there yet is made; for a dry run in memory only, so that
  /// a plan can be seen on a fresh machine.
  db::Connection& database_for_write();
  /// Opens what --database names as it is: nothing is created, migrated or checked. For `db` and `doctor`.
  std::unique_ptr<db::Connection> open_database_as_is(bool create = false);
  /// The same for migrate().
  std::unique_ptr<db::Connection> open_database_to_migrate(bool create);
  /// Up to schema `to` (0: the newest); the numbers applied. Waits for another process as long as --lock-wait
  /// says, then throws Errc::locked [lock.held].
  std::vector<int> migrate(db::Connection&, int to = 0);
  /// From now on a database in memory: for plans on a machine that has none, and for a first import that is
  /// going to be refused.
  void stay_in_memory();
  /// What library calls that write take.
  audit::Session& session();
  /// --workspace, or the only one. Throws Errc::usage listing them, Errc::not_found.
  const directory::Workspace& workspace();
  /// The same, but nullptr where workspace_for_write() would make it. Makes nothing, so that what was typed
  /// can be checked first.
  const directory::Workspace* find_workspace();
  /// The same, made where there is none: on SQLite the first write makes the database and the workspace
  /// "default", no other.
  const directory::Workspace& workspace_for_write(const std::optional<std::string>& default_country = {});

  /// Writes out what is left and checks it.
  void close();
  /// How errors of this command line look on stderr.
  Paint error_paint(const std::vector<std::string>& args) const;
  /// True if this run's output or log format is JSON, as far as that is known yet.
  bool json_errors() const;

 private:
  struct Database;
  IoOptions io_options();
  std::string known(const std::optional<std::string>& flag, std::string_view key) const;
  void set_up_log() const;
  base::Zone zone_of(const std::string& configured) const;
  void show_times();
  db::Connection& open_database(bool create);
  std::unique_ptr<db::Connection> connect(bool create);
  void read_settings();
  bool is_first_use(const Error&);
  bool find_database();
  void adopt(std::unique_ptr<db::Connection>);

  const Registry& registry_;
  World world_;
  base::UuidGenerator ids_;
  const Command* command_ = nullptr;
  Globals globals_;
  bool completing_ = false;
  std::optional<config::Settings> settings_;
  bool area_codes_learnt_ = false;
  std::unique_ptr<Io> io_;
  std::unique_ptr<Database> database_;
};

/// "a,b,c" of --columns.
std::vector<std::string> split_columns(std::string_view list);

}  // namespace ringctl::cmd
