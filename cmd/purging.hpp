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

struct PurgeArguments {
  std::string older_than;
};
/// What is from before this time goes: "calls", say. Asks for the workspace's name, but in a dry run.
base::Instant confirmed_time(const PurgeArguments&, std::string_view what, Context&);
/// Of what went: `change` without its action and object, which is the workspace. Where nothing did, `none`
/// says what did not, and why.
void report_purge(Change change, bool any, std::string_view none, const std::string& why, Context&);
/// "1 call", "1,204 calls".
std::string counted(std::int64_t n, std::string_view one, std::string_view many);

}  // namespace ringctl::cmd
