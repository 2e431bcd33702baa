#pragma once
// What one call needs of the database before it can be decided: the number called, the contact who calls, and
// the plan of a call that was decided before. Asked where the request came in (SQLite: microseconds), or by
// threads of its own, so that a slow server holds nobody else up (PostgreSQL).

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "routing/facts.hpp"
#include "serve/database_pool.hpp"

namespace ringctl::serve {

struct Question {
  std::optional<base::Uuid> workspace = {};  ///< nullopt: that of the number called
  std::string from = {}, to = {}, call_sid = {};
  base::Instant now{};
};

struct Found {
  bool away = false;  ///< the database could not be asked; facts hold from, to and now
  std::optional<base::Uuid> workspace = {};
  routing::Facts facts = {};
  std::string plan = {};  ///< JSON of a call that the database knows; "" = it does not
};

class Lookups {
 public:
  using Options = DatabasePool::Options;
  Lookups(OpenDatabase open, Options options) : pool_(std::move(open), options) {}

  /// `done` is called once, on this thread or on another; past the queue's bound with `away`, at once. Never,
  /// if the answer is `wanted` no longer when it is there.
  void find(Question, std::function<bool()> wanted, std::function<void(Found)> done);
  /// Answers what was asked and ends the threads. Whoever asked must live until then.
  void stop() { pool_.stop(); }

 private:
  Found answer(const Question&);
  DatabasePool pool_;
};

}  // namespace ringctl::serve
