#pragma once
// From the agents a step is for to the parties that ring, in what order and in which waves. Private to this
// room.

#include <cstdint>
#include <span>
#include <vector>

#include "routing/decide.hpp"

namespace ringctl::routing {

/// Who may be rung, in the order in which the step names them.
struct Wanted {
  Reason reason;
  StepKind kind = StepKind::ring;
  Strategy strategy = Strategy::ring_all;
  int ring_timeout_s = 0;     ///< of the step, or of each of its waves; 0 = the workspace's
  bool both_devices = false;  ///< client and phone, whatever the user prefers (R103)
  std::vector<RuleParty> parties = {};
};

/// Agents' state during one decision.
class Parties {
 public:
  Parties(const Snapshot&, const Facts&, Trace*);

  /// Nothing to ring: a step without parties, with those it skipped.
  Step step_for(const Wanted&);

 private:
  struct Candidate {
    std::int64_t order = 0;              ///< what the strategy sorts by
    std::uint32_t first = 0, count = 0;  ///< their parties in `pool_`
  };
  std::optional<Skipped> unavailable(AgentIndex) const;
  void add_agent(AgentIndex, const Wanted&, Step&);
  void add_outside(const RuleParty&, Step&);
  void add_candidate(std::size_t before, std::int64_t order);
  void skip(AgentIndex, Skipped, Step&);
  void leave_out(const Candidate&, Step&);
  void note(const Step&, const std::string& subject, std::string_view verdict, std::string_view why);
  void arrange(Strategy);
  std::int64_t idle_since(AgentIndex) const;
  void fill_one_by_one(const Wanted&, Step&);
  void fill_together(const Wanted&, Step&);
  void take(const Candidate&, Step&);
  const Presence::Used* used_of(AgentIndex) const;

  const Snapshot& s_;
  const Facts& f_;
  Trace* trace_;
  std::vector<bool> on_call_;
  std::vector<const Presence::Used*> used_;
  // Of the step at hand:
  std::vector<Candidate> candidates_;
  std::vector<Party> pool_;
  std::vector<bool> taken_;
};

}  // namespace ringctl::routing
