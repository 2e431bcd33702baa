#include "routing/rule_references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "records/values.hpp"
#include "routing/rule.hpp"
#include "routing/rules.hpp"

namespace ringctl::routing {
namespace {

using records::Candidate;
using records::Lapse;
using Names = std::set<std::string, std::less<>>;

/// What a candidate says, where that matters.
struct Said {
  Candidate* candidate;
  When when;
  Ring ring;
};

bool goes_live(const Candidate& candidate) {
  if (candidate.finding || candidate.after[k_rule_enabled] != "yes") return false;
  const auto same = [&](RuleField field) { return candidate.before[field] == candidate.after[field]; };
  return candidate.before.empty() || !same(k_rule_when) || !same(k_rule_ring) || !same(k_rule_enabled);
}

std::vector<Said> said_by(std::span<Candidate> candidates) {
  std::vector<Said> said;
  base::Finding ignored;
  for (auto& candidate : candidates) {
    if (!goes_live(candidate)) continue;
    auto when = try_parse_when(candidate.after[k_rule_when], ignored);
    auto ring = try_parse_ring(candidate.after[k_rule_ring], ignored);
    if (when && ring) said.push_back({&candidate, std::move(*when), std::move(*ring)});
  }
  return said;
}

void add_called(const When& when, Names& numbers) {
  numbers.insert(when.called.begin(), when.called.end());
  for (const auto* parts : {&when.all, &when.any, &when.none})
    for (const auto& part : *parts) add_called(part, numbers);
}

Names texts_of(const std::vector<Said>& all, TargetKind kind) {
  Names texts;
  for (const auto& said : all)
    for (const auto& target : said.ring.targets)
      if (target.kind == kind) texts.insert(target.text);
  return texts;
}

/// The workspace as far as these rules name it.
class Estate {
 public:
  Estate(db::Connection& db, const base::Uuid& workspace, const std::vector<Said>& all)
      : db_(db), workspace_(workspace) {
    read_users();
    for (const auto& team : texts_of(all, TargetKind::team)) wanted_.push_back(team);
    teams = find("SELECT name FROM teams WHERE workspace_id = $1 AND {}", "name");
    for (const auto& extension : texts_of(all, TargetKind::extension)) wanted_.push_back(extension);
    extensions =
        find("SELECT extension FROM user_extensions WHERE workspace_id = $1 AND is_active = TRUE AND {}",
             "extension");
    auto called = texts_of(all, TargetKind::number);
    for (const auto& said : all) add_called(said.when, called);
    wanted_.assign(called.begin(), called.end());
    const auto same = wanted_;
    numbers = find("SELECT phone_number FROM phone_numbers WHERE workspace_id = $1 AND {}", "phone_number");
    wanted_ = same;
    returning = find(
        "SELECT phone_number FROM phone_numbers WHERE workspace_id = $1 AND provider = 'twilio' AND "
        "trunk_sid IS NULL AND {}",
        "phone_number");
  }

  std::map<std::string, bool, std::less<>> users;  ///< e-mail -> active
  Names teams, extensions, numbers;
  Names returning;              ///< of the numbers, those whose calls come to us
  Names staffed_teams, skills;  ///< of those who are active; skills folded

 private:
  void read_users() {
    auto rows = db_.query(
        "SELECT u.email, u.is_active, u.role, u.skills, t.name FROM users u LEFT JOIN teams t ON t.id = u.team_id "
        "WHERE u.workspace_id = $1",
        {workspace_});
    while (rows.next()) {
      users.emplace(rows.text(0), rows.boolean(1));
      if (!rows.boolean(1) || (rows.text(2) != "agent" && rows.text(2) != "admin")) continue;
      staffed_teams.emplace(rows.text(4));
      const auto listed = records::list_text(rows.text(3));
      for (const auto skill : base::split(listed, '|')) skills.insert(base::fold(skill));
    }
  }

