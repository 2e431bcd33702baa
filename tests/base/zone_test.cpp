#include "base/zone.hpp"

#include <cstdlib>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace std::chrono_literals;
using ringctl::base::Day;
using ringctl::base::format_utc;
using ringctl::base::parse_day;
using ringctl::base::parse_utc;
using ringctl::base::Zone;

namespace {

std::string start_of(const char* zone, const char* day) {
  return format_utc(Zone::parse(zone).start_of(parse_day(day)));
}
std::string day_of(const char* zone, const char* utc) {
  return ringctl::base::format_day(Zone::parse(zone).day_of(parse_utc(utc)));
}

/// Sets TZ for one test.
class TzVariable {
 public:
  explicit TzVariable(const char* value) {
    if (const char* old = std::getenv("TZ")) old_ = old;
    ::setenv("TZ", value, 1);
  }
  TzVariable(const TzVariable&) = delete;
  TzVariable& operator=(const TzVariable&) = delete;
  ~TzVariable() { old_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", old_.c_str(), 1); }

 private:
  std::string old_;
};

}  // namespace

TEST_CASE("a day in New York starts at its own offset, before, on and after the days clocks change") {
  CHECK(start_of("America/New_York", "2026-03-07") == "2026-03-07T05:00:00.000Z");
  CHECK(start_of("America/New_York", "2026-03-08") == "2026-03-08T05:00:00.000Z");
  CHECK(start_of("America/New_York", "2026-03-09") == "2026-03-09T04:00:00.000Z");
  CHECK(start_of("America/New_York", "2026-11-01") == "2026-11-01T04:00:00.000Z");
  CHECK(start_of("America/New_York", "2026-11-02") == "2026-11-02T05:00:00.000Z");
}

TEST_CASE("where midnight is missing the day starts at the first instant that exists") {
  // Santiago goes from 24:00 to 01:00, Havana from 00:00 to 01:00.
  CHECK(start_of("America/Santiago", "2024-09-08") == "2024-09-08T04:00:00.000Z");
  CHECK(Zone::parse("America/Santiago").format(parse_utc("2024-09-08T04:00:00.000Z")) ==
        "2024-09-08T01:00:00.000-03:00");
  CHECK(day_of("America/Santiago", "2024-09-08T03:59:59.999Z") == "2024-09-07");
  CHECK(start_of("America/Havana", "2024-03-10") == "2024-03-10T05:00:00.000Z");
  CHECK(Zone::parse("America/Havana").format(parse_utc("2024-03-10T05:00:00.000Z")) ==
        "2024-03-10T01:00:00.000-04:00");
}

TEST_CASE("where midnight comes twice the day starts at the first of the two") {
  // Havana goes from 01:00 back to 00:00.
  CHECK(start_of("America/Havana", "2024-11-03") == "2024-11-03T04:00:00.000Z");
  CHECK(day_of("America/Havana", "2024-11-03T04:00:00.000Z") == "2024-11-03");
  CHECK(day_of("America/Havana", "2024-11-03T05:00:00.000Z") == "2024-11-03");
}

TEST_CASE("where the last hour of a day comes twice the next day starts after both") {
  // Santiago goes from 24:00 back to 23:00.
  CHECK(start_of("America/Santiago", "2024-04-07") == "2024-04-07T04:00:00.000Z");
  CHECK(day_of("America/Santiago", "2024-04-07T03:59:59.999Z") == "2024-04-06");
}

TEST_CASE("a date that a zone skipped starts where the next one does") {
  // Apia crossed the date line: there is no 30 December 2011.
  CHECK(start_of("Pacific/Apia", "2011-12-30") == "2011-12-30T10:00:00.000Z");
  CHECK(start_of("Pacific/Apia", "2011-12-31") == "2011-12-30T10:00:00.000Z");
  CHECK(day_of("Pacific/Apia", "2011-12-30T09:59:59.999Z") == "2011-12-29");
  CHECK(day_of("Pacific/Apia", "2011-12-30T10:00:00.000Z") == "2011-12-31");
}

TEST_CASE("every day of a year starts in that day and just after the day before, in zones of all kinds") {
  const auto* name =
      GENERATE("America/New_York", "America/Santiago", "America/Havana", "Asia/Kathmandu", "Asia/Beirut",
               "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Kiritimati", "UTC");
  const auto zone = Zone::parse(name);
  const auto first = std::chrono::sys_days(parse_day("2024-01-01"));
  for (int i = 0; i < 366; ++i) {
    const Day day = first + std::chrono::days(i);
    const auto start = zone.start_of(day);
    INFO(name << " " << ringctl::base::format_day(day));
    REQUIRE(zone.day_of(start) == day);
    REQUIRE(zone.day_of(start - 1ms) == Day(first + std::chrono::days(i - 1)));
  }
}

TEST_CASE("an instant prints with the offset of its zone at that instant") {
  const auto zone = Zone::parse("America/New_York");
  CHECK(zone.format(parse_utc("2026-03-08T06:59:59.999Z")) == "2026-03-08T01:59:59.999-05:00");
  CHECK(zone.format(parse_utc("2026-03-08T07:00:00.000Z")) == "2026-03-08T03:00:00.000-04:00");
  CHECK(Zone::parse("Asia/Kathmandu").format(parse_utc("2026-01-01T00:00:00.000Z")) ==
        "2026-01-01T05:45:00.000+05:45");
  CHECK(Zone::utc().format(parse_utc("2026-01-01T00:00:00.000Z")) == "2026-01-01T00:00:00.000+00:00");
}

TEST_CASE("an offset with seconds, from before standard time, still names the same instant") {
  const auto zone = Zone::parse("America/New_York");  // -04:56:02 until 1883
  const auto instant = parse_utc("1880-01-01T12:00:00.000Z");
  const auto text = zone.format(instant);
  CHECK(text == "1880-01-01T07:04:00.000-04:56");
  CHECK(ringctl::base::parse_instant(text, zone, instant) == instant);
}

TEST_CASE("only names of the zone database are zones") {
  CHECK(Zone::exists("America/Argentina/Buenos_Aires"));
  CHECK(Zone::exists("Etc/GMT+12"));
  for (const auto* name :
       {"", "america/new_york", "New York", "/usr/share/zoneinfo/UTC", "file:UTC", "../UTC", "localtime",
        "right/UTC", "Fixed/UTC+05:00:00", "libc:localtime", "zone.tab", "UTC\n"}) {
    INFO(name);
    CHECK_FALSE(Zone::exists(name));
  }
}

TEST_CASE("an unknown zone is refused with the nearest names") {
  const auto hint = [](const char* name) {
    const auto error = ringctl::test::error_of([&] { Zone::parse(name); });
    REQUIRE(error);
    CHECK(error->errc() == ringctl::Errc::invalid);
    CHECK(error->slug() == "time.unknown_zone");
    return error->hint();
  };
  CHECK(hint("America/New_Yrok").find("America/New_York") != std::string::npos);
  CHECK(hint("america/new_york").find("America/New_York") != std::string::npos);
  CHECK(hint("new york").find("America/New_York") != std::string::npos);
  CHECK(hint("Nowhere/At_All") == "use an IANA name such as America/New_York");
}

TEST_CASE("the system's zone is TZ where that names one") {
  SECTION("a name") {
    const TzVariable tz("Asia/Tokyo");
    CHECK(Zone::system().name() == "Asia/Tokyo");
  }
  SECTION("a name behind a colon") {
    const TzVariable tz(":Asia/Tokyo");
    CHECK(Zone::system().name() == "Asia/Tokyo");
  }
  SECTION("a file of the database") {
    const TzVariable tz("/usr/share/zoneinfo/Asia/Tokyo");
    CHECK(Zone::system().name() == "Asia/Tokyo");
  }
  SECTION("rubbish falls back to the machine's zone") {
    const TzVariable tz("No/Such_Zone");
    CHECK(Zone::exists(Zone::system().name()));
  }
}

TEST_CASE("the edition of the zone data is what its table says, and nothing where there is none") {
  const ringctl::test::TempDir folder;
  const char* const before = std::getenv("TZDIR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("TZDIR", folder.path().c_str(), 1);
  CHECK(ringctl::base::zone_data_version().empty());
  ringctl::test::write_text(folder.path() / "tzdata.zi", "# version 2025b\n# This zic input file\n");
  CHECK(ringctl::base::zone_data_version() == "2025b");
  ringctl::test::write_text(folder.path() / "tzdata.zi", "R A 1916 o\n");
  CHECK(ringctl::base::zone_data_version().empty());
  if (before != nullptr)
    ::setenv("TZDIR", kept.c_str(), 1);
  else
    ::unsetenv("TZDIR");
}
