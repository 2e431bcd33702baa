#include "limits/reset.hpp"

#include <thread>

#include "db/lease.hpp"
#include "limits/expire.hpp"
#include "limits/office.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/noon.hpp"

using namespace ringctl;
using limits::CallStatus;
using test::Counter;
using test::k_ann;
using test::k_from;
using test::k_to;
using test::Office;

namespace {

constexpr std::chrono::hours k_day{24};

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

std::string days_of(const limits::ResetReport& report) {
  std::string all;
  for (const auto& day : report.days) all += (all.empty() ? "" : " ") + base::format_day(day.day);
  return all;
}

struct Night : Office {
  explicit Night(db::Engine engine) : Office(engine), assignment(ann()) {}
  limits::ResetReport reset(const limits::ResetOptions& options = {}) {
    return limits::reset(session(), workspace, options);
  }
  std::vector<std::string> audited() {
    return read([&] {
      std::vector<std::string> found;
      audit::for_each(db(), workspace, {}, false, 0, [&](const audit::Entry& entry) {
        found.push_back(std::string(entry.action) + " " + std::string(entry.object_key));
      });
      CHECK_FALSE(audit::verify(db(), workspace).broken_at);
      return found;
    });
  }
  std::int64_t markers() { return integer("SELECT count(*) FROM resets"); }
  base::Uuid assignment;
};

}  // namespace

TEST_CASE("a reset closes yesterday with its sums, and says so in the audit log", "[limits]") {
  Night f(any_engine());
  f.decide("limit_policy", "connected");
  for (int call = 0; call < 4; ++call) f.reserve_call(test::call_sid(call));
  f.reserve();  // no call comes of it
  limits::settle(f.session(), f.workspace, test::call_sid(0), CallStatus::completed);
  limits::settle(f.session(), f.workspace, test::call_sid(1), CallStatus::busy);
  f.clock.advance(k_day);

  const auto report = f.reset();
  REQUIRE(days_of(report) == "2026-03-08");
  const auto& day = report.days[0];
  CHECK(day.counters == 1);
  CHECK(day.reserved == 5);
  CHECK(day.connected == 1);
  CHECK(day.refunded == 2);
  CHECK(day.expired == 1);
  CHECK(day.used() == 3);
  CHECK(report.changed());
  CHECK(f.audited() == std::vector<std::string>{"limits.reset 2026-03-08"});
  const auto kept = f.read([&] { return limits::closed_days(f.db(), f.workspace, 0); });
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].reserved == 5);
}

TEST_CASE("days that are over are unclosed from the first call on, until a reset", "[limits]") {
  Night f(any_engine());
  const auto unclosed = [&] {
    const auto days = f.read([&] { return limits::unclosed_days(f.db(), f.workspace, f.clock.now()); });
    return days ? fmt::format("{} from {}", days->count, base::format_day(days->first)) : "none";
  };
  f.clock.advance(k_day);
  CHECK(unclosed() == "none");  // nobody has called yet
  f.reserve();
  CHECK(unclosed() == "none");  // today is not over
  f.clock.advance(3 * k_day);
  CHECK(unclosed() == "3 from 2026-03-09");
  f.reset({.as_of = base::parse_day("2026-03-09")});
  CHECK(unclosed() == "2 from 2026-03-10");
  f.reset();
  CHECK(unclosed() == "none");
}

TEST_CASE("a reset run twice changes nothing more", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(k_day);
  f.reset();
  const auto again = f.reset();
  CHECK(days_of(again).empty());
  CHECK_FALSE(again.changed());
  CHECK(f.markers() == 1);
  CHECK(f.audited().size() == 1);
}

TEST_CASE("a run that died before it had seen the last calls of a day is made good by the next one",
          "[limits]") {
  Night f(any_engine());
  f.reserve_call(test::call_sid(1));
  f.clock.advance(k_day);
  f.reset();
  // As a call on PostgreSQL does that looked before the day was closed and commits after.
  f.exec("UPDATE daily_usage SET reserved = reserved + 1");
  const auto next = f.reset();
  REQUIRE(next.corrected);
  CHECK(next.corrected->reserved == 2);
  CHECK(next.changed());
  CHECK(f.integer("SELECT reserved FROM resets") == 2);
  CHECK(f.audited() == std::vector<std::string>{"limits.reset 2026-03-08", "limits.reset 2026-03-08"});
  CHECK_FALSE(f.reset().changed());
}

