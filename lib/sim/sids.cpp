#include "sim/sids.hpp"

#include <fmt/format.h>

namespace ringctl::sim {

std::string Sids::next(std::string_view prefix) {
  const auto high = random_();  // in this order, on every compiler
  const auto low = random_();
  return fmt::format("{}{:016x}{:016x}", prefix, high, low);
}

}  // namespace ringctl::sim
