#pragma once
// A row of phone_numbers as a Number, and its image.

#include <string>
#include <string_view>

#include "estate/numbers.hpp"

namespace ringctl::estate {

/// In the order read_number() expects.
inline constexpr std::string_view k_selected_columns =
    "id, phone_number, provider, country_code, label, status, capabilities, sid, webhook_status, trunk_sid, "
    "assistant_id, sms_mode, record_policy, job_id, version, created_at, updated_at, account_sid, missing_since, "
    "release_at, configured_at, "
    "(SELECT u.email FROM agent_phone_numbers a JOIN users u ON u.id = a.agent_id WHERE a.phone_number_id = "
    "phone_numbers.id AND a.voice = TRUE AND a.is_active = TRUE) AS assigned_to";

/// True of a number that an agent may call from now.
inline constexpr std::string_view k_is_assigned =
    "EXISTS (SELECT 1 FROM agent_phone_numbers a WHERE a.phone_number_id = phone_numbers.id AND a.voice = TRUE "
    "AND a.is_active = TRUE)";

/// Into a Number that is used again and again, so that a million rows allocate nothing.
void read_number(const db::Rows&, Number& out);

}  // namespace ringctl::estate
