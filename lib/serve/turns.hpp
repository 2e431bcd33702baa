#pragma once
// Whose turn it is, for round_robin: every rule counts its own calls.

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace ringctl::serve {

class Turns {
 public:
  /// One more than the last time; the first of a process begins anywhere, so that restarts favour nobody.
  /// Any thread.
  std::uint64_t next(const base::Uuid& workspace, std::string_view rule, base::Instant now);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> turns_;
};

}  // namespace ringctl::serve
