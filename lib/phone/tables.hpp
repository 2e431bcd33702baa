#pragma once
// What the fast path knows about numbers, without libphonenumber: generated at build time from the library's
// own metadata (generate/), so the two cannot drift. Private to this room.

#include <cstdint>
#include <span>

namespace ringctl::phone {

inline constexpr std::uint8_t k_no_region = 0xFF;

struct RegionRow {
  char code[2];
  std::uint16_t calling_code;
};

/// One calling code.
struct CodeRow {
  std::uint16_t code;
  std::uint8_t digits;    ///< of the code itself, 1 to 3
  std::uint8_t region;    ///< its only region; k_no_region where several share it, or none has it
  std::uint16_t root;     ///< where several share it: node of the decision; else 0
  std::uint16_t lengths;  ///< bit n: a national number of n digits is possible
};

/// One step of a decision over the digits of the national number. Node 0 is the end: unknown whatever
/// follows.
struct DecisionNode {
  std::uint16_t next[10];
  std::uint8_t region;  ///< of a number that ends here
};

struct Tables {
  std::span<const RegionRow> regions;          ///< sorted by code
  std::span<const CodeRow> codes;              ///< [0] is none
  std::span<const std::uint8_t, 1000> prefix;  ///< first three digits -> index into codes
  std::span<const DecisionNode> nodes;
};

extern const Tables k_tables;

}  // namespace ringctl::phone