  /// Of those wanted, the ones there are.
  Names find(fmt::format_string<std::string> sql, std::string_view column) {
    Names found;
    if (!wanted_.empty()) {
      const auto array = nlohmann::json(wanted_).dump();
      auto rows = db_.query(fmt::format(sql, db_.among(column, "$2")), {workspace_, array});
      while (rows.next()) found.emplace(rows.text(0));
    }
    wanted_.clear();
    return found;
  }

  db::Connection& db_;
  const base::Uuid& workspace_;
  std::vector<std::string> wanted_;
};

struct Wrong {
  Lapse lapse = Lapse::none;
  base::Finding finding = {};
};
Wrong dangling(std::string_view code, std::string message) {
  return {Lapse::dangling, {std::string(code), std::move(message)}};
}
Wrong idle(std::string_view code, std::string message) {
  return {Lapse::idle, {std::string(code), std::move(message)}};
}

/// What is wrong with a target on its own.
Wrong wrong_with(const Target& target, const Estate& estate) {
  const auto named = base::in_quotes(target.text);
  switch (target.kind) {
    case TargetKind::user: {
      const auto user = estate.users.find(target.text);
      if (user == estate.users.end())
        return dangling("unknown_user", fmt::format("{} is no user of this workspace", named));
      if (!user->second) return idle("agent_inactive", fmt::format("{} is not active", target.text));
      return {};
    }
    case TargetKind::team:
      if (estate.teams.contains(target.text)) return {};
      return dangling("unknown_team", fmt::format("{} is no team of this workspace", named));
    case TargetKind::extension:
      if (estate.extensions.contains(target.text)) return {};
      return dangling("unknown_extension", fmt::format("{} is no extension that is in use", named));
    case TargetKind::number:
      if (!estate.returning.contains(target.text)) return {};
      return idle("rings_itself",
                  fmt::format("{} is a number of ours: the call would come back", target.text));
    default:
      return {};
  }
}

bool is_somebody(const Target& target, const Estate& estate) {
  if (target.kind == TargetKind::team) return estate.staffed_teams.contains(target.text);
  if (target.kind == TargetKind::skill) return estate.skills.contains(base::fold(target.text));
  return true;
}

/// The worst of it, so that who left does not hide who never was.
Wrong wrong_with(const Ring& ring, const Estate& estate) {
  bool somebody = false;
  Wrong worst;
  for (std::size_t i = 0; i < ring.targets.size(); ++i) {
    const auto& target = ring.targets[i];
    auto wrong = wrong_with(target, estate);
    if (wrong.lapse > worst.lapse) {
      worst = std::move(wrong);
      worst.finding.message = fmt::format("/ring/{}/{}: {}", i, name_of(target.kind), worst.finding.message);
    }
    somebody = somebody || is_somebody(target, estate);
  }
  if (somebody || worst.finding) return worst;
  const auto& first = ring.targets.front();
  const auto named = base::in_quotes(first.text);
  return idle("rings_nobody",
              first.kind == TargetKind::skill
                  ? fmt::format("/ring: nobody who is active has the skill {}", named)
                  : fmt::format("/ring: nobody who is active is in {} {}", name_of(first.kind), named));
}

void note(const Wrong& wrong, std::size_t field, Candidate& candidate) {
  candidate.finding = wrong.finding;
  candidate.lapse = wrong.lapse;
  candidate.field = field;
}

void inspect(const Said& said, const Estate& estate) {
  Names called;
  add_called(said.when, called);
  for (const auto& number : called) {
    if (estate.numbers.contains(number)) continue;
    const auto message = fmt::format("/when/called: {} is no number of this workspace", number);
    return note(dangling("unknown_number", message), k_rule_when, *said.candidate);
  }
  note(wrong_with(said.ring, estate), k_rule_ring, *said.candidate);
}

}  // namespace

void inspect_references(db::Connection& db, const base::Uuid& workspace, std::span<Candidate> candidates) {
  const auto all = said_by(candidates);
  if (all.empty()) return;
  const Estate estate(db, workspace, all);
  for (const auto& said : all) inspect(said, estate);
}

}  // namespace ringctl::routing
