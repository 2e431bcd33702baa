#pragma once
// How a call is read. Private to this room.

#include <string>

#include "calls/calls.hpp"

namespace ringctl::calls {

/// SELECT of all columns of calls c, up to the WHERE. `plan`: also that, which is long.
std::string select_call(bool plan = false);
/// Returns the column after its own.
Call read_call_row(const db::Rows&);

/// Of calls.
inline constexpr std::string_view k_is_answered =
    "c.ended_at IS NULL AND (c.direction = 'outbound' OR EXISTS (SELECT 1 FROM call_attempts a "
    "WHERE a.call_id = c.id AND a.answered_at IS NOT NULL AND a.ended_at IS NULL))";

/// Since when a live call may have begun.
base::Instant on_call_since(db::Connection&, const base::Uuid& workspace, base::Instant now);

}  // namespace ringctl::calls
