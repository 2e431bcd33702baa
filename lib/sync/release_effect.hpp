#pragma once
#include <string_view>

#include "jobs/effects.hpp"
#include "sync/account.hpp"

namespace ringctl::sync {

inline constexpr std::string_view k_release_kind = "number.release";

/// The number of this effect is gone at Twilio: the effect is done, and the row goes.
void finish_release(Account&, const jobs::Effect&);

}  // namespace ringctl::sync
