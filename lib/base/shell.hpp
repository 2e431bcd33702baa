#pragma once
// Commands as messages show them, ready to be copied into a shell.

#include <string>
#include <string_view>

namespace ringctl::base {

/// A word as it must be typed: in quotes unless it is a plain one.
std::string for_shell(std::string_view word);

}  // namespace ringctl::base
