#pragma once
#include <string>
#include <utility>
#include <vector>

namespace ringctl::cmd {

/// Name and version of every library this binary was built with, sorted by name. Those of their headers:
/// asking the libraries themselves would load the heavy ones.
std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace ringctl::cmd
