#include "serve/database_pool.hpp"

#include "base/error.hpp"
#include "db/patience.hpp"

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
  if (is_known_away()) throw Error(Errc::db_down, "db.away", "the database was away a moment ago");
  try {
    use_one(use);
    note_answer(false);
  } catch (const Error& error) {
    note_answer(error.errc() == Errc::db_down);
    throw;
  } catch (...) {
    note_answer(false);
    throw;
  }
}

/// False for the one who is to look whether it is back.
bool DatabasePool::is_known_away() {
  const std::lock_guard lock(mutex_);
  if (!away_) return false;
  if (looking_ || std::chrono::steady_clock::now() < look_at_) return true;
  looking_ = true;
  return false;
}

void DatabasePool::note_answer(bool away) {
  const std::lock_guard lock(mutex_);
  looking_ = false;
  away_ = away;
  if (!away) return;
  look_at_ = std::chrono::steady_clock::now() + options_.rest;
  idle_.clear();
}

void DatabasePool::use_one(const std::function<void(db::Connection&)>& use) {
  auto connection = take_idle();
  if (connection) {
    try {
      use(*connection);
    } catch (const Error& error) {
      // A server that hangs would only be waited for a second time.
      if (error.errc() != Errc::db_down || error.slug() == "db.no_answer") throw;
      connection.reset();
    }
  }
  if (!connection) {
    connection = open();
    use(*connection);
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

std::unique_ptr<db::Connection> DatabasePool::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

std::unique_ptr<db::Connection> DatabasePool::open() {
  auto connection = open_();
  db::answer_within(*connection, options_.answer);
  return connection;
}

}  // namespace ringctl::serve
