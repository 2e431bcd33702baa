#include "directory/workspaces.hpp"

#include <fmt/format.h>

#include <array>

#include "cmd/context.hpp"
#include "cmd/root.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"name", ColumnType::text, true, true},
    Column{"timezone", ColumnType::word, true, true},
    Column{"default_country", ColumnType::word, true, true},
    Column{"is_active", ColumnType::boolean, true, true},
    Column{"limit_policy", ColumnType::word, false, true},
    Column{"number_rotation", ColumnType::word, false, true},
    Column{"limits_unavailable", ColumnType::word, false, true},
    Column{"version", ColumnType::integer, false, true},
    Column{"created_at", ColumnType::time, false, true},
    Column{"updated_at", ColumnType::time, false, true},
    Column{"id", ColumnType::uuid, false, true},
};

struct NoOptions {};

void print(Context& ctx, ListOptions options) {
  ctx.database();
  SmallList list(ctx.io(), k_columns, std::move(options));
  for (const auto& w : directory::Workspaces(ctx.session()).list())
    list.add({w.name, w.timezone, w.default_country, w.is_active, w.limit_policy, w.number_rotation,
              w.limits_unavailable, w.version, w.created_at, w.updated_at, w.id});
  list.print();
}

void run_list(const NoOptions&, Context& ctx) { print(ctx, ctx.list_options()); }
void run_export(const NoOptions&, Context& ctx) { print(ctx, {}); }

struct ShowOptions {
  std::optional<std::string> name;
};

void run_show(const ShowOptions& opts, Context& ctx) {
  ctx.database();
  const auto w = opts.name ? directory::Workspaces(ctx.session()).get(*opts.name) : ctx.workspace();
  const Cell cells[] = {w.name,
                        w.timezone,
                        w.default_country,
                        w.is_active,
                        w.limit_policy,
                        w.number_rotation,
                        w.limits_unavailable,
                        w.version,
                        w.created_at,
                        w.updated_at,
                        w.id};
  ctx.io().record(k_columns, cells);
}

struct AddOptions {
  std::string name;
  std::optional<std::string> timezone, default_country;
};

void run_add(const AddOptions& opts, Context& ctx) {
  const auto zone = opts.timezone.value_or(ctx.io().options().zone.name());
  const auto rest = fmt::format("({})", zone);
  directory::Workspaces::require_valid(opts.name, zone, opts.default_country);
  ctx.database_for_write();
  directory::Workspaces workspaces(ctx.session());
  if (ctx.dry_run()) {
    workspaces.require_free(opts.name);
    return ctx.io().would_change({.action = "add", .object = opts.name, .rest = rest});
  }
  const auto added = workspaces.add(opts.name, zone, opts.default_country);
  ctx.io().changed({.action = "added",
                    .object = added.name,
                    .rest = rest,
                    .fields = {{"id", added.id}, {"timezone", Cell(zone)}}});
}

struct UpdateOptions {
  std::string workspace;
  std::optional<std::string> name, timezone, default_country, is_active;
  std::optional<std::string> limit_policy, number_rotation, limits_unavailable;
};

void run_update(const UpdateOptions& opts, Context& ctx) {
  directory::WorkspaceChange change{.name = opts.name,
                                    .timezone = opts.timezone,
                                    .default_country = opts.default_country,
                                    .limit_policy = opts.limit_policy,
                                    .number_rotation = opts.number_rotation,
                                    .limits_unavailable = opts.limits_unavailable};
  if (opts.is_active) change.is_active = *opts.is_active == "yes";
  if (!change.name && !change.timezone && !change.default_country && !change.is_active &&
      !change.limit_policy && !change.number_rotation && !change.limits_unavailable)
    throw Error(Errc::usage, "usage.nothing_to_do", "workspaces update: no field to change was given",
                "ringctl workspaces update --help");
  if (change.default_country == "-") change.default_country = "";
  ctx.database();
  directory::Workspaces workspaces(ctx.session());
  const auto found = workspaces.get(opts.workspace);
  if (ctx.dry_run()) {
    if (change.name.value_or(found.name) != found.name) workspaces.require_free(*change.name);
    return workspaces.would_change(found, change)
               ? ctx.io().would_change({.action = "update", .object = found.name})
               : ctx.io().unchanged({.action = "update", .object = found.name});
  }
  workspaces.update(found.name, change) ? ctx.io().changed({.action = "updated", .object = found.name})
                                        : ctx.io().unchanged({.action = "update", .object = found.name});
}

struct DeactivateOptions {
  std::string workspace;
};

