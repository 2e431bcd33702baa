// Callers at the last call of the day. 20 rounds; all 1,000 with RINGCTL_TEST_FULL.

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <thread>

#include "db/group_writer.hpp"
#include "limits/day.hpp"
#include "limits/office.hpp"
#include "limits/reset.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::Office;

namespace {

constexpr int k_callers = 64;
constexpr std::int64_t k_limit = 10;

int rounds() { return std::getenv("RINGCTL_TEST_FULL") != nullptr ? 1000 : 20; }

struct Race : Office {
  explicit Race(db::Engine engine) : Office(engine), assignment(ann(k_limit)) {}

  /// From here on everybody's calls are counted by one writer.
  void share_a_writer() {
    writer = std::make_unique<db::GroupWriter>(database.connect(), db::GroupWriter::Options{});
  }

  /// A new day, on which all but one call of the limit are made.
  void prepare() {
    clock.advance(std::chrono::hours(24));
    exec("INSERT INTO daily_usage (assignment_id, day, workspace_id, reserved) VALUES ($1, $2, $3, $4)",
         {assignment, today(), workspace, k_limit - 1});
  }
  std::string today() const { return base::format_day(limits::day_at(base::Zone::utc(), clock.now())); }

  /// Every caller has a connection of its own and asks once a round.
  void run() {
    std::barrier start(k_callers + 1), end(k_callers + 1);
    std::atomic<bool> stop = false;
    std::vector<std::thread> callers;
    callers.reserve(k_callers);
    for (int i = 0; i < k_callers; ++i)
      callers.emplace_back([&] {
        test::Actor actor(database.connect(), clock);
        for (;;) {
          start.arrive_and_wait();
          if (stop) return;
          call(actor.session);
          end.arrive_and_wait();
        }
      });
    for (int round = 0; round < rounds(); ++round) {
      prepare();
      admitted = 0;
      start.arrive_and_wait();
      end.arrive_and_wait();
      over += std::max(admitted - 1, 0);
      under += admitted == 0 ? 1 : 0;
      if (counter(assignment, today()).used() != k_limit) ++miscounted;
    }
    stop = true;
    start.arrive_and_wait();
    for (auto& caller : callers) caller.join();
  }

  void call(audit::Session& session) {
    try {
      const limits::Request request{.agent = test::k_ann, .to = test::k_to};
      const auto verdict = writer ? limits::reserve(session, workspace, request, *writer)
                                  : limits::reserve(session, workspace, request);
      if (verdict.allowed) ++admitted;
      if (!verdict.allowed && !verdict.refused_for(limits::Refusal::limit_reached)) ++other;
    } catch (const std::exception&) {
      ++other;
    }
  }

  base::Uuid assignment;
  std::unique_ptr<db::GroupWriter> writer;
  std::atomic<int> admitted = 0, other = 0;
  int over = 0, under = 0, miscounted = 0;
};

void require_exact(Race& race) {
  CHECK(race.over == 0);
  CHECK(race.under == 0);
  CHECK(race.miscounted == 0);
  CHECK(race.other == 0);
}

}  // namespace

namespace {

/// Four callers who together make a call every `pace` until `end`.
int calls_until(Race& race, base::Instant end, std::chrono::milliseconds pace) {
  auto& clock = race.clock;
  std::atomic<int> admitted = 0;
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      test::Actor actor(race.database.connect(), clock);
      while (clock.now() < end) {
        clock.advance(pace);
        if (limits::reserve(actor.session, race.workspace, {.agent = test::k_ann, .to = test::k_to}).allowed)
          ++admitted;
      }
    });
  for (auto& caller : callers) caller.join();
  return admitted;
}

}  // namespace

TEST_CASE("calls made across midnight while days are closed count once, on the day they were made",
          "[limits][slow]") {
  const bool full = std::getenv("RINGCTL_TEST_FULL") != nullptr;
  const int nights = full ? 100 : 5;
  const std::chrono::milliseconds pace(full ? 2 : 20);
  Race race(GENERATE(from_range(test::engines())));
  race.decide("timezone", "America/New_York");
  race.exec("UPDATE agent_phone_numbers SET daily_limit = 1000000");
  const auto zone = base::Zone::parse("America/New_York");
  auto& clock = race.clock;
  auto day = base::parse_day("2026-03-06");
  clock.set(zone.start_of(day));
  std::atomic<bool> stop = false;
  std::thread closer([&] {
    test::Actor actor(race.database.connect(), clock, "system");
    while (!stop) limits::reset(actor.session, race.workspace, {.as_of = {}});
  });
  int admitted = 0;
  for (int night = 0; night < nights; ++night) {
    day = limits::next_day(zone, day);
    clock.set(zone.start_of(day) - std::chrono::milliseconds(1500));
    admitted += calls_until(race, zone.start_of(day) + std::chrono::milliseconds(1500), pace);
  }
  stop = true;
  closer.join();

  CHECK(race.integer("SELECT sum(reserved) FROM daily_usage") == admitted);
  CHECK(race.integer("SELECT count(*) FROM reservations") == admitted);
  CHECK(race.integer(
            "SELECT count(*) FROM daily_usage d WHERE d.reserved <> (SELECT count(*) FROM reservations r "
            "WHERE r.assignment_id = d.assignment_id AND r.day = d.day)") == 0);
  int misdated = 0;
  race.read([&] {
    auto rows = race.db().query("SELECT day, reserved_at FROM reservations");
    while (rows.next())
      misdated += limits::day_at(zone, rows.instant(1)) == base::parse_day(rows.text(0)) ? 0 : 1;
    return 0;
  });
  CHECK(misdated == 0);
  // On PostgreSQL a call may begin before its day is closed and be counted after.
  if (race.db().engine() == db::Engine::sqlite)
    CHECK(
        race.integer(
            "SELECT count(*) FROM resets r JOIN daily_usage d ON d.day = r.day WHERE d.reserved <> r.reserved") ==
        0);
}

TEST_CASE("of 64 callers at the last call of the day exactly one is let through", "[limits][slow]") {
  Race race(GENERATE(from_range(test::engines())));
  race.run();
  require_exact(race);
}

TEST_CASE("the same where one writer counts everybody's calls", "[limits][slow]") {
  Race race(db::Engine::sqlite);
  race.share_a_writer();
  race.run();
  require_exact(race);
}

TEST_CASE("the same while resets run beside them", "[limits][slow]") {
  Race race(GENERATE(from_range(test::engines())));
  std::atomic<bool> stop = false;
  std::thread beside([&] {
    test::Actor actor(race.database.connect(), race.clock, "system");
    // Once more after the last round: it may have been at work on the day before that when it was told.
    for (bool last = false; !last;) {
      last = stop;
      limits::reset(actor.session, race.workspace);
    }
  });
  race.run();
  stop = true;
  beside.join();
  CHECK(race.integer("SELECT count(*) FROM resets") >= rounds() - 1);
  require_exact(race);
}
