#pragma once
// The estate of one workspace as far as calls are routed by it: read whole, never changed, shared by every
// decision until a newer one takes its place. Rules are compiled: what they name is looked up once, here.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/uuid.hpp"
#include "base/zone.hpp"
#include "db/connection.hpp"
#include "directory/voice_settings.hpp"
#include "routing/plan.hpp"
#include "routing/rule.hpp"

namespace ringctl::routing {

using AgentIndex = std::uint32_t;

enum class RingOn : std::uint8_t { client, phone, both };
enum class Availability : std::uint8_t { online, busy, offline };

struct Agent {
  base::Uuid id;
  std::string email = {};
  std::string phone = {};      ///< E.164; "" = none
  bool phone_is_ours = false;  ///< a direct line (R170): never dialled, the call would come back
  bool is_active = true;
  bool in_everyone = true;  ///< role agent or admin (R18)
  RingOn ring_on = RingOn::client;
  Availability availability = Availability::online;
  std::string team = {};
  std::vector<std::string> skills = {};  ///< folded
  std::optional<base::Instant> last_call_ended_at = {};
};

struct Extension {
  std::string digits;
  AgentIndex agent;
  std::optional<base::Uuid> number = {};  ///< nullopt: on any
};

/// One condition of a rule: holds if one of `values` [first, first + count) fits.
struct Test {
  enum class Kind : std::uint8_t {
    called,          ///< numbers as integers
    known,           ///< 1 = the caller is a contact, 0 = is not
    caller_country,  ///< two letters as an integer
    caller_prefix,   ///< places in `texts`
    lead_status,     ///< contact's: places in `texts`, so of those that follow
    product,
    market,
    state,
    tags,
    country,   ///< contact's, two letters
    assigned,  ///< 1 = somebody looks after the contact, 0 = nobody does
    time,      ///< places in `times`
    all,       ///< places in `groups`
    any,
    none,
  };
  Kind kind;
  std::uint32_t first = 0, count = 0;
};
std::string_view name_of(Test::Kind);

/// Tests that must all hold: [first, first + count).
struct Group {
  std::uint32_t first = 0, count = 0;
};

/// Days, hours and holidays. Of hours over midnight the part after midnight belongs to the day before.
struct TimeTest {
  std::uint8_t days = 0;  ///< bit 0 = Monday; 0 = any
  std::vector<HourRange> hours = {};
  std::vector<base::Day> holidays = {};
};
bool holds(const TimeTest&, base::LocalTime);

/// A compiled target: an agent, or an outside party; the number's owner is neither.
struct RuleParty {
  enum class Kind : std::uint8_t { agent, owner, number, sip };
  Kind kind = Kind::agent;
  AgentIndex agent = 0;
  std::string address = {};
};

struct RuleStep {
  StepKind kind = StepKind::ring;
  std::vector<RuleParty> parties = {};
  std::string text = {};
};

struct Rule {
  std::string name;
  Group when;
  bool after_assigned = false;
  std::optional<bool> recorded = {};
  Strategy strategy = Strategy::ring_all;
  int ring_timeout_s = 0;  ///< 0 = the workspace's
  std::vector<RuleStep> steps = {};
  std::vector<std::string> gone = {};  ///< targets that are there no more: "team \"Sales\""
  std::vector<std::string> returning =
      {};  ///< outside numbers that are ours by now: the call would come back
};

/// What loading found wrong with one rule; the others are in force.
struct BrokenRule {
  std::string name, why;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

struct Snapshot {
  base::Uuid workspace;
  std::string name = {};
  base::Zone zone = base::Zone::utc();
  directory::VoiceSettings settings = {};
  std::string version = {};  ///< what snapshot_version() says of the same estate

  std::vector<Agent> agents = {};          ///< by e-mail
  std::vector<AgentIndex> everyone = {};   ///< tier 3
  std::vector<Extension> extensions = {};  ///< live ones of active users, by digits
  std::vector<Rule> rules = {};            ///< enabled ones, by position and name
  std::vector<BrokenRule> broken = {};

  // What the rules' conditions are made of.
  std::vector<Test> tests = {};
  std::vector<Group> groups = {};
  std::vector<std::uint64_t> values = {};
  std::vector<std::string> texts = {};
  std::vector<TimeTest> times = {};
  std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>> text_places = {};

  std::unordered_map<std::string, AgentIndex, TextHash, std::equal_to<>> agents_by_id = {};
  /// A number of ours that is a user's own (R170).
  std::unordered_map<std::string, AgentIndex, TextHash, std::equal_to<>> direct_lines = {};
  bool wants_usage = false;                 ///< a rule orders by calls taken
  std::vector<std::string> outside = {};    ///< numbers that rules ring, sorted
  std::vector<std::string> returning = {};  ///< of those, the ones that are ours by now

  std::optional<AgentIndex> find_agent(const base::Uuid&) const;
};

/// Rules in use that no longer do what they say: "Nights", "team \"Night\" is gone, or has nobody".
std::vector<BrokenRule> faults(const Snapshot&);

/// A rule as the database, or a file, says it.
struct RuleText {
  std::string name, when, ring, strategy;
  int ring_timeout_s = 0;
};

/// Looks up what the rules name. Those that cannot be read are in `broken`. Needs agents and extensions.
void compile_rules(Snapshot&, const std::vector<RuleText>&);
/// Takes numbers that are `returning` out of the rules, as compile_rules does with those it knows of.
void leave_out_returning(Snapshot&);
/// Fills what follows from agents: everyone, agents_by_id, direct_lines.
void index_agents(Snapshot&);

/// All in one read transaction. Throws Errc::not_found [workspaces.unknown].
Snapshot load_snapshot(db::Connection&, const base::Uuid& workspace);
/// The version that load_snapshot would give now: another text whenever the snapshot would be another one.
/// Five aggregates over small tables, and a look at the numbers that users and rules name.
std::string snapshot_version(db::Connection&, const Snapshot& held);

}  // namespace ringctl::routing
