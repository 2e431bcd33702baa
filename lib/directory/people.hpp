#pragma once
// Teams and users (agents), described; and what happens to what somebody holds when they leave.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "records/records.hpp"

namespace ringctl::directory {

enum TeamField : std::size_t { k_team_name, k_team_supervisor, k_team_is_active };
/// name (key), supervisor (e-mail), is_active.
const records::Noun& teams_noun();

enum UserField : std::size_t {
  k_user_email,
  k_user_name,
  k_user_role,
  k_user_team,
  k_user_phone_number,
  k_user_ring_on,
  k_user_skills,
  k_user_availability,
  k_user_is_active,
};
/// email (key), name, role, team, phone_number, ring_on, skills, availability, is_active.
const records::Noun& users_noun();

/// For references to people and teams.
const records::Target& user_target();
const records::Target& team_target();

/// How a browser or desk client of this user is called at Twilio: "agent_" and the id without hyphens (R1).
std::string identity_of(const base::Uuid& user);

}  // namespace ringctl::directory
