#pragma once
// A workspace's own numbers, as far as they are needed when the database cannot be asked: whose is the number
// that is called, and which one an agent calls from.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::routing {

/// One of them, in 8 bytes.
struct OwnNumber {
  std::uint64_t digits : 56;   ///< as an integer
  std::uint64_t callable : 1;  ///< held at Twilio: calls can be placed from it
  std::uint64_t policy : 7;    ///< its record policy's place among those there are; 0 = none of its own
};

struct OwnNumbers {
  std::vector<OwnNumber> all = {};  ///< active ones, by digits
  std::string first = {};           ///< E.164 of one that calls can be placed from; "" = there is none
  /// By the id of an agent: E.164 of those it may call from, the one it calls from first in front.
  std::unordered_map<std::string, std::vector<std::string>, TextHash, std::equal_to<>> of_agent = {};
  std::string version = {};  ///< what own_numbers_version() says of the same numbers

  // Of an E.164 number; every other text is none of them.
  bool holds(std::string_view number) const;
  bool can_call_from(std::string_view number) const;
  /// As phone_numbers.record_policy, "" = the workspace's; nullopt for a number that is none of them.
  std::optional<std::string> record_policy(std::string_view number) const;

  /// "" if the workspace has no number to call from at all.
  const std::string& of(const base::Uuid& agent) const;
  /// Whether it is one that the agent may call from.
  bool is_of(const base::Uuid& agent, std::string_view number) const;

 private:
  const OwnNumber* find(std::string_view number) const;
};

/// In a read transaction of its own: 8 bytes for each number.
OwnNumbers read_own_numbers(db::Connection&, const base::Uuid& workspace);
/// The version that read_own_numbers would give now: another text whenever numbers or assignments changed.
/// Costs a look at each, but brings none of them here. In a read transaction of its own.
std::string own_numbers_version(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::routing
