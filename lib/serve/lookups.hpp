#pragma once
// What one call needs of the database before it can be decided: the number called, the contact who calls, and
// the plan of a call that was decided before. Asked where the request came in (SQLite: microseconds), or by
// threads of its own, so that a slow server holds nobody else up (PostgreSQL).

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "routing/facts.hpp"
#include "serve/estates.hpp"

namespace ringctl::serve {

struct Question {
  std::optional<base::Uuid> workspace = {};  ///< nullopt: that of the number called
  std::string from = {}, to = {}, call_sid = {};
  base::Instant now{};
  bool facts = true;  ///< else only the plan is wanted
};

struct Found {
  bool away = false;  ///< the database could not be asked; facts hold from, to and now
  std::optional<base::Uuid> workspace = {};
  routing::Facts facts = {};
  std::string plan = {};  ///< JSON of a call that the database knows; "" = it does not
};

class Lookups {
 public:
  struct Options {
    unsigned threads = 4;          ///< 0: asked on the caller's thread
    std::size_t max_queue = 4096;  ///< past it the answer is `away`, at once
  };
  Lookups(OpenDatabase, Options);
  ~Lookups();
  /// Answers what was asked and ends the threads. Whoever asked must live until then.
  void stop();
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;

  /// `done` is called once, on this thread or on another.
  void find(Question, std::function<void(Found)> done);

 private:
  struct Item {
    Question question;
    std::function<void(Found)> done;
  };
  void run();
  Found answer(const Question&);
  std::unique_ptr<db::Connection> take_connection();
  void give_back(std::unique_ptr<db::Connection>);

  const OpenDatabase open_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<db::Connection>> idle_;
  std::vector<std::thread> threads_;
};

}  // namespace ringctl::serve
