#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "cmd/context.hpp"
#include "cmd/root.hpp"
#include "cmd/scan.hpp"

namespace ringctl::cmd {
namespace {

constexpr Column k_profile_columns[] = {
    {"name", ColumnType::word, true, true},
    {"current", ColumnType::boolean},
};

void require_profile(Context& context, const std::string& name) {
  auto names = context.settings().profiles();
  // "default" is what is used where nothing names a profile; it needs no section.
  if (name == config::find_key("profile")->built_in ||
      std::find(names.begin(), names.end(), name) != names.end())
    return;
  Error error(Errc::not_found, "profiles.unknown", fmt::format("there is no profile \"{}\"", name),
              "ringctl profiles list");
  if (auto line = did_you_mean(name, names); !line.empty()) error.detail(std::move(line));
  throw std::move(error);
}

// --- list ---
struct ListProfilesOptions {};

void run_list(const ListProfilesOptions&, Context& context) {
  const auto& settings = context.settings();
  SmallList list(context.io(), k_profile_columns, context.list_options());
  for (const auto& name : settings.profiles()) list.add({name, name == settings.profile()});
  list.print();
}

// --- show ---
struct NameOptions {
  std::string name;
};

constexpr Column k_setting_columns[] = {
    {"key", ColumnType::word, true, true},
    {"value", ColumnType::text},
    {"origin", ColumnType::text},
};

void run_show(const NameOptions& options, Context& context) {
  require_profile(context, options.name);
  auto sources = context.sources();
  sources.flags.insert_or_assign("profile", options.name);
  const auto settings = config::Settings::load(std::move(sources));
  SmallList list(context.io(), k_setting_columns, context.list_options());
  for (const auto& [key, value] : settings.effective()) list.add({key->name, value.text, value.origin});
  list.print();
}

// --- add, use, remove ---
void run_add(const NameOptions& options, Context& context) {
  const auto file = context.user_config_file();
  const auto& globals = context.globals();
  config::ProfileValues values;
  if (globals.database) values.emplace_back("database", *globals.database);
  if (globals.workspace) values.emplace_back("workspace", *globals.workspace);
  config::add_profile(file, options.name, values, context.dry_run() ? config::Act::plan : config::Act::write);

  auto rest = fmt::format("to {}", file.string());
  std::vector<Field> fields = {{"file", file.native()}};
  for (const auto& [key, value] : values) {
    rest += fmt::format(", {} {}", key, value);
    fields.push_back({key, value});
  }
  const auto object = "profile " + options.name;
  if (context.dry_run()) return context.io().would_change({"add", object, rest, fields});
  context.io().changed({"added", object, rest, fields});
}

void run_use(const NameOptions& options, Context& context) {
  require_profile(context, options.name);
  const auto object = "profile " + options.name;
  if (context.settings().profile() == options.name) return context.io().unchanged({"used", object});
  if (context.dry_run()) return context.io().would_change({"use", object});
  config::set_value(context.user_config_file(), {}, "profile", options.name);
  context.io().changed({"used", object, "from now on"});
}

void run_remove(const NameOptions& options, Context& context) {
  require_profile(context, options.name);
  context.io().confirm_severe("remove profile", options.name);
  const auto object = "profile " + options.name;
  if (context.dry_run()) return context.io().would_change({"remove", object});
  config::remove_profile(context.user_config_file(), options.name);
  context.io().changed({"removed", object});
}

}  // namespace

void add_profiles(Noun& noun) {
  noun.verb<ListProfilesOptions>("list", "List the profiles", run_list)
      .columns(k_profile_columns)
      .lists()
      .example("ringctl profiles list")
      .example("ringctl profiles list -o json")
      .exits({Errc::ok});
  noun.verb<NameOptions>("show", "Print every setting a profile would have", run_show)
      .argument("name", &NameOptions::name, "name of the profile")
      .kind(ValueKind::profile)
      .columns(k_setting_columns)
      .lists()
      .example("ringctl profiles show prod")
      .example("ringctl profiles show prod -o jsonl --columns key,value")
      .exits({Errc::not_found});
  noun.verb<NameOptions>("add", "Add a profile to the user's configuration file", run_add)
      .argument("name", &NameOptions::name, "letters, digits, - and _")
      .details(
          "--database and --workspace, where given, are stored in the profile. A URL with a password is "
          "refused: that belongs into credentials.toml.")
      .example("ringctl profiles add prod")
      .example("ringctl profiles add branch --database sqlite:/srv/branch.db", "with its database")
      .example("ringctl profiles add test --dry-run", "say what would be done")
      .exits({Errc::conflict, Errc::invalid});
  noun.verb<NameOptions>("use", "Make a profile the one used by default", run_use)
      .argument("name", &NameOptions::name, "name of the profile")
      .kind(ValueKind::profile)
      .example("ringctl profiles use prod")
      .example("ringctl profiles use prod --quiet")
      .exits({Errc::not_found});
  noun.verb<NameOptions>("remove", "Remove a profile from the user's configuration file", run_remove)
      .argument("name", &NameOptions::name, "name of the profile")
      .kind(ValueKind::profile)
      .details("Asks for the profile's name unless --confirm gives it.")
      .example("ringctl profiles remove test --confirm test")
      .example("ringctl profiles remove test --dry-run")
      .exits({Errc::not_found, Errc::conflict, Errc::declined});
}

}  // namespace ringctl::cmd
