#include "cmd/library_versions.hpp"

#include "base/text.hpp"

namespace ringctl::cmd {

std::vector<std::pair<std::string, std::string>> library_versions() {
  // "cli11=2.1.2,fmt=9.1.0,...", found by CMake.
  std::vector<std::pair<std::string, std::string>> versions;
  for (const auto entry : base::split(RINGCTL_LIBRARY_VERSIONS, ',')) {
    const auto equals = entry.find('=');
    if (equals != entry.npos) versions.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return versions;
}

}  // namespace ringctl::cmd
