#include "cmd/context_database.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/zone.hpp"
#include "cmd/scan.hpp"
#include "db/migrations.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::string_view k_first_workspace = "default";
/// Both engines count milliseconds in 32 bits.
constexpr std::chrono::milliseconds k_longest_wait = std::chrono::hours(24 * 20);
/// For plans; nobody can name it (config/check.cpp).
constexpr std::string_view k_in_memory = "sqlite::memory:";

void bring_up_to_date(db::Connection& connection, const base::Clock& clock) {
  // SQLite is one person's file and looks after itself; a shared PostgreSQL waits for `db migrate`.
  if (connection.engine() == db::Engine::sqlite) {
    const auto state = db::migration_state(connection);
    if (!state.newer && state.changed.empty() && !state.pending.empty()) db::migrate(connection, clock);
  }
  db::require_current_schema(connection);
}

/// With the zone, since it decides when a day of limits ends and an hour of rules begins.
void tell_of_first_use(Io& io, const std::string& url, std::string_view zone, bool new_database) {
  if (url == k_in_memory) return;
  io.note(new_database ? fmt::format("created {} with workspace {} ({})", url, k_first_workspace, zone)
                       : fmt::format("created workspace {} ({}) in {}", k_first_workspace, zone, url));
}

Error no_workspace() {
  return {Errc::not_found, "workspaces.none", "the database holds no workspace", "ringctl init"};
}

Error unknown_workspace(const std::string& name) {
  Error error(Errc::not_found, "workspaces.unknown", fmt::format("there is no workspace \"{}\"", name),
              fmt::format("ringctl init --workspace {}", base::for_shell(name)));
  if (auto line = did_you_mean(name, {std::string(k_first_workspace)}); !line.empty())
    error.detail(std::move(line));
  return error;
}

}  // namespace

db::OpenOptions open_options(const config::Settings& settings, bool create) {
  db::OpenOptions options;
  options.create = create;
  options.named_statements = settings.get("named_statements") != "false";
  return options;
}

std::unique_ptr<db::Connection> Context::open_database_as_is(bool create) {
  auto options = open_options(settings(), create);
  options.read_only = completing_;
  return db::Connection::open(settings().database_url(), options);
}

std::unique_ptr<db::Connection> Context::open_database_to_migrate(bool create) {
  auto options = open_options(settings(), create);
  options.busy_timeout = std::clamp(lock_wait(), options.busy_timeout, k_longest_wait);
  return db::Connection::open(settings().database_url(), options);
}

std::vector<int> Context::migrate(db::Connection& connection, int to) {
  try {
    return db::migrate(connection, clock(), to);
  } catch (const Error& error) {
    if (error.errc() != Errc::db_busy) throw;
    throw Error(Errc::locked, "lock.held",
                fmt::format("another process migrates {}, or writes to it", connection.url()),
                "add --lock-wait 10m");
  }
}

bool Context::is_first_use(const Error& error) {
  return error.slug() == "db.missing" && settings().database_url().starts_with("sqlite:");
}

std::unique_ptr<db::Connection> Context::connect(bool create) {
  try {
    return open_database_as_is(create && !dry_run());
  } catch (const Error& error) {
    if (!create || !dry_run() || !is_first_use(error)) throw;
    return db::Connection::open(std::string(k_in_memory));
  }
}

void Context::adopt(std::unique_ptr<db::Connection> connection) {
  if (!completing_) bring_up_to_date(*connection, clock());
  auto opened = std::make_unique<Database>();
  opened->connection = std::move(connection);
  opened->session.emplace(audit::Session{*opened->connection, clock(), ids_, actor()});
  database_ = std::move(opened);
}

db::Connection& Context::open_database(bool create) {
  if (!database_) adopt(connect(create));
  return *database_->connection;
}

db::Connection& Context::database() { return open_database(false); }
db::Connection& Context::database_for_write() { return open_database(!completing_); }

void Context::stay_in_memory() { adopt(db::Connection::open(std::string(k_in_memory))); }

audit::Session& Context::session() {
  database();
  return *database_->session;
}

const directory::Workspace& Context::workspace() {
  database();
  if (!database_->workspace) {
    const auto named = settings().get("workspace");
    directory::Workspaces workspaces(*database_->session);
    database_->workspace = workspaces.resolve(named.empty() ? std::nullopt : std::optional(named));
    if (!database_->workspace) throw no_workspace();
    show_times();
  }
  return *database_->workspace;
}

/// To people, once it is known whose they are.
void Context::show_times() {
  if (io_ && database_ && database_->workspace) io_->times().show_people(zone());
}

/// False where the first write would make it.
bool Context::find_database() {
  try {
    database();
  } catch (const Error& error) {
    if (is_first_use(error)) return false;
    if (error.slug() != "db.not_a_database") throw;
    database_for_write();  // a file that another process is just making; any other is refused again
  }
  return true;
}

const directory::Workspace* Context::find_workspace() {
  const auto named = settings().get("workspace");
  const bool may_be_made = named.empty() || named == k_first_workspace;
  if (!find_database()) {
    if (!may_be_made) throw unknown_workspace(named);
    return nullptr;
  }
  const bool sqlite = database_->connection->engine() == db::Engine::sqlite;
  if (!database_->workspace && sqlite && may_be_made &&
      directory::Workspaces(*database_->session).list().empty())
    return nullptr;
  return &workspace();
}

const directory::Workspace& Context::workspace_for_write(const std::optional<std::string>& default_country) {
  if (const auto* found = find_workspace()) return *found;
  const bool new_database = !database_;
  const auto zone = io().options().zone.name();
  if (dry_run()) stay_in_memory();
  database_for_write();
  try {
    database_->workspace =
        directory::Workspaces(*database_->session).add(std::string(k_first_workspace), zone, default_country);
    tell_of_first_use(io(), database_->connection->url(), zone, new_database);
  } catch (const Error& error) {
    // Another process wrote first; its workspace will do.
    if (error.slug() != "workspaces.exists") throw;
  }
  return workspace();
}

}  // namespace ringctl::cmd
