#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

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

/// Hands out webhooks as they were kept: those of the last `back` at first, then what came since it was asked
/// before, each once. In the order they were kept, which is not always the order they came in.
class EventFollower {
 public:
  EventFollower(db::Connection&, const base::Uuid& workspace, std::chrono::seconds back = {});
  /// In a read transaction of its own. `call_sid` "" = of all calls.
  void poll(base::Instant now, std::string_view call_sid, const std::function<void(const KeptEvent&)>&);

 private:
  db::Connection& db_;
  base::Uuid workspace_;
  std::chrono::seconds back_;
  base::Instant look_from(base::Instant now) const;

  std::optional<base::Instant> newest_ = {};        ///< of those seen, when it was kept
  std::map<std::string, base::Instant> seen_ = {};  ///< by id, those that are looked at again
};

}  // namespace ringctl::calls
