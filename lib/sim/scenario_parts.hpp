#pragma once
// The parts of a scenario file, each read by a function of its own. Private to this room.

#include <set>
#include <string>
#include <vector>

#include "sim/scenario.hpp"
#include "sim/strict_json.hpp"

namespace ringctl::sim {

/// Names that steps gave, for what refers to them.
struct StepNames {
  std::set<std::string> calls = {}, rest = {}, acts = {}, all = {};  ///< acts: of users, on texts
};

milliseconds read_span(const JsonReader&, const Json&);
std::vector<Doing> read_doings(const JsonReader&, const Json&);
Behaviour read_behaviour(const JsonReader&, const Json&);
/// "client:ann@example.com", "+16265550101", "sip:..."
std::string read_address(const JsonReader&, const Json&);

/// `known_nouns`: and whatever else of `json` is not rows is among `others`.
std::vector<GivenRows> read_rows(const JsonReader&, const Json& json, const std::vector<std::string>& others);
std::vector<std::pair<std::string, Json>> read_workspace(const JsonReader&, const Json&);

std::vector<Step> read_steps(const JsonReader&, const Json&, StepNames&);
std::vector<FaultLine> read_faults(const JsonReader&, const Json&);
Expect read_expect(const JsonReader&, const Json&, const StepNames&);

/// For names that must be among those that were given.
void require_known(const JsonReader&, const Json&, const std::string& name,
                   const std::set<std::string>& known, std::string_view what);

}  // namespace ringctl::sim
