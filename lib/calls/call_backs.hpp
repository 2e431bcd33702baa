#pragma once
// The callback that a call leaves behind: at most one. Private to this room.

#include <span>

#include "audit/log.hpp"
#include "calls/fold.hpp"

namespace ringctl::calls {

/// For calls that changed: a caller who asked for it, and every missed call from a number that can be called,
/// unless its plan says otherwise or it was refused, is to be called back. A missed call that turns out to
/// have been answered takes its row along, if nobody touched that.
void write_call_backs(audit::Session&, const base::Uuid& workspace, std::span<CallRow* const>);

/// Of calls that changed: callbacks that one of ours placed them for are done once somebody has answered.
void complete_call_backs(audit::Session&, const base::Uuid& workspace, std::span<CallRow* const>);

}  // namespace ringctl::calls
