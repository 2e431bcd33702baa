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
    const auto holder = find_lease(*leases.second, leases.clock, "limits reset", std::nullopt);
    REQUIRE(holder);
    CHECK(holder->holder.starts_with("pid "));
    CHECK_FALSE(holder->host.empty());
    CHECK(holder->since == leases.clock.now());
    CHECK(holder->expires == leases.clock.now() + 60s);
  }
  CHECK_FALSE(find_lease(*leases.second, leases.clock, "limits reset", std::nullopt));
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
  CHECK(find_lease(leases.first(), leases.clock, "limits reset", std::nullopt));
}

TEST_CASE("a lease whose process is gone is taken over at once on the same host, and only there", "[db]") {
  Leases leases(GENERATE(from_range(test::engines())));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  const auto crashed = leases.take(leases.first());
  const auto say = [&](const std::string& sql, const std::string& value) {
    in_transaction(leases.first(), Scope{}, [&] { leases.first().exec(sql, {value}); });
  };
  const std::string host = find_lease(leases.first(), leases.clock, "limits reset", std::nullopt)->host;
  say("UPDATE leases SET holder = $1", "pid " + std::to_string(child));
  say("UPDATE leases SET host = $1", "elsewhere");
  CHECK(slug_of([&] { leases.take(*leases.second); }) == "lock.held");
  say("UPDATE leases SET host = $1", host);
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