TEST_CASE("three missed days are caught up in order", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(k_day);
  f.reset();
  f.reserve();
  f.clock.advance(3 * k_day);
  CHECK(days_of(f.reset()) == "2026-03-09 2026-03-10 2026-03-11");
}

TEST_CASE("a first reset begins with the first day that was called on", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(3 * k_day);
  CHECK(days_of(f.reset()) == "2026-03-08 2026-03-09 2026-03-10");
}

TEST_CASE("a first reset without a call closes yesterday", "[limits]") {
  Night f(any_engine());
  CHECK(days_of(f.reset()) == "2026-03-07");
}

TEST_CASE("a reset up to a date leaves later days for the next one", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(3 * k_day);
  CHECK(days_of(f.reset({.as_of = base::parse_day("2026-03-09")})) == "2026-03-08 2026-03-09");
  CHECK(days_of(f.reset({.as_of = base::parse_day("2026-03-09")})).empty());
  CHECK(days_of(f.reset()) == "2026-03-10");
  CHECK(test::slug_of([&] { f.reset({.as_of = base::parse_day("2026-03-11")}); }) == "limits.day_not_over");
}

TEST_CASE("the last day may be said as people say it, in the workspace's zone", "[limits]") {
  Night f(any_engine());
  f.decide("timezone", "Pacific/Kiritimati");  // 2026-03-09 at noon of 2026-03-08 UTC
  f.reserve();
  f.clock.advance(3 * k_day);
  CHECK(test::slug_of([&] { f.reset({.as_of_said = "today"}); }) == "limits.day_not_over");
  CHECK(test::error_of([&] { f.reset({.as_of_said = "some day"}); })->errc() == Errc::invalid);
  CHECK(days_of(f.reset({.as_of_said = "-3d"})) == "2026-03-09");
  CHECK(days_of(f.reset({.as_of_said = "yesterday"})) == "2026-03-10 2026-03-11");
  f.clock.advance(20 * k_day);
  CHECK(test::slug_of([&] { f.reset({.as_of_said = "yesterday"}); }) == "limits.quiet_days");
}

TEST_CASE("a clock years ahead closes nothing unless a date is given", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.set("2038-01-19T03:14:08.000Z");
  CHECK(test::slug_of([&] { f.reset(); }) == "limits.many_days");
  CHECK(f.markers() == 0);
}

TEST_CASE("a clock days ahead closes nothing by itself where nobody called lately", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(7 * k_day);
  CHECK(f.reset({.dry_run = true}).days.size() == 7);
  f.clock.advance(k_day);
  const auto error = test::error_of([&] { f.reset(); });
  REQUIRE(error);
  CHECK(error->slug() == "limits.quiet_days");
  CHECK(error->hint() == "ringctl limits reset --as-of 2026-03-15");
  CHECK(f.markers() == 0);
  SECTION("unless a date is given") {
    CHECK(f.reset({.as_of = base::parse_day("2026-03-15")}).days.size() == 8);
  }
  SECTION("or somebody called, so that time has gone on") {
    f.clock.advance(-k_day);
    f.reserve();
    f.clock.advance(k_day);
    CHECK(f.reset().days.size() == 8);
  }
}

