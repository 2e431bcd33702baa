#pragma once
// A workspace's own numbers, as far as they are needed when the database cannot be asked: whose is the number
// that is called, and which one an agent calls from.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::routing {

struct OwnNumbers {
  std::vector<std::uint64_t> all = {};  ///< active ones, their digits as an integer, ascending
  std::string first = {};               ///< E.164 of one that calls can be placed from; "" = there is none
  /// By the id of an agent: E.164 of the one it calls from first.
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> of_agent = {};

  /// Of an E.164 number; false for every other text.
  bool holds(std::string_view number) const;
  /// "" if the workspace has no number to call from at all.
  const std::string& of(const base::Uuid& agent) const;
};

/// In a read transaction of its own: 8 bytes for each number.
OwnNumbers read_own_numbers(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::routing
