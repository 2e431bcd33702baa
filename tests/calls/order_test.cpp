// P4: each event is applied once, in any order, however often it is delivered.

#include <algorithm>
#include <numeric>
#include <random>

#include "calls/desk.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using calls::Event;
using test::Desk;

namespace {

using Events = std::vector<Event>;
constexpr int k_orders = 720;

/// What must be the same, whichever reports of a call that is over were lost.
std::string core(Desk& f) {
  return f.rows_here(
             "SELECT call_sid, direction, status, from_number, to_number, number_id, customer_name, user_id, "
             "team_id, routed_by, rule_name, plan, refusal, answered_at, ended_at, duration_s, sequence, "
             "closed_seq FROM calls WHERE workspace_id = $1 ORDER BY call_sid") +
         f.rows_here(
             "SELECT leg_sid, user_id, party, status, step, wave, answered_at, ended_at, sequence "
             "FROM call_attempts WHERE workspace_id = $1 ORDER BY leg_sid") +
         f.rows_here(
             "SELECT phone_number, contact_id, status, due_at, notes FROM callbacks WHERE workspace_id = $1") +
         f.rows_here("SELECT state, connected FROM reservations WHERE workspace_id = $1") +
         f.rows_here("SELECT reserved, connected, refunded FROM daily_usage WHERE workspace_id = $1") +
         f.rows_here("SELECT closed_seq FROM call_counters WHERE workspace_id = $1") +
         f.rows_here("SELECT last_call_ended_at FROM users WHERE workspace_id = $1");
}

/// And when each began, which only the first reports say; and what was kept of them.
std::string all(Desk& f) {
  return core(f) + f.rows_here("SELECT started_at FROM calls WHERE workspace_id = $1 ORDER BY call_sid") +
         f.rows_here(
             "SELECT started_at, ringing_at FROM call_attempts WHERE workspace_id = $1 ORDER BY leg_sid") +
         f.rows_here("SELECT event_key, form FROM call_events WHERE workspace_id = $1 ORDER BY event_key");
}

/// The rows after these events, one at a time or at once. Leaves nothing behind.
std::string after(Desk& f, const Events& events, bool one_by_one, std::string (*dump)(Desk&)) {
  std::string rows;
  db::in_transaction_if(f.db(), db::Scope::of(f.workspace), [&] {
    if (one_by_one)
      for (const auto& event : events) calls::apply(f.session(), {&event, 1});
    else
      calls::apply(f.session(), events);
    rows = dump(f);
    return false;
  });
  return rows;
}

/// Every order on SQLite, a sample of them on a server.
int step(const Desk& f) { return f.database.engine() == db::Engine::sqlite ? 1 : 24; }

void check_orders(Desk& f, const Events& events) {
  REQUIRE(events.size() == 6);
  std::mt19937 random(20260308);
  const auto wanted = after(f, events, true, all), wanted_core = after(f, events, true, core);
  INFO(wanted);
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  int orders = 0;
  do {
    if (orders++ % step(f) != 0) continue;
    Events shuffled, lossy;
    for (const auto i : order) {
      for (unsigned copies = 1 + random() % 2; copies > 0; --copies)
        shuffled.insert(
            shuffled.begin() +
                static_cast<std::ptrdiff_t>(random() % (shuffled.size() + 1)) * (copies > 1 ? 1 : 0) +
                (copies > 1 ? 0 : std::ssize(shuffled)),
            events[i]);
      const auto status = limits::try_parse_call_status(events[i].status);
      const bool may_be_lost = events[i].kind == calls::Kind::status && !calls::is_end(*status);
      if (!may_be_lost || random() % 2 == 0) lossy.push_back(events[i]);
    }
    const bool one_by_one = random() % 2 == 0;
    REQUIRE(after(f, shuffled, one_by_one, all) == wanted);
    REQUIRE(after(f, lossy, one_by_one, core) == wanted_core);
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(orders == k_orders);
}

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("an answered call comes out the same in all 720 orders of its events", "[calls][slow]") {
  Desk f(any_engine());
  check_orders(f, {f.inbound(1), f.leg(1, 1, "initiated", 0, 1), f.leg(1, 1, "ringing", 1, 2),
                   f.leg(1, 1, "in-progress", 2, 5), f.leg(1, 1, "completed", 3, 65, 60),
                   f.status(1, "completed", 0, 66, 66)});
}

TEST_CASE("a call through a menu, answered twice, comes out the same in all 720 orders of its events",
          "[calls]") {
  Desk f(any_engine());
  const auto bob = f.agent("bob@example.com");
  for (const auto& [name, user] : {std::pair{"Sales", f.ann_id}, std::pair{"Support", bob}}) {
    const auto team = f.alice.ids.next();
    f.exec(
        "INSERT INTO teams (id, workspace_id, name, is_active, created_at, updated_at) VALUES ($1, $2, $3, TRUE, $4, $4)",
        {team, f.workspace, name, f.clock.now()});
    f.exec("UPDATE users SET team_id = $1 WHERE id = $2", {team, user});
  }
  const auto menu = [&](int attempt, const char* routed_by, const char* plan) {
    auto e = f.event(calls::Kind::menu,
                     {{"CallSid", test::call_sid(1)}, {"CallStatus", "in-progress"}, {"Digits", "9"}},
                     5 + attempt);
    e.place = calls::Place{attempt, 0};
    e.decision = calls::Decision{.routed_by = routed_by, .plan = plan};
    return e;
  };
  auto of_bob = f.leg(1, 2, "completed", 3, 60, 30);
  of_bob.user = bob;
  check_orders(f, {f.inbound(1), menu(0, "rule", R"({"v":1})"), menu(1, "extension", R"({"v":2})"),
                   f.leg(1, 1, "completed", 3, 65, 60), of_bob, f.status(1, "completed", 0, 66, 66)});
  const auto rows = [](Desk& d) {
    return d.rows_here(
        "SELECT c.routed_by, c.plan, u.email, t.name FROM calls c JOIN users u ON u.id = c.user_id "
        "JOIN teams t ON t.id = c.team_id WHERE c.workspace_id = $1");
  };
  CHECK(after(f,
              {f.leg(1, 1, "completed", 3, 65, 60), of_bob, menu(1, "extension", R"({"v":2})"),
               menu(0, "rule", R"({"v":1})")},
              true, rows) == R"(extension|{"v":2}|ann@example.com|Sales)"
                             "\n");
}

TEST_CASE("a missed call comes out the same in all 720 orders of its events", "[calls]") {
  Desk f(any_engine());
  check_orders(f, {f.inbound(1), f.leg(1, 1, "initiated", 0, 1), f.leg(1, 1, "ringing", 1, 2),
                   f.leg(1, 1, "no-answer", 2, 31), f.next(1, 1, "no-answer", 32),
                   f.status(1, "completed", 0, 50, 50)});
}

TEST_CASE("a counted call comes out the same in all 720 orders of its events", "[calls][slow]") {
  Desk f(any_engine());
  f.decide("limit_policy", GENERATE("attempts", "connected"));
  f.assign(f.ann_id, f.number_id);
  const auto reservation = f.reserve_call(test::call_sid(1)).reservation;
  REQUIRE(reservation);
  const bool answered = GENERATE(true, false);
  const auto end = answered ? f.called(1, 1, "completed", 3, 65, 60) : f.called(1, 1, "busy", 3, 5);
  check_orders(
      f, {f.outbound(1, 0, reservation), f.called(1, 1, "initiated", 0, 1), f.called(1, 1, "ringing", 1, 2),
          answered ? f.called(1, 1, "in-progress", 2, 5) : f.called(1, 1, "queued", 2, 3), end,
          f.own_status(1, "completed", 0, 66, 66)});
}

TEST_CASE("events of many calls come out the same in whatever pieces they are applied", "[calls][slow]") {
  Desk f(any_engine());
  std::mt19937 random(4);
  Events events;
  for (int n = 1; n <= 40; ++n) {
    const int begin = static_cast<int>(random() % 600), rings = 3 + static_cast<int>(random() % 20);
    events.push_back(f.inbound(n, begin));
    for (int l = 0; l < 2; ++l) {
      const bool answers = l == 0 && n % 3 != 0;
      events.push_back(f.leg(n, n * 2 + l, "ringing", 1, begin + 1));
      if (answers) events.push_back(f.leg(n, n * 2 + l, "in-progress", 2, begin + rings));
      events.push_back(answers ? f.leg(n, n * 2 + l, "completed", 3, begin + rings + 40, 40)
                               : f.leg(n, n * 2 + l, "canceled", 2, begin + rings));
    }
    events.push_back(f.status(n, "completed", 0, begin + rings + 41, rings + 41));
  }
  const auto without_seq = [](Desk& d) {
    return d.rows_here(
               "SELECT call_sid, status, user_id, answered_at, ended_at, duration_s FROM calls "
               "WHERE workspace_id = $1 ORDER BY call_sid") +
           d.rows_here(
               "SELECT leg_sid, status, answered_at, ended_at FROM call_attempts WHERE workspace_id = $1 "
               "ORDER BY leg_sid") +
           d.rows_here(
               "SELECT phone_number, due_at FROM callbacks WHERE workspace_id = $1 ORDER BY due_at, id") +
           d.rows_here(
               "SELECT count(*), max(closed_seq), count(DISTINCT closed_seq) FROM calls "
               "WHERE workspace_id = $1");
  };
  const auto wanted = after(f, events, false, without_seq);
  for (int round = 0; round < 10; ++round) {
    std::shuffle(events.begin(), events.end(), random);
    REQUIRE(after(f, events, round % 2 == 0, without_seq) == wanted);
  }
}
