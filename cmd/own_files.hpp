#pragma once
// Files that this program lives by. No output of a command may take their place.

#include <filesystem>
#include <string_view>

#include "cmd/context.hpp"

namespace ringctl::cmd {

/// Whether two paths lead to one file, also where it is not there yet: what is written first makes it.
bool same_place(const std::filesystem::path&, const std::filesystem::path&);

/// Throws Errc::usage [usage.own_file] if `file`, which `flag` names, is the SQLite database in use, its log,
/// or a file of configuration or secrets, by whatever path and whether or not it is there yet.
void refuse_own_file(Context&, std::string_view flag, const std::filesystem::path& file);

}  // namespace ringctl::cmd
