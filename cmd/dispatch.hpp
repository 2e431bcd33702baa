#pragma once
#include <string>
#include <vector>

namespace ringctl::cmd {

class Context;

/// One command line, from its words to the end of the command; the exit status. Throws what the command
/// throws.
int dispatch(const std::vector<std::string>& args, Context&);

/// The last of main: prints what was thrown and returns its exit status. Call inside a catch block.
int fail(const std::vector<std::string>& args, Context&);

}  // namespace ringctl::cmd
