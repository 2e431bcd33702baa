#include "sim/resources.hpp"

namespace ringctl::sim {

seconds Call::duration(Instant now) const {
  if (!answered_at) return seconds(0);
  return std::chrono::duration_cast<seconds>(ended_at.value_or(now) - *answered_at);
}

}  // namespace ringctl::sim
