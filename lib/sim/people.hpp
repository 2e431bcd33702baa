#pragma once
// Whoever holds the other ends of the legs: how each address takes calls, and what a person does on one.

#include <map>
#include <string>
#include <vector>

#include "sim/behaviour.hpp"
#include "sim/task.hpp"

namespace ringctl::sim {

class Leg;

class People {
 public:
  void set(const std::string& address, Behaviour behaviour) { known_[address] = std::move(behaviour); }
  bool knows(const std::string& address) const { return known_.count(address) > 0; }
  /// As was told of the address; else a telephone answers after three seconds, and a client is not there.
  Behaviour of(const std::string& address) const;

 private:
  std::map<std::string, Behaviour> known_;
};

/// One thing after the other, until the leg is over.
Task<void> act(Leg& leg, std::vector<Doing> then);
/// One thing, now; what waits is nothing.
void do_at_once(Leg& leg, const Doing& doing);

}  // namespace ringctl::sim