TEST_CASE("a clock that is not the server's closes nothing", "[limits]") {
  Night f(any_engine());
  if (f.db().engine() == db::Engine::sqlite) {  // there is no other clock
    CHECK_FALSE(f.reset({.compare_clock = true}).clock_ahead);
    return;
  }
  const auto now = base::parse_utc(
      *f.db().text(R"(SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"));
  const auto set = [&](std::chrono::minutes ahead) { f.clock.set(now + ahead); };
  const limits::ResetOptions compared{.compare_clock = true};
  set(std::chrono::minutes(0));
  CHECK_FALSE(f.reset(compared).clock_ahead);
  set(std::chrono::minutes(3));
  CHECK(f.reset(compared).clock_ahead > std::chrono::minutes(2));
  const auto markers = f.markers();
  for (const auto minutes : {10, -10, 48 * 60}) {
    set(std::chrono::minutes(minutes));
    CHECK(test::slug_of([&] { f.reset(compared); }) == "limits.clock_differs");
    CHECK(test::slug_of([&] {
            limits::reopen(f.session(), f.workspace, base::parse_day("2026-01-01"), {.compare_clock = true});
          }) == "limits.clock_differs");
  }
  CHECK(f.markers() == markers);
}

TEST_CASE("days that a fast clock closed are opened again, and calls count on them", "[limits]") {
  Night f(any_engine());
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 2");
  f.clock.advance(k_day);
  f.reset();
  f.reserve_call(test::call_sid(1));
  const auto right = f.clock.now();
  f.clock.advance(3 * k_day);
  f.reset();
  f.clock.set(right);
  REQUIRE(f.check().day == base::parse_day("2026-03-12"));
  const auto from = base::parse_day("2026-03-01");
  const auto reopen = [&](base::Day day, bool dry_run = false) {
    return limits::reopen(f.session(), f.workspace, day, {.dry_run = dry_run}).size();
  };
  CHECK(reopen(base::parse_day("2026-03-11"), true) == 1);
  CHECK(reopen(from, true) == 3);
  CHECK(f.markers() == 4);
  CHECK(reopen(from) == 3);
  CHECK(reopen(from) == 0);
  CHECK(f.markers() == 1);  // what is over stays closed
  const auto verdict = f.reserve();
  CHECK(verdict.day == base::parse_day("2026-03-09"));
  CHECK(verdict.used == 2);
  CHECK(test::codes(f.check()) == "limit_reached");
  auto audited = f.audited();
  CHECK(std::count_if(audited.begin(), audited.end(), [](const std::string& line) {
          return line.starts_with("limits.reopen 2026-03-");
        }) == 3);
  f.clock.advance(k_day);
  CHECK(days_of(f.reset()) == "2026-03-09");
}

TEST_CASE("a dry run says what would be closed and writes nothing", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(k_day);
  const auto report = f.reset({.dry_run = true});
  CHECK(days_of(report) == "2026-03-08");
  CHECK(report.days[0].expired == 1);
  CHECK(report.days[0].used() == 0);
  CHECK(f.markers() == 0);
  CHECK(f.counter(f.assignment).refunded == 0);
}

TEST_CASE("after the clock stepped back over a closed day, calls count on the day that is open", "[limits]") {
  Night f(any_engine());
  f.clock.set("2026-03-09T00:30:00.000Z");
  f.reset();
  f.clock.advance(-std::chrono::hours(1));
  CHECK(f.reserve().day == base::parse_day("2026-03-09"));
  CHECK_FALSE(f.reset().changed());
  f.clock.advance(std::chrono::hours(1));
  CHECK(f.reserve().used == 2);
}

TEST_CASE("forcing lets today begin again, audited, and later refunds make no room beyond", "[limits]") {
  Night f(any_engine());
  f.decide("limit_policy", "connected");
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 2");
  f.reserve_call(test::call_sid(1));
  f.reserve_call(test::call_sid(2));
  CHECK(f.reset({.force = true, .dry_run = true}).forgiven == 2);
  const auto report = f.reset({.force = true});
  CHECK(report.zeroed == 1);
  CHECK(report.forgiven == 2);
  CHECK(f.counter(f.assignment) == Counter{2, 0, 0, 2});
  CHECK(f.audited().back() == "limits.force 2026-03-08");

  f.reserve_call(test::call_sid(3));
  f.reserve_call(test::call_sid(4));
  limits::settle(f.session(), f.workspace, test::call_sid(1), CallStatus::busy);
  CHECK(test::codes(f.reserve_call(test::call_sid(5))) == "limit_reached");
  CHECK(f.counter(f.assignment).used() == 2);
  CHECK(f.reset({.force = true}).forgiven == 2);
  CHECK(f.reset({.force = true}).zeroed == 0);
}

