#pragma once
// What a rule says, as its JSON says it (ringctl-rules(5)): `when` it holds and what it makes `ring`. Checked
// for sense, not yet against the estate: names are names here.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/finding.hpp"
#include "base/zone.hpp"

namespace ringctl::routing {

/// From the first minute of the day to before the last; over midnight where it does not end later than it
/// begins.
struct HourRange {
  int from = 0;  ///< minutes after midnight, 0 to 1439
  int to = 0;    ///< 1 to 1440
  friend bool operator==(const HourRange&, const HourRange&) = default;
};

/// Each that is set must hold; of several values any one does.
struct When {
  struct Contact {
    std::vector<std::string> lead_status = {}, product = {}, market = {}, state = {};  ///< any case
    std::vector<std::string> country = {};                                             ///< "FR"
    std::vector<std::string> tags = {};  ///< any case; the contact has one of them
    std::optional<bool> assigned = {};   ///< somebody looks after the contact
    friend bool operator==(const Contact&, const Contact&) = default;
  };
  Contact contact = {};
  std::optional<bool> known = {};                ///< the caller is a contact
  std::vector<std::string> caller_country = {};  ///< of the caller's number
  std::vector<std::string> caller_prefix = {};   ///< "+4420"
  std::vector<std::string> called = {};          ///< E.164
  std::uint8_t days = 0;                         ///< bit 0 = Monday; 0 = any
  std::vector<HourRange> hours = {};
  std::vector<base::Day> holidays = {};  ///< sorted
  std::vector<When> all = {}, any = {};
  std::vector<When> none = {};  ///< none or one: `not`
  bool after_assigned = false;  ///< also for callers whose agents did not answer
  friend bool operator==(const When&, const When&) = default;
};

enum class TargetKind {
  user,
  team,
  skill,
  extension,
  owner,
  number,
  assistant,
  queue,
  message,
  voicemail,
  reject,
  hangup,
};
/// As in the JSON: "user".
std::string_view name_of(TargetKind);
/// Somebody who can be rung.
constexpr bool is_party(TargetKind kind) { return kind <= TargetKind::assistant; }

struct Target {
  TargetKind kind = TargetKind::user;
  /// E-mail, name of the team, skill, digits, E.164, SIP URI, words to say, or "busy" of a reject; else
  /// empty.
  std::string text = {};
  friend bool operator==(const Target&, const Target&) = default;
};

struct Ring {
  std::vector<Target> targets = {};   ///< in the order given
  std::optional<bool> recorded = {};  ///< nullopt: as number and workspace say
  friend bool operator==(const Ring&, const Ring&) = default;
};

inline constexpr std::size_t k_longest_message = 1000;  ///< characters
inline constexpr std::size_t k_most_targets = 100;
inline constexpr std::size_t k_most_values = 500;  ///< of one condition

/// nullopt with a finding [bad_when], [bad_ring] that names the place: "/when/hours/0/from: ...".
std::optional<When> try_parse_when(std::string_view json, base::Finding&);
std::optional<Ring> try_parse_ring(std::string_view json, base::Finding&);

/// Compact, with every list a list and the keys in the order of the manual: the same rule gives the same
/// text.
std::string text_of(const When&);
std::string text_of(const Ring&);

}  // namespace ringctl::routing
