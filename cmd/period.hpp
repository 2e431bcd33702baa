#pragma once
// --since and --until: the time that a command looks at.

#include <optional>
#include <string>

#include "cmd/context.hpp"

namespace ringctl::cmd {

/// From since until before until; either may be open.
struct Period {
  std::optional<base::Instant> since = {}, until = {};
};

/// As typed, in Context::zone(). Throws Errc::invalid for what is no time, and as require_period() where both
/// are given.
Period read_period(const std::optional<std::string>& since, const std::optional<std::string>& until,
                   Context&);

/// Throws Errc::usage [usage.empty_period] where nothing lies between the two, which mostly were given the
/// wrong way round. `zone`: that of the message.
void require_period(base::Instant since, base::Instant until, const base::Zone&);

}  // namespace ringctl::cmd
