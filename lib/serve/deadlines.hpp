#pragma once
// Every request is answered in time: past its deadline the safe answer goes out, whatever the work waits for.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "serve/exchange.hpp"

namespace ringctl::serve {

class Deadlines {
 public:
  /// `late` is called, on a thread of its own, for every exchange that was not answered `limit` after it
  /// came.
  Deadlines(std::chrono::milliseconds limit, std::function<void(const ExchangePtr&)> late);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// From now on, by the machine's clock, for the thread waits by that. Any thread.
  void watch(const ExchangePtr&);

 private:
  struct Watched {
    std::chrono::steady_clock::time_point due;
    std::weak_ptr<Exchange> exchange;  ///< one that is gone was answered
  };
  void run();
  ExchangePtr next_late();

  const std::chrono::milliseconds limit_;
  const std::function<void(const ExchangePtr&)> late_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Watched> watched_;
  bool stopping_ = false;
  bool sleeps_ = false;  ///< the thread, until it is told that there is something to watch
  std::thread thread_;
};

}  // namespace ringctl::serve
