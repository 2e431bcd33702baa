#pragma once
// Connections to the database, and threads that ask it for others, so that a slow server holds up nobody but
// who asked. While it is away nobody waits to hear so once more: one at a time looks whether it is back.

#include <chrono>
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
    unsigned threads = 4;                    ///< 0: work is done on the thread that brings it
    std::size_t max_queue = 4096;            ///< pieces of work that may wait
    std::chrono::milliseconds answer{1500};  ///< how long the database may take for one answer
    std::chrono::milliseconds rest{500};     ///< from finding it away until somebody looks again
  };
  DatabasePool(OpenDatabase, Options);
  ~DatabasePool();
  DatabasePool(const DatabasePool&) = delete;
  DatabasePool& operator=(const DatabasePool&) = delete;

  /// False, and nothing done, if too much is waiting. `work` throws nothing.
  bool submit(std::function<void()> work);
  /// Lends a connection, for the calling thread. One that `use` throws on is closed: what is wrong with it is
  /// not worth finding out. If it was only lost, which it may have been long ago, `use` gets a new one and
  /// begins again, once. Throws what `use` and opening throw, and Errc::db_down [db.away] without asking
  /// while the database is known to be away.
  void with_connection(const std::function<void(db::Connection&)>& use);
  /// Does what waits and ends the threads. Whoever brought it must live until then.
  void stop();

 private:
  void run();
  bool is_known_away();
  void note_answer(bool away);
  std::unique_ptr<db::Connection> take_idle();
  std::unique_ptr<db::Connection> open();
  void use_one(const std::function<void(db::Connection&)>& use);

  const OpenDatabase open_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<db::Connection>> idle_;
  bool away_ = false, looking_ = false;  ///< found away; somebody looks whether it still is
  std::chrono::steady_clock::time_point look_at_{};
  std::vector<std::thread> threads_;
};

}  // namespace ringctl::serve
