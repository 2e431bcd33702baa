#include "serve/turns.hpp"

#include "routing/plan.hpp"

namespace ringctl::serve {

std::uint64_t Turns::next(const base::Uuid& workspace, std::string_view rule, base::Instant now) {
  const auto anywhere = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::lock_guard lock(mutex_);
  const auto [at, first] =
      turns_.try_emplace(workspace.text().append(rule), anywhere % routing::k_most_turns);
  if (!first) at->second = (at->second + 1) % routing::k_most_turns;
  return at->second;
}

}  // namespace ringctl::serve
