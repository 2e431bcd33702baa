#pragma once
// REST over a line that may be broken: what faults make of a request, before and after it is carried out.

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "sim/faults.hpp"
#include "sim/rest.hpp"
#include "sim/timeline.hpp"

namespace ringctl::sim {

struct Brought {
  enum class Back {
    answer,   ///< whatever it is
    nothing,  ///< it hangs, for as long as somebody waits
    reset,    ///< the connection ends
  };
  Back back = Back::answer;
  RestAnswer answer = {};
  /// How the answer comes, where there is one.
  bool cut = false, drips = false;
  std::chrono::milliseconds after{0};
};

/// Carries the request out unless a fault forbids it, and enters it into the timeline: method, path, status.
Brought bring(const RestRequest&, Rest&, Faults&, Timeline&, base::Instant now);
/// What is answered, and entered, where too many ask at once.
RestAnswer too_many(const RestRequest&, Timeline&, base::Instant now);

}  // namespace ringctl::sim
