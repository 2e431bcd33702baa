#pragma once
// A handler that keeps those who ask waiting until it is told to answer, and remembers how many it kept at
// once.

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "net/respond.hpp"

namespace ringctl::test {

class Patient {
 public:
  void keep(net::Respond respond) {
    const std::lock_guard lock(mutex_);
    held_.push_back(std::move(respond));
    most_ = std::max(most_, held_.size());
  }
  std::size_t holding() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  std::size_t most() {
    const std::lock_guard lock(mutex_);
    return most_;
  }
  /// With `status`, all that wait now.
  void let_go(int status = 204) {
    std::vector<net::Respond> all;
    {
      const std::lock_guard lock(mutex_);
      all.swap(held_);
    }
    for (auto& respond : all) respond({.status = status});
  }

 private:
  std::mutex mutex_;
  std::vector<net::Respond> held_;
  std::size_t most_ = 0;
};

}  // namespace ringctl::test
