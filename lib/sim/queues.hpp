#pragma once
// Callers who wait in line, and agents who dial a queue and wait for one of them.

#include <deque>
#include <map>
#include <string>

#include "sim/network.hpp"

namespace ringctl::sim {

class Core;
class Leg;

class Queues {
 public:
  explicit Queues(Core& core) : core_(core) {}

  /// By name; made where there is none.
  Queue& open(const std::string& name);
  /// False if it is full.
  bool enter(const Leg&, Queue&);
  /// Out of the line, if the call is still in it.
  void leave(const std::string& queue_sid, const std::string& call_sid, const std::string& why);
  /// Who is first, and no longer in the line; "" if nobody is.
  std::string take_front(const std::string& queue_sid, const std::string& by);
  bool is_in(const std::string& queue_sid, const std::string& call_sid) const;

  /// Told by an empty event of whoever enters.
  void await(const std::string& queue_sid, const std::string& dialler_sid);
  void stop_waiting(const std::string& queue_sid, const std::string& dialler_sid);

  /// QueuePosition and its like, of a call in it.
  Parameters parameters(const std::string& queue_sid, const std::string& call_sid) const;

 private:
  Core& core_;
  std::map<std::string, std::deque<std::string>> diallers_;
};

}  // namespace ringctl::sim
