// From what a rule says to what can be tested in nanoseconds: numbers and countries become integers, texts
// places in one table, names of people places among the agents. Cheap and choosy tests come first.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "routing/codes.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::routing {
namespace {

class Compiler {
 public:
  explicit Compiler(Snapshot& snapshot) : s_(snapshot) {}

  /// Tests of one `when`, in one piece.
  Group group(const When& when) {
    std::vector<Test> tests;
    using Kind = Test::Kind;
    add_integers(tests, Kind::called, when.called, number_code);
    if (when.known) add(tests, Kind::known, {*when.known ? 1U : 0U});
    add_integers(tests, Kind::caller_country, when.caller_country, country_code);
    add_texts(tests, Kind::caller_prefix, when.caller_prefix, false);
    const auto& contact = when.contact;
    add_texts(tests, Kind::lead_status, contact.lead_status, true);
    add_texts(tests, Kind::product, contact.product, true);
    add_texts(tests, Kind::market, contact.market, true);
    add_texts(tests, Kind::state, contact.state, true);
    add_texts(tests, Kind::tags, contact.tags, true);
    add_integers(tests, Kind::country, contact.country, country_code);
    if (contact.assigned) add(tests, Kind::assigned, {*contact.assigned ? 1U : 0U});
    if (when.days != 0 || !when.hours.empty() || !when.holidays.empty()) {
      add(tests, Kind::time, {s_.times.size()});
      s_.times.push_back({when.days, when.hours, when.holidays});
    }
    add_groups(tests, Kind::all, when.all);
    add_groups(tests, Kind::any, when.any);
    add_groups(tests, Kind::none, when.none);
    const Group group{static_cast<std::uint32_t>(s_.tests.size()), static_cast<std::uint32_t>(tests.size())};
    s_.tests.insert(s_.tests.end(), tests.begin(), tests.end());
    return group;
  }

 private:
  void add(std::vector<Test>& tests, Test::Kind kind, const std::vector<std::uint64_t>& values) {
    tests.push_back(
        {kind, static_cast<std::uint32_t>(s_.values.size()), static_cast<std::uint32_t>(values.size())});
    s_.values.insert(s_.values.end(), values.begin(), values.end());
  }

  template <class Code>
  void add_integers(std::vector<Test>& tests, Test::Kind kind, const std::vector<std::string>& texts,
                    Code code) {
    if (texts.empty()) return;
    std::vector<std::uint64_t> values;
    for (const auto& text : texts) values.push_back(code(text));
    add(tests, kind, values);
  }

  void add_texts(std::vector<Test>& tests, Test::Kind kind, const std::vector<std::string>& texts,
                 bool folded) {
    if (texts.empty()) return;
    std::vector<std::uint64_t> values;
    for (const auto& text : texts) values.push_back(place_of(folded ? base::fold(text) : text));
    add(tests, kind, values);
  }

  void add_groups(std::vector<Test>& tests, Test::Kind kind, const std::vector<When>& parts) {
    if (parts.empty()) return;
    std::vector<std::uint64_t> values;
    for (const auto& part : parts) {
      const auto compiled = group(part);
      values.push_back(s_.groups.size());
      s_.groups.push_back(compiled);
    }
    add(tests, kind, values);
  }

  std::uint64_t place_of(const std::string& text) {
    const auto [place, fresh] = s_.text_places.emplace(text, s_.texts.size());
    if (fresh) s_.texts.push_back(text);
    return place->second;
  }

  Snapshot& s_;
};

/// The agents a target stands for; nullopt: what it names is gone.
class People {
 public:
  explicit People(const Snapshot& snapshot) : s_(snapshot) {}

  std::vector<AgentIndex> of(const Target& target) const {
    switch (target.kind) {
      case TargetKind::team:
        return those([&](const Agent& agent) { return agent.in_everyone && agent.team == target.text; });
      case TargetKind::skill: {
        const auto skill = base::fold(target.text);
        return those([&](const Agent& agent) {
          const auto& skills = agent.skills;
          return agent.in_everyone && std::find(skills.begin(), skills.end(), skill) != skills.end();
        });
      }
      case TargetKind::extension: {
        for (const auto& extension : s_.extensions)
          if (extension.digits == target.text) return {extension.agent};
        return {};
      }
      default:
        break;
    }
    return those([&](const Agent& agent) { return agent.email == target.text; }, true);
  }

