#pragma once
#include <functional>
#include <map>

#include "calls/calls.hpp"

namespace ringctl::calls {

/// Hands out calls that are new, changed or over since it was asked before; first those that are going on. A
/// call that began more than a day ago is looked at no more until it is over.
class Follower {
 public:
  Follower(db::Connection&, const base::Uuid& workspace);
  /// In a read transaction of its own.
  void poll(base::Instant now, const std::function<void(const Call&)>&);

 private:
  db::Connection& db_;
  base::Uuid workspace_;
  std::int64_t closed_ = 0;
  std::map<base::Uuid, base::Instant> live_;
};

}  // namespace ringctl::calls
