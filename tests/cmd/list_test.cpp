#include "cmd/list.hpp"

#include "cmd/io_fixture.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::cmd;
using namespace ringctl::cmd::test;
using ringctl::test::error_of;

namespace {
constexpr Column k_columns[] = {{"name", ColumnType::text, true, true},
                                {"rows", ColumnType::integer, true, true},
                                {"note", ColumnType::text}};

std::string printed(ListOptions options) {
  IoFixture f;
  f.options.format = Format::csv;
  f.options.rows.header = false;
  f.options.quiet = true;
  SmallList list(f.io(), k_columns, std::move(options));
  list.add({"b", 2, std::string("second")});
  list.add({"a", nullptr, "first"});
  list.add({"c", 10, "third"});
  list.print();
  return f.out();
}
}  // namespace

TEST_CASE("a small list is sorted by any sortable column, absent values last", "[cmd]") {
  CHECK(printed({}) == "b,2,second\na,,first\nc,10,third\n");
  CHECK(printed({Sort{"name", false}, 0}) == "a,,first\nb,2,second\nc,10,third\n");
  CHECK(printed({Sort{"rows", false}, 0}) == "b,2,second\nc,10,third\na,,first\n");
  CHECK(printed({Sort{"rows", true}, 0}) == "c,10,third\nb,2,second\na,,first\n");
  CHECK(printed({Sort{"name", true}, 1}) == "c,10,third\n");
}

TEST_CASE("amounts are sorted by what they come to", "[cmd]") {
  static constexpr Column k_costs[] = {{"cost", ColumnType::money, true, true}};
  const auto sorted = [](bool descending) {
    IoFixture f;
    f.options.format = Format::csv;
    f.options.rows.header = false;
    SmallList list(f.io(), k_costs, {Sort{"cost", descending}, 0});
    for (const auto* cost : {"9.50", "10.25", "-1.00"}) list.add({cost});
    list.add({nullptr});
    list.print();
    return f.out();
  };
  CHECK(sorted(false) == "-1.00\n9.50\n10.25\n\n");
  CHECK(sorted(true) == "10.25\n9.50\n-1.00\n\n");
}

TEST_CASE("the flag --sort is a sortable column and a direction", "[cmd]") {
  CHECK(parse_sort("name", k_columns).column == "name");
  CHECK_FALSE(parse_sort("name:asc", k_columns).descending);
  CHECK(parse_sort("rows:desc", k_columns).descending);
  const auto text = GENERATE(as<std::string>(), "nmae", "note", "", ":desc", "name;DROP TABLE x");
  const auto error = error_of([&] { parse_sort(text, k_columns); });
  REQUIRE(error);
  CHECK(error->slug() == "usage.bad_sort");
  CHECK(error->hint() == "sortable: name, rows");
}

TEST_CASE("a direction that is none is answered with those there are", "[cmd]") {
  const auto error = error_of([] { parse_sort("name:dsc", k_columns); });
  REQUIRE(error);
  CHECK(error->hint() == "--sort name:desc");
  CHECK(error->details().front().find("desc") != std::string::npos);
}
