// Precedence. The files are read whole first; then each key takes the first source that has it.

#include "config/settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "config/check.hpp"
#include "config/document.hpp"
#include "config/secrets.hpp"

namespace ringctl::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_credentials = "credentials.toml";
constexpr std::string_view k_profile = "profile";

const Entry* find_entry(const std::vector<Entry>& entries, std::string_view key) {
  const auto at =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return at == entries.end() ? nullptr : &*at;
}

bool readable(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && ::access(path.c_str(), R_OK) == 0;
}

/// TZ may say more than a zone's name ("EST5EDT", ":/etc/localtime"); then it is not for us.
std::optional<std::string> usable_fallback(const KeyInfo& key, std::string text) {
  if (key.name == "timezone") {
    if (text.starts_with(':')) text.erase(0, 1);
    if (!base::Zone::exists(text)) return std::nullopt;
  }
  return text;
}

}  // namespace

/// Fills a Settings from its sources.
class Loader {
 public:
  Loader(Sources sources, std::vector<Error>* failures) : failures_(failures) {
    settings_.sources_ = std::move(sources);
  }

  Settings load() {
    attempt(failures_, [&] { settings_.user_file_ = locate_user_file(); });
    read_files();
    list_profiles();
    attempt(failures_, [&] { choose_profile(); });
    for (const auto& key : keys())
      if (key.name != k_profile) attempt(failures_, [&] { take(key); });
    return std::move(settings_);
  }

 private:
  fs::path locate_user_file() const {
    const auto& flags = settings_.sources_.flags;
    if (const auto flag = flags.find("config"); flag != flags.end()) return named(flag->second, "--config");
    if (const auto path = environment("RINGCTL_CONFIG")) return named(*path, "RINGCTL_CONFIG");
    try {
      return settings_.home_dir("XDG_CONFIG_HOME", ".config") / "config.toml";
    } catch (const Error&) {
      return {};  // no home, no user file
    }
  }

  void take(const KeyInfo& key) {
    if (key.kind == Kind::secret) return settle_secret(key);
    // It may hold a password, so it comes by file as secrets do.
    if (key.name == "database")
      if (const auto reference = secret_in_environment(settings_.sources_, key)) remember_file(*reference);
    if (auto value = settle(key))
      settings_.values_.insert_or_assign(std::string(key.name), std::move(*value));
    if (key.environment_too.empty()) return;
    auto alone = key;
    alone.environment_too = {};
    if (auto value = settle(alone))
      settings_.own_values_.insert_or_assign(std::string(key.name), std::move(*value));
  }

  std::optional<std::string> environment(std::string_view name) const {
    return read_environment(settings_.sources_, name);
  }

  static fs::path named(const fs::path& path, std::string_view by) {
    std::error_code ignored;
    if (!fs::exists(path, ignored))
      throw Error(Errc::config, "config.not_found",
                  fmt::format("there is no file {} ({})", path.string(), by));
    return path;
  }

  void read(Document& document, const fs::path& path, FileKind kind) {
    attempt(failures_, [&] { document = load_document(path, kind, failures_); });
    std::error_code ignored;
    const bool credentials = kind == FileKind::credentials && fs::exists(path, ignored);
    if (credentials || document.must_be_private) settings_.secret_files_.push_back(path);
  }

  void read_files() {
    read(user_, settings_.user_file_, FileKind::settings);
    read(user_secrets_, settings_.credentials_file(), FileKind::credentials);
    read(system_, settings_.sources_.system_file, FileKind::settings);
    // The service's credentials are no business of those who cannot read them.
    const auto path = settings_.sources_.system_file.parent_path() / k_credentials;
    if (path != settings_.credentials_file() && readable(path))
      read(system_secrets_, path, FileKind::credentials);
  }

  void list_profiles() {
    std::set<std::string> names;
    for (const auto* document : {&user_, &user_secrets_, &system_, &system_secrets_})
      for (const auto& [name, entries] : document->profiles) names.insert(name);
    settings_.profiles_.assign(names.begin(), names.end());
  }

