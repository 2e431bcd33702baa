#include "routing/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "directory/workspace_settings.hpp"
#include "records/values.hpp"
#include "routing/codes.hpp"

namespace ringctl::routing {
namespace {

constexpr std::string_view k_users =
    "SELECT u.id, u.email, u.phone_number, (SELECT count(*) FROM phone_numbers n WHERE n.workspace_id = u.workspace_id "
    "AND n.phone_number = u.phone_number AND n.provider = 'twilio' AND n.trunk_sid IS NULL), u.is_active, u.role, u.ring_on, u.availability, t.name, u.skills, "
    "u.last_call_ended_at "
    "FROM users u LEFT JOIN teams t ON t.id = u.team_id WHERE u.workspace_id = $1 ORDER BY u.email";

constexpr std::string_view k_extensions =
    "SELECT extension, user_id, number_id FROM user_extensions WHERE workspace_id = $1 AND is_active = TRUE "
    "ORDER BY extension";

constexpr std::string_view k_rules =
    "SELECT name, conditions, targets, strategy, ring_timeout_s FROM routing_rules "
    "WHERE workspace_id = $1 AND enabled = TRUE ORDER BY position, name";

// Counts tell of rows that went, sums of versions and the newest times of those that changed or came. A
// number that goes takes itself out of its extensions without a version.
constexpr std::string_view k_version =
    "SELECT 1, count(*), CAST(coalesce(sum(version), 0) AS bigint), max(updated_at), max(created_at), "
    "CAST(0 AS bigint) FROM routing_rules WHERE workspace_id = $1 UNION ALL "
    "SELECT 2, count(*), CAST(coalesce(sum(version), 0) AS bigint), max(updated_at), max(created_at), "
    "CAST(0 AS bigint) FROM users WHERE workspace_id = $1 UNION ALL "
    "SELECT 3, count(*), CAST(coalesce(sum(version), 0) AS bigint), max(updated_at), max(created_at), "
    "CAST(0 AS bigint) FROM teams WHERE workspace_id = $1 UNION ALL "
    "SELECT 4, count(*), CAST(coalesce(sum(version), 0) AS bigint), max(updated_at), max(created_at), "
    "count(number_id) FROM user_extensions WHERE workspace_id = $1 UNION ALL "
    "SELECT 5, 1, version, updated_at, created_at, CAST(0 AS bigint) FROM workspaces WHERE id = $1 ORDER BY 1";

/// Numbers whose calls Twilio brings to us.
constexpr std::string_view k_ours =
    "SELECT n.phone_number FROM phone_numbers n WHERE n.workspace_id = $1 AND n.provider = 'twilio' AND "
    "n.trunk_sid IS NULL AND {} ORDER BY n.phone_number";
constexpr std::string_view k_users_ours =
    "SELECT n.phone_number FROM users u JOIN phone_numbers n ON n.phone_number = u.phone_number AND "
    "n.workspace_id = u.workspace_id WHERE u.workspace_id = $1 AND n.provider = 'twilio' AND n.trunk_sid IS NULL "
    "ORDER BY n.phone_number";

RingOn ring_on_of(std::string_view text) {
  return text == "phone" ? RingOn::phone : text == "both" ? RingOn::both : RingOn::client;
}
Availability availability_of(std::string_view text) {
  return text == "busy"      ? Availability::busy
         : text == "offline" ? Availability::offline
                             : Availability::online;
}

void read_agents(db::Connection& db, Snapshot& snapshot) {
  auto rows = db.query(k_users, {snapshot.workspace});
  while (rows.next()) {
    Agent agent{.id = rows.uuid(0),
                .email = std::string(rows.text(1)),
                .phone = std::string(rows.text(2)),
                .phone_is_ours = rows.integer(3) > 0,
                .is_active = rows.boolean(4),
                .in_everyone = rows.text(5) == "agent" || rows.text(5) == "admin",
                .ring_on = ring_on_of(rows.text(6)),
                .availability = availability_of(rows.text(7)),
                .team = std::string(rows.text(8)),
                .last_call_ended_at = rows.maybe_instant(10)};
    const auto skills = records::list_text(rows.text(9));
    for (const auto skill : base::split(skills, '|'))
      if (!skill.empty()) agent.skills.push_back(folded(skill));
    snapshot.agents.push_back(std::move(agent));
  }
}

void read_extensions(db::Connection& db, Snapshot& snapshot) {
  auto rows = db.query(k_extensions, {snapshot.workspace});
  while (rows.next()) {
    const auto agent = snapshot.find_agent(rows.uuid(1));
    if (!agent || !snapshot.agents[*agent].is_active) continue;
    Extension extension{std::string(rows.text(0)), *agent};
    if (!rows.is_null(2)) extension.number = rows.uuid(2);
    snapshot.extensions.push_back(std::move(extension));
  }
}

std::vector<RuleText> read_rules(db::Connection& db, const base::Uuid& workspace) {
  std::vector<RuleText> rules;
  auto rows = db.query(k_rules, {workspace});
  while (rows.next())
    rules.push_back({std::string(rows.text(0)), std::string(rows.text(1)), std::string(rows.text(2)),
                     std::string(rows.text(3)), rows.is_null(4) ? 0 : static_cast<int>(rows.integer(4))});
  return rules;
}

std::vector<std::string> texts_of(db::Rows rows) {
  std::vector<std::string> texts;
  while (rows.next()) texts.emplace_back(rows.text(0));
  return texts;
}

std::vector<std::string> read_returning(db::Connection& db, const base::Uuid& workspace,
                                        const std::vector<std::string>& numbers) {
  if (numbers.empty()) return {};
  const auto array = nlohmann::json(numbers).dump();
  return texts_of(db.query(fmt::format(k_ours, db.among("n.phone_number", "$2")), {workspace, array}));
}

std::string read_version(db::Connection& db, const base::Uuid& workspace,
                         const std::vector<std::string>& returning) {
  std::string version;
  auto rows = db.query(k_version, {workspace});
  const auto since_epoch = [](std::optional<base::Instant> at) {
    return at ? at->time_since_epoch().count() : 0;
  };
  while (rows.next())
    fmt::format_to(std::back_inserter(version), "{}.{}.{}.{}.{}/", rows.integer(1), rows.integer(2),
                   since_epoch(rows.maybe_instant(3)), since_epoch(rows.maybe_instant(4)), rows.integer(5));
  const auto lines = texts_of(db.query(k_users_ours, {workspace}));
  return version + base::sha256_hex(fmt::format("{}/{}", fmt::join(lines, " "), fmt::join(returning, " ")));
}

}  // namespace

std::optional<AgentIndex> Snapshot::find_agent(const base::Uuid& user) const {
  const auto found = agents_by_id.find(user.view());
  return found == agents_by_id.end() ? std::nullopt : std::optional(found->second);
}

std::vector<BrokenRule> faults(const Snapshot& snapshot) {
  auto all = snapshot.broken;
  for (const auto& rule : snapshot.rules) {
    for (const auto& gone : rule.gone) all.push_back({rule.name, gone + " is gone, or has nobody"});
    for (const auto& step : rule.steps)
      for (const auto& party : step.parties)
        if (party.kind == RuleParty::Kind::agent && !snapshot.agents[party.agent].is_active)
          all.push_back({rule.name, fmt::format("user {} is not active",
                                                base::in_quotes(snapshot.agents[party.agent].email))});
    for (const auto& number : rule.returning)
      all.push_back({rule.name, number + " is a number of ours: the call would come back"});
  }
  return all;
}

void index_agents(Snapshot& snapshot) {
  for (AgentIndex i = 0; i < snapshot.agents.size(); ++i) {
    const auto& agent = snapshot.agents[i];
    snapshot.agents_by_id.emplace(agent.id.text(), i);
    if (agent.is_active && agent.in_everyone) snapshot.everyone.push_back(i);
    if (agent.is_active && agent.phone_is_ours) snapshot.direct_lines.emplace(agent.phone, i);
  }
}

Snapshot load_snapshot(db::Connection& db, const base::Uuid& workspace) {
  Snapshot snapshot{.workspace = workspace};
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  {
    auto rows = db.query("SELECT name, timezone FROM workspaces WHERE id = $1", {workspace});
    if (!rows.next())
      throw Error(Errc::not_found, "workspaces.unknown",
                  fmt::format("there is no workspace {}", workspace.view()), "ringctl workspaces list");
    snapshot.name = rows.text(0);
    snapshot.zone = base::Zone::parse(rows.text(1));
    while (rows.next()) {
    }
  }
  snapshot.settings = directory::read_voice_settings(db, workspace);
  read_agents(db, snapshot);
  index_agents(snapshot);
  read_extensions(db, snapshot);
  compile_rules(snapshot, read_rules(db, workspace));
  snapshot.returning = read_returning(db, workspace, snapshot.outside);
  leave_out_returning(snapshot);
  snapshot.version = read_version(db, workspace, snapshot.returning);
  transaction.commit();
  return snapshot;
}

std::string snapshot_version(db::Connection& db, const Snapshot& held) {
  db::Transaction transaction(db, db::Scope::of(held.workspace), db::Access::read);
  auto version = read_version(db, held.workspace, read_returning(db, held.workspace, held.outside));
  transaction.commit();
  return version;
}

}  // namespace ringctl::routing
