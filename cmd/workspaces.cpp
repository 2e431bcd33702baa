#include "directory/workspaces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/context.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "directory/user_names.hpp"

namespace ringctl::cmd {
namespace {

ColumnType column_type(const directory::Setting& setting) {
  switch (setting.kind) {
    case directory::SettingKind::flag:
      return ColumnType::boolean;
    case directory::SettingKind::count:
      return ColumnType::integer;
    case directory::SettingKind::duration:
      return ColumnType::duration;
    case directory::SettingKind::phone:
      return ColumnType::e164;
    case directory::SettingKind::money:
      return ColumnType::money;
    case directory::SettingKind::spoken:
    case directory::SettingKind::lines:
      return ColumnType::text;
    case directory::SettingKind::choice:
    case directory::SettingKind::url:
    case directory::SettingKind::countries:
    case directory::SettingKind::accounts:
    case directory::SettingKind::app:
    case directory::SettingKind::user:
      break;
  }
  return ColumnType::word;
}

std::span<const Column> columns() {
  static const auto k_columns = [] {
    std::vector<Column> all = {{"name", ColumnType::text, true, true},
                               {"timezone", ColumnType::word, true, true},
                               {"default_country", ColumnType::word, true, true},
                               {"is_active", ColumnType::boolean, true, true}};
    for (const auto& setting : directory::workspace_settings())
      all.push_back({setting.name, column_type(setting), false, true});
    all.insert(all.end(), {{"version", ColumnType::integer, false, true},
                           {"created_at", ColumnType::time, false, true},
                           {"updated_at", ColumnType::time, false, true},
                           {"id", ColumnType::uuid, false, true}});
    return all;
  }();
  return k_columns;
}

std::vector<Cell> cells_of(const directory::Workspace& w) {
  std::vector<Cell> cells = {w.name, w.timezone, w.default_country, w.is_active};
  const auto described = directory::workspace_settings();
  for (std::size_t i = 0; i < described.size(); ++i)
    cells.push_back(cell_of(directory::kind_of(described[i]), w.settings[i]));
  cells.insert(cells.end(), {w.version, w.created_at, w.updated_at, w.id});
  return cells;
}

struct NoOptions {};

void print(Context& ctx, ListOptions options) {
  ctx.database();
  SmallList list(ctx.io(), columns(), std::move(options));
  for (const auto& w : directory::Workspaces(ctx.session()).list()) list.add(cells_of(w));
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
  ctx.io().record(columns(), cells_of(w));
}

struct AddOptions {
  std::string name;
  std::optional<std::string> timezone, default_country;
};

/// What ran without a name until now, in cron too, no longer does.
void warn_of_choice(directory::Workspaces& workspaces, Context& ctx) {
  const auto all = workspaces.list();
  const auto active = std::count_if(all.begin(), all.end(), [](const auto& w) { return w.is_active; });
  if (active == 2 && ctx.settings().get("workspace").empty())
    ctx.io().warn(
        "there are two workspaces now: every command needs --workspace NAME, or once: ringctl config set workspace NAME");
}

void run_add(const AddOptions& opts, Context& ctx) {
  const auto zone = opts.timezone.value_or(ctx.io().options().zone.name());
  const auto rest = fmt::format("({})", zone);
  directory::Workspaces::require_valid(opts.name, zone, opts.default_country);
  ctx.database_for_write();
  directory::Workspaces workspaces(ctx.session());
  if (ctx.dry_run()) {
    workspaces.require_free(opts.name);
    return ctx.io().would_change(
        {.action = "add", .object = opts.name, .rest = rest, .fields = {{"timezone", Cell(zone)}}});
  }
  const auto added = workspaces.add(opts.name, zone, opts.default_country);
  warn_of_choice(workspaces, ctx);
  ctx.io().changed({.action = "added",
                    .object = added.name,
                    .rest = rest,
                    .fields = {{"id", added.id}, {"timezone", Cell(zone)}}});
}

std::string_view value_name(directory::SettingKind kind) {
  switch (kind) {
    case directory::SettingKind::choice:
      return "WHAT";
    case directory::SettingKind::flag:
      return "yes|no";
    case directory::SettingKind::count:
      return "N";
    case directory::SettingKind::duration:
      return "DUR";
    case directory::SettingKind::spoken:
      return "TEXT";
    case directory::SettingKind::url:
      return "URL";
    case directory::SettingKind::phone:
      return "NUMBER";
    case directory::SettingKind::countries:
    case directory::SettingKind::lines:
    case directory::SettingKind::accounts:
      return "LIST";
    case directory::SettingKind::app:
      return "SID";
    case directory::SettingKind::money:
      return "AMOUNT";
    case directory::SettingKind::user:
      return "USER";
  }
  return {};
}

ValueKind value_kind(const directory::Setting& setting) {
  switch (setting.kind) {
    case directory::SettingKind::choice:
    case directory::SettingKind::flag:
      return ValueKind::choice;
    case directory::SettingKind::count:
      return ValueKind::count;
    case directory::SettingKind::duration:
      return ValueKind::duration;
    case directory::SettingKind::user:
      return ValueKind::user;
    default:
      return ValueKind::other;
  }
}

/// "How long a step rings: 5s to 10m; - for 30s"
std::string setting_help(const directory::Setting& setting) {
  std::string help(setting.help);
  const bool choices = value_kind(setting) == ValueKind::choice;  // help lists them anyway
  if (!choices) help.append(": ").append(directory::may_be(setting));
  if (setting.initial.empty()) return help + "; - clears";
  const auto seconds = base::parse_int(setting.initial);
  const auto initial = setting.kind == directory::SettingKind::duration && seconds
                           ? base::format_duration(std::chrono::seconds(*seconds))
                           : std::string(setting.initial);
  return fmt::format("{}; - for {}", help, initial);
}

struct UpdateOptions {
  std::string workspace;
  std::optional<std::string> name, timezone, default_country, is_active;
  std::vector<directory::SettingChange> settings;
};

/// A flag for each setting, with what it may be and what "-" puts it back to.
Flag setting_flag(const directory::Setting& setting) {
  static std::deque<std::string> kept;  // the registry keeps views
  Flag flag;
  flag.name = kept.emplace_back(directory::flag_of(setting));
  flag.value_name = value_name(setting.kind);
  flag.help = kept.emplace_back(setting_help(setting));
  flag.choices = setting.kind == directory::SettingKind::flag ? "yes|no" : setting.choices;
  flag.kind = value_kind(setting);
  flag.clears = true;
  flag.assign = [name = setting.name](void* options, const std::string& value) -> std::string_view {
    static_cast<UpdateOptions*>(options)->settings.push_back({name, value});
    return {};
  };
  return flag;
}

void run_update(const UpdateOptions& opts, Context& ctx) {
  directory::WorkspaceChange change{.name = opts.name,
                                    .timezone = opts.timezone,
                                    .default_country = opts.default_country,
                                    .settings = opts.settings};
  if (opts.is_active) change.is_active = *opts.is_active == "yes";
  if (!change.name && !change.timezone && !change.default_country && !change.is_active &&
      change.settings.empty())
    throw Error(Errc::usage, "usage.nothing_to_do", "workspaces update: no field to change was given",
                "ringctl workspaces update --help");
  if (change.default_country == "-") change.default_country = "";
  ctx.database();
  directory::Workspaces workspaces(ctx.session());
  const auto found = workspaces.get(opts.workspace);
  directory::resolve_users(ctx.database(), found, change);
  if (ctx.dry_run() && change.name.value_or(found.name) != found.name) workspaces.require_free(*change.name);
  const auto fields = workspaces.changed_fields(found, change);
  const auto rest = fmt::format("({})", base::join(fields, ", "));
  Change done{.action = "update", .object = found.name, .rest = rest};
  if (fields.empty() || (!ctx.dry_run() && !workspaces.update(found.name, change)))
    return ctx.io().unchanged({.action = "update", .object = found.name});
  if (ctx.dry_run()) return ctx.io().would_change(done);
  done.action = "updated";
  ctx.io().changed(done);
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
      .columns(columns())
      .lists()
      .example("ringctl workspaces list")
      .example("ringctl workspaces list -o json")
      .exits({Errc::schema, Errc::db_down, Errc::db_busy});

  workspaces.verb<ShowOptions>("show", "Show one workspace", run_show)
      .argument("workspace", &ShowOptions::name, "Name or id; by default the one commands work in")
      .kind(ValueKind::workspace)
      .details(
          "Shows one workspace, or, if none is named, the one that --workspace or the configuration chooses.")
      .columns(columns())
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

  auto update = workspaces.verb<UpdateOptions>("update", "Change a workspace", run_update);
  update.argument("workspace", &UpdateOptions::workspace, "Name or id")
      .kind(ValueKind::workspace)
      .flag("name", &UpdateOptions::name, "NAME", "Its new name")
      .flag("timezone", &UpdateOptions::timezone, "ZONE", "IANA zone in which its days begin")
      .kind(ValueKind::zone)
      .flag("default-country", &UpdateOptions::default_country, "CC",
            "Reads numbers without a country code; - clears")
      .kind(ValueKind::country)
      .flag("is-active", &UpdateOptions::is_active, "yes|no", "Whether commands may work in it")
      .choices("yes|no");
  for (const auto& setting : directory::workspace_settings()) update.flag(setting_flag(setting));
  update.details("Changes the fields that are given and leaves the others alone.")
      .example("ringctl workspaces update default --timezone Europe/London")
      .example("ringctl workspaces update default --limit-policy connected --number-rotation least_used")
      .example("ringctl workspaces update default --ring-timeout 20s --after-ring callback")
      .example("ringctl workspaces update default --outcomes 'sold|call back|not interested'")
      .example("ringctl workspaces update default --sms-lease 4h --default-user ann@example.com")
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
          "Writes every workspace with all that `list` knows, ordered by name: --limit and --sort are refused.")
      .columns(columns())
      .example("ringctl workspaces export --out workspaces.csv")
      .example("ringctl workspaces export -o jsonl", "one JSON object per line")
      .exits({Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
