#include "limits/settle.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "limits/expire.hpp"
#include "limits/office.hpp"
#include "limits/reset.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using limits::CallStatus;
using limits::State;
using test::Counter;
using test::Office;

namespace {

constexpr std::chrono::minutes k_past_ttl{3};

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

struct Desk : Office {
  explicit Desk(db::Engine engine, std::string_view policy = "attempts") : Office(engine), assignment(ann()) {
    decide("limit_policy", policy);
  }
  auto settle(const base::Uuid& reservation, CallStatus status) {
    return limits::settle(session(), workspace, reservation, status);
  }
  auto settle(int call, CallStatus status) {
    return limits::settle(session(), workspace, test::call_sid(call), status);
  }
  Counter counted() { return counter(assignment); }
  base::Uuid assignment;
};

/// A call as it may go, by the statuses Twilio reports of it.
std::vector<CallStatus> history(std::mt19937& random) {
  static const std::vector<std::vector<CallStatus>> k_all{
      {CallStatus::initiated, CallStatus::ringing, CallStatus::in_progress, CallStatus::completed},
      {CallStatus::completed},
      {CallStatus::initiated, CallStatus::ringing, CallStatus::busy},
      {CallStatus::ringing, CallStatus::no_answer},
      {CallStatus::queued, CallStatus::failed},
      {CallStatus::canceled},
      {CallStatus::ringing}};
  return k_all[random() % k_all.size()];
}

bool answered(const std::vector<CallStatus>& calls) {
  return std::any_of(calls.begin(), calls.end(), [](CallStatus s) { return s == CallStatus::completed; });
}
bool unanswered(const std::vector<CallStatus>& calls) {
  return std::any_of(calls.begin(), calls.end(), [](CallStatus s) { return s >= CallStatus::busy; });
}

}  // namespace

TEST_CASE("under attempts every placed call counts", "[limits]") {
  Desk f(any_engine());
  const auto status =
      GENERATE(CallStatus::busy, CallStatus::failed, CallStatus::no_answer, CallStatus::canceled);
  f.reserve_call(test::call_sid(1));
  const auto settled = f.settle(1, status);
  REQUIRE(settled);
  CHECK(settled->state == State::counted);
  CHECK(settled->changed);
  CHECK(f.counted() == Counter{1, 0, 0, 0});
}

TEST_CASE("under connected an unanswered call is given back, once", "[limits]") {
  Desk f(any_engine(), "connected");
  const auto status =
      GENERATE(CallStatus::busy, CallStatus::failed, CallStatus::no_answer, CallStatus::canceled);
  f.reserve_call(test::call_sid(1));
  CHECK(f.settle(1, status)->state == State::refunded);
  CHECK_FALSE(f.settle(1, status)->changed);
  CHECK(f.counted() == Counter{1, 0, 1, 0});
}

TEST_CASE("an answered call counts as connected under either policy", "[limits]") {
  Desk f(any_engine(), GENERATE("attempts", "connected"));
  f.reserve_call(test::call_sid(1));
  CHECK(f.settle(1, CallStatus::in_progress)->state == State::open);
  CHECK(f.settle(1, CallStatus::completed)->state == State::counted);
  CHECK(f.counted() == Counter{1, 1, 0, 0});
}

TEST_CASE("a call nobody reserved is nobody's to settle", "[limits]") {
  Desk f(any_engine());
  CHECK_FALSE(f.settle(1, CallStatus::completed));
  CHECK_FALSE(f.settle(f.alice.ids.next(), CallStatus::completed));
}

TEST_CASE("statuses are read as Twilio writes them", "[limits]") {
  CHECK(limits::try_parse_call_status("in-progress") == CallStatus::in_progress);
  CHECK(limits::try_parse_call_status("answered") == CallStatus::in_progress);
  CHECK(limits::try_parse_call_status("no-answer") == CallStatus::no_answer);
  CHECK_FALSE(limits::try_parse_call_status("Completed"));
}

TEST_CASE("a call that was counted and not placed is given back by its SID, once, whatever the policy",
          "[limits]") {
  Desk f(any_engine(), GENERATE("attempts", "connected"));
  const auto give_back = [&](int call) {
    return limits::give_back(f.session(), f.workspace, test::call_sid(call));
  };
  f.reserve_call(test::call_sid(1));
  CHECK(give_back(1)->state == State::refunded);
  CHECK_FALSE(give_back(1)->changed);
  CHECK_FALSE(give_back(2));
  CHECK(f.counted() == Counter{1, 0, 1, 0});
  f.reserve_call(test::call_sid(3));
  f.settle(3, CallStatus::in_progress);
  CHECK_FALSE(give_back(3)->changed);
}

TEST_CASE("a refund goes to the day the call was reserved on, closed or not", "[limits]") {
  Desk f(any_engine(), "connected");
  f.reserve_call(test::call_sid(1));
  f.clock.advance(std::chrono::hours(24));
  limits::reset(f.session(), f.workspace);
  f.reserve_call(test::call_sid(2));
  f.settle(1, CallStatus::busy);
  CHECK(f.counter(f.assignment, "2026-03-08") == Counter{1, 0, 1, 0});
  CHECK(f.counter(f.assignment, "2026-03-09") == Counter{1, 0, 0, 0});
}