  void choose_profile() {
    const auto& key = *find_key(k_profile);
    settings_.profile_ = key.built_in;
    take(key);
    const auto& value = settings_.values_.find(key.name)->second;
    settings_.profile_ = value.text;
    const auto& known = settings_.profiles_;
    const bool exists = std::find(known.begin(), known.end(), settings_.profile_) != known.end();
    if (exists || settings_.profile_ == key.built_in) return;
    Error error(Errc::config, "config.unknown_profile",
                fmt::format("there is no profile \"{}\"", settings_.profile_),
                "ringctl profiles list --profile default");
    error.detail("named by " + value.origin);
    if (const auto near = base::nearest(settings_.profile_, known); !near.empty())
      error.detail("did you mean: " + base::join(near, ", "));
    throw error;
  }

  std::optional<Value> settle(const KeyInfo& key) const {
    if (auto value = from_flag(key)) return value;
    if (auto value = from_environment(key)) return value;
    if (const auto [document, entry] = find_in_files(key.name); entry != nullptr)
      return Value{entry->text, origin(*document, *entry)};
    if (!key.built_in.empty()) return Value{std::string(key.built_in), "built-in"};
    return std::nullopt;
  }

  void settle_secret(const KeyInfo& key) {
    auto reference = secret_in_environment(settings_.sources_, key);
    if (!reference) {
      const auto [document, entry] = find_in_files(key.name);
      if (entry == nullptr) return;
      reference = reference_of(settings_.sources_, *document, *entry);
      reference->origin = origin(*document, *entry);
    }
    remember_file(*reference);
    settings_.values_.insert_or_assign(std::string(key.name), Value{describe(*reference), reference->origin});
    settings_.secrets_.insert_or_assign(std::string(key.name), std::move(*reference));
  }

  void remember_file(const SecretReference& reference) {
    if (reference.form == SecretReference::Form::file) settings_.secret_files_.emplace_back(reference.text);
  }

  std::optional<Value> from_flag(const KeyInfo& key) const {
    const auto flag = settings_.sources_.flags.find(key.name);
    if (flag == settings_.sources_.flags.end()) return std::nullopt;
    const auto name = key.flag.empty() ? std::string(key.name) : std::string(key.flag);
    return checked(key, flag->second, name, fmt::format("flag {}", name), Errc::usage);
  }

  std::optional<Value> from_environment(const KeyInfo& key) const {
    if (key.name == "database") {
      if (auto reference = secret_in_environment(settings_.sources_, key))
        return checked(key, resolve(key.name, *reference).reveal(), std::string(key.environment),
                       reference->origin, Errc::config);
      return std::nullopt;
    }
    if (const auto text = environment(key.environment))
      return checked(key, *text, std::string(key.environment), fmt::format("environment {}", key.environment),
                     Errc::config);
    auto text = environment(key.environment_too);
    if (text) text = usable_fallback(key, std::move(*text));
    if (!text) return std::nullopt;
    return Value{std::move(*text), fmt::format("environment {}", key.environment_too)};
  }

  static Value checked(const KeyInfo& key, const std::string& text, const std::string& name,
                       std::string origin, Errc code) {
    std::string why;
    auto value = check_value(key, text, why);
    if (value) return {std::move(*value), std::move(origin)};
    const auto shown = key.kind == Kind::url ? std::string() : fmt::format(", not \"{}\"", text);
    throw Error(code, code == Errc::usage ? "usage.bad_value" : "config.bad_value",
                fmt::format("{} {}{}", name, why, shown));
  }

