#include "base/clock.hpp"

#include <random>

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace std::chrono_literals;
using ringctl::base::format_utc;
using ringctl::base::Instant;
using ringctl::base::parse_utc;

TEST_CASE("an instant prints as 24 characters of UTC") {
  CHECK(format_utc(Instant(0ms)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_utc(Instant(-1ms)) == "1969-12-31T23:59:59.999Z");
  CHECK(format_utc(Instant(1772956798123ms)) == "2026-03-08T07:59:58.123Z");
}

TEST_CASE("reading what was printed gives the same instant, over all of the years") {
  std::mt19937_64 random(20260308);
  std::uniform_int_distribution<std::int64_t> ms(-62167219200000,
                                                 253402300799999);  // 0000-01-01 to 9999-12-31
  for (int i = 0; i < 20000; ++i) {
    const Instant instant(std::chrono::milliseconds(ms(random)));
    const auto text = format_utc(instant);
    REQUIRE(text.size() == 24);
    REQUIRE(parse_utc(text) == instant);
  }
}

TEST_CASE("years that do not fit four digits are refused, not misprinted") {
  CHECK(ringctl::test::slug_of([] { format_utc(Instant(253402300800000ms)); }) == "time.out_of_range");
  CHECK(ringctl::test::slug_of([] { format_utc(Instant(-62167219200001ms)); }) == "time.out_of_range");
}

TEST_CASE("PostgreSQL's spellings of an instant are read") {
  const Instant expected(1772956798120ms);
  for (const auto* text : {"2026-03-08 07:59:58.12+00", "2026-03-08 07:59:58.120+00",
                           "2026-03-08 07:59:58.12+00:00", "2026-03-08T07:59:58.12Z"})
    CHECK(parse_utc(text) == expected);
  CHECK(parse_utc("2026-03-08 07:59:58+00") == Instant(1772956798000ms));
  CHECK(parse_utc("2024-02-29 00:00:00+00") == parse_utc("2024-02-29T00:00:00.000Z"));
}

TEST_CASE("text that is no UTC time is refused") {
  for (const auto* text : {"", "2026-03-08", "2026-03-08T07:59:58.123", "2026-03-08T07:59:58.123+02",
                           "2026-03-08T07:59:58.1234Z", "2026-03-08T07:59:58.Z", "2026-02-29T00:00:00.000Z",
                           "2026-13-01T00:00:00.000Z", "2026-00-01T00:00:00.000Z", "2026-03-08T24:00:00.000Z",
                           "2026-03-08T07:60:00.000Z", "2026-03-08T07:59:60.000Z", "26-03-08T07:59:58.123Z",
                           "2026-03-08T07:59:58.123Z ", " 2026-03-08T07:59:58.123Z",
                           "2026-03-08X07:59:58.123Z", "-026-03-08T07:59:58.123Z"}) {
    INFO(text);
    CHECK(ringctl::test::slug_of([&] { parse_utc(text); }) == "time.malformed");
  }
}

TEST_CASE("the system's clock is of this age and its steady side never goes back") {
  const ringctl::base::SystemClock clock;
  CHECK(clock.now() > parse_utc("2024-01-01T00:00:00.000Z"));
  const auto before = clock.steady();
  CHECK(clock.steady() >= before);
}
