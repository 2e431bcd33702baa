#pragma once
#include <string_view>

namespace ringctl::base {

/// What this binary was built from.
struct BuildInfo {
  std::string_view version, commit, compiler, type, flags, sanitizers;
};
const BuildInfo& build_info();

}  // namespace ringctl::base
