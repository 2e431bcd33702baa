#include "phone/generate/pattern.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace ringctl::phone::generate {
namespace {

constexpr std::uint16_t k_any_digit = 0x3FF;

[[noreturn]] void refuse(std::string_view rest) {
  throw std::runtime_error("cannot read this part of a number pattern: " + std::string(rest));
}

char take(std::string_view& rest) {
  if (rest.empty()) refuse("(its end)");
  const char c = rest.front();
  rest.remove_prefix(1);
  return c;
}

int take_digit(std::string_view& rest) {
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') refuse(rest);
  return take(rest) - '0';
}

int take_number(std::string_view& rest) {
  int value = take_digit(rest);
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') value = value * 10 + take_digit(rest);
  return value;
}

std::uint16_t bit(int digit) { return static_cast<std::uint16_t>(1U << static_cast<unsigned>(digit)); }

/// "[2-57]", from behind the bracket.
std::uint16_t take_class(std::string_view& rest) {
  std::uint16_t digits = 0;
  while (!rest.starts_with(']')) {
    if (rest.starts_with("\\d")) {
      rest.remove_prefix(2);
      digits = k_any_digit;
      continue;
    }
    const int low = take_digit(rest);
    int high = low;
    if (rest.starts_with('-')) {
      take(rest);
      high = take_digit(rest);
    }
    for (int digit = low; digit <= high; ++digit) digits |= bit(digit);
  }
  take(rest);
  return digits;
}

struct Times {
  int least = 1, most = 1;
};

Times take_times(std::string_view& rest) {
  if (rest.starts_with('?')) {
    take(rest);
    return {0, 1};
  }
  if (!rest.starts_with('{')) return {};
  take(rest);
  Times times;
  times.least = times.most = take_number(rest);
  if (rest.starts_with(',')) {
    take(rest);
    times.most = take_number(rest);
  }
  if (take(rest) != '}') refuse(rest);
  return times;
}

}  // namespace

Pattern::Pattern(std::string_view expression) {
  auto rest = expression;
  whole_ = alternatives(rest);
  if (!rest.empty()) refuse(rest);
}

int Pattern::add() {
  states_.emplace_back();
  return static_cast<int>(states_.size()) - 1;
}

Pattern::Fragment Pattern::of_digits(std::uint16_t digits) {
  const Fragment made{add(), add()};
  auto& state = states_[static_cast<std::size_t>(made.first)];
  state.digits = digits;
  state.next = made.last;
  return made;
}

Pattern::Fragment Pattern::alternatives(std::string_view& rest) {
  const Fragment made{add(), add()};
  for (;;) {
    const auto branch = sequence(rest);
    states_[static_cast<std::size_t>(made.first)].empty.push_back(branch.first);
    states_[static_cast<std::size_t>(branch.last)].empty.push_back(made.last);
    if (!rest.starts_with('|')) return made;
    take(rest);
  }
}

Pattern::Fragment Pattern::sequence(std::string_view& rest) {
  const int first = add();
  int last = first;
  while (!rest.empty() && rest.front() != '|' && rest.front() != ')') {
    const auto part = repeated(rest);
    states_[static_cast<std::size_t>(last)].empty.push_back(part.first);
    last = part.last;
  }
  return {first, last};
}

Pattern::Fragment Pattern::repeated(std::string_view& rest) {
  const auto source = rest;
  const Fragment once = atom(rest);
  const auto times = take_times(rest);
  Fragment made{add(), add()};
  const auto link = [&](int from, int to) { states_[static_cast<std::size_t>(from)].empty.push_back(to); };
  int at = made.first;
  for (int i = 0; i < times.most; ++i) {
    if (i >= times.least) link(at, made.last);
    auto again = source;
    const auto copy = i == 0 ? once : atom(again);
    link(at, copy.first);
    at = copy.last;
  }
  link(at, made.last);
  return made;
}

Pattern::Fragment Pattern::atom(std::string_view& rest) {
  if (rest.starts_with("\\d")) {
    rest.remove_prefix(2);
    return of_digits(k_any_digit);
  }
  if (rest.starts_with('[')) {
    take(rest);
    return of_digits(take_class(rest));
  }
  if (rest.starts_with('(')) {
    take(rest);
    if (rest.starts_with("?:")) rest.remove_prefix(2);
    const auto inner = alternatives(rest);
    if (take(rest) != ')') refuse(rest);
    return inner;
  }
  return of_digits(bit(take_digit(rest)));
}

States Pattern::closed(States states) const {
  for (std::size_t i = 0; i < states.size(); ++i)
    for (const int next : states_[static_cast<std::size_t>(states[i])].empty)
      if (std::ranges::find(states, next) == states.end()) states.push_back(next);
  std::ranges::sort(states);
  return states;
}

States Pattern::start() const { return closed({whole_.first}); }

States Pattern::step(const States& from, int digit) const {
  States to;
  for (const int index : from) {
    const auto& state = states_[static_cast<std::size_t>(index)];
    if ((state.digits & bit(digit)) != 0 && std::ranges::find(to, state.next) == to.end())
      to.push_back(state.next);
  }
  return closed(std::move(to));
}

bool Pattern::accepts(const States& states) const { return std::ranges::binary_search(states, whole_.last); }

}  // namespace ringctl::phone::generate
