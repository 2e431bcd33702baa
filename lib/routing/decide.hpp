#pragma once
// The decision: what the workspace is, and what one call brings, in; the ring plan out. Pure: the same
// snapshot and facts give the same plan, in serve, in `route explain` and in `route replay`.

#include <string>
#include <vector>

#include "routing/facts.hpp"
#include "routing/plan.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::routing {

/// Why the plan is as it is, in the order in which it was decided.
struct TraceLine {
  std::string stage;    ///< "number", "menu", "assigned", "rule", "owner", "everyone", "last", "recording"
  std::string subject;  ///< a rule's name, an agent's e-mail, a number; "" = the stage itself
  std::string verdict;  ///< "rings", "skipped", "holds", "does not hold", "used", ...
  std::string why = {};
};
using Trace = std::vector<TraceLine>;

/// Whether calls of a direction ("inbound", "outbound") are recorded. `of_number`: the number's own policy,
/// "" = the workspace's.
bool is_recorded(const directory::VoiceSettings&, const std::string& of_number, std::string_view direction);
/// Whether the one at the other end of a call is told that it is recorded. `country`: their region, "" if
/// unknown.
bool hears_consent(const directory::VoiceSettings&, bool recorded, std::string_view country);

/// Never throws but for memory. The plan has at least one step, and its last one needs nobody to answer.
Plan decide(const Snapshot&, const Facts&, Trace* = nullptr);

}  // namespace ringctl::routing
