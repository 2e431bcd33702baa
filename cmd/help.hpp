#pragma once
// Help as text, and the whole tree of commands as JSON: all of it read from the registry.

#include <string>

#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// What -h and --help print. `noun` and `command` as in HelpRequest.
std::string help_text(const Registry&, const Noun* noun, const Command* command);
/// What a bare `ringctl` or a bare noun prints: what can be said next, and no more.
std::string concise_help(const Registry&, const Noun* noun);

/// Every command with its arguments, flags, examples and exit statuses; the global flags; the exit statuses.
std::string tree_json(const Registry&);

/// Every exit status the command may end with, ascending: its own, and those of all that do what it does.
std::vector<Errc> exit_codes_of(const Command&);

/// `ringctl help TOPIC`.
struct Topic {
  std::string_view name, summary;
  std::string (*text)();
};
std::span<const Topic> topics();

}  // namespace ringctl::cmd
