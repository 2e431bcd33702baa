#pragma once
// Who may call from which number, and who receives its messages: two views of one row per agent and number
// (R148). One live voice assignment per number; any number of people in its SMS pool. A pool row gives no
// right to call.

#include "records/noun.hpp"

namespace ringctl::estate {

enum AssignmentField : std::size_t {
  k_assignment_number,
  k_assignment_agent,
  k_assignment_daily_limit,
  k_assignment_allowed_countries,
  k_assignment_agent_default,
  k_assignment_is_active,
};
inline constexpr std::string_view k_default_daily_limit = "100";  // R69

/// phone_number and agent (key), daily_limit, allowed_countries, agent_default, is_active.
const records::Noun& assignments_noun();

enum PoolField : std::size_t { k_pool_number, k_pool_user, k_pool_sms_access_enabled, k_pool_is_primary };
/// phone_number and user (key), sms_access_enabled, is_primary.
const records::Noun& pools_noun();

enum ExtensionField : std::size_t {
  k_extension,
  k_extension_user,
  k_extension_number,
  k_extension_is_active
};
/// extension (key), user, phone_number (empty: on any number), is_active.
const records::Noun& extensions_noun();

/// For references to numbers.
const records::Target& number_target();

}  // namespace ringctl::estate
