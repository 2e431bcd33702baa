#pragma once
// Recorded calls through other rules: what would have been decided otherwise.

#include <functional>
#include <span>

#include "routing/decide.hpp"

namespace ringctl::routing {

/// The same estate with these rules (in force, in order) in the place of its own.
Snapshot with_rules(const Snapshot&, std::vector<RuleText> rules);

/// "rule \"VIP\": ring ann@example.com, bob@example.com; then voicemail": what tells plans apart, as people
/// read it.
std::string summary_of(const Snapshot&, const Plan&);

struct Difference {
  std::string call_sid, from, to;
  base::Instant started_at{};
  std::string now, then;  ///< summaries
};
struct Replayed {
  std::int64_t calls = 0, different = 0;
};
/// Inbound calls since, oldest first, decided by both snapshots as if every agent were free; those whose
/// plans differ are handed out. Contacts and numbers are as they are now, the hour is that of the call. In
/// one read transaction to list the calls, and one for the facts of each.
Replayed replay(db::Connection&, const Snapshot& now, const Snapshot& then, base::Instant since,
                const std::function<void(const Difference&)>&);

}  // namespace ringctl::routing
