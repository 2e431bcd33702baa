#pragma once
// The texts of the statements that count, per engine. $1 is the workspace, [$2, $3) are the instants. Private
// to this room.

#include <span>
#include <string>
#include <string_view>

#include "report/counting.hpp"

namespace ringctl::report {

/// How a call went, as SQL says it, and the sums in which it counts as one.
struct Fate {
  std::string_view word;
  std::int64_t Tally::*counted[3];  ///< up to the first that is null
};
std::span<const Fate> fates();

/// key, unit, fate, calls, over, soon, answer_s, talk_s, billed_min, price_micros. NULL keys: none.
std::string calls_statement(db::Engine, Dimension);
/// key, several, transferred, rung, rung_answered, rung_declined, rung_out, rung_elsewhere, ring_s: of calls
/// with legs to users, under the call's own key.
std::string legs_statement(db::Engine, Dimension);
/// user, rung, ..., ring_s: legs under the user who was rung.
std::string legs_by_user_statement(db::Engine);
/// key, first start, last end: a row for each user who had calls. Dimension none, agent or team.
std::string spans_statement(db::Engine, Dimension);
/// key, quarter, calls.
std::string quarters_statement(db::Engine, Dimension);

}  // namespace ringctl::report
