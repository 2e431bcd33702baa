#pragma once
// Voice assignments as capacity is counted over them. Private to this room.

#include <string_view>

namespace ringctl::limits {

/// Live ones as `a`, with their number `n`, their agent `u`, and the counter `d` of the day $2. $1 is the
/// workspace.
inline constexpr std::string_view k_assignments =
    "FROM agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id JOIN users u ON u.id = a.agent_id "
    "LEFT JOIN daily_usage d ON d.assignment_id = a.id AND d.day = $2 "
    "WHERE a.workspace_id = $1 AND a.voice = TRUE AND a.is_active = TRUE";
/// Which of them a call can be made with.
inline constexpr std::string_view k_callable =
    "n.status = 'active' AND n.provider = 'twilio' AND u.is_active = TRUE";

}  // namespace ringctl::limits
