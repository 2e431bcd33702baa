#pragma once
// Which region of a shared calling code a national number belongs to, as one table over its digits. The rules
// are libphonenumber's: regions in order; a region with leading digits has what begins with them, any other
// region has what matches its general description and that of one kind of number. Part of the table
// generator.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "phone/generate/pattern.hpp"

namespace ringctl::phone::generate {

/// A pattern, and the lengths it is for (bit n: n digits; 0: any).
struct Description {
  Pattern pattern;
  std::uint32_t lengths = 0;
  bool fits(const States& states, unsigned length) const {
    return (lengths == 0 || (lengths >> length & 1U) != 0) && pattern.accepts(states);
  }
};

struct RegionRule {
  std::uint8_t region = 0;
  std::optional<Pattern> leading;
  std::optional<Description> general;
  std::vector<Description> kinds;
};

/// What table.hpp calls DecisionNode.
struct Node {
  std::array<int, 10> next{};
  std::uint8_t region = 0;
  auto operator<=>(const Node&) const = default;  // NOLINT(modernize-use-nullptr): the 0 it compares with
};

class DecisionTable {
 public:
  DecisionTable();
  /// Node to start from for numbers of one calling code, rules in the library's order.
  int add(const std::vector<RegionRule>& rules);
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  int intern(const Node&);
  int absorbing(std::uint8_t region);

  std::vector<Node> nodes_;
  std::map<Node, int> index_;
  std::map<std::uint8_t, int> absorbing_;
  friend class Explorer;
};

}  // namespace ringctl::phone::generate
