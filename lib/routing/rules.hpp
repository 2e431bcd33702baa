#pragma once
// Rules of the main line, described as rows: made, changed, moved, imported and exported like those of every
// noun.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/log.hpp"
#include "records/records.hpp"

namespace ringctl::routing {

enum RuleField : std::size_t {
  k_rule_name,
  k_rule_position,
  k_rule_enabled,
  k_rule_when,
  k_rule_ring,
  k_rule_strategy,
  k_rule_ring_timeout,
};
/// name (key), position, enabled, when, ring (JSON), strategy, ring_timeout (seconds; empty: the
/// workspace's). Refused: [bad_when], [bad_ring] with the place in the JSON; what is named there and is not
/// in the workspace; a rule that would ring nobody; a number of ours as a target, which would be a loop.
const records::Noun& rules_noun();

/// Between neighbours, so that one rule can be put between two others by hand.
inline constexpr std::int64_t k_position_step = 10;

/// Where a rule shall stand among the others.
struct NewPlace {
  enum class Where { before, after, to };
  Where where;
  std::string other = {};  ///< the name of the rule before or after which
  std::int64_t place = 0;  ///< `to`: 1 is the first; past the last one is the last
};
struct Moved {
  std::string name;
  std::int64_t from = 0, to = 0;  ///< places, 1 is the first
  std::int64_t changed = 0;       ///< rules that got another position
};
/// In one transaction: the rule takes its place, and all get the positions 10, 20, 30... Each rule whose
/// position changes has its audit row. Errc::not_found [rules.unknown], Errc::usage for a place before
/// itself.
Moved move_rule(audit::Session&, const base::Uuid& workspace, std::string_view name, const NewPlace&,
                bool write);

/// The position behind all others.
std::int64_t next_position(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::routing
