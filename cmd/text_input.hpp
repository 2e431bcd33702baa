#pragma once
#include <cstddef>
#include <string>

#include "cmd/context.hpp"

namespace ringctl::cmd {

/// What a file holds, or standard input for "-". Throws Errc::config [file.unreadable, file.too_large];
/// Errc::usage [usage.unreadable], Errc::invalid [usage.too_long] past `most` bytes.
std::string text_input(Context&, const std::string& file, std::size_t most);

}  // namespace ringctl::cmd
