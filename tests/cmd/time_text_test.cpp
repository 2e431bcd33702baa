#include "cmd/time_text.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::cmd;

namespace {
std::string text(TimeText& times, base::Instant at) {
  std::string out;
  times.append(out, at);
  return out;
}
}  // namespace

TEST_CASE("times read as the zone itself writes them", "[cmd]") {
  const auto name = GENERATE(as<std::string>(), "UTC", "America/New_York", "Australia/Lord_Howe",
                             "Asia/Kathmandu", "America/Havana", "Africa/Monrovia", "Pacific/Apia");
  const auto zone = base::Zone::parse(name);
  TimeText times(zone);
  // Hours of sixty years, and both sides of every quarter of an hour around a change of offset.
  for (auto at = base::parse_utc("1965-01-01T00:00:00.999Z");
       at < base::parse_utc("2027-01-01T00:00:00.000Z"); at += std::chrono::minutes(60 * 24 * 5 + 45))
    REQUIRE(text(times, at) == zone.format(at));
  for (auto at = base::parse_utc("2026-03-08T05:00:00.000Z");
       at < base::parse_utc("2026-03-08T09:00:00.000Z"); at += std::chrono::milliseconds(299999))
    REQUIRE(text(times, at) == zone.format(at));
}

TEST_CASE("what is no time is said with its flag", "[cmd]") {
  const auto now = base::parse_utc("2026-03-08T07:59:58.123Z");
  CHECK(parse_time("since", "2026-03-08", base::Zone::utc(), now) ==
        base::parse_utc("2026-03-08T00:00:00.000Z"));
  const auto error = test::error_of([&] { parse_time("until", "soon", base::Zone::utc(), now); });
  REQUIRE(error);
  CHECK(error->slug() == "time.malformed");
  CHECK(error->message() == "--until: \"soon\" is not a time");
}

TEST_CASE("people see local time without the offset", "[cmd]") {
  TimeText times(base::Zone::parse("America/New_York"));
  std::string out;
  times.append_local(out, base::parse_utc("2026-03-08T07:59:58.123Z"));
  CHECK(out == "2026-03-08 03:59:58");
}

TEST_CASE("people may see times in another zone than programs", "[cmd]") {
  TimeText times(base::Zone::parse("America/New_York"));
  const auto at = base::parse_utc("2026-03-08T07:59:58.123Z");
  CHECK(text(times, at) == "2026-03-08T03:59:58.123-04:00");
  times.show_people(base::Zone::parse("Asia/Kathmandu"));
  std::string out;
  times.append_local(out, at);
  CHECK(out == "2026-03-08 13:44:58");
  CHECK(text(times, at) == "2026-03-08T03:59:58.123-04:00");
}
