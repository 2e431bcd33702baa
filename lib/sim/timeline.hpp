#pragma once
// What happened, in its order: what `sim run` prints, what scenarios' expectations are held against, and what
// ladder diagrams are drawn from. Free of everything that differs from run to run (ports, real time), so that
// one seed gives one timeline, byte for byte.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace ringctl::sim {

enum class What {
  call,        ///< a leg came into being: from, to
  status,      ///< of a leg: what it became
  webhook,     ///< Twilio asked: kind, path; and what it got: status, the verbs of the TwiML in one line
  heard,       ///< Say, Play: what whoever is on the leg heard
  did,         ///< what an actor did: "presses 101", "answers", "hangs up"
  conference,  ///< who joined, left, was muted
  queue,       ///< who waits, who left and why
  recording,
  message,
  rest,     ///< a REST request and its status
  fault,    ///< what the scenario broke
  problem,  ///< Twilio would write it into its debugger: code and text
};
std::string_view name_of(What);

struct Entry {
  base::Instant at = {};
  What what = What::call;
  std::string call_sid = {};  ///< the leg it is about; "" = none
  std::string text = {};      ///< one line for people
  /// For expectations and `-o json`, by name: from, to, status, kind, url, http, body, code...
  std::vector<std::pair<std::string, std::string>> facts = {};

  /// "" where there is none.
  std::string_view fact(std::string_view name) const;
};

class Timeline {
 public:
  /// `listener` is told of every entry as it comes; empty: nobody.
  explicit Timeline(std::function<void(const Entry&)> listener = {}) : listener_(std::move(listener)) {}
  void add(Entry entry);
  const std::vector<Entry>& entries() const { return entries_; }
  /// How many there were before the first of entries() that are kept no more.
  std::size_t forgotten() const { return forgotten_; }
  /// A network that runs for weeks keeps the latest of them: at most so many. 0 = all.
  void keep(std::size_t most) { most_ = most; }

 private:
  std::function<void(const Entry&)> listener_;
  std::vector<Entry> entries_;
  std::size_t most_ = 0, forgotten_ = 0;
};

}  // namespace ringctl::sim
