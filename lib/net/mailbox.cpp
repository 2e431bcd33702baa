#include "net/mailbox.hpp"

#include <exception>
#include <utility>

namespace ringctl::net {

void Mailbox::put(Answer&& answer) noexcept {
  try {
    if (owner_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
      if (!closed_) deliver_(std::move(answer));  // only the owner closes
    } else {
      later(std::move(answer));
    }
  } catch (const std::exception&) {
    // No memory for the answer. The connection's own time limit answers instead, and counts it.
    return;
  }
}

void Mailbox::later(Answer&& answer) {
  const std::lock_guard guard(mutex_);
  if (closed_) return;
  waiting_.push_back(std::move(answer));
  if (waiting_.size() == 1) wake_();
}

void Mailbox::collect() {
  {
    const std::lock_guard guard(mutex_);
    taken_.swap(waiting_);
  }
  for (auto& answer : taken_) deliver_(std::move(answer));
  taken_.clear();
}

void Mailbox::close() noexcept {
  const std::lock_guard guard(mutex_);
  closed_ = true;
  waiting_.clear();
}

}  // namespace ringctl::net
