#pragma once
#include "jobs/effects.hpp"
#include "sync/account.hpp"

namespace ringctl::sync {

/// The number of this effect is gone at Twilio: the effect is done, and the row goes.
void finish_release(Account&, const jobs::Effect&);

}  // namespace ringctl::sync
