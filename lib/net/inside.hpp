#pragma once
// A handler asked from inside its own process, without a wire: by a simulation that asks tens of thousands of
// times and waits for each answer. What the listener promises of a request (gate.hpp, limits.hpp) is for
// whoever asks to keep.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "net/respond.hpp"

namespace ringctl::net {

/// Belongs to one thread.
class Inside {
 public:
  /// `clock` is for the requests' ids, and outlives it.
  Inside(Handler, const base::Clock&);
  /// Answers that are still on their way go nowhere.
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  /// Waits for the answer, whichever thread gives it. nullopt: the handler let the request go, or the time is
  /// over. Throws what the handler throws.
  std::optional<Response> ask(Request, std::chrono::milliseconds within);

 private:
  const Handler handler_;
  base::UuidGenerator ids_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;  // by mutex_
  std::shared_ptr<Mailbox> mailbox_;
  std::uint64_t serial_ = 0;
  bool is_answered_ = false;
  std::optional<Response> answer_ = {};
};

}  // namespace ringctl::net
