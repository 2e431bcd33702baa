#pragma once
// A call that one of ours places from a browser or desk client: counted against the limits before it is
// dialled, which is the one thing that waits for the database.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "limits/reserve.hpp"
#include "serve/estates.hpp"

namespace ringctl::serve {

/// "agent_" and the user's id, with hyphens or without (R146); nullopt for anything else.
std::optional<base::Uuid> user_of_identity(std::string_view identity);

struct Placed {
  limits::Verdict verdict;
  std::string problem;  ///< why there is no verdict: "unknown_agent", "bad_destination"; "" = there is
};

class Outbound {
 public:
  struct Options {
    unsigned threads = 2;
    std::size_t max_queue = 1024;
  };
  Outbound(OpenDatabase, const base::Clock&, Options);
  ~Outbound();
  /// Answers what was asked and ends the threads. Whoever asked must live until then.
  void stop();
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;

  /// `done` is called once, on a thread of its own, or here when too much is waiting.
  void place(const base::Uuid& workspace, limits::Request, std::function<void(const Placed&)> done);

 private:
  struct Item {
    base::Uuid workspace;
    limits::Request request;
    std::function<void(const Placed&)> done;
  };
  void run();
  Placed answer(std::unique_ptr<db::Connection>&, base::UuidGenerator&, const Item&) const;

  const OpenDatabase open_;
  const base::Clock& clock_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ringctl::serve
