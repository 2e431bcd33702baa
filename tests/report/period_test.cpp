#include "report/period.hpp"

#include "limits/day.hpp"
#include "report/ledger.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using base::Zone;
using report::Period;
using test::days_of;
using test::utc;

namespace {

std::vector<std::string> days(const std::vector<report::Slice>& slices) {
  std::vector<std::string> all;
  for (const auto& slice : slices)
    all.push_back(base::format_day(slice.day) + (slice.whole ? "" : " in part"));
  return all;
}

using Texts = std::vector<std::string>;

/// Slices follow each other without a gap from since to until.
void require_whole(const Period& period, const Zone& zone) {
  const auto slices = report::slices_of(period, zone);
  auto at = period.since;
  for (const auto& slice : slices) {
    CHECK(slice.from == at);
    CHECK(slice.from < slice.until);
    CHECK(limits::day_at(zone, slice.from) == slice.day);
    CHECK(limits::day_at(zone, slice.until - 1ms) == slice.day);
    at = slice.until;
  }
  CHECK(at == period.until);
}

}  // namespace

TEST_CASE("a period is cut at the zone's midnights", "[report]") {
  const auto zone = Zone::parse("America/New_York");
  const Period period{utc("2026-03-06T17:00:00"), utc("2026-03-09T16:00:00")};
  CHECK(days(report::slices_of(period, zone)) ==
        Texts{"2026-03-06 in part", "2026-03-07", "2026-03-08", "2026-03-09 in part"});
  require_whole(period, zone);
}

TEST_CASE("days on which clocks are changed have 23 and 25 hours", "[report]") {
  const auto zone = Zone::parse("America/New_York");
  const auto spring = report::slices_of(days_of(zone, "2026-03-08", "2026-03-09"), zone);
  REQUIRE(spring.size() == 1);
  CHECK(spring[0].whole);
  CHECK(spring[0].until - spring[0].from == 23h);
  const auto autumn = report::slices_of(days_of(zone, "2026-11-01", "2026-11-02"), zone);
  REQUIRE(autumn.size() == 1);
  CHECK(autumn[0].until - autumn[0].from == 25h);
}

TEST_CASE("zones of half and quarter hours have their own midnights", "[report]") {
  const auto kolkata = Zone::parse("Asia/Kolkata"), kathmandu = Zone::parse("Asia/Kathmandu");
  CHECK(report::slices_of(days_of(kolkata, "2026-03-07", "2026-03-08"), kolkata)[0].from ==
        utc("2026-03-06T18:30:00"));
  CHECK(report::slices_of(days_of(kathmandu, "2026-03-07", "2026-03-08"), kathmandu)[0].from ==
        utc("2026-03-06T18:15:00"));
}

TEST_CASE("a date that the zone left out has no slice", "[report]") {
  const auto apia = Zone::parse("Pacific/Apia");
  const auto period = days_of(apia, "2011-12-29", "2012-01-01");
  CHECK(days(report::slices_of(period, apia)) == Texts{"2011-12-29", "2011-12-31"});
  require_whole(period, apia);
}

TEST_CASE("where clocks are set back over midnight, days still follow each other", "[report]") {
  const auto zone = Zone::parse("America/St_Johns");
  require_whole(days_of(zone, "2010-11-05", "2010-11-09"), zone);
  require_whole({utc("2010-11-07T02:30:00"), utc("2010-11-07T03:20:00")}, zone);
}

TEST_CASE("an empty period has no slices", "[report]") {
  const auto at = utc("2026-03-07T12:00:00");
  CHECK(report::slices_of({at, at}, Zone::utc()).empty());
  CHECK(report::slices_of({at, at - 1h}, Zone::utc()).empty());
}

TEST_CASE("days are held against as many days before", "[report]") {
  const auto zone = Zone::utc();
  const auto before = report::before(days_of(zone, "2026-03-08", "2026-03-15"), zone);
  CHECK(before.since == utc("2026-03-01T00:00:00"));
  CHECK(before.until == utc("2026-03-08T00:00:00"));
  CHECK(report::day_before(base::parse_day("2026-03-09"), days_of(zone, "2026-03-08", "2026-03-15"), zone) ==
        base::parse_day("2026-03-02"));
}

TEST_CASE("today until noon is held against yesterday until noon", "[report]") {
  const auto zone = Zone::parse("Europe/Paris");
  const auto before = report::before({utc("2026-03-09T23:00:00"), utc("2026-03-10T11:00:00")}, zone);
  CHECK(before.since == utc("2026-03-08T23:00:00"));
  CHECK(before.until == utc("2026-03-09T11:00:00"));
}

TEST_CASE("a whole day is held against a whole day, however long", "[report]") {
  const auto zone = Zone::parse("America/New_York");
  const auto after_short = report::before(days_of(zone, "2026-03-09", "2026-03-10"), zone);
  CHECK(after_short.until - after_short.since == 23h);
  const auto after_long = report::before(days_of(zone, "2026-11-02", "2026-11-03"), zone);
  CHECK(after_long.until - after_long.since == 25h);
  CHECK(after_long.until == zone.start_of(base::parse_day("2026-11-02")));
}

TEST_CASE("as far into a shorter day is its end at most", "[report]") {
  const auto zone = Zone::parse("America/New_York");
  // 23:30 of the ninth; the eighth had 23 hours.
  const auto start = zone.start_of(base::parse_day("2026-03-09"));
  const auto before = report::before({start, start + 23h + 30min}, zone);
  CHECK(before.since == zone.start_of(base::parse_day("2026-03-08")));
  CHECK(before.until == start);
}

TEST_CASE("before a left-out date comes the day before it", "[report]") {
  const auto apia = Zone::parse("Pacific/Apia");
  const auto period = days_of(apia, "2011-12-31", "2012-01-02");
  const auto before = report::before(period, apia);
  CHECK(days(report::slices_of(before, apia)) == Texts{"2011-12-28", "2011-12-29"});
  CHECK(report::day_before(base::parse_day("2012-01-01"), period, apia) == base::parse_day("2011-12-29"));
}

TEST_CASE("the last days end now and begin at a midnight", "[report]") {
  const auto zone = Zone::parse("America/New_York");
  const auto now = utc("2026-03-09T12:00:00");
  CHECK(report::last_days(1, zone, now).since == utc("2026-03-09T04:00:00"));
  const auto month = report::last_days(30, zone, now);
  CHECK(month.since == utc("2026-02-08T05:00:00"));
  CHECK(month.until == now);
  CHECK(report::slices_of(month, zone).size() == 30);
}
