#pragma once
// What came of a scenario: all that expectations are held against. Ids of the database stand by their names.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults.hpp"
#include "sim/resources.hpp"
#include "sim/timeline.hpp"

namespace ringctl::sim {

/// A row by its columns; what is absent is not there. Durations in seconds, instants as base::format_utc
/// writes them, flags as true and false.
using PlayedRow = std::map<std::string, std::string>;

/// What the database of the phone system knows.
struct Records {
  std::vector<PlayedRow> calls = {};  ///< in the order in which they began
  std::vector<PlayedRow> attempts = {}, recordings = {}, callbacks = {}, limits = {};
  std::vector<PlayedRow> texts = {};  ///< messages, in the order in which they were kept
  std::vector<PlayedRow> threads = {}, notifications = {}, opt_outs = {};
};

/// A step of a user's that was refused.
struct RefusedStep {
  std::string path = {}, name = {}, code = {}, why = {};
};

struct RestDone {
  int status = 0;
  std::string body = {};
};

struct Played {
  Instant began = {}, ended = {};
  std::map<std::string, std::string> sids = {};  ///< of calls, by the names of their steps
  std::vector<Entry> timeline = {};
  std::vector<Call> calls = {};  ///< all legs, in the order in which they came into being
  std::vector<Recording> recordings = {};
  std::vector<Message> messages = {};
  std::map<std::string, RestDone> rest = {};  ///< by the names of their steps
  std::vector<RefusedStep> refused = {};
  std::vector<int> faults = {};                                   ///< how often each of the scenario's struck
  std::vector<std::pair<std::string, std::string>> trouble = {};  ///< path, and what could not be done there
  std::optional<Records> records = {};  ///< nullopt: there was no database to look into

  const Call* find_call(const std::string& sid) const;
  /// The name of the step that made it; "" = none did.
  std::string name_of(const std::string& sid) const;
};

}  // namespace ringctl::sim
