// What a text costs and what it says to the network itself: GSM 03.38's alphabet, and the words of opting
// out.
#include "messages/segments.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"

namespace ringctl::messages {
namespace {

// Code points of GSM 7-bit beyond ASCII, and those of ASCII that it does not have or has behind an escape.
constexpr auto k_gsm =
    std::to_array<char32_t>({U'£', U'¥', U'è', U'é', U'ù', U'ì', U'ò', U'Ç', U'Ø', U'ø', U'Å', U'å', U'Δ',
                             U'Φ', U'Γ', U'Λ', U'Ω', U'Π', U'Ψ', U'Σ', U'Θ', U'Ξ', U'Æ', U'æ', U'ß', U'É',
                             U'¤', U'¡', U'Ä', U'Ö', U'Ñ', U'Ü', U'§', U'¿', U'ä', U'ö', U'ñ', U'ü', U'à'});
constexpr auto k_escaped =
    std::to_array<char32_t>({U'^', U'{', U'}', U'\\', U'[', U'~', U']', U'|', U'€', U'\f'});

template <typename Set>
bool contains(const Set& set, char32_t code) {
  return std::ranges::find(set, code) != set.end();
}

/// What each character takes of a part; 0 if the alphabet does not have it.
int septets(char32_t code) {
  if (contains(k_escaped, code)) return 2;
  if (code == U'\n' || code == U'\r' || contains(k_gsm, code)) return 1;
  return code >= 0x20 && code < 0x7F && code != U'`' ? 1 : 0;
}
int utf16_units(char32_t code) { return code > 0xFFFF ? 2 : 1; }

/// No character is cut in two, so that a part may stay short of its most.
template <typename Width>
int parts_of(const std::vector<char32_t>& text, Width width, int alone, int most) {
  int all = 0, parts = 1, used = 0;
  for (const auto code : text) {
    const int takes = width(code);
    all += takes;
    if (used + takes > most) {
      ++parts;
      used = 0;
    }
    used += takes;
  }
  return all <= alone ? 1 : parts;
}

}  // namespace

Size size_of(std::string_view body) {
  const auto text = base::code_points(body);
  const bool gsm = std::ranges::all_of(text, [](char32_t code) { return septets(code) > 0; });
  return {.encoding = gsm ? Encoding::gsm7 : Encoding::ucs2,
          .segments = gsm ? parts_of(text, septets, 160, 153) : parts_of(text, utf16_units, 70, 67),
          .characters = text.size()};
}

std::string_view encoding_name(Encoding encoding) { return encoding == Encoding::gsm7 ? "gsm7" : "ucs2"; }

OptWord opt_word(std::string_view body) {
  constexpr auto k_stop = std::to_array<std::string_view>(
      {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"});
  constexpr auto k_start = std::to_array<std::string_view>({"start", "yes", "unstop"});
  constexpr auto k_help = std::to_array<std::string_view>({"help", "info"});
  const auto word = base::ascii_lower(base::trim(body));
  if (std::ranges::find(k_stop, word) != k_stop.end()) return OptWord::stop;
  if (std::ranges::find(k_start, word) != k_start.end()) return OptWord::start;
  return std::ranges::find(k_help, word) != k_help.end() ? OptWord::help : OptWord::none;
}

}  // namespace ringctl::messages
