#pragma once
// A scenario: what is there, what happens, and what shall come of it. ringctl-scenario(5) describes the
// format; reading is strict, so that no expectation is passed over because of a slip of the pen.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "sim/behaviour.hpp"
#include "sim/faults.hpp"
#include "sim/strict_json.hpp"
#include "sim/web.hpp"

namespace ringctl::sim {

using std::chrono::milliseconds;

/// Rows as `NOUN import` takes them, in the order in which nouns depend on each other.
struct GivenRows {
  std::string noun = {};        ///< "users"
  std::vector<Json> rows = {};  ///< objects
};

/// The estate.
struct Given {
  std::filesystem::path estate = {};  ///< folder of NOUN.csv files and rules.json; "" = none
  /// zone, country, and what else `workspaces update` sets.
  std::vector<std::pair<std::string, Json>> workspace = {};
  std::vector<GivenRows> nouns = {};
};

// --- steps ---
/// A telephone calls one of our numbers.
struct CallStep {
  std::string name = {}, from = {}, to = {};
  Parameters with = {};
  std::vector<Doing> then = {};
};
/// A browser of ours calls somebody.
struct ClientCallStep {
  std::string name = {}, from = {}, to = {};
  Parameters with = {};
  std::vector<Doing> then = {};
};
struct TextStep {
  std::string name = {}, from = {}, to = {}, body = {};
  std::vector<std::string> media = {};
  Parameters with = {};  ///< further parameters of the webhook
};
/// A user of ours sends a text, as `messages send` does.
struct SendStep {
  std::string name = {}, as = {}, to = {}, from = {}, body = {};
  std::vector<std::string> media = {};
  bool name_extension = false;
};
/// A user of ours takes a conversation, gives it back or hands it over, as `messages claim` and the like do.
struct ThreadStep {
  enum class What { claim, release, reassign };
  What what = What::claim;
  std::string name = {}, as = {}, thread = {}, number = {};
  std::string to = {};  ///< reassign: whose it is to be
};
/// Somebody uses Twilio's REST API.
struct RestStep {
  std::string name = {}, method = {}, path = {};
  Parameters form = {};
};
/// On a call that goes on.
struct DoStep {
  std::string call = {};
  Doing doing = WaitForSomebody{};
};
struct PersonStep {
  std::string address = {};
  Behaviour behaviour = {};
};
struct EstateStep {
  std::vector<std::pair<std::string, Json>> workspace = {};
  std::vector<GivenRows> nouns = {};
};
enum class ServeStep { restart, stop, start };
using StepWhat = std::variant<CallStep, ClientCallStep, TextStep, SendStep, ThreadStep, RestStep, DoStep,
                              PersonStep, EstateStep, ServeStep>;
struct Step {
  milliseconds at{};  ///< since the beginning
  StepWhat what;
  std::size_t line = 0;
  std::string path = {};
};

struct FaultLine {
  Fault fault = {};
  std::string path = {};
};

// --- expectations ---
/// Columns and what they shall hold.
struct ExpectedRow {
  std::string path = {};
  std::vector<std::pair<std::string, Json>> cells = {};
};
struct ExpectedCall {
  std::string path = {}, name = {};
  std::optional<std::string> status = {}, answered_by = {};
  std::optional<std::string> duration = {};  ///< "24s", "at least 20s", "at most 1m"
  std::optional<std::vector<std::vector<std::string>>> rings = {};
  std::vector<std::string> hears = {}, does_not_hear = {};
};
struct ExpectedTwiml {
  std::string path = {}, of = {}, kind = {};  ///< of: name of a call; "" = any
  std::string has = {}, lacks = {}, text = {};
};
/// What a step of a user's is refused with; such a step that nobody expects it of is a difference.
struct ExpectedRefusal {
  std::string path = {}, name = {}, code = {};
};
struct ExpectedRest {
  std::string path = {}, name = {};
  std::optional<std::int64_t> status = {};
  std::optional<Json> body = {};  ///< what is named in it must be there
};

struct Expect {
  std::vector<ExpectedCall> calls = {};
  std::vector<ExpectedTwiml> twiml = {};
  // Lists that are there must be whole: as many rows as are expected, in their order.
  std::optional<std::vector<ExpectedRow>> records = {}, attempts = {}, callbacks = {}, messages = {},
                                          recordings = {}, texts = {}, threads = {}, notifications = {},
                                          opt_outs = {};
  std::vector<ExpectedRow> limits = {};
  std::vector<ExpectedRest> rest = {};
  std::vector<ExpectedRefusal> refused = {};
  std::vector<std::pair<std::string, std::int64_t>> webhooks = {};  ///< kind, how many
  std::vector<std::string> problems = {};                           ///< exactly these codes, in any order
  std::optional<std::string> takes = {};                            ///< "at most 2m"
};

struct Scenario {
  std::string file = {};  ///< as messages call it
  std::string name = {};
  std::vector<std::string> covers = {};
  std::uint64_t seed = 1;
  base::Instant at = {};
  milliseconds latency{0};
  Given given = {};
  std::map<std::string, Behaviour> people = {};  ///< client:EMAIL, E.164, sip:...
  std::vector<Step> steps = {};
  std::vector<FaultLine> faults = {};
  Expect expect = {};
};

/// "2026-03-09T15:00:00Z": when scenarios that do not say begin.
base::Instant default_beginning();

/// Errc::usage [scenario.no_file] for what cannot be read, Errc::invalid [scenario.bad] naming FILE:LINE, the
/// JSON path, what is wrong, and for an unknown name the nearest known one.
Scenario load_scenario(const std::filesystem::path&);
/// `folder`: what a relative path in it is relative to.
Scenario read_scenario(const std::string& file, std::string_view text, const std::filesystem::path& folder);

/// "250ms", "4s", "1m30s", "2h"; nullopt for anything else.
std::optional<milliseconds> try_parse_span(std::string_view);
/// As short as it can be: "1m30s".
std::string span_text(milliseconds);
/// "24s", "at least 20s", "at most 1m".
struct Bound {
  enum class Kind { exactly, at_least, at_most };
  Kind kind = Kind::exactly;
  milliseconds span{};
  bool holds(milliseconds) const;
};
std::optional<Bound> try_parse_bound(std::string_view);

}  // namespace ringctl::sim
