#include "estate/number_search.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ringctl::estate {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string fold_any(std::string_view text) {
  return base::valid_utf8(text) ? base::fold(text) : base::ascii_lower(text);
}

/// "(202) 555-01" -> "20255501"; empty if the text holds anything that does not belong to a number.
std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9')
      digits += c;
    else if (std::string_view("+-(). /").find(c) == std::string_view::npos)
      return {};
  }
  return digits;
}

}  // namespace

NumberSearch::NumberSearch(const NumberFilter& filter) {
  if (filter.label) label_ = fold_any(*filter.label);
  if (filter.search && !filter.search->empty()) {
    needle_ = fold_any(*filter.search);
    digits_ = digits_of(*filter.search);
  }
}

std::string_view NumberSearch::folded(std::string_view text) {
  if (!is_ascii(text)) {
    scratch_ = fold_any(text);
  } else {
    scratch_.assign(text);
    for (auto& c : scratch_)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return scratch_;
}

bool NumberSearch::holds_needle(std::string_view text) {
  return folded(text).find(*needle_) != std::string_view::npos;
}

bool NumberSearch::matches(std::string_view phone_number, std::string_view label, std::string_view sid,
                           std::string_view provider) {
  if (label_ && folded(label) != *label_) return false;
  if (!needle_) return true;
  if (!digits_.empty() && phone_number.find(digits_) != std::string_view::npos) return true;
  return holds_needle(label) || holds_needle(sid) || holds_needle(provider);
}

}  // namespace ringctl::estate
