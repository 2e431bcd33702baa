#include <fmt/format.h>

#include <algorithm>

#include "base/shell.hpp"
#include "cmd/context.hpp"
#include "cmd/root.hpp"
#include "db/connection.hpp"
#include "db/migrations.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::string_view k_default_name = "default";

struct InitOptions {
  std::optional<std::string> zone, country;
};

/// The SQLite file that is not there yet, for --dry-run.
bool is_missing(Context& ctx) {
  try {
    ctx.open_database_as_is(false);
    return false;
  } catch (const Error& error) {
    if (error.slug() == "db.missing") return true;
    throw;
  }
}

/// A shared database is changed only after it was asked for; a file of one's own is just made.
bool prepare_schema(Context& ctx) {
  const auto connection = ctx.open_database_to_migrate(true);
  const auto state = db::migration_state(*connection);
  if (state.pending.empty() || state.newer || !state.changed.empty()) {
    db::require_current_schema(*connection);
    return false;
  }
  if (ctx.dry_run()) return true;
  if (connection->engine() == db::Engine::postgresql)
    ctx.io().confirm(fmt::format("{} the schema of ringctl in {}?", state.current == 0 ? "create" : "upgrade",
                                 connection->url()));
  return !ctx.migrate(*connection).empty();
}

/// The workspace that is there already must be what was asked for, if anything was.
void require_as_asked(directory::Workspaces& workspaces, const directory::Workspace& found,
                      const InitOptions& opts) {
  directory::WorkspaceChange asked;
  asked.timezone = opts.zone;
  asked.default_country = opts.country;
  if (!workspaces.would_change(found, asked)) return;
  auto command = fmt::format("ringctl workspaces update {}", base::for_shell(found.name));
  if (opts.zone) command += " --timezone " + base::for_shell(*opts.zone);
  if (opts.country) command += " --default-country " + base::for_shell(*opts.country);
  throw Error(Errc::conflict, "workspaces.exists",
              fmt::format("workspace \"{}\" exists already, with another zone or country", found.name),
              command);
}

/// Whoever names none means any, best one that is active: `init` is there to make a database usable, not to
/// add a second workspace.
std::optional<directory::Workspace> find_existing(directory::Workspaces& workspaces, const std::string& name,
                                                  bool any) {
  auto found = workspaces.find(name);
  if (!any || (found && found->is_active)) return found;
  const auto all = workspaces.list();
  if (const auto active = std::ranges::find(all, true, &directory::Workspace::is_active); active != all.end())
    return *active;
  return all.empty() ? found : all.front();
}

void run_init(const InitOptions& opts, Context& ctx) {
  const auto named = ctx.settings().get("workspace");
  const auto name = named.empty() ? std::string(k_default_name) : named;
  const auto zone = opts.zone.value_or(ctx.io().options().zone.name());
  const auto rest = fmt::format("({})", zone);
  directory::Workspaces::require_valid(name, zone, opts.country);
  const auto object = "workspace " + name;
  const Change planned{.action = "create",
                       .object = object,
                       .rest = rest,
                       .fields = {{"workspace", Cell(name)}, {"timezone", Cell(zone)}}};
  if (ctx.dry_run() && (is_missing(ctx) || prepare_schema(ctx))) return ctx.io().would_change(planned);

  if (!ctx.dry_run()) prepare_schema(ctx);
  ctx.database_for_write();
  directory::Workspaces workspaces(ctx.session());
  if (const auto found = find_existing(workspaces, name, named.empty())) {
    directory::Workspaces::require_active(*found);
    require_as_asked(workspaces, *found, opts);
    return ctx.io().unchanged({.action = "create", .object = "workspace " + found->name});
  }
  if (ctx.dry_run()) return ctx.io().would_change(planned);
  const auto added = workspaces.add(name, zone, opts.country);
  ctx.io().changed({.action = "created",
                    .object = "workspace " + added.name,
                    .rest = rest,
                    .fields = {{"workspace", Cell(added.name)},
                               {"timezone", Cell(added.timezone)},
                               {"default_country", Cell(added.default_country)},
                               {"database", Cell(ctx.database().url())}}});
}

}  // namespace

void add_init(Noun& init) {
  init.command<InitOptions>(run_init)
      .flag("zone", &InitOptions::zone, "ZONE",
            "IANA zone of the workspace; by default --tz, else this machine's")
      .kind(ValueKind::zone)
      .flag("country", &InitOptions::country, "CC",
            "Country whose numbers may be given without a country code")
      .kind(ValueKind::country)
      .details(
          "Creates what is missing: the SQLite file, the tables, a workspace (named by --workspace, else "
          "\"default\"). On PostgreSQL it asks before it creates or upgrades tables, or takes --yes. Run "
          "again, it changes nothing.")
      .example("ringctl init --zone America/New_York --country US")
      .example("ringctl init --workspace sales --yes", "a workspace of that name, without being asked")
      .exits({Errc::auth, Errc::conflict, Errc::invalid, Errc::declined, Errc::locked, Errc::schema,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
