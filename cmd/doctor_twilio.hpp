#pragma once
#include "cmd/checks.hpp"
#include "cmd/context.hpp"

namespace ringctl::cmd {

/// Whether Twilio can be asked with the login of this run's workspace: which login, whether it is answered,
/// by how much the clocks differ (fails past a minute: signatures and tokens hold for so long), what the
/// login may do, and whether numbers and application point at this serve. Changes nothing.
void check_twilio(Context&, Report&);

}  // namespace ringctl::cmd
