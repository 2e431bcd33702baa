#include "directory/people.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "records/rows.hpp"
#include "records/values.hpp"

namespace ringctl::directory {
namespace {

using records::Field;
using records::Kind;
using records::Reading;

constexpr records::Target k_user{"user", "users", "email", "ringctl users list"};
constexpr records::Target k_team{"team", "teams", "name", "ringctl teams list"};

/// One meaning per role, whatever the documents call it (R151).
bool canonical_role(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  static constexpr std::array<std::string_view, 4> k_roles{"agent", "manager", "supervisor", "admin"};
  static constexpr std::array<std::string_view, 3> k_agents{"sales_rep", "sales rep", "rep"};
  const auto lower = base::ascii_lower(text);
  if (std::find(k_agents.begin(), k_agents.end(), lower) != k_agents.end()) return out = "agent", true;
  if (lower == "administrator" || lower == "owner") return out = "admin", true;
  return records::one_of(text, k_roles, "role", out, finding);
}

bool canonical_ring_on(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  static constexpr std::array<std::string_view, 3> k_devices{"client", "phone", "both"};
  return records::one_of(text, k_devices, "ring_on", out, finding);
}

bool canonical_availability(std::string_view text, const Reading&, std::string& out, base::Finding& finding) {
  static constexpr std::array<std::string_view, 3> k_states{"online", "busy", "offline"};
  return records::one_of(text, k_states, "availability", out, finding);
}

bool holds_at(std::string_view text) { return text.find('@') != std::string_view::npos; }
/// Somebody who is taken out of use holds nothing any more: `users deactivate` sees to that.
void inspect_users(db::Connection& db, const base::Uuid& workspace,
                   std::span<records::Candidate> candidates) {
  const auto leaves = [](const records::Candidate& candidate) {
    return !candidate.finding && !candidate.before.empty() && candidate.before[k_user_is_active] == "yes" &&
           candidate.after[k_user_is_active] != "yes";
  };
  std::set<std::string> leaving;
  for (const auto& candidate : candidates)
    if (leaves(candidate)) leaving.insert(candidate.before[k_user_email]);
  if (leaving.empty()) return;
  // Whoever gives them something holds them as they are: what they hold is known after that.
  records::hold(db, workspace, k_user, leaving, records::Hold::for_change);
  const auto array = nlohmann::json(leaving).dump();
  auto rows = db.query(
      fmt::format(
          "SELECT u.email FROM users u WHERE u.workspace_id = $1 AND u.email IN (SELECT value FROM {}) AND ("
          "EXISTS (SELECT 1 FROM agent_phone_numbers a WHERE a.agent_id = u.id AND a.voice = TRUE AND a.is_active = TRUE) "
          "OR EXISTS (SELECT 1 FROM agent_phone_numbers s WHERE s.agent_id = u.id AND s.sms_access_enabled = TRUE) "
          "OR EXISTS (SELECT 1 FROM contact_assignments c WHERE c.user_id = u.id AND c.status = 'active') "
          "OR EXISTS (SELECT 1 FROM user_extensions e WHERE e.user_id = u.id AND e.is_active = TRUE) "
          "OR EXISTS (SELECT 1 FROM teams m WHERE m.supervisor_id = u.id))",
          db.text_array("$2")),
      {workspace, array});
  std::set<std::string, std::less<>> holders;
  while (rows.next()) holders.emplace(rows.text(0));
  for (auto& candidate : candidates) {
    if (!leaves(candidate) || !holders.contains(candidate.before[k_user_email])) continue;
    candidate.finding = {
        "holds_something",
        fmt::format(
            "{} still has numbers, extensions, pools, teams or contacts; users deactivate hands them over",
            candidate.before[k_user_email])};
    candidate.field = k_user_is_active;
    candidate.conflict = true;
  }
}

/// Any text can be the name of a team.
bool is_text(std::string_view text) { return !text.empty(); }

}  // namespace

const records::Target& user_target() { return k_user; }
const records::Target& team_target() { return k_team; }

const records::Noun& teams_noun() {
  static const records::Noun k_noun{
      .noun = "teams",
      .object = "team",
      .table = "teams",
      .fields = {{.name = "name",
                  .kind = Kind::text,
                  .canonical = records::canonical_name,
                  .required = true,
                  .aliases = {"team", "team_name"}},
                 {.name = "supervisor",
                  .kind = Kind::reference,
                  .canonical = records::canonical_email,
                  .target = &k_user,
                  .column = "supervisor_id",
                  .aliases = {"supervisor_email"}},
                 {.name = "is_active",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "yes",
                  .aliases = {"active"}}},
      .extras = {{"members", Kind::integer,
                  "(SELECT count(*) FROM users u WHERE u.team_id = t.id AND u.is_active = TRUE)"}},
      .in_use =
          "EXISTS (SELECT 1 FROM users u WHERE u.team_id = t.id) "
          "OR EXISTS (SELECT 1 FROM calls l WHERE l.team_id = t.id)",
      .switched_on = k_team_is_active,
      .looks_like_key = is_text,
  };
  return k_noun;
}

const records::Noun& users_noun() {
  static const records::Noun k_noun{
      .noun = "users",
      .object = "user",
      .table = "users",
      .fields = {{.name = "email",
                  .kind = Kind::text,
                  .canonical = records::canonical_email,
                  .required = true,
                  .aliases = {"e_mail", "user", "agent", "mail"}},
                 {.name = "name",
                  .kind = Kind::text,
                  .canonical = records::canonical_line,
                  .free_text = true,
                  .aliases = {"full_name", "display_name"}},
                 {.name = "role",
                  .kind = Kind::text,
                  .canonical = canonical_role,
                  .initial = "agent",
                  .aliases = {"workspace_role"}},
                 {.name = "team",
                  .kind = Kind::reference,
                  .canonical = records::canonical_name,
                  .target = &k_team,
                  .column = "team_id",
                  .aliases = {"team_name"}},
                 {.name = "phone_number",
                  .kind = Kind::text,
                  .canonical = records::canonical_phone,
                  .aliases = {"phone", "direct_line"}},
                 {.name = "ring_on", .kind = Kind::text, .canonical = canonical_ring_on, .initial = "client"},
                 {.name = "skills",
                  .kind = Kind::list,
                  .canonical = records::canonical_words,
                  .aliases = {"skill"}},
                 {.name = "availability",
                  .kind = Kind::text,
                  .canonical = canonical_availability,
                  .initial = "online"},
                 {.name = "is_active",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "yes",
                  .aliases = {"active"}}},
      .extras =
          {{"last_call_ended_at", Kind::moment, "t.last_call_ended_at"},
           {"numbers_accessed", Kind::integer,
            "(SELECT count(*) FROM agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id "
            "WHERE a.agent_id = t.id AND n.status = 'active' AND "
            "(a.sms_access_enabled = TRUE OR (a.voice = TRUE AND a.is_active = TRUE)))"},
           {"extensions_accessed", Kind::integer,
            "(SELECT count(*) FROM user_extensions e WHERE e.user_id = t.id AND e.is_active = TRUE)"}},
      .in_use =
          "EXISTS (SELECT 1 FROM agent_phone_numbers a WHERE a.agent_id = t.id) "
          "OR EXISTS (SELECT 1 FROM user_extensions e WHERE e.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM contact_assignments c WHERE c.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM teams m WHERE m.supervisor_id = t.id) "
          "OR EXISTS (SELECT 1 FROM api_tokens k WHERE k.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM calls l WHERE l.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM call_attempts r WHERE r.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM callbacks b WHERE b.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM messages m WHERE m.user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM messages g WHERE g.assigned_user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM message_threads h WHERE h.assigned_user_id = t.id) "
          "OR EXISTS (SELECT 1 FROM notifications o WHERE o.user_id = t.id)",
      .switched_on = k_user_is_active,
      .inspect = inspect_users,
      .looks_like_key = holds_at,
  };
  return k_noun;
}

std::string identity_of(const base::Uuid& user) {
  auto text = user.text();
  std::erase(text, '-');
  return "agent_" + text;
}

}  // namespace ringctl::directory
