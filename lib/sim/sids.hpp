#pragma once
// SIDs as Twilio's, two letters and 32 hexadecimal digits, the same for the same seed.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace ringctl::sim {

class Sids {
 public:
  explicit Sids(std::uint64_t seed) : random_(seed) {}
  /// "CA..."
  std::string next(std::string_view prefix);
  /// For whatever else is left to chance. In [0, bound).
  std::uint64_t draw(std::uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }

 private:
  std::mt19937_64 random_;
};

}  // namespace ringctl::sim