  std::pair<const Document*, const Entry*> find_in_files(std::string_view key) const {
    const std::array<std::array<const Document*, 2>, 2> levels = {
        {{&user_secrets_, &user_}, {&system_secrets_, &system_}}};
    for (const auto& documents : levels) {
      for (const auto* document : documents)
        if (const auto profile = document->profiles.find(settings_.profile_);
            profile != document->profiles.end())
          if (const auto* entry = find_entry(profile->second, key)) return {document, entry};
      for (const auto* document : documents)
        if (const auto* entry = find_entry(document->defaults, key)) return {document, entry};
    }
    return {nullptr, nullptr};
  }

  static std::string origin(const Document& document, const Entry& entry) {
    return fmt::format("{}:{} {}", document.path.string(), entry.line, entry.section);
  }

  std::vector<Error>* failures_;
  Settings settings_;
  Document user_, user_secrets_, system_, system_secrets_;
};

Settings Settings::load(Sources sources, std::vector<Error>* failures) {
  return Loader(std::move(sources), failures).load();
}

std::optional<Value> Settings::find(std::string_view key) const {
  const auto at = values_.find(key);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

std::optional<Value> Settings::find_own(std::string_view key) const {
  const auto* info = find_key(key);
  if (info == nullptr || info->environment_too.empty()) return find(key);
  const auto at = own_values_.find(key);
  if (at == own_values_.end()) return std::nullopt;
  return at->second;
}

std::string Settings::get(std::string_view key) const {
  const auto* info = find_key(key);
  if (info == nullptr || info->kind == Kind::secret)
    throw std::logic_error(fmt::format("config: no plain key {}", key));
  const auto at = values_.find(key);
  return at == values_.end() ? std::string() : at->second.text;
}

std::optional<base::Secret> Settings::secret(std::string_view key) const {
  const auto at = secrets_.find(key);
  if (at == secrets_.end()) return std::nullopt;
  return resolve(key, at->second);
}

std::vector<std::pair<const KeyInfo*, Value>> Settings::effective() const {
  std::vector<std::pair<const KeyInfo*, Value>> all;
  for (const auto& key : keys()) {
    auto value = find(key.name);
    if (key.name == "database" && !value && embedded_database())
      value = Value{*embedded_database(), "built-in"};
    if (!value) continue;
    if (key.kind == Kind::url) value->text = base::redact_url(value->text);
    all.emplace_back(&key, std::move(*value));
  }
  return all;
}

std::vector<std::string> Settings::profiles() const { return profiles_; }
fs::path Settings::user_file() const { return user_file_; }

fs::path Settings::credentials_file() const {
  return user_file_.empty() ? fs::path() : user_file_.parent_path() / k_credentials;
}

fs::path Settings::home_dir(const char* variable, const char* under_home) const {
  // As the XDG specification has it, a relative path counts as not set.
  if (const auto dir = read_environment(sources_, variable); dir && fs::path(*dir).is_absolute())
    return fs::path(*dir) / "ringctl";
  if (const auto home = read_environment(sources_, "HOME"); home && fs::path(*home).is_absolute())
    return fs::path(*home) / under_home / "ringctl";
  const auto relative = read_environment(sources_, "HOME").value_or("");
  throw Error(Errc::config, "config.no_home",
              relative.empty() ? fmt::format("neither HOME nor {} is set", variable)
                               : fmt::format("HOME is no absolute path: {}", base::in_quotes(relative)),
              fmt::format("set {}, or name the database with --database", variable));
}

fs::path Settings::data_dir() const { return home_dir("XDG_DATA_HOME", ".local/share"); }
fs::path Settings::state_dir() const { return home_dir("XDG_STATE_HOME", ".local/state"); }
fs::path Settings::cache_dir() const { return home_dir("XDG_CACHE_HOME", ".cache"); }

std::optional<std::string> Settings::embedded_database() const {
  try {
    return "sqlite:" + (data_dir() / "ringctl.db").string();
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string Settings::database_url() const {
  if (const auto value = find("database")) return value->text;
  return "sqlite:" + (data_dir() / "ringctl.db").string();
}

}  // namespace ringctl::config
