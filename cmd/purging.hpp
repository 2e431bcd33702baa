#pragma once
// What the commands share that remove what is too old.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cmd/context.hpp"

namespace ringctl::cmd {

/// "730d" ago, or a time as --since takes it.
base::Instant long_ago(const std::string& text, Context&);
/// "1 call", "1,204 calls".
std::string counted(std::int64_t n, std::string_view one, std::string_view many);

}  // namespace ringctl::cmd
