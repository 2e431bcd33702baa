#pragma once
// The regular expressions of libphonenumber's metadata as automata: digits, \d, classes, groups, alternatives
// and the quantifiers ? {n} {n,m}. Part of the table generator, not of ringctl.

#include <cstdint>
#include <string_view>
#include <vector>

namespace ringctl::phone::generate {

/// Sorted automaton states, closed over empty moves. Empty: nothing can match any more.
using States = std::vector<int>;

class Pattern {
 public:
  /// Throws std::runtime_error on anything the metadata has not used so far.
  explicit Pattern(std::string_view expression);
  States start() const;
  States step(const States&, int digit) const;
  bool accepts(const States&) const;

 private:
  struct State {
    std::uint16_t digits = 0;  ///< bit d: digit d leads to `next`
    int next = -1;
    std::vector<int> empty;  ///< moves that take no digit
  };
  struct Fragment {
    int first, last;
  };

  int add();
  Fragment alternatives(std::string_view& rest);
  Fragment sequence(std::string_view& rest);
  Fragment repeated(std::string_view& rest);
  Fragment atom(std::string_view& rest);
  Fragment of_digits(std::uint16_t digits);
  States closed(States) const;

  std::vector<State> states_;
  Fragment whole_{};
};

}  // namespace ringctl::phone::generate
