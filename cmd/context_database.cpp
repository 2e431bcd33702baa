#include "cmd/context_database.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/zone.hpp"
#include "db/migrations.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::string_view k_first_workspace = "default";
constexpr std::string_view k_in_memory = "sqlite::memory:";

void bring_up_to_date(db::Connection& connection, const base::Clock& clock) {
  // SQLite is one person's file and looks after itself; a shared PostgreSQL waits for `db migrate`.
  if (connection.engine() == db::Engine::sqlite) {
    const auto state = db::migration_state(connection);
    if (!state.newer && state.changed.empty() && !state.pending.empty()) db::migrate(connection, clock);
  }
  db::require_current_schema(connection);
}

Error no_workspace() {
  return {Errc::not_found, "workspaces.none", "the database holds no workspace", "ringctl init"};
}

}  // namespace

std::unique_ptr<db::Connection> Context::open_database_as_is(bool create) {
  db::OpenOptions options;
  options.create = create;
  options.read_only = completing_;
  options.named_statements = settings().get("named_statements") != "false";
  return db::Connection::open(settings().database_url(), options);
}

std::unique_ptr<db::Connection> Context::connect(bool create) {
  try {
    return open_database_as_is(create && !dry_run());
  } catch (const Error& error) {
    if (!create || !dry_run() || error.slug() != "db.missing") throw;
    return db::Connection::open(std::string(k_in_memory));
  }
}

db::Connection& Context::open_database(bool create) {
  if (!database_) {
    auto opened = std::make_unique<Database>();
    opened->connection = connect(create);
    if (!completing_) bring_up_to_date(*opened->connection, clock());
    opened->session.emplace(audit::Session{*opened->connection, clock(), ids_, actor()});
    database_ = std::move(opened);
  }
  return *database_->connection;
}

db::Connection& Context::database() { return open_database(false); }
db::Connection& Context::database_for_write() { return open_database(!completing_); }

audit::Session& Context::session() {
  database_for_write();
  return *database_->session;
}

const directory::Workspace& Context::workspace() {
  database();
  if (!database_->workspace) {
    const auto named = settings().get("workspace");
    directory::Workspaces workspaces(*database_->session);
    database_->workspace = workspaces.resolve(named.empty() ? std::nullopt : std::optional(named));
    if (!database_->workspace) throw no_workspace();
  }
  return *database_->workspace;
}

const directory::Workspace& Context::workspace_for_write(const std::optional<std::string>& default_country) {
  database_for_write();
  if (!database_->workspace) create_default_workspace(default_country);
  return workspace();
}

/// On SQLite the first write makes the workspace as well; on PostgreSQL only `init` creates.
void Context::create_default_workspace(const std::optional<std::string>& default_country) {
  const auto& connection = *database_->connection;
  if (connection.engine() != db::Engine::sqlite || (dry_run() && connection.url() != k_in_memory)) return;
  directory::Workspaces workspaces(*database_->session);
  if (!workspaces.list().empty()) return;
  const auto named = settings().get("workspace");
  try {
    database_->workspace = workspaces.add(named.empty() ? std::string(k_first_workspace) : named,
                                          io().options().zone.name(), default_country);
  } catch (const Error& error) {
    // Another process wrote first; its workspace will do.
    if (error.slug() != "workspaces.exists") throw;
  }
}

}  // namespace ringctl::cmd
