#pragma once
// Texts by key, the newest few thousand of them: the plans of calls under way, and answers that may be asked
// for again.

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "routing/snapshot.hpp"

namespace ringctl::serve {

class Memory {
 public:
  /// The oldest go when there are more than `most`, or keys and texts are more than `most_bytes`.
  Memory(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  // Any thread.
  /// The first text of a key stands; returns the one that does.
  std::string put(std::string_view key, const std::string& text);
  /// In the place of the one there is.
  void replace(std::string_view key, const std::string& text);
  /// "" if it is not (or no longer) here.
  std::string find(std::string_view key) const;

 private:
  void insert(std::string_view key, const std::string& text);
  void let_go();
  const std::size_t most_, most_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::string, routing::TextHash, std::equal_to<>> texts_;
  std::deque<std::string> order_;  ///< keys, the oldest first
  std::size_t bytes_ = 0;
};

}  // namespace ringctl::serve