 private:
  /// Somebody who was named and is deactivated is found all the same: the trace shall say so.
  template <class Fits>
  std::vector<AgentIndex> those(Fits fits, bool inactive = false) const {
    std::vector<AgentIndex> found;
    for (AgentIndex i = 0; i < s_.agents.size(); ++i)
      if ((s_.agents[i].is_active || inactive) && fits(s_.agents[i])) found.push_back(i);
    return found;
  }
  const Snapshot& s_;
};

StepKind step_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::message:
      return StepKind::message;
    case TargetKind::voicemail:
      return StepKind::voicemail;
    case TargetKind::reject:
      return StepKind::reject;
    case TargetKind::hangup:
      return StepKind::hangup;
    default:
      return StepKind::ring;
  }
}

void add_party(const Target& target, const People& people, RuleStep& step, std::vector<std::string>& gone) {
  using Kind = RuleParty::Kind;
  if (target.kind == TargetKind::owner) {
    step.parties.push_back({.kind = Kind::owner});
  } else if (target.kind == TargetKind::number || target.kind == TargetKind::assistant) {
    step.parties.push_back({target.kind == TargetKind::number ? Kind::number : Kind::sip, 0, target.text});
  } else {
    const auto agents = people.of(target);
    for (const auto agent : agents) step.parties.push_back({.kind = Kind::agent, .agent = agent});
    if (agents.empty())
      gone.push_back(fmt::format("{} {}", name_of(target.kind), base::in_quotes(target.text)));
  }
}

/// Targets one after the other: parties that follow each other ring in one step.
void add_steps(const Ring& ring, const People& people, Rule& rule) {
  for (const auto& target : ring.targets) {
    if (target.kind == TargetKind::queue) {
      rule.steps.back().kind = StepKind::queue;
      continue;
    }
    const auto kind = step_of(target.kind);
    if (kind != StepKind::ring || rule.steps.empty() || rule.steps.back().kind != StepKind::ring)
      rule.steps.push_back({.kind = kind});
    if (kind == StepKind::ring)
      add_party(target, people, rule.steps.back(), rule.gone);
    else
      rule.steps.back().text = target.text;
  }
}

void note_outside(Snapshot& snapshot) {
  auto& outside = snapshot.outside;
  for (const auto& rule : snapshot.rules)
    for (const auto& step : rule.steps)
      for (const auto& party : step.parties)
        if (party.kind == RuleParty::Kind::number) outside.push_back(party.address);
  std::sort(outside.begin(), outside.end());
  outside.erase(std::unique(outside.begin(), outside.end()), outside.end());
}

}  // namespace

void leave_out_returning(Snapshot& snapshot) {
  const auto& ours = snapshot.returning;
  for (auto& rule : snapshot.rules)
    for (auto& step : rule.steps)
      std::erase_if(step.parties, [&](const RuleParty& party) {
        const bool returns = party.kind == RuleParty::Kind::number &&
                             std::find(ours.begin(), ours.end(), party.address) != ours.end();
        if (returns) rule.returning.push_back(party.address);
        return returns;
      });
}

std::string_view name_of(Test::Kind kind) {
  static constexpr std::array<std::string_view, 15> k_names{"called",
                                                            "caller/known",
                                                            "caller/country",
                                                            "caller/prefix",
                                                            "contact/lead_status",
                                                            "contact/product",
                                                            "contact/market",
                                                            "contact/state",
                                                            "contact/tags",
                                                            "contact/country",
                                                            "contact/assigned",
                                                            "time",
                                                            "all",
                                                            "any",
                                                            "not"};
  return k_names.at(static_cast<std::size_t>(kind));
}

void compile_rules(Snapshot& snapshot, const std::vector<RuleText>& texts) {
  Compiler compiler(snapshot);
  const People people(snapshot);
  for (const auto& text : texts) {
    base::Finding finding;
    const auto when = try_parse_when(text.when, finding);
    const auto ring = when ? try_parse_ring(text.ring, finding) : std::nullopt;
    const auto strategy = strategy_of(text.strategy);
    if (!ring || !strategy) {  // written behind ringctl's back
      snapshot.broken.push_back({text.name, finding ? finding.message : "has no known strategy"});
      continue;
    }
    Rule rule{.name = text.name,
              .when = compiler.group(*when),
              .after_assigned = when->after_assigned,
              .recorded = ring->recorded,
              .strategy = *strategy,
              .ring_timeout_s = text.ring_timeout_s};
    add_steps(*ring, people, rule);
    snapshot.wants_usage |= *strategy == Strategy::least_used;
    snapshot.rules.push_back(std::move(rule));
  }
  note_outside(snapshot);
  leave_out_returning(snapshot);
}

}  // namespace ringctl::routing
