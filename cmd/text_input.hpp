#pragma once
#include <cstddef>
#include <string>

#include "cmd/context.hpp"

namespace ringctl::cmd {

/// What a file holds, or standard input for "-". Throws Errc::usage [input.not_found, input.unreadable,
/// usage.unreadable]; Errc::invalid [usage.too_long] past `most` bytes.
std::string text_input(Context&, const std::string& file, std::size_t most);

}  // namespace ringctl::cmd