TEST_CASE("a reservation without a call expires once, and its room is there at once", "[limits]") {
  Desk f(any_engine());
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 1");
  f.reserve();
  CHECK(test::codes(f.reserve()) == "limit_reached");
  f.clock.advance(k_past_ttl);
  CHECK(f.check().allowed);
  CHECK(f.reserve().allowed);  // nobody swept in between
  CHECK(f.counted() == Counter{2, 0, 1, 0});
  CHECK(limits::expire(f.session(), f.workspace) == 0);
  f.clock.advance(k_past_ttl);
  CHECK(limits::expire(f.session(), f.workspace) == 1);
  CHECK(limits::expire(f.session(), f.workspace) == 0);
  CHECK(f.counted() == Counter{2, 0, 2, 0});
}

TEST_CASE("a reservation with a call does not expire", "[limits]") {
  Desk f(any_engine());
  const auto reservation = *f.reserve().reservation;
  limits::attach(f.session(), f.workspace, reservation, test::call_sid(1));
  f.clock.advance(k_past_ttl);
  CHECK(limits::expire(f.session(), f.workspace) == 0);
  CHECK(f.settle(1, CallStatus::completed)->reservation == reservation);
}

TEST_CASE("a call that turns up after its reservation expired is counted again", "[limits]") {
  Desk f(any_engine(), "connected");
  const auto reservation = *f.reserve().reservation;
  f.clock.advance(k_past_ttl);
  limits::expire(f.session(), f.workspace);
  CHECK(f.counted().used() == 0);
  SECTION("by its SID") {
    CHECK(limits::attach(f.session(), f.workspace, reservation, test::call_sid(1)).state == State::open);
    CHECK(f.counted().used() == 1);
    f.settle(1, CallStatus::busy);
    CHECK(f.counted().used() == 0);
  }
  SECTION("answered") {
    f.settle(reservation, CallStatus::completed);
    CHECK(f.counted() == Counter{1, 1, 0, 0});
  }
  SECTION("not answered: it stays refunded, once") {
    f.settle(reservation, CallStatus::no_answer);
    CHECK(f.counted() == Counter{1, 0, 1, 0});
  }
}

TEST_CASE("a reservation has one call, and a call one reservation", "[limits]") {
  Desk f(any_engine());
  const auto first = *f.reserve().reservation, second = *f.reserve().reservation;
  const auto attach = [&](const base::Uuid& reservation, int call) {
    return limits::attach(f.session(), f.workspace, reservation, test::call_sid(call));
  };
  CHECK(attach(first, 1).changed);
  CHECK_FALSE(attach(first, 1).changed);
  CHECK(test::slug_of([&] { attach(first, 2); }) == "limits.other_call");
  CHECK(test::slug_of([&] { attach(second, 1); }) == "limits.other_call");
  CHECK(test::slug_of([&] { attach(f.alice.ids.next(), 3); }) == "limits.unknown_reservation");
}

TEST_CASE("callbacks in any order and any number leave what the calls were", "[limits]") {
  const bool connected_policy = GENERATE(false, true);
  Desk f(any_engine(), connected_policy ? "connected" : "attempts");
  std::mt19937 random(20260308);
  struct Event {
    int call;
    CallStatus status;
  };
  std::vector<Event> events;
  Counter expected;
  for (int call = 0; call < 60; ++call) {
    REQUIRE(f.reserve_call(test::call_sid(call)).allowed);
    const auto statuses = history(random);
    ++expected.reserved;
    if (answered(statuses)) ++expected.connected;
    if (connected_policy && unanswered(statuses)) ++expected.refunded;
    for (const auto status : statuses)
      for (auto times = 1 + random() % 3; times > 0; --times) events.push_back({call, status});
  }
  std::shuffle(events.begin(), events.end(), random);
  for (const auto& event : events) REQUIRE(f.settle(event.call, event.status));
  CHECK(f.counted() == expected);
}

TEST_CASE("callbacks of one call on many connections settle it once", "[limits]") {
  Desk f(any_engine(), "connected");
  constexpr int k_calls = 20;
  for (int call = 0; call < k_calls; ++call) f.reserve_call(test::call_sid(call));
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      test::Actor actor(f.database.connect(), f.clock);
      for (int call = 0; call < k_calls; ++call)
        limits::settle(actor.session, f.workspace, test::call_sid(call),
                       call % 2 == 0 ? CallStatus::busy : CallStatus::completed);
    });
  for (auto& thread : threads) thread.join();
  CHECK(f.counted() == Counter{k_calls, k_calls / 2, k_calls / 2, 0});
}

TEST_CASE("expiring on many connections while calls attach refunds each reservation once", "[limits]") {
  Desk f(any_engine());
  std::vector<base::Uuid> reservations;
  reservations.reserve(40);
  for (int i = 0; i < 40; ++i) reservations.push_back(*f.reserve().reservation);
  f.clock.advance(k_past_ttl);
  std::atomic<std::int64_t> expired = 0;
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      test::Actor actor(f.database.connect(), f.clock);
      expired += limits::expire(actor.session, f.workspace);
    });
  for (int i = 0; i < 40; i += 2)
    limits::attach(f.session(), f.workspace, reservations[static_cast<std::size_t>(i)], test::call_sid(i));
  for (auto& thread : threads) thread.join();
  CHECK(expired >= 20);
  CHECK(f.counted() == Counter{40, 0, 20, 0});
}
