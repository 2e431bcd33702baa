#pragma once
// What a value must look like, whichever way it came: file, environment, flag or `config set`.

#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace ringctl::config {

/// The value in the one spelling the rest of the program sees (booleans true/false, choices lower case).
/// On failure nullopt, and `why` says what was expected, as "must be one of table, tsv".
std::optional<std::string> check_value(const KeyInfo&, std::string_view text, std::string& why);

/// A database URL with a password in it: as good as a secret.
bool holds_password(std::string_view url);

}  // namespace ringctl::config
