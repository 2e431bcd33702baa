#include "limits/day.hpp"

#include <cstdlib>
#include <set>

#include "base/text.hpp"
#include "limits/settings.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using base::Day;
using base::Zone;
using std::chrono::milliseconds;

namespace {

std::string day_at(const char* zone, const char* utc) {
  return base::format_day(limits::day_at(Zone::parse(zone), base::parse_utc(utc)));
}

/// Every zone of the machine's database.
std::set<std::string> all_zones() {
  std::set<std::string> names;
  const auto table = test::read_text("/usr/share/zoneinfo/tzdata.zi");
  for (const auto line : base::split(table, '\n')) {
    const auto words = base::split(line, ' ');
    if (words.size() > 1 && words[0] == "Z") names.emplace(words[1]);
  }
  return names;
}

/// The days from 2000 to 2035 follow each other without a gap and without an overlap.
void require_one_day_per_instant(const std::string& name) {
  const auto zone = Zone::parse(name);
  const auto last = base::parse_day("2035-12-31");
  for (auto day = base::parse_day("2000-01-01"); day < last;) {
    const auto next = limits::next_day(zone, day);
    const auto start = zone.start_of(next);
    if (!(zone.start_of(day) < start) || limits::day_at(zone, start) != next ||
        limits::day_at(zone, start - milliseconds(1)) != day || limits::previous_day(zone, next) != day)
      FAIL(name << " " << base::format_day(day));
    day = next;
  }
}

}  // namespace

TEST_CASE("a day is the local date", "[limits]") {
  CHECK(day_at("America/New_York", "2026-03-08T04:59:59.999Z") == "2026-03-07");
  CHECK(day_at("America/New_York", "2026-03-08T05:00:00.000Z") == "2026-03-08");
  CHECK(day_at("America/New_York", "2026-03-09T04:00:00.000Z") == "2026-03-09");  // after a day of 23 hours
  CHECK(day_at("Pacific/Kiritimati", "2026-03-08T12:00:00.000Z") == "2026-03-09");
}

TEST_CASE("a day begins where midnight is missing", "[limits]") {
  // Beirut, 2026-03-29: clocks go from 00:00 to 01:00.
  CHECK(day_at("Asia/Beirut", "2026-03-28T21:59:59.999Z") == "2026-03-28");
  CHECK(day_at("Asia/Beirut", "2026-03-28T22:00:00.000Z") == "2026-03-29");
}

TEST_CASE("a day that has begun goes on although clocks are set back over midnight", "[limits]") {
  // St John's, 2010-11-07 00:01: back to 23:01 of the 6th.
  CHECK(day_at("America/St_Johns", "2010-11-07T02:30:30.000Z") == "2010-11-07");
  CHECK(day_at("America/St_Johns", "2010-11-07T02:45:00.000Z") == "2010-11-07");
  // Havana, 2025-11-02 01:00: back to 00:00; midnight comes twice, the day once.
  CHECK(day_at("America/Havana", "2025-11-02T03:59:59.999Z") == "2025-11-01");
  CHECK(day_at("America/Havana", "2025-11-02T04:00:00.000Z") == "2025-11-02");
  CHECK(day_at("America/Havana", "2025-11-02T05:30:00.000Z") == "2025-11-02");
}

TEST_CASE("a date that a zone left out is no day", "[limits]") {
  const auto apia = Zone::parse("Pacific/Apia");
  CHECK_FALSE(limits::has_day(apia, base::parse_day("2011-12-30")));
  CHECK(limits::next_day(apia, base::parse_day("2011-12-29")) == base::parse_day("2011-12-31"));
  CHECK(limits::previous_day(apia, base::parse_day("2011-12-31")) == base::parse_day("2011-12-29"));
  CHECK(limits::next_day(Zone::utc(), base::parse_day("2028-02-28")) == base::parse_day("2028-02-29"));
}

TEST_CASE("each instant is in one day in the zones with the oddest clocks", "[limits]") {
  for (const auto* zone :
       {"America/New_York", "America/Santiago", "America/Havana", "Asia/Beirut", "Africa/Cairo",
        "America/Asuncion", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"})
    require_one_day_per_instant(zone);
}

// Every third zone; all of them with RINGCTL_TEST_FULL.
TEST_CASE("each instant is in one day in every zone", "[limits][slow]") {
  const auto zones = all_zones();
  REQUIRE(zones.size() > 300);
  const bool full = std::getenv("RINGCTL_TEST_FULL") != nullptr;
  std::size_t at = 0;
  for (const auto& zone : zones)
    if (full || at++ % 3 == 0) require_one_day_per_instant(zone);
}

TEST_CASE("a closed day is not counted on again, however the clock is set", "[limits]") {
  limits::Settings settings;
  const auto now = base::parse_utc("2026-03-08T12:00:00.000Z");
  CHECK(settings.open_day(now) == base::parse_day("2026-03-08"));
  settings.closed_day = base::parse_day("2026-03-07");
  CHECK(settings.open_day(now) == base::parse_day("2026-03-08"));
  settings.closed_day = base::parse_day("2026-03-08");
  CHECK(settings.open_day(now) == base::parse_day("2026-03-09"));
}
