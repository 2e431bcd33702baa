#include "report/packed_tallies.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>

#include "base/error.hpp"

namespace ringctl::report {
namespace {

[[noreturn]] void throw_unreadable() {
  throw Error(Errc::db_corrupt, "reports.kept_unreadable", "the sums that are kept of a day cannot be read",
              "run `ringctl reports refresh --anew`");
}

/// What is left of a packed text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  /// And the character after it, which has to be `after`.
  std::int64_t number(char after) {
    std::int64_t value = 0;
    const auto* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data(), end, value);
    if (error != std::errc() || stop == end || *stop != after) throw_unreadable();
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()) + 1);
    return value;
  }

  std::string_view word() {
    const auto length = number(' ');
    if (length < 0 || std::cmp_greater_equal(length, text_.size())) throw_unreadable();
    const auto word = text_.substr(0, static_cast<std::size_t>(length));
    if (text_[word.size()] != ' ') throw_unreadable();
    text_.remove_prefix(word.size() + 1);
    return word;
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

void unpack(std::string_view text, const VisitTally& visit) {
  const auto all = sums();
  Reader reader(text);
  while (!reader.at_end()) {
    const auto key = reader.word(), unit = reader.word();
    Tally tally;
    for (const auto& sum : all) tally.*sum.member = reader.number(&sum == &all.back() ? '\n' : ' ');
    visit(key, unit, tally);
  }
}

}  // namespace ringctl::report
