#pragma once
// Texts by key, the newest few thousand of them: the plans of calls under way, and answers that may be asked
// for again.

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "routing/snapshot.hpp"

namespace ringctl::serve {

class Memory {
 public:
  /// The oldest go when there are `most`.
  explicit Memory(std::size_t most) : order_(most) {}

  // Any thread.
  /// The first text of a key stands; returns the one that does.
  std::string put(std::string_view key, const std::string& text);
  /// In the place of the one there is.
  void replace(std::string_view key, const std::string& text);
  /// "" if it is not (or no longer) here.
  std::string find(std::string_view key) const;

 private:
  void insert(std::string_view key, const std::string& text);
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::string, routing::TextHash, std::equal_to<>> texts_;
  std::vector<std::string> order_;  ///< a ring of keys, the oldest at `next_`
  std::size_t next_ = 0;
};

}  // namespace ringctl::serve
