#pragma once
// The plans of calls that are under way, so that what follows a decision does not wait for the database to
// have it. Bounded: the oldest go first, and are found in the database.

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/uuid.hpp"
#include "routing/plan.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::serve {

class Plans {
 public:
  explicit Plans(std::size_t most = 16'384) : order_(most) {}

  // Any thread.
  /// The first plan of a call stands; returns the one that does.
  std::string put(std::string_view call_sid, std::string json);
  /// "" if it is not (or no longer) here.
  std::string find(std::string_view call_sid) const;
  /// In the place of the one there is: a caller who pressed an extension has another plan from there on.
  void replace(std::string_view call_sid, std::string json);

 private:
  void insert(std::string_view call_sid, std::string json);
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::string, routing::TextHash, std::equal_to<>> plans_;
  std::vector<std::string> order_;  ///< a ring of SIDs, oldest at `next_`
  std::size_t next_ = 0;
};

}  // namespace ringctl::serve
