#include "report/packed_tallies.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>

namespace ringctl::report {
namespace {

/// What is left of a packed text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  /// And the character after it, which has to be `after`.
  bool number(char after, std::int64_t& value) {
    if (text_.size() > 1 && text_[1] == after && text_[0] >= '0' && text_[0] <= '9') {  // as most sums are
      value = text_[0] - '0';
      text_.remove_prefix(2);
      return true;
    }
    const auto* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data(), end, value);
    if (error != std::errc() || stop == end || *stop != after) return false;
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()) + 1);
    return true;
  }

  bool word(std::string_view& word) {
    std::int64_t length = 0;
    if (!number(' ', length) || length < 0 || std::cmp_greater_equal(length, text_.size())) return false;
    word = text_.substr(0, static_cast<std::size_t>(length));
    if (text_[word.size()] != ' ') return false;
    text_.remove_prefix(word.size() + 1);
    return true;
  }

  bool tally(Tally& tally) {
    const auto all = sums();
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!number(i + 1 == all.size() ? '\n' : ' ', tally.*all[i].member)) return false;
    return true;
  }

 private:
  std::string_view text_;
};

}  // namespace

void append_packed(std::string& text, std::string_view key, std::string_view price_unit, const Tally& tally) {
  fmt::format_to(std::back_inserter(text), "{} {} {} {}", key.size(), key, price_unit.size(), price_unit);
  for (const auto& sum : sums()) fmt::format_to(std::back_inserter(text), " {}", tally.*sum.member);
  text += '\n';
}

std::optional<std::vector<PackedTally>> unpack(std::string_view text) {
  std::vector<PackedTally> tallies;
  Reader reader(text);
  while (!reader.at_end()) {
    auto& one = tallies.emplace_back();
    if (!reader.word(one.key) || !reader.word(one.price_unit) || !reader.tally(one.tally))
      return std::nullopt;
  }
  return tallies;
}

}  // namespace ringctl::report
