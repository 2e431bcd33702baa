#include "serve/deadlines.hpp"

#include <utility>

namespace ringctl::serve {

Deadlines::Deadlines(std::chrono::milliseconds limit, std::function<void(const ExchangePtr&)> late)
    : limit_(limit), late_(std::move(late)), thread_([this] { run(); }) {}

Deadlines::~Deadlines() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Deadlines::watch(const ExchangePtr& exchange) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    // Answered ones at the front would otherwise pile up until they are due.
    while (!watched_.empty() && watched_.front().exchange.expired()) watched_.pop_front();
    watched_.push_back({std::chrono::steady_clock::now() + limit_, exchange});
    wake = std::exchange(sleeps_, false);  // a thread that waits for an earlier one wakes in time for this
  }
  if (wake) changed_.notify_one();
}

void Deadlines::run() {
  while (const auto late = next_late())
    if (!late->answered()) late_(late);
}

/// The next one that is due; nullptr at the end.
ExchangePtr Deadlines::next_late() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (watched_.empty()) {
      sleeps_ = true;
      changed_.wait(lock);
    } else if (auto exchange = watched_.front().exchange.lock(); exchange == nullptr) {
      watched_.pop_front();
    } else if (const auto due = watched_.front().due; due <= std::chrono::steady_clock::now()) {
      watched_.pop_front();
      return exchange;
    } else {
      exchange.reset();
      changed_.wait_until(lock, due);
    }
  }
  return nullptr;
}

}  // namespace ringctl::serve
