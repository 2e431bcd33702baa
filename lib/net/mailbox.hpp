#pragma once
// Answers on their way to the thread that owns the connection. Answers given on that thread take no way at
// all.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "net/response.hpp"

namespace ringctl::net {

/// nullopt: the Respond was let go.
struct Answer {
  std::size_t slot;
  std::uint64_t serial;
  std::optional<Response> response;
};

class Mailbox {
 public:
  using Deliver = std::function<void(Answer&&)>;
  /// `deliver` is called on the owner's thread only; `wake` from any thread, and makes it call collect().
  Mailbox(Deliver deliver, std::function<void()> wake)
      : deliver_(std::move(deliver)), wake_(std::move(wake)) {}

  /// The calling thread is the owner from here on.
  void own() noexcept { owner_ = std::this_thread::get_id(); }
  void put(Answer&&) noexcept;
  /// Not now, though the caller is the owner: collect() will deliver it.
  void later(Answer&&);
  void collect();
  /// Answers go nowhere from here on; `deliver` and `wake` are called no more.
  void close() noexcept;

 private:
  Deliver deliver_;
  std::function<void()> wake_;
  std::atomic<std::thread::id> owner_{};
  std::mutex mutex_;
  bool closed_ = false;          // by mutex_
  std::vector<Answer> waiting_;  // by mutex_
  std::vector<Answer> taken_;    // the owner's, kept for its memory
};

}  // namespace ringctl::net
