#pragma once
// What one call needs of the database before it can be decided: the number called, the contact who calls, and
// the plan of a call that was decided before. Asked where the request came in (SQLite: microseconds), or by
// threads of its own, so that a slow server holds nobody else up (PostgreSQL).
//
// There, what comes while others are being asked about is asked all at once when they have their answers: the
// busier it is, the less each costs. Nobody waits for company, and one alone is asked at once.

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "calls/rooms.hpp"
#include "limits/reserved.hpp"
#include "routing/facts.hpp"
#include "serve/database_pool.hpp"

namespace ringctl::serve {

struct Question {
  std::optional<base::Uuid> workspace = {};  ///< nullopt: that of the number called
  std::string from = {}, to = {}, call_sid = {};
  base::Instant now{};
  bool workspace_only = false;                 ///< of a message: nothing but whose the number is
  bool room = false;                           ///< also whether the call's parties were put into a conference
  std::optional<base::Uuid> reservation = {};  ///< also this one; from and to are then what it is of
};

struct Found {
  bool away = false;  ///< the database could not be asked; facts hold from, to and now
  std::optional<base::Uuid> workspace = {};
  routing::Facts facts = {};
  std::string plan = {};  ///< JSON of a call that the database knows; "" = it does not
  calls::RoomOfLeg room = {};
  std::optional<limits::Reserved> reserved = {};
};

class Lookups {
 public:
  using Options = DatabasePool::Options;
  static constexpr std::size_t k_most_together = 64;  ///< questions that are asked at once

  Lookups(OpenDatabase open, Options options) : options_(options), pool_(std::move(open), options) {}

  /// `done` is called once, on this thread or on another; past the queue's bound with `away`, at once. Never,
  /// if the answer is `wanted` no longer when it is there. Neither throws.
  void find(Question, std::function<bool()> wanted, std::function<void(Found)> done);
  /// Answers what was asked and ends the threads. Whoever asked must live until then.
  void stop() { pool_.stop(); }

 private:
  struct Asked {
    Question question;
    std::function<bool()> wanted;
    std::function<void(Found)> done;
  };
  bool call_another();
  void work();
  bool take(std::vector<Asked>& batch);
  void give_up();
  void answer_wanted(std::vector<Asked>& asked);
  void answer(std::span<Asked> asked);

  const Options options_;
  std::mutex mutex_;
  // By mutex_:
  std::deque<Asked> waiting_;
  unsigned working_ = 0;                              ///< threads that take from it until it is empty
  std::chrono::steady_clock::time_point taken_at_{};  ///< something was last, or somebody was called to
  DatabasePool pool_;
};

}  // namespace ringctl::serve
