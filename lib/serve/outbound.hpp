#pragma once
// A call that one of ours places from a browser or desk client: counted against the limits before it is
// dialled, which is the one thing that waits for the database.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "calls/parties.hpp"
#include "limits/reserve.hpp"
#include "serve/database_pool.hpp"

namespace ringctl::serve {

using calls::user_of_identity;

struct Placed {
  limits::Verdict verdict;
  /// Why there is no verdict: "unknown_agent", "bad_destination", "bad_from_number"; "" = there is.
  std::string problem;
};

class Outbound {
 public:
  using Options = DatabasePool::Options;
  /// The clock outlives it.
  Outbound(OpenDatabase open, const base::Clock& clock, Options options)
      : clock_(clock), pool_(std::move(open), options) {}

  /// `done` is called once, on a thread of its own, or here when too much is waiting. A call that is `wanted`
  /// no longer is not counted, or given back, and nobody hears of it.
  void place(const base::Uuid& workspace, limits::Request, const std::function<bool()>& wanted,
             const std::function<void(const Placed&)>& done);
  /// Answers what was asked and ends the threads. Whoever asked must live until then.
  void stop() { pool_.stop(); }

 private:
  Placed answer(const base::Uuid& workspace, const limits::Request&);
  void give_back(const base::Uuid& workspace, const limits::Verdict&);
  Placed ask(db::Connection&, const base::Uuid& workspace, const limits::Request&) const;
  const base::Clock& clock_;
  DatabasePool pool_;
};

}  // namespace ringctl::serve
