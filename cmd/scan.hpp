#pragma once
// Reads the command line against the registry: which command, which flags with which values, which arguments.
// CLI11 2.1 alone cannot take "-5" as an argument, flags of a verb before the verb, or an empty "--null=".

#include <optional>
#include <string>
#include <vector>

#include "cmd/registry.hpp"

namespace ringctl::cmd {

struct GivenFlag {
  const Flag* flag;
  std::string value;  ///< "" for a switch
};

struct Scan {
  const Noun* noun = nullptr;
  const Command* command = nullptr;  ///< nullptr: none named (bare noun, or nothing)
  std::vector<GivenFlag> flags;
  std::vector<std::string> arguments;
  bool help = false;
  bool version = false;
};

/// Throws Errc::usage [usage.unknown_command | unknown_flag | missing_value | unexpected_value] with
/// suggestions; but a -h or --help anywhere before "--" outranks what is wrong with the flags.
Scan scan(const Registry&, const std::vector<std::string>& args);

/// As much as can be made of a line that is still being typed. Throws nothing.
Scan scan_unfinished(const Registry&, const std::vector<std::string>& args);

/// "did you mean: list" for the candidates near `word`, or "" if none is.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         std::string_view prefix = {});

}  // namespace ringctl::cmd
