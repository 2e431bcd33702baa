#pragma once
// The clock that database fixtures use.

#include "support/fake_clock.hpp"

namespace ringctl::test {

using FixedClock = FakeClock;

}  // namespace ringctl::test
