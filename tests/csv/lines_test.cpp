#include "csv/lines.hpp"

#include "csv/reader.hpp"
#include "support/catch.hpp"

using ringctl::csv::Finder;
using ringctl::csv::Line;
using ringctl::csv::Lines;
using ringctl::csv::Source;
using ringctl::csv::SourceOptions;

namespace {

/// Each line as "number:text:bytes of its end".
std::vector<std::string> lines_of(const std::string& text, std::size_t piece = 256 * 1024) {
  SourceOptions options;
  options.piece = piece;
  auto source = Source::from_text(text, options);
  Lines lines(source);
  std::vector<std::string> out;
  for (Line line; lines.next(line);)
    out.push_back(std::to_string(line.number) + ":" +
                  (line.too_long ? "<too long>" : std::string(line.text)) + ":" +
                  std::to_string(line.with_end.size() - line.text.size()));
  return out;
}

}  // namespace

TEST_CASE("lines end with LF, CRLF or CR, wherever pieces end") {
  const std::string text = "a\nbb\r\nccc\rd\r\n\r\n\re\n\nf";
  const auto expected = std::vector<std::string>{"1:a:1", "2:bb:2", "3:ccc:1", "4:d:2", "5::2",
                                                 "6::1",  "7:e:1",  "8::1",    "9:f:0"};
  for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
    INFO(piece);
    CHECK(lines_of(text, piece) == expected);
  }
}

TEST_CASE("a last line without an end is a line, an empty one is not") {
  CHECK(lines_of("a").size() == 1);
  CHECK(lines_of("a\n").size() == 1);
  CHECK(lines_of("a\r").size() == 1);
  CHECK(lines_of("a\nb\r") == std::vector<std::string>{"1:a:1", "2:b:1"});
  CHECK(lines_of("\n").size() == 1);
  CHECK(lines_of("").empty());
}

TEST_CASE("a line over the limit ends the lines, one at the limit does not") {
  const std::string most(ringctl::csv::k_max_record, 'x');
  CHECK(lines_of(most + "\nb").size() == 2);
  CHECK(lines_of("a\n" + most + "x\nb") == std::vector<std::string>{"1:a:1", "2:<too long>:0"});
  CHECK(lines_of("a\n" + most + most + most) == std::vector<std::string>{"1:a:1", "2:<too long>:0"});
}

TEST_CASE("peeking takes nothing and skips blank lines") {
  auto source = Source::from_text("\r\n\nfirst\nsecond\n");
  Lines lines(source);
  CHECK(lines.peek() == "first");
  Line line;
  REQUIRE(lines.next(line));
  CHECK(line.text.empty());
  CHECK(line.number == 1);
}

TEST_CASE("the finder agrees with a search from the start, also after text was taken off") {
  std::string text = "..x..x....x";
  Finder finder('x');
  std::size_t from = 0;
  for (; from < 6; ++from) CHECK(finder.next(text, from) == text.find('x', from));
  text.erase(0, 4);
  finder.shift(4);
  from -= 4;
  for (; from <= text.size(); ++from) CHECK(finder.next(text, from) == text.find('x', from));
  text += "..x";
  CHECK(finder.next(text, text.size() - 3) == text.size() - 1);
}
