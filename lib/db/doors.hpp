#pragma once
// The named ways past the row policies: what must be found before the workspace is known, and what spans
// workspaces. Each is a value of the setting `ringctl.door` that policies name; nothing else gets past them.

#include <string_view>

namespace ringctl::db {

enum class Door {
  none,
  workspaces,     ///< list and find workspaces by name: read workspaces
  number_holder,  ///< which workspace holds a number: read phone_numbers
  token_holder,   ///< whose an API token is: read api_tokens
  maintenance,    ///< db check, backup, copy: every table, for reading and for writing
};

/// The setting's text: "", "workspaces", "number_holder", "token_holder", "maintenance".
std::string_view door_name(Door);

}  // namespace ringctl::db
