#include "serve/database_pool.hpp"

namespace ringctl::serve {

DatabasePool::DatabasePool(OpenDatabase open, Options options) : open_(std::move(open)), options_(options) {
  threads_.reserve(options_.threads);
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

DatabasePool::~DatabasePool() { stop(); }

void DatabasePool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool DatabasePool::submit(std::function<void()> work) {
  if (options_.threads == 0) {
    work();
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.max_queue) return false;
    queue_.push_back(std::move(work));
  }
  arrived_.notify_one();
  return true;
}

void DatabasePool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

void DatabasePool::with_connection(const std::function<void(db::Connection&)>& use) {
  auto connection = take_connection();
  use(*connection);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

std::unique_ptr<db::Connection> DatabasePool::take_connection() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return open_();
}

}  // namespace ringctl::serve