void run_deactivate(const DeactivateOptions& opts, Context& ctx) {
  ctx.database();
  directory::Workspaces workspaces(ctx.session());
  const auto found = workspaces.get(opts.workspace);
  const Change same{.action = "deactivate", .object = found.name};
  if (!found.is_active) return ctx.io().unchanged(same);
  if (ctx.dry_run()) return ctx.io().would_change(same);
  ctx.io().confirm(
      fmt::format("deactivate workspace {}? Its numbers are kept, but no command works in it", found.name));
  workspaces.update(found.name, {.is_active = false});
  ctx.io().changed({.action = "deactivated", .object = found.name});
}

}  // namespace

void add_workspaces(Noun& workspaces) {
  workspaces.verb<NoOptions>("list", "List workspaces", run_list)
      .details("Lists all workspaces of the database, ordered by name unless --sort says otherwise.")
      .columns(k_columns)
      .example("ringctl workspaces list")
      .example("ringctl workspaces list -o json")
      .exits({Errc::schema, Errc::db_down, Errc::db_busy});

  workspaces.verb<ShowOptions>("show", "Show one workspace", run_show)
      .argument("workspace", &ShowOptions::name, "Name or id; by default the one commands work in")
      .kind(ValueKind::workspace)
      .details(
          "Shows one workspace, or, if none is named, the one that --workspace or the configuration chooses.")
      .columns(k_columns)
      .example("ringctl workspaces show")
      .example("ringctl workspaces show default -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  workspaces.verb<AddOptions>("add", "Add a workspace", run_add)
      .argument("name", &AddOptions::name, "1 to 100 characters")
      .flag("timezone", &AddOptions::timezone, "ZONE",
            "IANA zone in which its days begin; by default that of --tz")
      .kind(ValueKind::zone)
      .flag("default-country", &AddOptions::default_country, "CC", "Reads numbers without a country code")
      .kind(ValueKind::country)
      .details(
          "Adds a workspace: a tenant with numbers, people and rules of its own. As soon as there are "
          "several, every command needs --workspace or the configuration key `workspace`.")
      .example("ringctl workspaces add 'Acme Sales' --timezone America/New_York --default-country US")
      .example("ringctl workspaces add support -n", "shows what would be added")
      .exits({Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  workspaces.verb<UpdateOptions>("update", "Change a workspace", run_update)
      .argument("workspace", &UpdateOptions::workspace, "Name or id")
      .kind(ValueKind::workspace)
      .flag("name", &UpdateOptions::name, "NAME", "Its new name")
      .flag("timezone", &UpdateOptions::timezone, "ZONE", "IANA zone in which its days begin")
      .kind(ValueKind::zone)
      .flag("default-country", &UpdateOptions::default_country, "CC",
            "Reads numbers without a country code; - clears")
      .kind(ValueKind::country)
      .flag("is-active", &UpdateOptions::is_active, "yes|no", "Whether commands may work in it")
      .choices("yes|no")
      .flag("limit-policy", &UpdateOptions::limit_policy, "WHAT", "Which calls count against limits")
      .choices("attempts|connected")
      .flag("number-rotation", &UpdateOptions::number_rotation, "ORDER", "Which of an agent's numbers calls")
      .choices("agent_default|least_used|round_robin")
      .flag("limits-unavailable", &UpdateOptions::limits_unavailable, "WHAT",
            "What a call meets while the database is away")
      .choices("refuse|allow")
      .details("Changes the fields that are given and leaves the others alone.")
      .example("ringctl workspaces update default --timezone Europe/London")
      .example("ringctl workspaces update default --limit-policy connected --number-rotation least_used")
      .example("ringctl workspaces update default --default-country GB -n",
               "shows whether anything would change")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  workspaces.verb<DeactivateOptions>("deactivate", "Take a workspace out of use", run_deactivate)
      .argument("workspace", &DeactivateOptions::workspace, "Name or id")
      .kind(ValueKind::workspace)
      .details(
          "Commands no longer work in an inactive workspace. Nothing of it is deleted, and "
          "`workspaces update NAME --is-active yes` brings it back.")
      .example("ringctl workspaces deactivate default --yes")
      .example("ringctl workspaces deactivate default -n")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::schema, Errc::db_down, Errc::db_busy});

  workspaces.verb<NoOptions>("export", "Write all workspaces", run_export)
      .details(
          "Writes every workspace with all that `list` knows, ordered by name: --limit and --sort do not apply.")
      .columns(k_columns)
      .example("ringctl workspaces export --out workspaces.csv")
      .example("ringctl workspaces export -o jsonl", "one JSON object per line")
      .exits({Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
