#pragma once
// A workspace made by hand, and what a decision makes of its calls.

#include <fmt/format.h>

#include "base/uuid.hpp"
#include "routing/answer.hpp"
#include "routing/decide.hpp"
#include "support/catch.hpp"

namespace ringctl::test {

inline const std::string k_caller = "+16265550101";
inline const std::string k_called = "+12025550123";

struct World {
  World() {
    facts.from = k_caller, facts.to = k_called, facts.now = clock.now(),
    facts.number.emplace().id = ids.next();
  }

  routing::Agent& agent(const std::string& name) {
    auto& made = snapshot.agents.emplace_back();
    made.id = ids.next();
    made.email = name + "@example.com";
    return made;
  }
  World& agents(int count) {
    for (int i = 0; i < count; ++i) agent(fmt::format("agent{:03}", i));
    return *this;
  }
  void extension(const std::string& digits, const std::string& name) {
    extensions_.emplace_back(digits, name + "@example.com");
  }
  void rule(const std::string& name, const std::string& when, const std::string& ring,
            const std::string& strategy = "ring_all", int timeout = 0) {
    rules_.push_back({name, when, ring, strategy, timeout});
  }
  base::Uuid id_of(const std::string& name) const {
    for (const auto& agent : snapshot.agents)
      if (agent.email == name + "@example.com") return agent.id;
    throw std::runtime_error("no " + name);
  }
  /// The caller is a contact that these look after.
  routing::CallerContact& contact(std::initializer_list<std::string> agents = {}) {
    auto& made = facts.contact.emplace();
    made.id = ids.next();
    for (const auto& name : agents) made.agents.push_back(id_of(name));
    return made;
  }
  void presence(routing::Presence presence) {
    facts.presence = std::make_shared<const routing::Presence>(std::move(presence));
  }

  routing::Snapshot built() const {
    auto all = snapshot;
    routing::index_agents(all);
    for (const auto& [digits, email] : extensions_)
      for (std::uint32_t i = 0; i < all.agents.size(); ++i)
        if (all.agents[i].email == email && all.agents[i].is_active) all.extensions.push_back({digits, i});
    routing::compile_rules(all, rules_);
    return all;
  }
  routing::Plan plan(routing::Trace* trace = nullptr) const { return decide(built(), facts, trace); }

  /// "ann bob", each wave in brackets where there are several, phones with a +: "[ann ann+ bob] [cleo]".
  std::string rings(const routing::Step& step) const {
    std::string out;
    std::size_t next = 0;
    for (const auto wave : step.waves) {
      std::string names;
      for (int i = 0; i < wave; ++i, ++next)
        names += (names.empty() ? "" : " ") + name(step.parties.at(next));
      out += (out.empty() ? "" : " ") + (step.waves.size() > 1 ? "[" + names + "]" : names);
    }
    return out;
  }
  /// "assigned ring: ann; everyone ring: ann bob; last voicemail"
  std::string text(const routing::Plan& plan) const {
    std::string out;
    for (const auto& step : plan.steps) {
      out += fmt::format("{}{} {}", out.empty() ? "" : "; ", name_of(step.reason), name_of(step.kind));
      if (!step.parties.empty()) out += ": " + rings(step);
    }
    return out;
  }
  std::string text() const { return text(plan()); }
  /// "ann offline, bob on_a_call" of all steps.
  std::string skipped(const routing::Plan& plan) const {
    std::string out;
    for (const auto& step : plan.steps)
      for (const auto& skip : step.skipped)
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name({.user = skip.user}), name_of(skip.why));
    return out;
  }

  /// Both can be copied with the world they belong to.
  struct {
    base::Instant at = base::parse_utc("2026-03-08T12:00:00.000Z");
    base::Instant now() const { return at; }
  } clock;
  struct {
    int made = 0;
    base::Uuid next() { return base::Uuid::parse(fmt::format("0190f5fe-7c00-7a00-8000-{:012}", ++made)); }
  } ids;
  routing::Snapshot snapshot;
  routing::Facts facts;

 private:
  std::string name(const routing::Party& party) const {
    for (const auto& agent : snapshot.agents)
      if (party.user == agent.id)
        return agent.email.substr(0, agent.email.find('@')) + (party.address.empty() ? "" : "+");
    return party.address;
  }
  std::vector<std::pair<std::string, std::string>> extensions_;
  std::vector<routing::RuleText> rules_;
};

}  // namespace ringctl::test
