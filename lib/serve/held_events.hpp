#pragma once
// What the journal and its applier are to a simulation, whose database is gone with it: events wait in memory
// until somebody asks for them to be applied.

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/applier.hpp"
#include "serve/back_off.hpp"

namespace ringctl::serve {

struct HeldEventsOptions {
  std::chrono::milliseconds first_retry{100}, longest_retry{5000};  ///< BackOff's, as the applier's
  /// Waits between attempts; unset = this thread sleeps.
  std::function<void(std::chrono::milliseconds)> sleep = {};
};

class HeldEvents {
 public:
  /// The clock outlives it.
  HeldEvents(Apply, const base::Clock&, HeldEventsOptions = {});

  // Any thread.
  void add(std::string_view bytes);
  /// Applies, on this thread, all that was added before. What is refused for its own sake is logged and let
  /// go. While the database is away it is asked again until `within` has passed; false if it still is then,
  /// and they wait on.
  bool settle(std::chrono::milliseconds within);
  std::uint64_t refused() const;

 private:
  struct Held {
    base::Instant at{};
    std::string bytes;
  };
  bool settle_once(bool first);
  void apply(const std::vector<Held>&);

  const Apply apply_;
  const base::Clock& clock_;
  const HeldEventsOptions options_;
  std::mutex settling_mutex_;
  BackOff back_off_;          ///< whoever settles has it
  std::uint64_t numbered_ = 0;  ///< likewise
  mutable std::mutex mutex_;
  std::vector<Held> held_;
  std::uint64_t refused_ = 0;
};

}  // namespace ringctl::serve
