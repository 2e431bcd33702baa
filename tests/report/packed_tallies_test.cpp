#include "report/packed_tallies.hpp"

#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace ringctl;
using report::Tally;

namespace {

struct Packed {
  std::string key, unit;
  Tally tally;
  friend bool operator==(const Packed&, const Packed&) = default;
};

std::string pack(const std::vector<Packed>& tallies) {
  std::string text;
  for (const auto& one : tallies) report::append_packed(text, one.key, one.unit, one.tally);
  return text;
}

std::vector<Packed> unpacked(std::string_view text) {
  const auto found = report::unpack(text);
  REQUIRE(found);
  std::vector<Packed> tallies;
  for (const auto& one : *found)
    tallies.push_back({std::string(one.key), std::string(one.price_unit), one.tally});
  return tallies;
}

Tally counting_up() {
  Tally tally;
  std::int64_t next = 1;
  for (const auto& sum : report::sums()) tally.*sum.member = next++;
  return tally;
}

/// Every sum another number, the first and the last as large as they come.
Tally wide() {
  Tally tally;
  std::int64_t next = -3;
  for (const auto& sum : report::sums()) tally.*sum.member = next++;
  tally.*report::sums().front().member = std::numeric_limits<std::int64_t>::min();
  tally.*report::sums().back().member = std::numeric_limits<std::int64_t>::max();
  return tally;
}

}  // namespace

TEST_CASE("what is packed is unpacked as it was, whatever its keys hold", "[report]") {
  const std::vector<Packed> tallies = {{"", "", {}},
                                       {"0174876e-8000-7f00-8000-000000000001", "USD", wide()},
                                       {"12 3\n4 \"five\"", "", {.inbound = 7}},
                                       {"Größe \xf0\x9f\x93\x9e", "EUR", {.price_micros = -28'000}}};
  CHECK(unpacked(pack(tallies)) == tallies);
  CHECK(unpacked("").empty());
}

TEST_CASE("a packed text that lost or gained a byte is not read", "[report]") {
  const auto whole = pack({{"key", "USD", wide()}});
  const auto damaged =
      GENERATE_COPY(whole.substr(0, whole.size() - 1), whole.substr(1), whole + "3", "4" + whole.substr(1),
                    "2" + whole.substr(1), "-1" + whole.substr(1), "99999999999999999999" + whole,
                    whole.substr(0, whole.size() - 1) + " 0\n");
  INFO(damaged);
  CHECK_FALSE(report::unpack(damaged));
}

TEST_CASE("a day that was kept is read by whoever keeps the same definitions", "[report]") {
  // Where this no longer holds, k_definitions has to be raised: other sums, or the same in another order.
  CHECK(report::k_definitions == 2);
  CHECK(pack({{"key", "USD", counting_up()}}) ==
        "3 key 3 USD 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31\n");
  CHECK(counting_up().inbound == 1);
  CHECK(counting_up().abandoned_soon == 11);
  CHECK(counting_up().price_micros == 19);
  CHECK(counting_up().rung_failed == 27);
  CHECK(counting_up().span_talk_s == 31);
}
