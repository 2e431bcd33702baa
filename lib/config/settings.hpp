#pragma once
// Configuration: flag > environment > profile in the user's file > [defaults] > the same two in the system file >
// built-in. Every value knows where it came from. Files are TOML; secrets live apart in credentials.toml.

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace ringctl::config {

enum class Kind { text, integer, boolean, duration, url, choice, text_list, secret };

/// One key of the configuration, by its dotted name: "database", "twilio.retries", "serve.listen".
struct KeyInfo {
  std::string_view name;
  Kind kind;
  std::string_view environment;   ///< "" = none
  std::string_view built_in;      ///< "" = none
  std::string_view choices;       ///< "text|json", for Kind::choice
  std::string_view summary;       ///< one line, for config(5) and `config show`
};
std::span<const KeyInfo> keys();
const KeyInfo* find_key(std::string_view name);

/// Where a value came from, as `config show --origin` prints it:
/// "flag --tz", "environment RINGCTL_TZ", "/etc/ringctl/config.toml:12 [profiles.prod]", "built-in".
struct Value {
  std::string text;    ///< secrets: the reference or the secret itself, never printed unmasked
  std::string origin;
};

/// The outside world, injected.
struct Sources {
  std::function<std::optional<std::string>(const std::string&)> environment;  ///< getenv
  std::filesystem::path system_file = "/etc/ringctl/config.toml";
  std::map<std::string, std::string, std::less<>> flags;  ///< dotted name -> value, only those given
};

class Settings {
 public:
  /// Reads the files. Throws Errc::config with file, line, column and a suggestion for unknown keys or bad values,
  /// and [config.secret_permissions] for a credentials file that others can read.
  static Settings load(Sources);

  std::string_view profile() const { return profile_; }
  std::optional<Value> find(std::string_view key) const;
  /// The effective text, the built-in default included. Throws std::logic_error for an unknown key.
  std::string get(std::string_view key) const;
  /// Follows NAME_FILE, *_file, *_command and $CREDENTIALS_DIRECTORY. nullopt if not configured anywhere.
  std::optional<base::Secret> secret(std::string_view key) const;
  /// Every key that has a value, sorted; secrets masked.
  std::vector<std::pair<const KeyInfo*, Value>> effective() const;

  std::vector<std::string> profiles() const;
  std::filesystem::path user_file() const;         ///< --config / RINGCTL_CONFIG / XDG
  std::filesystem::path credentials_file() const;  ///< beside it
  std::filesystem::path data_dir() const;          ///< $XDG_DATA_HOME/ringctl
  std::filesystem::path state_dir() const;
  std::filesystem::path cache_dir() const;
  /// sqlite:PATH or postgresql://..., the embedded default included.
  std::string database_url() const;

 private:
  std::string profile_;
  Sources sources_;
  std::map<std::string, Value, std::less<>> values_;
  std::vector<std::string> profiles_;
};

/// Edits of the user's file that keep its comments and order. Created 0600 in a 0700 folder when missing.
/// section "" = [defaults]. Throws Errc::usage for an unknown key, Errc::invalid for a bad value.
void set_value(const std::filesystem::path& file, std::string_view profile, std::string_view key, std::string_view value);
void add_profile(const std::filesystem::path& file, std::string_view name);
void remove_profile(const std::filesystem::path& file, std::string_view name);

}  // namespace ringctl::config
