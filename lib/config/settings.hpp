#pragma once
// Configuration: flag > environment > profile in the user's file > [defaults] > the same two in the system
// file > built-in. Every value knows where it came from. Files are TOML; secrets live apart in
// credentials.toml.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ringctl::config {

enum class Kind { text, integer, size, boolean, duration, url, choice, text_list, secret };

/// One key of the configuration, by its dotted name: "database", "twilio.retries", "serve.listen".
struct KeyInfo {
  std::string_view name;
  Kind kind;
  std::string_view environment;           ///< "" = none
  std::string_view built_in;              ///< "" = none
  std::string_view choices;               ///< "text|json", for Kind::choice
  std::string_view summary;               ///< one line, for config(5) and `config show`
  std::string_view flag = {};             ///< "--tz"; "" = none
  std::string_view environment_too = {};  ///< asked after `environment`: TZ, PAGER
};
std::span<const KeyInfo> keys();
const KeyInfo* find_key(std::string_view name);

/// Where a value came from, as `config show --origin` prints it:
/// "flag --tz", "environment RINGCTL_TZ", "/etc/ringctl/config.toml:12 [profiles.prod]", "built-in".
struct Value {
  std::string text;  ///< of a secret: masked, or what it is read from; secret() gives the value itself
  std::string origin;
};

/// Where a secret is to be had. `text` is the secret itself or a path, `argv` a command.
struct SecretReference {
  enum class Form { literal, file, systemd_credential, command };
  Form form = Form::literal;
  std::string text;
  std::vector<std::string> argv;
  std::string origin;
};

/// The outside world, injected.
struct Sources {
  std::function<std::optional<std::string>(const std::string&)> environment;  ///< getenv
  std::filesystem::path system_file = "/etc/ringctl/config.toml";
  std::map<std::string, std::string, std::less<>>
      flags;  ///< dotted name -> value, only those given; "config": --config
};

class Settings {
 public:
  /// Reads the files. Throws Errc::config with file, line, column and a suggestion for unknown keys or bad
  /// values, [config.secret_permissions] for a credentials file that others can read, and
  /// [config.unknown_profile]. A bad flag is Errc::usage.
  /// With `failures`, for `doctor`, all of these are put there, and the settings hold what can be known.
  static Settings load(Sources, std::vector<Error>* failures = nullptr);

  std::string_view profile() const { return profile_; }
  std::optional<Value> find(std::string_view key) const;
  /// The same, whatever is in a variable that other programs read as well: TZ, PAGER.
  std::optional<Value> find_own(std::string_view key) const;
  /// The effective text, the built-in default included; "" where there is neither.
  /// Throws std::logic_error for an unknown key or a secret.
  std::string get(std::string_view key) const;
  /// Follows NAME_FILE, *_file, *_command and $CREDENTIALS_DIRECTORY. nullopt if not configured anywhere.
  /// auth_tokens holds one token a line. Throws Errc::config; no message holds a byte of the secret.
  std::optional<base::Secret> secret(std::string_view key) const;
  /// Every key that has a value, sorted; secrets masked.
  std::vector<std::pair<const KeyInfo*, Value>> effective() const;

  std::vector<std::string> profiles() const;
  std::filesystem::path user_file() const;  ///< --config / RINGCTL_CONFIG / XDG; empty if there is no home
  std::filesystem::path credentials_file() const;  ///< beside it
  /// What must be private: configuration that holds secrets or a database's password, and the files that
  /// *_file and NAME_FILE name, of this profile, there or not. Of a systemd credential nothing is asked.
  std::vector<std::filesystem::path> secret_files() const { return secret_files_; }
  /// $XDG_DATA_HOME/ringctl and its like. Throw Errc::config [config.no_home] where neither it nor HOME is
  /// set.
  std::filesystem::path data_dir() const;
  std::filesystem::path state_dir() const;
  std::filesystem::path cache_dir() const;
  /// sqlite:PATH or postgresql://..., the embedded default included.
  std::string database_url() const;

 private:
  friend class Loader;

  std::filesystem::path home_dir(const char* variable, const char* under_home) const;
  std::optional<std::string> embedded_database() const;

  std::string profile_;
  Sources sources_;
  std::filesystem::path user_file_;
  std::map<std::string, Value, std::less<>> values_, own_values_;  ///< own: where they may differ
  std::map<std::string, SecretReference, std::less<>> secrets_;
  std::vector<std::string> profiles_;
  std::vector<std::filesystem::path> secret_files_;
};

/// This process's environment without the variables that hold or name secrets: what a pager, an editor or a
/// secret's command gets. "NAME=value" each.
std::vector<std::string> child_environment();

/// Edits of the user's file that keep its comments and order. Created 0600 in a 0700 folder when missing.
/// profile "" = [defaults]. Throws Errc::usage for an unknown key or a secret, Errc::invalid for a bad value,
/// Errc::conflict or Errc::not_found for a profile that is there or is not, Errc::config [config.cannot_edit]
/// for a file laid out so that the edit would touch something else.
enum class Act { plan, write };  ///< plan: throws what writing would, and changes nothing
/// Takes the key out of the section that set_value() would write to. Returns that section; nullopt where the
/// key is not set.
std::optional<std::string> unset_value(const std::filesystem::path& file, std::string_view profile,
                                       std::string_view key, Act = Act::write);
/// Returns the section that holds the value, "twilio" or "profiles.prod"; "" above the first one.
std::string set_value(const std::filesystem::path& file, std::string_view profile, std::string_view key,
                      std::string_view value, Act act = Act::write);
/// Plain keys and their values, in the order they are to stand in.
using ProfileValues = std::vector<std::pair<std::string, std::string>>;
void add_profile(const std::filesystem::path& file, std::string_view name, const ProfileValues& values = {},
                 Act act = Act::write);
void remove_profile(const std::filesystem::path& file, std::string_view name);

}  // namespace ringctl::config
