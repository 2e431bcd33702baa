#pragma once
// A row of phone_numbers as a Number, and its image.

#include <string>
#include <string_view>

#include "estate/numbers.hpp"

namespace ringctl::estate {

/// In the order read_number() expects.
inline constexpr std::string_view k_selected_columns =
    "id, phone_number, provider, country_code, label, status, capabilities, sid, webhook_status, trunk_sid, "
    "assistant_id, sms_mode, record_policy, job_id, version, created_at, updated_at";

/// Into a Number that is used again and again, so that a million rows allocate nothing.
void read_number(const db::Rows&, Number& out);

}  // namespace ringctl::estate
