#pragma once
#include <string>

#include "cmd/context.hpp"
#include "sync/configure.hpp"

namespace ringctl::cmd {

/// Lists what failed or was skipped, in a dry run also what would be sent, and counts it. Throws
/// Errc::partial [numbers.partly_configured] where some failed, or were skipped though they were `named`;
/// `again` is the hint for those that failed.
void show_configured(const sync::ConfigureReport&, bool named, const std::string& again, Context&);

}  // namespace ringctl::cmd
