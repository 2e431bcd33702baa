#pragma once
// Calls for help, told from others without the database.

#include <optional>
#include <string>
#include <string_view>

namespace ringctl::limits {

/// Whether `dialled` is an emergency number: one of `country` ("" = the workspace has none) or of the country
/// of the number that is called `from` (E.164, "" = none). nullopt: nothing is known of the workspace, so
/// that any country's counts.
bool is_for_help(std::string_view dialled, const std::optional<std::string>& country, std::string_view from);

}  // namespace ringctl::limits
