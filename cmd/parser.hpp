#pragma once
// From words to a filled Options struct. Sole user of CLI11; none of its codes or messages gets out.

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "cmd/globals.hpp"
#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// A command with everything it was given.
struct Invocation {
  const Command* command;
  std::shared_ptr<void> options;
  Globals globals;
};

/// -h or --help: the full text on stdout, exit 0. `asked` false: nothing to run was named; the concise text
/// on stderr, exit 2.
struct HelpRequest {
  const Noun* noun;        ///< nullptr: of ringctl itself
  const Command* command;  ///< nullptr: of the noun
  bool asked;
};

/// --version, wherever it stands.
struct VersionRequest {
  Globals globals;
};

using Parsed = std::variant<Invocation, HelpRequest, VersionRequest>;

/// What stands for a user, a party or a number, as typed -> what the command gets instead.
using Naming = std::function<std::string(ValueKind, const std::string&)>;

/// Throws Errc::usage, and what `naming` does.
Parsed parse(const Registry&, const std::vector<std::string>& args, const Naming& naming = {});

/// The choices of a flag or argument, "a|b|c" split.
std::vector<std::string> split_choices(std::string_view choices);

}  // namespace ringctl::cmd
