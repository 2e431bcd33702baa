#pragma once
// Where the journals of a database lie: what was written for one is never applied to another, though both are
// served by the same user of the same machine.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace ringctl::serve {

/// STATE/databases/<digest of `database`>: its journal lies in it. `database`: db::identity_of().
std::filesystem::path state_of(const std::filesystem::path& state, const std::string& database);
/// The same, made, with a file `database` in it that tells which one it is. Throws Errc::config
/// [journal.no_folder], Errc::output.
std::filesystem::path make_state_of(const std::filesystem::path& state, const std::string& database);

/// Records that wait for another database, of servers that have ended.
struct LeftBehind {
  std::string database;
  std::uint64_t records = 0;
};
/// Throws nothing: a journal that cannot be read is left to whoever serves its database.
std::vector<LeftBehind> left_behind(const std::filesystem::path& state, const std::string& database,
                                    const base::Clock&);

}  // namespace ringctl::serve
