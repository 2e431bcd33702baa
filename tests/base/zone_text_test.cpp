#include <random>

#include "base/zone.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace std::chrono_literals;
using ringctl::base::format_duration;
using ringctl::base::format_utc;
using ringctl::base::parse_day;
using ringctl::base::parse_duration;
using ringctl::base::parse_instant;
using ringctl::base::parse_utc;
using ringctl::base::Zone;
using ringctl::test::error_of;
using ringctl::test::slug_of;

namespace {

constexpr const char* k_now = "2026-03-08T12:00:00.000Z";

std::string instant(const char* text, const char* zone = "America/New_York") {
  return format_utc(parse_instant(text, Zone::parse(zone), parse_utc(k_now)));
}

}  // namespace

TEST_CASE("a date is read strictly and prints as it was read") {
  CHECK(ringctl::base::format_day(parse_day("2024-02-29")) == "2024-02-29");
  CHECK(ringctl::base::format_day(parse_day("0099-01-02")) == "0099-01-02");
  for (const auto* text :
       {"", "2023-02-29", "2024-2-29", "2024-02-30", "24-02-29", "2024/02/29", "2024-02-29 ", "today"}) {
    INFO(text);
    CHECK(slug_of([&] { parse_day(text); }) == "time.bad_date");
  }
}

TEST_CASE("an instant is read from every form people type") {
  CHECK(instant("now") == k_now);
  CHECK(instant("today") == "2026-03-08T05:00:00.000Z");
  CHECK(instant("yesterday") == "2026-03-07T05:00:00.000Z");
  CHECK(instant("2026-03-09") == "2026-03-09T04:00:00.000Z");
  CHECK(instant("2026-03-08T07:59:58Z") == "2026-03-08T07:59:58.000Z");
  CHECK(instant("2026-03-08 07:59:58.5+02:00") == "2026-03-08T05:59:58.500Z");
  CHECK(instant("2026-03-08T07:59:58.123456-04:30") == "2026-03-08T12:29:58.123Z");
  CHECK(instant("2026-03-08T01:59") == "2026-03-08T06:59:00.000Z");
  CHECK(instant("2026-03-08 03:00:00") == "2026-03-08T07:00:00.000Z");
  CHECK(instant("-7d") == "2026-03-01T12:00:00.000Z");
  CHECK(instant("-1h30m") == "2026-03-08T10:30:00.000Z");
  CHECK(instant("-2w") == "2026-02-22T12:00:00.000Z");
}

TEST_CASE("yesterday is the day before in the zone, also across a change of clocks") {
  const auto zone = Zone::parse("America/New_York");
  CHECK(format_utc(parse_instant("yesterday", zone, parse_utc("2026-03-09T04:30:00.000Z"))) ==
        "2026-03-08T05:00:00.000Z");
  CHECK(format_utc(parse_instant("yesterday", zone, parse_utc("2026-03-09T03:30:00.000Z"))) ==
        "2026-03-07T05:00:00.000Z");
}

TEST_CASE("a local time that a change of clocks skips is refused with the instants on both sides") {
  const auto error = error_of([] { instant("2026-03-08 02:30"); });
  REQUIRE(error);
  CHECK(error->errc() == ringctl::Errc::invalid);
  CHECK(error->slug() == "time.skipped");
  CHECK(error->message() == "\"2026-03-08 02:30\" does not exist in America/New_York (clocks change then)");
  CHECK(error->hint() == "say 2026-03-08T01:30:00.000-05:00 or 2026-03-08T03:30:00.000-04:00");
}

TEST_CASE("a local time that comes twice is refused with both instants") {
  const auto error = error_of([] { instant("2026-11-01T01:30"); });
  REQUIRE(error);
  CHECK(error->slug() == "time.ambiguous");
  CHECK(error->message() == "\"2026-11-01T01:30\" happens twice in America/New_York (clocks change then)");
  CHECK(error->hint() == "say 2026-11-01T01:30:00.000-04:00 or 2026-11-01T01:30:00.000-05:00");
}

TEST_CASE("a date alone is never ambiguous, even where midnight is missing or doubled") {
  CHECK(instant("2024-09-08", "America/Santiago") == "2024-09-08T04:00:00.000Z");
  CHECK(instant("2024-11-03", "America/Havana") == "2024-11-03T04:00:00.000Z");
  CHECK(slug_of([] { instant("2024-09-08 00:30", "America/Santiago"); }) == "time.skipped");
}

TEST_CASE("text that is no time is refused") {
  for (const auto* text :
       {"", "tomorrow", "2026-03-08T", "2026-03-08T25:00", "2026-03-08T1:00", "2026-03-08T01:00:60",
        "2026-03-08T01:00:00.", "2026-03-08T01:00:00+2", "2026-03-08T01:00:00+24:00", "2026-02-30",
        "2026-03-08x01:00", "-", "-7", "-d", "-7y", "7d", "1772956798", "2026-03-08T01:00:00Zz"}) {
    INFO(text);
    CHECK(slug_of([&] { instant(text); }) == "time.malformed");
  }
}

TEST_CASE("a duration is read in units that fall in size") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("2d") == 48h);
  CHECK(parse_duration("1w") == 168h);
  CHECK(parse_duration("0s") == 0ms);
  for (const auto* text :
       {"", "10", "m", "1.5h", "-5s", "30m1h", "1h1h", "5 s", "1y", "100000dx", "100000d1w"}) {
    INFO(text);
    CHECK(slug_of([&] { parse_duration(text); }) == "time.bad_duration");
  }
}

TEST_CASE("what is longer than a century is told as that") {
  CHECK(parse_duration("36600d") == 36600 * 24h);
  for (const auto* text :
       {"99999999999999999999s", "9223372036854775807ms", "100000d", "36600d1ms", "36601d"}) {
    INFO(text);
    CHECK(slug_of([&] { parse_duration(text); }) == "time.too_long");
    CHECK(slug_of([&] { instant((std::string("-") + text).c_str()); }) == "time.too_long_ago");
  }
  const auto error = error_of([] { instant("-99999d"); });
  REQUIRE(error);
  CHECK(error->errc() == ringctl::Errc::invalid);
  CHECK(error->message() == "\"-99999d\" is too long ago");
}

TEST_CASE("a duration prints in its largest units and reads back") {
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(48h + 1ms) == "2d1ms");
  CHECK(format_duration(-90s) == "-1m30s");
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> ms(0, 3'000'000'000'000);
  for (int i = 0; i < 2000; ++i) {
    const std::chrono::milliseconds duration(ms(random));
    REQUIRE(parse_duration(format_duration(duration)) == duration);
  }
}
