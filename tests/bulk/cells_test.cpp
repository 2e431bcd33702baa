#include "bulk/cells.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;

namespace {

std::string packed(const std::vector<Cell>& cells) {
  std::string out;
  pack(cells, out);
  return out;
}

Cell value(std::string_view text) { return {CellState::value, text}; }

}  // namespace

TEST_CASE("packed cells come back as they were, at every length where the form of the length changes",
          "[bulk][cells]") {
  const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{0x7F}, std::size_t{0x80},
                             std::size_t{0xFB}, std::size_t{0xFC}, std::size_t{0xFD}, std::size_t{0xFE},
                             std::size_t{0xFF}, std::size_t{0x100}, std::size_t{0x101}, std::size_t{70'000});
  const std::string text(size, '\xFD');
  const std::vector<Cell> cells{
      value(text), Cell{}, {CellState::clear, {}}, value(text), {CellState::if_new, text}, value("last")};
  const std::string bytes = packed(cells);
  std::string_view rest = bytes;
  std::vector<Cell> back;
  unpack(rest, cells.size(), back);
  CHECK(back == cells);
  CHECK(rest.empty());
}

TEST_CASE("unpacking takes as many cells as asked for and leaves the rest", "[bulk][cells]") {
  const std::string bytes = packed({value("a"), value("b"), value(std::string(300, 'c'))});
  std::string_view rest = bytes;
  std::vector<Cell> back{value("what was there before goes")};
  unpack(rest, 2, back);
  CHECK(back == std::vector{value("a"), value("b")});
  CHECK(rest == packed({value(std::string(300, 'c'))}));
}

TEST_CASE("an absent cell, a cleared one and an empty text are three different things", "[bulk][cells]") {
  const auto absent = packed({Cell{}}), cleared = packed({{CellState::clear, {}}}),
             empty = packed({value("")});
  CHECK(absent != cleared);
  CHECK(absent != empty);
  CHECK(cleared != empty);
}

TEST_CASE("packed cells that are cut short anywhere are refused, not read past", "[bulk][cells]") {
  const std::string bytes = packed({value("short"), value(std::string(300, 'x'))});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    std::string_view rest = cut;
    std::vector<Cell> back;
    CAPTURE(size);
    CHECK(test::slug_of([&] { unpack(rest, 2, back); }) == "output.write_failed");
  }
}
