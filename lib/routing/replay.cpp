#include "routing/replay.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "calls/calls.hpp"
#include "db/transaction.hpp"

namespace ringctl::routing {
namespace {

/// What a decision needs of a call; a log of millions is held so, not whole.
struct Recorded {
  std::string call_sid, from, to;
  base::Instant started_at;
};

std::vector<Recorded> recorded_calls(db::Connection& db, const base::Uuid& workspace, base::Instant since) {
  std::vector<Recorded> all;
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  calls::for_each(db, workspace, {.since = since, .direction = "inbound"}, {.descending = false}, 0,
                  [&](const calls::Call& call) {
                    all.push_back({call.call_sid, call.from_number, call.to_number, call.started_at});
                  });
  transaction.commit();
  return all;
}

std::string text_of(const Snapshot& snapshot, const Step& step) {
  std::vector<std::string> who;
  for (const auto& party : step.parties) {
    const auto agent = party.user ? snapshot.find_agent(*party.user) : std::nullopt;
    auto name = agent ? snapshot.agents[*agent].email : party.address;
    if (who.empty() || who.back() != name) who.push_back(std::move(name));
  }
  constexpr std::size_t k_most = 5;
  const auto more = who.size() > k_most ? who.size() - k_most : 0;
  who.resize(who.size() - more);
  auto text = std::string(name_of(step.kind));
  if (!who.empty()) text += " " + base::join(who, ", ");
  if (more > 0) text += fmt::format(" and {} more", more);
  if (step.strategy != Strategy::ring_all) text += fmt::format(" ({})", name_of(step.strategy));
  return text;
}

/// What they are doing now says nothing of then.
Snapshot with_all_online(Snapshot snapshot) {
  for (auto& agent : snapshot.agents) agent.availability = Availability::online;
  return snapshot;
}

}  // namespace

Snapshot with_rules(const Snapshot& snapshot, std::vector<RuleText> rules) {
  Snapshot other{.workspace = snapshot.workspace,
                 .name = snapshot.name,
                 .zone = snapshot.zone,
                 .settings = snapshot.settings,
                 .version = snapshot.version,
                 .agents = snapshot.agents,
                 .extensions = snapshot.extensions,
                 .returning = snapshot.returning};
  index_agents(other);
  compile_rules(other, rules);
  return other;
}

std::string summary_of(const Snapshot& snapshot, const Plan& plan) {
  std::string text = plan.rule.empty() ? std::string(name_of(plan.routed_by))
                                       : fmt::format("rule {}", base::in_quotes(plan.rule));
  text += ": ";
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    text += (i == 0 ? "" : "; then ") + text_of(snapshot, plan.steps[i]);
  return text;
}

Replayed replay(db::Connection& db, const Snapshot& rules_now, const Snapshot& rules_then,
                base::Instant since, const std::function<void(const Difference&)>& visit) {
  const auto now = with_all_online(rules_now), then = with_all_online(rules_then);
  Replayed replayed;
  for (const auto& call : recorded_calls(db, now.workspace, since)) {
    auto facts = read_facts(db, now.workspace, call.from, call.to, call.started_at);
    facts.turn = static_cast<std::uint64_t>(replayed.calls++);
    const auto plan = decide(now, facts), other = decide(then, facts);
    if (plan == other) continue;
    ++replayed.different;
    visit(
        {call.call_sid, call.from, call.to, call.started_at, summary_of(now, plan), summary_of(then, other)});
  }
  return replayed;
}

}  // namespace ringctl::routing
