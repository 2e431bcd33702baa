#include "estate/assignments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "directory/people.hpp"
#include "records/rows.hpp"
#include "records/values.hpp"

namespace ringctl::estate {
namespace {

using records::Candidate;
using records::Kind;

constexpr records::Target k_number{"number", "phone_numbers", "phone_number", "ringctl numbers list"};
constexpr std::size_t k_extension_digits = 20;  // R101: VARCHAR(20)

bool canonical_extension(std::string_view text, const records::Reading&, std::string& out,
                         base::Finding& finding) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || text.size() > k_extension_digits || !digits) {
    finding = {"bad_extension",
               fmt::format("{} is no extension (1 to {} digits)", base::in_quotes(text), k_extension_digits)};
    return false;
  }
  out = text;
  return true;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What goes live must belong to somebody who is active; what was live already may stay.
void require_active_user(db::Connection& db, const base::Uuid& workspace, std::span<Candidate> candidates,
                         std::size_t user, std::size_t is_active) {
  const auto goes_live = [&](const Candidate& candidate) {
    if (candidate.finding || candidate.after[is_active] != "yes") return false;
    return candidate.before.empty() || candidate.before[is_active] != "yes" ||
           candidate.before[user] != candidate.after[user];
  };
  std::set<std::string> users;
  for (const auto& candidate : candidates)
    if (goes_live(candidate)) users.insert(candidate.after[user]);
  const auto inactive =
      records::keys_failing(db, workspace, directory::user_target(), users, "is_active = TRUE");
  for (auto& candidate : candidates) {
    if (!goes_live(candidate) || !inactive.contains(candidate.after[user])) continue;
    candidate.finding = {"agent_inactive", fmt::format("{} is not active", candidate.after[user])};
    candidate.field = user;
  }
}

void inspect_assignments(db::Connection& db, const base::Uuid& workspace, std::span<Candidate> candidates) {
  require_active_user(db, workspace, candidates, k_assignment_agent, k_assignment_is_active);
  const auto goes_live = [](const Candidate& candidate) {
    return !candidate.finding && candidate.after[k_assignment_is_active] == "yes" &&
           (candidate.before.empty() || candidate.before[k_assignment_is_active] != "yes");
  };
  std::set<std::string> numbers;
  for (const auto& candidate : candidates)
    if (goes_live(candidate)) numbers.insert(candidate.after[k_assignment_number]);
  const auto inactive = records::keys_failing(db, workspace, k_number, numbers, "status = 'active'");
  for (auto& candidate : candidates) {
    if (!goes_live(candidate) || !inactive.contains(candidate.after[k_assignment_number])) continue;
    candidate.finding = {"number_inactive",
                         fmt::format("{} is not active", candidate.after[k_assignment_number])};
    candidate.field = k_assignment_number;
    candidate.lapse = records::Lapse::idle;  // `numbers update --status inactive` leaves its assignment
  }
}

std::string assigned_to_another(std::string_view number, std::span<const std::string> holder) {
  return fmt::format("{} is assigned to {}", number, holder[k_assignment_agent]);
}
std::string command_to_move(std::string_view number, std::span<const std::string> wanted) {
  return fmt::format("ringctl assignments move {} {}", number, base::for_shell(wanted[k_assignment_agent]));
}

// The key of the row that assignments and pools share.
records::Field number_in_key() {
  return {.name = "phone_number",
          .kind = Kind::reference,
          .canonical = records::canonical_phone,
          .required = true,
          .target = &k_number,
          .column = "phone_number_id",
          .aliases = {"number", "did"}};
}
records::Field person_in_key(std::string_view name, std::vector<std::string_view> aliases) {
  return {.name = name,
          .kind = Kind::reference,
          .canonical = records::canonical_email,
          .required = true,
          .target = &directory::user_target(),
          .column = "agent_id",
          .aliases = std::move(aliases)};
}

void inspect_extensions(db::Connection& db, const base::Uuid& workspace, std::span<Candidate> candidates) {
  require_active_user(db, workspace, candidates, k_extension_user, k_extension_is_active);
}

}  // namespace

