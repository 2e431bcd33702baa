#include "db/row_spill.hpp"

#include "support/catch.hpp"

using ringctl::db::RowSpill;

TEST_CASE("rows put aside come back in order, in memory and from a file", "[db]") {
  const std::size_t width = GENERATE(1U, 1000U, 3000000U);
  RowSpill spill;
  for (std::size_t i = 0; i < 20; ++i) {
    const std::string text(width + i, static_cast<char>('a' + i));
    spill.add({text, std::nullopt, std::string_view()});
  }
  RowSpill::Values row;
  for (std::size_t i = 0; i < 20; ++i) {
    REQUIRE(spill.next(row));
    REQUIRE(row.size() == 3);
    REQUIRE(row[0] == std::string(width + i, static_cast<char>('a' + i)));
    CHECK_FALSE(row[1]);
    CHECK(row[2] == "");
  }
  CHECK_FALSE(spill.next(row));
}

TEST_CASE("nothing put aside gives nothing back", "[db]") {
  RowSpill spill;
  RowSpill::Values row;
  CHECK_FALSE(spill.next(row));
}
