#include "sim/resources.hpp"

namespace ringctl::sim {

seconds Call::duration(Instant now) const {
  if (!answered_at) return seconds(0);
  return std::chrono::duration_cast<seconds>(ended_at.value_or(now) - *answered_at);
}

Number* Account::find_number(const std::string& phone_number) {
  return numbers.first([&](const Number& number) { return number.phone_number == phone_number; });
}

bool Account::has_number(std::string_view phone_number) const {
  bool found = false;
  numbers.newest(Shelf<Number>::k_end, [&](std::uint64_t, const Number& number) {
    found = number.phone_number == phone_number;
    return !found;
  });
  return found;
}

}  // namespace ringctl::sim
