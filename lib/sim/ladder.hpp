#pragma once
// What happened as a ladder diagram for terminals: a column for each party, time downwards, and an arrow for
// what one does to another.

#include <cstddef>
#include <string>

#include "sim/played.hpp"

namespace ringctl::sim {

struct LadderOptions {
  std::size_t width = 80;  ///< columns; at least 40
  bool utf8 = true;        ///< else ASCII alone
};

/// Ends in a newline; "" where nothing happened.
std::string ladder(const Played&, const LadderOptions& = {});

/// Since the beginning, as diagrams and timelines say it: "0:04.0", "1:02:03.5".
std::string clock_text(milliseconds since_beginning);

/// The timeline for people, a line per entry: when, which call, what.
std::string timeline_text(const Played&);

}  // namespace ringctl::sim
