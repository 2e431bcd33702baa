#include "base/build_info.hpp"

#include "build_info_generated.hpp"

namespace ringctl::base {

const BuildInfo& build_info() {
  static constexpr BuildInfo k_info{RINGCTL_VERSION,    RINGCTL_COMMIT, RINGCTL_COMPILER,
                                    RINGCTL_BUILD_TYPE, RINGCTL_FLAGS,  RINGCTL_SANITIZERS};
  return k_info;
}

}  // namespace ringctl::base
