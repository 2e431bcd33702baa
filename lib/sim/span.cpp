// How scenarios write lengths of time.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/text.hpp"
#include "sim/scenario.hpp"

namespace ringctl::sim {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
/// Largest first: they stand in this order, each once.
constexpr std::array<Unit, 5> k_units = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::int64_t k_longest_ms = 400LL * 86'400'000;

std::size_t length_while(std::string_view text, bool digits) {
  std::size_t length = 0;
  while (length < text.size() && (text[length] >= '0' && text[length] <= '9') == digits) ++length;
  return length;
}

}  // namespace

std::optional<milliseconds> try_parse_span(std::string_view text) {
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = length_while(text, true);
    const auto number = base::parse_int(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = text.substr(0, length_while(text, false));
    text.remove_prefix(letters.size());
    while (next_unit < k_units.size() && k_units.at(next_unit).name != letters) ++next_unit;
    if (!number || next_unit == k_units.size()) return std::nullopt;
    const auto unit = k_units.at(next_unit++).ms;
    if (*number > k_longest_ms / unit) return std::nullopt;
    total += *number * unit;
  }
  if (total > k_longest_ms) return std::nullopt;
  return milliseconds(total);
}

std::string span_text(milliseconds span) {
  if (span.count() < 0) return "-" + span_text(-span);
  std::string text;
  auto left = span.count();
  for (const auto& unit : k_units) {
    if (left < unit.ms) continue;
    text += fmt::format("{}{}", left / unit.ms, unit.name);
    left %= unit.ms;
  }
  return text.empty() ? "0s" : text;
}

bool Bound::holds(milliseconds measured) const {
  switch (kind) {
    case Kind::at_least:
      return measured >= span;
    case Kind::at_most:
      return measured <= span;
    case Kind::exactly:
      break;
  }
  return measured == span;
}

std::optional<Bound> try_parse_bound(std::string_view text) {
  constexpr std::string_view k_least = "at least ", k_most = "at most ";
  auto kind = Bound::Kind::exactly;
  if (text.starts_with(k_least)) {
    kind = Bound::Kind::at_least;
    text.remove_prefix(k_least.size());
  } else if (text.starts_with(k_most)) {
    kind = Bound::Kind::at_most;
    text.remove_prefix(k_most.size());
  }
  const auto span = try_parse_span(text);
  if (!span) return std::nullopt;
  return Bound{kind, *span};
}

}  // namespace ringctl::sim
