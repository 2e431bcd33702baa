#include "db/lease.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using namespace std::chrono_literals;
using test::slug_of;

namespace {

struct Leases {
  explicit Leases(Engine engine) : database(engine), second(database.connect()) {}
  Lease take(Connection& connection, std::chrono::milliseconds wait = 0ms, const Sleep& sleep = {}) {
    return Lease::acquire(connection, clock, "limits reset", std::nullopt, 60s, wait, nullptr, sleep);
  }
  Connection& first() { return database.connection(); }
  /// holder, host, since, expires and machine of the only lease; empty if there is none.
  std::vector<std::string> row() {
    std::vector<std::string> texts;
    Transaction transaction(*second, Scope{}, Access::read);
    auto rows = second->query("SELECT holder, host, since, expires, machine FROM leases");
    if (!rows.next()) return texts;
    for (const int column : {0, 1}) texts.emplace_back(rows.text(column));
    for (const int column : {2, 3}) texts.push_back(base::format_utc(rows.instant(column)));
    texts.emplace_back(rows.text(4));
    return texts;
  }

  test::FixedClock clock;
  test::TestDatabase database;
  std::unique_ptr<Connection> second;
};

}  // namespace

TEST_CASE("a lease keeps others out until it is released", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  {
    const auto lease = leases.take(leases.first());
    CHECK(slug_of([&] { leases.take(*leases.second); }) == "lock.held");
    const auto row = leases.row();
    CHECK(row[0].starts_with("pid "));
    CHECK_FALSE(row[1].empty());
    CHECK(row[2] == base::format_utc(leases.clock.now()));
    CHECK(row[3] == base::format_utc(leases.clock.now() + 60s));
  }
  CHECK(leases.row().empty());
  CHECK_NOTHROW(leases.take(*leases.second));
}

TEST_CASE("leases of other names and of other workspaces are independent", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  const auto workspace = leases.database.add_workspace();
  const auto whole = leases.take(leases.first());
  CHECK_NOTHROW(Lease::acquire(*leases.second, leases.clock, "limits reset", workspace, 60s, 0ms));
  CHECK_NOTHROW(Lease::acquire(*leases.second, leases.clock, "import", std::nullopt, 60s, 0ms));
}

TEST_CASE("the lease of a holder that died is taken over once its time is up", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  auto dead = leases.take(leases.first());
  leases.clock.advance(59999ms);
  CHECK(slug_of([&] { leases.take(*leases.second); }) == "lock.held");
  leases.clock.advance(1ms);
  const auto next = leases.take(*leases.second);
  CHECK(slug_of([&] { dead.renew(); }) == "lock.lost");
  // What it lost it does not release.
  dead.release();
  CHECK_FALSE(leases.row().empty());
}

TEST_CASE("a lease whose process is gone is taken over at once on the same machine, and only there", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  const auto crashed = leases.take(leases.first());
  const auto say = [&](const std::string& sql, const std::string& value) {
    in_transaction(leases.first(), Scope{}, [&] { leases.first().exec(sql, {value}); });
  };
  const auto machine = leases.row().at(4);
  REQUIRE_FALSE(machine.empty());
  say("UPDATE leases SET holder = $1", "pid " + std::to_string(child));
  // Of the same name, as containers made from one image are; or one that could not tell.
  for (const auto* other : {"another boot pid:[1]", ""}) {
    say("UPDATE leases SET machine = $1", other);
    CHECK(slug_of([&] { leases.take(*leases.second); }) == "lock.held");
  }
  say("UPDATE leases SET machine = $1", machine);
  CHECK_NOTHROW(leases.take(*leases.second));
}

TEST_CASE("a lease that is renewed does not expire", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  auto lease = leases.take(leases.first());
  for (int i = 0; i < 3; ++i) {
    leases.clock.advance(50s);
    lease.renew();
  }
  CHECK(slug_of([&] { leases.take(*leases.second); }) == "lock.held");
}

TEST_CASE("who waits gets the lease when it is let go", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  auto held = leases.take(leases.first());
  int pauses = 0;
  const auto lease = leases.take(*leases.second, 10s, [&](std::chrono::milliseconds pause) {
    leases.clock.advance(pause);
    if (++pauses == 3) held.release();
  });
  CHECK(pauses == 3);
}

TEST_CASE("who waits gives up when the time is over, or when told to", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  const auto held = leases.take(leases.first());
  const auto begin = leases.clock.now();
  const Sleep sleep = [&](std::chrono::milliseconds pause) { leases.clock.advance(pause); };
  CHECK(slug_of([&] { leases.take(*leases.second, 2s, sleep); }) == "lock.held");
  CHECK(leases.clock.now() - begin == 2s);
  base::CancelToken cancel;
  cancel.cancel(130);
  CHECK_THROWS_AS(
      Lease::acquire(*leases.second, leases.clock, "limits reset", std::nullopt, 60s, 2s, &cancel, sleep),
      Error);
}

TEST_CASE("a lease is not taken inside a transaction, where nobody would see it", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  const Transaction transaction(leases.first(), Scope{});
  CHECK(slug_of([&] { leases.take(leases.first()); }) == "db.nested_transaction");
}

TEST_CASE("whoever needs the whole database waits until nobody holds any lease", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  CHECK_NOTHROW(await_no_lease(*leases.second, leases.clock, 0ms));
  auto lease = std::optional(leases.take(leases.first()));
  const auto error = test::error_of([&] { await_no_lease(*leases.second, leases.clock, 0ms); });
  REQUIRE(error);
  CHECK(error->slug() == "lock.held");
  CHECK(error->message().starts_with("another ringctl is running \"limits reset\" (pid "));
  int slept = 0;
  await_no_lease(*leases.second, leases.clock, 10min, nullptr, [&](std::chrono::milliseconds) {
    if (++slept == 3) lease.reset();
  });
  CHECK(slept == 3);
}
