#pragma once
// Who is on a call, as far as this process has heard and the database has not: an agent who just answered
// must not be rung by the next caller, and what was heard takes a moment to get there.

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "routing/facts.hpp"

namespace ringctl::serve {

class Talking {
 public:
  /// `keep`: how long what was heard is believed against the database. Longer than it takes to get there.
  explicit Talking(std::chrono::milliseconds keep = std::chrono::seconds(30)) : keep_(keep) {}

  // Any thread.
  void answered(const base::Uuid& workspace, const base::Uuid& user, std::string_view leg_sid,
                base::Instant at);
  void ended(const base::Uuid& workspace, const base::Uuid& user, std::string_view leg_sid, base::Instant at);

  /// What the database says, corrected by what was heard; the same object where there is nothing to correct.
  std::shared_ptr<const routing::Presence> corrected(const base::Uuid& workspace,
                                                     std::shared_ptr<const routing::Presence>,
                                                     base::Instant now) const;
  /// Legs that are remembered: those heard of within `keep`, as of the last one.
  std::size_t size() const;

 private:
  struct Heard {
    base::Uuid workspace, user;
    bool talking = false;
    base::Instant at;
  };
  void hear(std::string_view leg_sid, const Heard&, bool in_any_case);

  const std::chrono::milliseconds keep_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Heard> legs_;              ///< by SID; an end stays an end
  std::deque<std::pair<base::Instant, std::string>> order_;  ///< when which SID was heard of, oldest first
};

}  // namespace ringctl::serve
