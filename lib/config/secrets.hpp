#pragma once
// Where secrets come from, and how they are fetched when somebody asks.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "config/document.hpp"
#include "config/settings.hpp"

namespace ringctl::config {

/// A variable that is set to nothing counts as not set. "" names no variable.
std::optional<std::string> read_environment(const Sources&, std::string_view name);

/// NAME, NAME_FILE or $CREDENTIALS_DIRECTORY/NAME. Throws [config.ambiguous_secret] where both of the first
/// are set.
std::optional<SecretReference> secret_in_environment(const Sources&, const KeyInfo&);
/// What an entry of credentials.toml says; paths are relative to that file, "~/" is HOME.
SecretReference reference_of(const Sources&, const Document&, const Entry&);

/// As `config show` prints it: "****abcd", "file PATH", "command pass".
std::string describe(const SecretReference&);

/// Fetches the value, without its last line end. Throws Errc::config; no message holds a byte of the value.
base::Secret resolve(std::string_view key, const SecretReference&);

}  // namespace ringctl::config
