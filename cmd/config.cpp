#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cmd/area_codes.hpp"
#include "cmd/context.hpp"
#include "cmd/root.hpp"
#include "cmd/scan.hpp"

namespace ringctl::cmd {
namespace {

constexpr Column k_setting_columns[] = {
    {"key", ColumnType::word, true, true},
    {"value", ColumnType::text},
    {"origin", ColumnType::text, false, true},
};

const config::KeyInfo& known_key(const std::string& name) {
  if (const auto* key = config::find_key(name)) return *key;
  std::vector<std::string> names;
  for (const auto& key : config::keys()) names.emplace_back(key.name);
  Error error(Errc::usage, "config.unknown_key", fmt::format("unknown key \"{}\"", name),
              "ringctl config show");
  if (auto line = did_you_mean(name, names); !line.empty()) error.detail(std::move(line));
  throw std::move(error);
}

// --- get ---
struct GetOptions {
  std::string key;
};

void run_get(const GetOptions& options, Context& context) {
  const auto& key = known_key(options.key);
  // Among those in effect, as `show` prints them: the built-in database has a value although nobody set it.
  const auto effective = context.settings().effective();
  const auto it =
      std::find_if(effective.begin(), effective.end(), [&](const auto& pair) { return pair.first == &key; });
  if (it == effective.end())
    throw Error(Errc::not_found, "config.not_set", fmt::format("{} is not set", key.name),
                key.kind == config::Kind::secret
                    ? fmt::format("a secret: credentials.toml (mode 0600) or {}", key.environment)
                    : fmt::format("ringctl config set {} VALUE", key.name));
  const auto& value = it->second;
  auto& io = context.io();
  if (!io.options().format || *io.options().format == Format::tsv) return io.text(value.text + "\n");
  const Cell cells[] = {key.name, value.text, value.origin};
  io.record(k_setting_columns, cells);
}

void add_get(Noun& noun) {
  noun.verb<GetOptions>("get", "Print the effective value of one key", run_get)
      .argument("key", &GetOptions::key, "dotted name, e.g. timezone or serve.listen")
      .kind(ValueKind::config_key)
      .columns(k_setting_columns)
      .details("Secrets are printed as **** and their last four characters.")
      .example("ringctl config get timezone")
      .example("ringctl config get database -o json", "with its origin")
      .exits({Errc::not_found});
}

// --- set ---
struct SetOptions {
  std::string key, value;
};

/// A hyphen takes a value away, as in every other command; but for absent values it is a text as good as any.
bool takes_away(const SetOptions& options) { return options.value == "-" && options.key != "null_text"; }

void run_unset(std::string_view key, const std::filesystem::path& file, std::string_view profile,
               Context& context) {
  const auto act = context.dry_run() ? config::Act::plan : config::Act::write;
  const auto section = config::unset_value(file, profile, key, act);
  if (!section) {
    const auto where = fmt::format("(it is not set in {})", file.string());
    return context.io().unchanged({.action = "unset", .object = key, .rest = where});
  }
  const auto where =
      fmt::format("in {} of {}", section->empty() ? "the top" : fmt::format("[{}]", *section), file.string());
  const Change change{"unset", key, where, {{"file", file.native()}}};
  if (context.dry_run()) return context.io().would_change(change);
  context.io().changed(change);
}

/// Whether the codes are there for the taking, and of which countries, the configuration itself cannot know.
void require_area_codes(std::string_view list) {
  try {
    learn_area_codes(list);
  } catch (const Error& error) {
    throw Error(Errc::invalid, error.slug(), error.message(), error.hint());
  }
}

void run_set(const SetOptions& options, Context& context) {
  const auto& key = known_key(options.key);
  const auto file = context.user_config_file();
  const auto profile = context.globals().profile.value_or("");
  if (takes_away(options)) return run_unset(key.name, file, profile, context);
  if (key.name == "area_codes") require_area_codes(options.value);
  const auto act = context.dry_run() ? config::Act::plan : config::Act::write;
  const auto written = config::set_value(file, profile, key.name, options.value, act);
  const auto section = written.empty() ? std::string("the top") : fmt::format("[{}]", written);
  const auto where = fmt::format("in {} of {}", section, file.string());
  const Change change{
      "set", key.name, where, {{"value", options.value}, {"file", file.native()}, {"section", section}}};
  if (context.dry_run()) return context.io().would_change(change);
  context.io().changed(change);
}

void add_set(Noun& noun) {
  noun.verb<SetOptions>("set", "Set a key in the user's configuration file", run_set)
      .argument("key", &SetOptions::key, "dotted name")
      .kind(ValueKind::config_key)
      .argument("value", &SetOptions::value, "its value; - takes it away")
      .kind(ValueKind::other)
      .without_settings()
      .details(
          "Without --profile the key is set for every profile: under [defaults], or in the section of its name "
          "([twilio] for twilio.retries). The file keeps its comments. "
          "Secrets are not set here: they belong into credentials.toml (mode 0600) or the environment.")
      .example("ringctl config set timezone America/New_York")
      .example("ringctl config set timezone -", "as if it had never been set")
      .example("ringctl config set database sqlite:/srv/estate.db --profile test", "in one profile only")
      .exits({Errc::config, Errc::not_found, Errc::invalid});
}

// --- path ---
struct PathOptions {};

constexpr Column k_path_columns[] = {
    {"what", ColumnType::word, true, true},
    {"path", ColumnType::text},
    {"exists", ColumnType::boolean},
};

void run_path(const PathOptions&, Context& context) {
  SmallList list(context.io(), k_path_columns, context.list_options());
  const auto add = [&](std::string_view what, const std::filesystem::path& path) {
    std::error_code ignored;
    if (!path.empty()) list.add({what, path.native(), std::filesystem::exists(path, ignored)});
  };
  const auto& settings = context.settings();
  add("user", settings.user_file());
  add("credentials", settings.credentials_file());
  add("system", context.sources().system_file);
  add("data", settings.data_dir());
  add("state", settings.state_dir());
  add("cache", settings.cache_dir());
  list.print();
}

void add_path(Noun& noun) {
  noun.verb<PathOptions>("path", "Print where configuration and data lie", run_path)
      .columns(k_path_columns)
      .lists()
      .example("ringctl config path")
      .example("ringctl config path -o json --columns what,path")
      .exits({Errc::ok});
}

// --- show ---
struct ShowOptions {
  bool origin = false;
};

void run_show(const ShowOptions& options, Context& context) {
  // In JSON, and where columns are named, the origin is there anyway.
  if (options.origin && !context.globals().columns && context.io().format() == Format::table)
    context.io().show_columns({"key", "value", "origin"});
  SmallList list(context.io(), k_setting_columns, context.list_options());
  for (const auto& [key, value] : context.settings().effective())
    list.add({key->name, value.text, value.origin});
  list.print();
}

void add_show(Noun& noun) {
  noun.verb<ShowOptions>("show", "Print every setting in effect", run_show)
      .columns(k_setting_columns)
      .lists()
      .flag("origin", &ShowOptions::origin, "say in the table where each value comes from")
      .details("Values of the current profile, after flags, environment and both files. Secrets are masked.")
      .example("ringctl config show --origin")
      .example("ringctl config show --profile prod -o json")
      .exits({Errc::ok});
}

}  // namespace

void add_config(Noun& noun) {
  add_get(noun);
  add_set(noun);
  add_path(noun);
  add_show(noun);
}

}  // namespace ringctl::cmd
