// Encodings, through the Source that transcodes them.
#include "csv/transcode.hpp"

#include "csv/source.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace std::string_literals;
using ringctl::csv::Encoding;
using ringctl::csv::Source;
using ringctl::csv::SourceOptions;

namespace {

/// UTF-16 of code points.
std::string utf16(const std::u16string& text, bool big_endian) {
  std::string out;
  for (const char16_t unit : text) {
    const auto high = static_cast<char>(unit >> 8);
    const auto low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  }
  return out;
}

std::string decoded(const std::string& bytes, Encoding encoding = Encoding::automatic,
                    std::size_t piece = 256 * 1024) {
  SourceOptions options;
  options.encoding = encoding;
  options.piece = piece;
  auto source = Source::from_text(bytes, options);
  std::string text;
  for (auto part = source.read(); !part.empty(); part = source.read()) text += part;
  return text;
}

std::string refusal(const std::string& bytes, Encoding encoding = Encoding::automatic) {
  const auto error = ringctl::test::error_of([&] { decoded(bytes, encoding); });
  if (!error) return "";
  CHECK(error->errc() == ringctl::Errc::invalid);
  CHECK(error->slug() == "import.bad_encoding");
  return error->message();
}

const std::u16string k_wide = u"name,note\nZo\u00EB,\u20AC5 \U0001F4DE \u05E9\u05DC\u05D5\u05DD\n";
const std::string k_text =
    "name,note\nZo\xC3\xAB,\xE2\x82\xAC"
    "5 \xF0\x9F\x93\x9E \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D\n";

}  // namespace

TEST_CASE("UTF-8 passes through, without its byte-order mark") {
  CHECK(decoded(k_text) == k_text);
  CHECK(decoded("\xEF\xBB\xBF" + k_text) == k_text);
  CHECK(decoded("\xEF\xBB\xBF" + k_text, Encoding::utf8) == k_text);
  CHECK(decoded("\xEF\xBB\xBF").empty());
}

TEST_CASE("only the first byte-order mark is one") {
  CHECK(decoded("\xEF\xBB\xBF\xEF\xBB\xBFx") == "\xEF\xBB\xBFx");
}

TEST_CASE("UTF-8 that is not valid passes through for the readers to report") {
  CHECK(decoded("a\xFF"
                "b") ==
        "a\xFF"
        "b");
}

TEST_CASE("UTF-16 is known by its byte-order mark or by its zero bytes") {
  const bool big = GENERATE(false, true);
  CHECK(decoded(utf16(u"\uFEFF" + k_wide, big)) == k_text);
  CHECK(decoded(utf16(u"\uFEFF" + k_wide, big), Encoding::utf16) == k_text);
  CHECK(decoded(utf16(u"phone_number,label\n", big)) == "phone_number,label\n");
  CHECK(decoded(utf16(u"a\n", big), Encoding::utf16) == "a\n");
}

TEST_CASE("a character may be split anywhere between pieces") {
  const auto wide = u"\uFEFF" + std::u16string(100, u'x') + k_wide;
  for (std::size_t piece = 1; piece < 12; ++piece) {
    INFO(piece);
    CHECK(decoded(utf16(wide, false), Encoding::automatic, piece) == std::string(100, 'x') + k_text);
    CHECK(decoded(utf16(wide, true), Encoding::automatic, piece) == std::string(100, 'x') + k_text);
  }
}

TEST_CASE("UTF-16 larger than one piece of anything comes through whole") {
  std::u16string wide;
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    wide += k_wide;
    text += k_text;
  }
  CHECK(decoded(utf16(u"\uFEFF" + wide, false)) == text);
}

TEST_CASE("half a surrogate pair is refused with its offset") {
  CHECK(refusal(utf16(u"\uFEFFab"s + char16_t(0xD83D) + u"cd", false)).find("offset 6 ") !=
        std::string::npos);
  CHECK(refusal(utf16(u"\uFEFFab"s + char16_t(0xDCDE), false)).find("offset 6 ") != std::string::npos);
}

TEST_CASE("UTF-16 that ends inside a character is refused") {
  CHECK(refusal(utf16(u"\uFEFFab", false) + "x").find("offset 6 ") != std::string::npos);
  CHECK(refusal(utf16(u"\uFEFFab"s + char16_t(0xD83D), false)).find("offset 6 ") != std::string::npos);
}

TEST_CASE("windows-1252 is read where it is asked for") {
  CHECK(decoded("Zo\xEB,\x80"
                "5\n",
                Encoding::windows1252) ==
        "Zo\xC3\xAB,\xE2\x82\xAC"
        "5\n");
}

TEST_CASE("bytes that windows-1252 does not define are refused with their offset") {
  for (const auto* byte : {"\x81", "\x8D", "\x8F", "\x90", "\x9D"})
    CHECK(refusal(std::string("abc") + byte, Encoding::windows1252).find("offset 3 ") != std::string::npos);
}
