#pragma once
// What the journal and its applier are to a simulation, whose database is gone with it: events wait in memory
// until somebody asks for them to be applied.

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/applier.hpp"

namespace ringctl::serve {

class HeldEvents {
 public:
  HeldEvents(Apply apply, const base::Clock& clock) : apply_(std::move(apply)), clock_(clock) {}

  // Any thread.
  void add(std::string_view bytes);
  /// Applies, on this thread, all that was added before. What is refused for its own sake is logged and let
  /// go. False if the database is away: they wait on.
  bool settle();
  std::uint64_t refused() const;

 private:
  struct Held {
    base::Instant at{};
    std::string bytes;
  };
  void apply(const std::vector<Held>&);
  void apply_some(std::span<const Record>);

  const Apply apply_;
  const base::Clock& clock_;
  std::mutex settling_mutex_;
  mutable std::mutex mutex_;
  std::vector<Held> held_;
  std::uint64_t added_ = 0, refused_ = 0;
};

}  // namespace ringctl::serve
