// db migrate, status

#include <fmt/format.h>

#include <array>

#include "cmd/db.hpp"
#include "db/connection.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"engine", ColumnType::word},
    Column{"database", ColumnType::text},
    Column{"state", ColumnType::word},
    Column{"schema", ColumnType::integer},
    Column{"latest_schema", ColumnType::integer},
    Column{"pending", ColumnType::integer},
};

std::string_view state_word(const db::MigrationState& state) {
  if (state.newer) return "newer";
  if (!state.changed.empty()) return "changed";
  if (state.current == 0) return "empty";
  return state.pending.empty() ? "current" : "behind";
}

struct StatusOptions {};

void run_status(const StatusOptions&, Context& ctx) {
  const auto connection = ctx.open_database_as_is();
  const auto state = db::migration_state(*connection);
  const auto difference = db::schema_difference(*connection);
  const Cell cells[] = {db::engine_name(connection->engine()),
                        connection->url(),
                        difference.empty() ? state_word(state) : "changed",
                        state.current,
                        db::latest_schema(),
                        state.pending.size()};
  ctx.io().record(k_columns, cells);
  if (!difference.empty()) ctx.io().warn(fmt::format("schema {}: {}", state.current, difference));
}

struct MigrateOptions {
  std::optional<std::int64_t> to;
};

int target_of(const MigrateOptions& opts) {
  const auto to = opts.to.value_or(db::latest_schema());
  if (to < 1 || to > db::latest_schema())
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--to: there is no schema {} (1 to {})", to, db::latest_schema()));
  return static_cast<int>(to);
}

void run_migrate(const MigrateOptions& opts, Context& ctx) {
  const auto to = target_of(opts);
  const auto connection = ctx.open_database_to_migrate(!ctx.dry_run());
  const auto object = connection->url();
  const auto state = db::migration_state(*connection);
  if (state.newer || !state.changed.empty()) db::require_current_schema(*connection);
  if (state.current > to)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--to: the database is at schema {} already; there is no way back to {}",
                            state.current, to));
  const auto rest = fmt::format("from schema {} to {}", state.current, to);
  const std::vector<Field> fields = {{"from", state.current}, {"to", to}};
  if (state.current == to) return ctx.io().unchanged({"migrate", object, {}, fields});
  if (ctx.dry_run()) return ctx.io().would_change({"migrate", object, rest, fields});
  const auto applied = ctx.migrate(*connection, to);
  if (applied.empty()) return ctx.io().unchanged({"migrate", object, {}, fields});
  ctx.io().changed({"migrated", object, rest, fields});
}

}  // namespace

void add_db_schema(Noun& db) {
  db.verb<StatusOptions>("status", "Show which database is used and its schema", run_status)
      .details(
          "Shows the engine, where the database is, and whether its schema is current, behind, newer than "
          "this ringctl, changed by another hand, or empty. Changes nothing.")
      .columns(k_columns)
      .example("ringctl db status")
      .example("ringctl db status -o json --columns state,schema")
      .exits({Errc::auth, Errc::schema, Errc::db_down, Errc::db_corrupt});

  db.verb<MigrateOptions>("migrate", "Bring the schema up to date", run_migrate)
      .flag("to", &MigrateOptions::to, "N", "Stop at schema N; by default the newest")
      .details(
          "Applies the numbered migrations that are missing, each in a transaction of its own. There is no "
          "way back. A SQLite database that is not empty is copied to PATH.before-NNNN first; of PostgreSQL "
          "take a backup yourself. Waits for another process that migrates: 5 seconds, or --lock-wait.")
      .example("ringctl db migrate -n", "shows what would be done")
      .example("ringctl db migrate --to 2")
      .exits({Errc::auth, Errc::locked, Errc::schema, Errc::db_down, Errc::db_busy, Errc::db_corrupt});
}

}  // namespace ringctl::cmd
