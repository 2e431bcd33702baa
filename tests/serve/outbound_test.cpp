#include "serve/outbound.hpp"

#include "base/error.hpp"
#include "limits/office.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using test::call_sid;
using test::Counter;

/// Ann's desk: a pool that works where it is asked, on a database that can be taken away.
struct Desk : test::Office {
  explicit Desk(db::Engine engine, std::int64_t limit = 100) : Office(engine), assignment(ann(limit)) {}

  Placed place(
      const limits::Request& request, const std::function<bool()>& wanted = [] { return true; }) {
    Placed result;
    answers = 0;
    outbound.place(workspace, request, wanted, [&](const Placed& placed) {
      result = placed;
      ++answers;
    });
    return result;
  }

  base::Uuid assignment;
  bool away = false;
  int opened = 0, answers = 0;
  Outbound outbound{[this] {
                      ++opened;
                      if (away) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
                      return database.connect();
                    },
                    clock,
                    {.threads = 0, .rest = std::chrono::milliseconds(0)}};
};

limits::Request call(int n = 1) {
  return {.agent = test::k_ann, .to = test::k_to, .from_number = test::k_from, .call_sid = call_sid(n)};
}

bool is_unavailable(const Placed& placed) {
  return !placed.verdict.allowed && placed.verdict.refused_for(limits::Refusal::limits_unavailable);
}

TEST_CASE("an agent is known by the identity of its client, with hyphens or without", "[serve]") {
  const auto id = base::Uuid::parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f");
  CHECK(user_of_identity("agent_0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f") == id);
  CHECK(user_of_identity("agent_0190f6d27b3c7a108f001a2b3c4d5e6f") == id);
  for (const auto* other :
       {"", "agent_", "0190f6d27b3c7a108f001a2b3c4d5e6f", "agent_0190f6d27b3c7a108f001a2b3c4d5e6",
        "agent_zzzzf6d27b3c7a108f001a2b3c4d5e6f", "Agent_0190f6d27b3c7a108f001a2b3c4d5e6f"})
    CHECK_FALSE(user_of_identity(other));
}

TEST_CASE("a call is counted before it is placed, once, as long as there is room", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())), 1);
  const auto first = f.place(call());
  CHECK(f.answers == 1);
  CHECK(first.verdict.allowed);
  CHECK(first.verdict.from_number == test::k_from);
  CHECK(f.place(call()).verdict.reservation == first.verdict.reservation);
  CHECK(f.place(call(2)).verdict.refused_for(limits::Refusal::limit_reached));
  CHECK(f.counter(f.assignment) == Counter{1, 0, 0, 0});
}

TEST_CASE("who is nobody's agent, and what is no number, is told apart from a refusal", "[serve]") {
  Desk f(db::Engine::sqlite);
  auto request = call();
  request.agent = "nobody@example.com";
  CHECK(f.place(request).problem == "unknown_agent");
  request = call();
  request.to = "not a number";
  CHECK(f.place(request).problem == "bad_destination");
  request = call();
  request.from_number = "not a number";
  CHECK(f.place(request).problem == "bad_from_number");
  CHECK(f.counter(f.assignment) == Counter{});
}

TEST_CASE("while the database is away calls are refused, or let through where the workspace said so",
          "[serve]") {
  Desk f(db::Engine::sqlite);
  f.away = true;
  CHECK(is_unavailable(f.place(call())));
  auto request = call();
  request.when_away = limits::WhenAway::allow;
  const auto placed = f.place(request);
  CHECK(placed.verdict.allowed);
  CHECK(placed.verdict.uncounted);
  CHECK_FALSE(placed.verdict.reservation);
  request.to = "911";
  request.when_away = limits::WhenAway::refuse;
  CHECK(f.place(request).verdict.emergency);
  f.away = false;
  CHECK(f.place(call(3)).verdict.reservation);
}

TEST_CASE(
    "a database that has no time lets nobody through, whatever the workspace chose for one that is away",
    "[serve]") {
  Desk f(db::Engine::sqlite);
  const auto writer = f.database.connect();
  const db::Transaction holds(*writer, db::Scope::of(f.workspace));
  Outbound hasty([&] { return f.database.connect(); }, f.clock,
                 {.threads = 0, .answer = std::chrono::milliseconds(10)});
  auto request = call();
  request.when_away = limits::WhenAway::allow;
  Placed placed;
  hasty.place(
      f.workspace, request, [] { return true; }, [&](const Placed& answer) { placed = answer; });
  CHECK(is_unavailable(placed));
}

TEST_CASE("a connection that was lost meanwhile is replaced before anybody is refused",
          "[serve][postgresql]") {
  Desk f(db::Engine::postgresql);
  CHECK(f.place(call()).verdict.allowed);
  f.db().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
      "AND pid <> pg_backend_pid()");
  CHECK(f.place(call(2)).verdict.reservation);
  CHECK(f.opened == 2);
}

TEST_CASE("a call that nobody waits for any more is not counted", "[serve]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.place(call(), [] { return false; });
  CHECK(f.opened == 0);
  int asked = 0;
  f.place(call(2), [&] { return ++asked == 1; });  // the answer came too late
  CHECK(f.answers == 0);
  CHECK(f.counter(f.assignment).used() == 0);
  // Sent again it is decided anew.
  CHECK(f.place(call(2)).verdict.allowed);
  CHECK(f.counter(f.assignment).used() == 1);
}

TEST_CASE("more calls than may wait are refused at once", "[serve]") {
  Desk f(db::Engine::sqlite);
  Outbound full([&] { return f.database.connect(); }, f.clock, {.threads = 1, .max_queue = 0});
  Placed placed;
  full.place(
      f.workspace, call(), [] { return true; }, [&](const Placed& answer) { placed = answer; });
  CHECK(is_unavailable(placed));
}

}  // namespace
}  // namespace ringctl::serve