TEST_CASE("one number is reset alone, and no day is closed by it", "[limits]") {
  Night f(any_engine());
  const auto other = f.assign(f.agent("bob@example.com"), f.number("+12025550101"));
  f.reserve();
  limits::reserve(f.session(), f.workspace,
                  {.agent = "bob@example.com", .to = k_to, .call_sid = test::call_sid(1)});
  const auto report = f.reset({.number = "+12025550101", .force = true});
  CHECK(report.forgiven == 1);
  CHECK(report.days.empty());
  CHECK(f.counter(other).used() == 0);
  CHECK(f.counter(f.assignment).used() == 1);
  CHECK(f.audited() == std::vector<std::string>{"limits.force +12025550101"});
  CHECK(test::slug_of([&] { f.reset({.number = "+12025550177"}); }) == "limits.unknown_number");
}

TEST_CASE("a reset beside another one waits or is told", "[limits]") {
  Night f(any_engine());
  test::Actor bob(f.database.connect(), f.clock, "os:bob");
  const auto held = db::Lease::acquire(bob.session.db, f.clock, "limits reset", f.workspace,
                                       std::chrono::minutes(1), std::chrono::milliseconds(0));
  CHECK(test::slug_of([&] { f.reset(); }) == "lock.held");
}

TEST_CASE("two resets at once close each day once", "[limits]") {
  Night f(any_engine());
  f.reserve();
  f.clock.advance(9 * k_day);
  f.reserve();
  f.clock.advance(k_day);
  std::vector<std::thread> threads;
  std::array<std::size_t, 4> closed{};
  threads.reserve(closed.size());
  for (auto& days : closed)
    threads.emplace_back([&f, &days] {
      test::Actor actor(f.database.connect(), f.clock);
      try {
        days = limits::reset(actor.session, f.workspace).days.size();
      } catch (const Error& error) {
        days = error.errc() == Errc::locked ? 0 : 1000;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(closed[0] + closed[1] + closed[2] + closed[3] == 10);
  CHECK(f.markers() == 10);
  CHECK(f.audited().size() == 10);
}

TEST_CASE("all active workspaces are reset, each by its own day", "[limits]") {
  Night f(any_engine());
  const auto other = f.database.add_workspace("other");
  f.database.add_workspace("third");
  f.exec("UPDATE workspaces SET timezone = 'Pacific/Kiritimati' WHERE id = $1", {f.workspace});
  test::Actor bob(f.database.connect(), f.clock);
  const auto held = db::Lease::acquire(bob.session.db, f.clock, "limits reset", other,
                                       std::chrono::minutes(1), std::chrono::milliseconds(0));
  const auto all = limits::reset_all(f.session());
  REQUIRE(all.size() == 3);
  CHECK(all[0].workspace.name == "main");
  CHECK(days_of(all[0].report) == "2026-03-08");
  REQUIRE(all[1].error);
  CHECK(all[1].error->slug() == "lock.held");
  CHECK(days_of(all[2].report) == "2026-03-07");
}

namespace {

/// As the manual says it: by any client, that names no workspace.
std::int64_t close_by_sql(const Night& f) {
  return f.database.connect()->integer("SELECT ringctl.reset_daily_call_counts()").value();
}

/// The server's time, for what goes by that. It is about noon in all these workspaces, so that minutes more
/// or less are the same day.
base::Instant server_time(Night& f, std::initializer_list<base::Uuid> others = {}) {
  const auto main = f.workspace;
  f.decide("timezone", test::zone_of_noon());
  for (const auto& other : others) {
    f.workspace = other;
    f.decide("timezone", test::zone_of_noon());
  }
  f.workspace = main;
  return base::parse_utc(
      *f.db().text(R"(SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"));
}

}  // namespace

TEST_CASE("the database's own function closes what is over, in every workspace", "[limits][postgresql]") {
  Night f(db::Engine::postgresql);
  const auto other = f.database.add_workspace("other"), main = f.workspace;
  const auto now = server_time(f, {other});
  f.clock.set(now - 3 * k_day);
  f.reserve();
  f.reserve_call(test::call_sid(1));
  CHECK(close_by_sql(f) == 4);
  CHECK(close_by_sql(f) == 0);
  CHECK(f.markers() == 3);
  CHECK(f.integer("SELECT expired FROM resets ORDER BY day LIMIT 1") == 1);
  CHECK(f.integer("SELECT reserved - refunded - adjusted FROM daily_usage") == 1);
  f.clock.set(now);
  CHECK_FALSE(f.reset().changed());
  f.workspace = other;
  CHECK(f.markers() == 1);
  f.workspace = main;
}

TEST_CASE("the database's own function takes back what expired of any day, and corrects the newest sums",
          "[limits][postgresql]") {
  Night f(db::Engine::postgresql);
  const auto now = server_time(f);
  f.clock.set(now - 2 * k_day);
  f.reserve_call(test::call_sid(1));
  f.clock.set(now - k_day);
  f.reserve_call(test::call_sid(2));
  close_by_sql(f);
  // A call that began before its day was closed, never placed; and one of today.
  f.exec("UPDATE daily_usage SET reserved = reserved + 1");
  f.exec(
      "INSERT INTO reservations (id, workspace_id, assignment_id, day, to_number, state, reserved_at, expires_at) "
      "SELECT gen_random_uuid(), workspace_id, assignment_id, day, '', 'open', $1, $1 FROM daily_usage",
      {now - k_day});
  f.clock.set(now - std::chrono::minutes(5));
  f.reserve();
  CHECK(close_by_sql(f) == 0);
  CHECK(f.integer("SELECT reserved FROM resets ORDER BY day DESC LIMIT 1") == 2);
  CHECK(f.integer("SELECT count(*) FROM reservations WHERE state = 'expired'") == 3);
  CHECK(f.integer("SELECT CAST(sum(refunded) AS bigint) FROM daily_usage") == 3);
}

TEST_CASE("the database's own function leaves alone a workspace whose days look like a wrong clock",
          "[limits][postgresql]") {
  Night f(db::Engine::postgresql);
  const auto other = f.database.add_workspace("other");
  f.clock.set(server_time(f, {other}) - 30 * k_day);
  f.reserve();
  CHECK(close_by_sql(f) == 1);
  CHECK(f.markers() == 0);
  CHECK(test::error_of([&] { f.write([&] { f.db().integer("SELECT reset_daily_call_counts()"); }); })
            ->message()
            .find("30 days would be closed") != std::string::npos);
}

TEST_CASE("each call counts on exactly one day while resets cross midnight", "[limits][slow]") {
  Night f(any_engine());
  f.decide("timezone", "America/New_York");
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 1000000");
  const auto zone = base::Zone::parse("America/New_York");
  auto day = base::parse_day("2026-02-20");
  constexpr int k_midnights = 100;
  std::int64_t calls = 0, wrong = 0;
  for (int night = 0; night < k_midnights; ++night) {
    day = std::chrono::sys_days(day) + std::chrono::days(1);
    f.clock.set(base::format_utc(zone.start_of(day) - std::chrono::milliseconds(4)));
    for (int step = 0; step < 8; ++step, f.clock.advance(std::chrono::milliseconds(1))) {
      const auto expected = zone.day_of(f.clock.now());
      const auto verdict = f.reserve_call(test::call_sid(static_cast<int>(++calls)));
      if (!verdict.allowed || verdict.day != expected) ++wrong;
      if (step % 2 == 1) f.reset();
    }
  }
  f.clock.advance(k_day);
  f.reset();
  CHECK(wrong == 0);
  CHECK(f.integer("SELECT CAST(sum(reserved) AS bigint) FROM daily_usage") == calls);
  CHECK(f.integer("SELECT CAST(sum(reserved) AS bigint) FROM resets") == calls);
  CHECK(f.integer("SELECT count(*) FROM reservations") == calls);
  CHECK(f.markers() == k_midnights + 2);  // the day before the first call, and the last day
}
