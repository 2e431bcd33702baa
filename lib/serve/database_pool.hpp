#pragma once
// Connections to the database, and threads that ask it for others, so that a slow server holds up nobody but
// who asked.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "db/connection.hpp"

namespace ringctl::serve {

/// Opens a connection; throws as db::Connection::open does.
using OpenDatabase = std::function<std::unique_ptr<db::Connection>()>;

class DatabasePool {
 public:
  struct Options {
    unsigned threads = 4;          ///< 0: work is done on the thread that brings it
    std::size_t max_queue = 4096;  ///< pieces of work that may wait
  };
  DatabasePool(OpenDatabase, Options);
  ~DatabasePool();
  DatabasePool(const DatabasePool&) = delete;
  DatabasePool& operator=(const DatabasePool&) = delete;

  /// False, and nothing done, if too much is waiting. `work` throws nothing.
  bool submit(std::function<void()> work);
  /// Lends a connection, for the calling thread. One that `use` throws on is closed: what is wrong with it is
  /// not worth finding out.
  void with_connection(const std::function<void(db::Connection&)>& use);
  /// Does what waits and ends the threads. Whoever brought it must live until then.
  void stop();

 private:
  void run();
  std::unique_ptr<db::Connection> take_connection();

  const OpenDatabase open_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<db::Connection>> idle_;
  std::vector<std::thread> threads_;
};

}  // namespace ringctl::serve
