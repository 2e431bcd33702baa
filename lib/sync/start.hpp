#pragma once
// What a call that was started here leaves on record, at once or when it is found again. Private to this
// room.

#include <optional>
#include <string>
#include <string_view>

#include "calls/event.hpp"
#include "limits/verdict.hpp"
#include "routing/facts.hpp"
#include "sync/acts.hpp"

namespace ringctl::sync {

/// Label of whoever is called, in the call's conference.
inline constexpr std::string_view k_customer = "customer";

/// Who calls, whom, and from which number.
calls::Decision decision_of(const base::Uuid& agent, const limits::Verdict&, const routing::Facts&);

/// Inside a write transaction: what follows from a call that Twilio has taken. `rung`: the agent's leg.
void note_call(Account&, const std::string& sid, const std::string& rung, const calls::Decision&,
               const std::optional<base::Uuid>& callback);

}  // namespace ringctl::sync
