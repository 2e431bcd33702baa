#pragma once
#include <cstdint>
#include <functional>

#include "messages/messages.hpp"

namespace ringctl::messages {

/// Hands out messages that are new or changed since it was asked before, each time as they are then.
class Follower {
 public:
  /// Begins with what comes next.
  Follower(db::Connection&, const base::Uuid& workspace);
  /// In a read transaction of its own.
  void poll(const std::function<void(const Message&)>&);

 private:
  db::Connection& db_;
  base::Uuid workspace_;
  std::int64_t kept_ = 0, changed_ = 0;
};

}  // namespace ringctl::messages
