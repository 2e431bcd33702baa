// Callers at the last call of the day. 20 rounds; all 1,000 with RINGCTL_TEST_FULL.

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <thread>

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

  /// All but one call of the limit are made.
  void prepare() {
    exec("DELETE FROM reservations");
    exec("DELETE FROM daily_usage");
    exec(
        "INSERT INTO daily_usage (assignment_id, day, workspace_id, reserved) VALUES ($1, '2026-03-08', $2, $3)",
        {assignment, workspace, k_limit - 1});
  }

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
      if (counter(assignment).used() != k_limit) ++miscounted;
    }
    stop = true;
    start.arrive_and_wait();
    for (auto& caller : callers) caller.join();
  }

  void call(audit::Session& session) {
    try {
      const auto verdict = limits::reserve(session, workspace, {.agent = test::k_ann, .to = test::k_to});
      if (verdict.allowed) ++admitted;
      if (!verdict.allowed && !verdict.refused_for(limits::Refusal::limit_reached)) ++other;
    } catch (const std::exception&) {
      ++other;
    }
  }

  base::Uuid assignment;
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

TEST_CASE("of 64 callers at the last call of the day exactly one is let through", "[limits][slow]") {
  Race race(GENERATE(from_range(test::engines())));
  race.run();
  require_exact(race);
}

TEST_CASE("the same while resets run beside them", "[limits][slow]") {
  Race race(GENERATE(from_range(test::engines())));
  std::atomic<bool> stop = false;
  std::atomic<int> resets = 0;
  std::thread beside([&] {
    test::Actor actor(race.database.connect(), race.clock, "system");
    while (!stop) {
      limits::reset(actor.session, race.workspace);
      ++resets;
    }
  });
  race.run();
  stop = true;
  beside.join();
  CHECK(resets > 0);
  require_exact(race);
}
