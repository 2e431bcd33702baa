#pragma once
#include <string>
#include <vector>

#include "routing/snapshot.hpp"

namespace ringctl::cmd {

/// The enabled rules of a file that `rules import` takes, in the order in which they are tried. Throws
/// Errc::invalid [rules.bad_file] naming every row that is refused.
std::vector<routing::RuleText> read_rule_file(const std::string& path);

}  // namespace ringctl::cmd
