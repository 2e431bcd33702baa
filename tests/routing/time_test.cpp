#include "routing/world.hpp"

using namespace ringctl;
using test::World;

namespace {

/// Whether a rule with these conditions holds at an instant, in a zone.
bool holds(const std::string& when, const char* zone, const char* utc) {
  World world;
  world.agent("ann");
  world.snapshot.zone = base::Zone::parse(zone);
  world.facts.now = base::parse_utc(std::string(utc) + ":00.000Z");
  world.rule("r", when, R"([{"voicemail":true}])");
  return world.plan().rule == "r";
}

}  // namespace

TEST_CASE("hours are those of the workspace's clocks, to the minute") {
  const auto* office = R"({"hours":{"from":"08:00","to":"18:00"}})";
  CHECK_FALSE(holds(office, "America/New_York", "2026-01-15T12:59"));
  CHECK(holds(office, "America/New_York", "2026-01-15T13:00"));
  CHECK(holds(office, "America/New_York", "2026-01-15T22:59"));
  CHECK_FALSE(holds(office, "America/New_York", "2026-01-15T23:00"));
  CHECK(holds(office, "Europe/London", "2026-01-15T12:59"));
  CHECK(holds(R"({"hours":{"from":"23:59","to":"24:00"}})", "UTC", "2026-01-15T23:59"));
}

TEST_CASE("hours keep to the clock when it is put forward and back") {
  const auto* office = R"({"hours":{"from":"08:00","to":"18:00"}})";
  CHECK_FALSE(holds(office, "America/New_York", "2026-03-07T12:30"));  // 07:30 EST
  CHECK(holds(office, "America/New_York", "2026-03-08T12:30"));        // 08:30 EDT
  CHECK(holds(office, "America/New_York", "2026-10-31T12:30"));
  CHECK_FALSE(holds(office, "America/New_York", "2026-11-01T12:30"));
  const auto* twice = R"({"hours":{"from":"01:00","to":"02:00"}})";
  CHECK(holds(twice, "America/New_York", "2026-11-01T05:30"));  // the hour that comes twice
  CHECK(holds(twice, "America/New_York", "2026-11-01T06:30"));
  const auto* never = R"({"hours":{"from":"02:00","to":"03:00"}})";
  for (const auto* utc : {"2026-03-08T06:59", "2026-03-08T07:00"})
    CHECK_FALSE(holds(never, "America/New_York", utc));
}

TEST_CASE("of hours over midnight the part after midnight belongs to the day before") {
  const auto* friday_night = R"({"days":["fri"],"hours":{"from":"22:00","to":"06:00"}})";
  CHECK_FALSE(holds(friday_night, "UTC", "2026-03-06T05:59"));  // Friday, of Thursday's night
  CHECK_FALSE(holds(friday_night, "UTC", "2026-03-06T21:59"));
  CHECK(holds(friday_night, "UTC", "2026-03-06T22:00"));
  CHECK(holds(friday_night, "UTC", "2026-03-07T05:59"));
  CHECK_FALSE(holds(friday_night, "UTC", "2026-03-07T06:00"));
  CHECK_FALSE(holds(friday_night, "UTC", "2026-03-07T22:00"));
}

TEST_CASE("days and holidays are those of the workspace's calendar") {
  const auto* sunday = R"({"days":["sun"]})";
  CHECK(holds(sunday, "UTC", "2026-03-08T23:30"));
  CHECK_FALSE(holds(sunday, "Europe/Berlin", "2026-03-08T23:30"));
  CHECK(holds(sunday, "Pacific/Auckland", "2026-03-07T11:30"));
  const auto* christmas = R"({"holidays":["2026-12-25","2026-12-26"]})";
  CHECK_FALSE(holds(christmas, "America/New_York", "2026-12-25T04:59"));
  CHECK(holds(christmas, "America/New_York", "2026-12-25T05:00"));
  CHECK(holds(christmas, "America/New_York", "2026-12-27T04:59"));
  CHECK_FALSE(holds(christmas, "America/New_York", "2026-12-27T05:00"));
  CHECK_FALSE(holds(R"({"not":{"holidays":["2026-12-25"]}})", "UTC", "2026-12-25T12:00"));
  CHECK(holds(R"({"holidays":["2024-02-29"]})", "UTC", "2024-02-29T12:00"));
}
