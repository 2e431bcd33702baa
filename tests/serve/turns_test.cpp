#include "serve/turns.hpp"

#include "support/catch.hpp"

using namespace ringctl;

TEST_CASE("every rule of every workspace counts its own turns", "[serve]") {
  const auto now = base::parse_utc("2026-03-08T12:00:00.000Z");
  const auto here = base::Uuid::parse("0190f5fe-7c00-7a00-8000-000000000001"),
             there = base::Uuid::parse("0190f5fe-7c00-7a00-8000-000000000002");
  serve::Turns turns;
  const auto sales = turns.next(here, "Sales", now), support = turns.next(here, "Support", now),
             theirs = turns.next(there, "Sales", now);
  for (std::uint64_t i = 1; i < 5; ++i) {
    CHECK(turns.next(here, "Sales", now) == sales + i);
    CHECK(turns.next(here, "Support", now) == support + i);
  }
  CHECK(turns.next(there, "Sales", now) == theirs + 1);
}
