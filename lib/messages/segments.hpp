#pragma once
// What a text costs and what it says to the network itself: GSM 03.38's alphabet, and the words of opting
// out. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ringctl::messages {

inline constexpr std::size_t k_most_characters = 1600;  ///< code points of a body that Twilio sends
inline constexpr std::size_t k_most_media = 10;         ///< URLs of a message that Twilio sends

enum class Encoding : std::uint8_t {
  gsm7,  ///< GSM 7-bit: 160 septets alone, 153 in each of several parts
  ucs2,  ///< UTF-16: 70 units alone, 67 in each of several, as soon as one character is not in that alphabet
};
/// "gsm7", "ucs2": what the column holds.
std::string_view encoding_name(Encoding);

struct Size {
  Encoding encoding = Encoding::gsm7;
  int segments = 1;            ///< what is billed; at least 1. No character is cut in two
  std::size_t characters = 0;  ///< code points; a byte that is no UTF-8 is one of its own
};
Size size_of(std::string_view body);

/// What the network takes a whole text for that opts out, or in again.
enum class OptWord : std::uint8_t { none, stop, start, help };
/// STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT, START YES UNSTOP, HELP INFO. The whole body has to
/// be the word, in any case and with white space around it.
OptWord opt_word(std::string_view body);

}  // namespace ringctl::messages