const records::Target& number_target() { return k_number; }

const records::Noun& assignments_noun() {
  static const records::Noun k_noun{
      .noun = "assignments",
      .object = "assignment",
      .table = "agent_phone_numbers",
      .fields = {number_in_key(),
                 person_in_key("agent", {"user", "email", "agent_email"}),
                 {.name = "daily_limit",
                  .kind = Kind::integer,
                  .canonical = records::canonical_count,
                  .initial = k_default_daily_limit,
                  .aliases = {"limit"}},
                 {.name = "allowed_countries",
                  .kind = Kind::list,
                  .canonical = records::canonical_countries,
                  .aliases = {"countries"}},
                 {.name = "agent_default",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "no"},
                 {.name = "is_active",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "yes",
                  .expression = "(t.voice = TRUE AND t.is_active = TRUE)",
                  .aliases = {"active"}}},
      .key_fields = 2,
      .uniques = {{.code = "number_taken",
                   .fields = {k_assignment_number},
                   .condition = "t.voice = TRUE AND t.is_active = TRUE",
                   .only_if = k_assignment_is_active,
                   .taken = assigned_to_another,
                   .way_out = command_to_move}},
      .extras = {{"used_today", Kind::integer,
                  "coalesce((SELECT d.reserved - d.refunded - d.adjusted FROM daily_usage d "
                  "WHERE d.assignment_id = t.id AND d.day = $today), 0)",
                  true}},
      .shown = "t.voice = TRUE AND t.phone_number_id IS NOT NULL",
      .in_use = "EXISTS (SELECT 1 FROM daily_usage u WHERE u.assignment_id = t.id)",
      .on_insert = {{"voice", true}},
      .on_update = {{"voice", true}},
      .switched_on = k_assignment_is_active,
      .inspect = inspect_assignments,
      .looks_like_key = records::looks_like_phone,
  };
  return k_noun;
}

const records::Noun& pools_noun() {
  static const records::Noun k_noun{
      .noun = "pools",
      .object = "pool member",
      .table = "agent_phone_numbers",
      .fields = {number_in_key(),
                 person_in_key("user", {"agent", "email"}),
                 {.name = "sms_access_enabled",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "yes",
                  .aliases = {"sms_access"}},
                 {.name = "is_primary",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "no",
                  .aliases = {"primary"}}},
      .key_fields = 2,
      .shown = "(t.sms_access_enabled = TRUE OR t.voice = FALSE) AND t.phone_number_id IS NOT NULL",
      .in_use = "EXISTS (SELECT 1 FROM daily_usage u WHERE u.assignment_id = t.id)",
      .on_insert = {{"voice", false}, {"is_active", false}},
      .switched_on = k_pool_sms_access_enabled,
      .looks_like_key = records::looks_like_phone,
  };
  return k_noun;
}

const records::Noun& extensions_noun() {
  static const records::Noun k_noun{
      .noun = "extensions",
      .object = "extension",
      .table = "user_extensions",
      .fields = {{.name = "extension",
                  .kind = Kind::text,
                  .canonical = canonical_extension,
                  .required = true,
                  .aliases = {"ext"}},
                 {.name = "user",
                  .kind = Kind::reference,
                  .canonical = records::canonical_email,
                  .required = true,
                  .target = &directory::user_target(),
                  .column = "user_id",
                  .aliases = {"agent", "email"}},
                 {.name = "phone_number",
                  .kind = Kind::reference,
                  .canonical = records::canonical_phone,
                  .target = &k_number,
                  .column = "number_id",
                  .aliases = {"number"}},
                 {.name = "is_active",
                  .kind = Kind::flag,
                  .canonical = records::canonical_flag,
                  .initial = "yes",
                  .aliases = {"active"}}},
      .uniques = {{.code = "user_has_one", .fields = {k_extension_number, k_extension_user}}},
      .switched_on = k_extension_is_active,
      .inspect = inspect_extensions,
      .looks_like_key = all_digits,
  };
  return k_noun;
}

}  // namespace ringctl::estate
