#include "base/text.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>

#include "base/error.hpp"

namespace ringctl::base {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Length of the well-formed sequence at the front of `s` (Unicode table 3-7), or 0. `s` starts with a byte
/// >= 0x80.
std::size_t sequence_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return i < s.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // below: overlong
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // above: surrogates
    return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // above: past U+10FFFF
    return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

/// Length of the character at the front of `s`, which is not empty; 0: a byte that is no UTF-8.
std::size_t character_length(std::string_view s) {
  return static_cast<unsigned char>(s.front()) < 0x80 ? 1 : sequence_length(s);
}

template <typename Change>
std::string changed(std::string_view text, char first, char last, Change change) {
  std::string out(text);
  for (char& c : out)
    if (c >= first && c <= last) c = change(c);
  return out;
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string ascii_lower(std::string_view text) {
  return changed(text, 'A', 'Z', [](char c) { return static_cast<char>(c - 'A' + 'a'); });
}

std::string ascii_upper(std::string_view text) {
  return changed(text, 'a', 'z', [](char c) { return static_cast<char>(c - 'a' + 'A'); });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

bool valid_utf8(std::string_view text) { return !first_invalid_utf8(text); }

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  constexpr std::uint64_t k_high_bits = 0x8080808080808080;
  std::size_t i = 0;
  while (i < text.size()) {
    std::uint64_t word = 0;
    while (i + sizeof word <= text.size()) {
      std::memcpy(&word, text.data() + i, sizeof word);
      if ((word & k_high_bits) != 0) break;
      i += sizeof word;
    }
    if (i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const auto length = sequence_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::nullopt;
}

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> all;
  all.reserve(text.size());
  while (!text.empty()) {
    const auto length = character_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    auto code = static_cast<char32_t>(length == 1 ? first : first & (0xFFU >> (length + 1)));
    for (std::size_t i = 1; i < length; ++i)
      code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    all.push_back(length == 0 ? U'\xFFFD' : code);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return all;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(std::max<std::size_t>(character_length(text), 1));
  return count;
}

std::string repaired(std::string_view text) {
  if (valid_utf8(text) && text.find('\0') == std::string_view::npos) return std::string(text);
  constexpr std::string_view k_replacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto length = text.front() == '\0' ? 0 : character_length(text);
    out.append(length == 0 ? k_replacement : text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string fold(std::string_view text) {
  if (is_ascii(text)) return ascii_lower(text);
  if (const auto bad = first_invalid_utf8(text))
    throw Error(Errc::invalid, "text.bad_utf8", fmt::format("text is not valid UTF-8 at byte {}", *bad));
  utf8proc_uint8_t* raw = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &raw, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> folded(raw, &std::free);
  if (size < 0) throw std::bad_alloc();
  return {reinterpret_cast<const char*>(folded.get()), static_cast<std::size_t>(size)};
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t k_shown = 60;
  if (text.size() <= k_shown) return fmt::format("\"{}\"", text);
  std::size_t end = k_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return fmt::format("\"{}…\"", text.substr(0, end));
}

std::string group_digits(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: three rows of the usual table, the third for swaps of neighbours.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substituted});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates,
                                 std::size_t most) {
  struct Match {
    std::size_t rank;
    const std::string* text;
  };
  std::vector<Match> matches;
  for (const auto& candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    const bool prefix = !word.empty() && candidate.starts_with(word);
    // What starts with the word is as good a guess as one slip of the finger.
    if (prefix)
      matches.push_back({std::min<std::size_t>(distance, 1), &candidate});
    else if (distance <= 2 && distance < word.size())
      matches.push_back({distance, &candidate});
  }
  std::ranges::stable_sort(matches, {}, &Match::rank);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(most, matches.size()); ++i) out.push_back(*matches[i].text);
  return out;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view k_units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_int(text.substr(0, digits));
  const auto* const unit = std::find(std::begin(k_units), std::end(k_units), text.substr(digits));
  const bool bare = digits == text.size();
  if (!number || *number == 0 || (!bare && unit == std::end(k_units))) return std::nullopt;
  const auto shift = bare ? 0 : 10 * (unit - std::begin(k_units));
  if (*number > std::numeric_limits<std::int64_t>::max() >> shift) return std::nullopt;
  return static_cast<std::uint64_t>(*number) << shift;
}

}  // namespace ringctl::base
