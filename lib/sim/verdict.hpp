#pragma once
// A scenario's expectations held against what came of it.

#include <string>
#include <vector>

#include "sim/played.hpp"
#include "sim/scenario.hpp"

namespace ringctl::sim {

/// Where the scenario says it, what it says, and what was there.
struct Difference {
  std::string path = {}, expected = {}, found = {};
  /// "/expect/calls/lin/status: expected completed, found busy"
  std::string text() const;
};

/// None: it passes.
std::vector<Difference> judge(const Scenario&, const Played&);

// --- the parts ---
/// Who was rung for a call: those rung at one instant together, each in the order of the timeline.
std::vector<std::vector<std::string>> waves_of(const Played&, const std::string& call_sid);
/// Whoever talked with the caller: of those who picked up the one who stayed longest; "" = nobody.
std::string answered_by(const Played&, const std::string& call_sid);

// --- rows ---
/// How a cell of an expectation reads: "completed", "24", "nothing".
std::string shown_cell(const Json&);
/// Whether a column of a row is as expected. Free texts contain what is expected, times may be given from the
/// beginning on, durations within bounds.
bool cell_holds(const std::string& column, const Json& expected, const PlayedRow&, Instant began);
/// `ordered`: one after the other; else each expected row has a row of its own.
void judge_rows(const std::string& path, const std::vector<ExpectedRow>& expected,
                const std::vector<PlayedRow>& found, bool ordered, Instant began, std::vector<Difference>&);

}  // namespace ringctl::sim
