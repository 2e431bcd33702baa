#include "limits/reserve.hpp"

#include <thread>

#include "limits/office.hpp"
#include "limits/reset.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using limits::Refusal;
using test::Counter;
using test::k_ann;
using test::k_from;
using test::k_to;
using test::Office;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("a call within the limit is let through and counted", "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann(2);
  const auto first = f.reserve();
  CHECK(first.allowed);
  CHECK(first.from_number == k_from);
  CHECK(first.to_number == k_to);
  CHECK(first.region == "US");
  CHECK(first.agent == k_ann);
  CHECK(first.used == 1);
  CHECK(first.limit == 2);
  CHECK(first.left() == 1);
  CHECK(first.reservation);
  CHECK(f.reserve().used == 2);
  CHECK(f.counter(assignment) == Counter{2, 0, 0, 0});
}

TEST_CASE("a number at its limit refuses with the figures, and writes nothing", "[limits]") {
  Office f(any_engine());
  f.ann(1);
  f.reserve();
  // Whoever writes fails here: a second writer holds the database on SQLite, the counter on PostgreSQL.
  const auto holder = f.database.connect();
  const db::Transaction held(*holder, db::Scope::of(f.workspace));
  holder->exec("UPDATE daily_usage SET adjusted = adjusted");
  const auto refused = f.reserve();
  CHECK_FALSE(refused.allowed);
  REQUIRE(refused.refusals.size() == 1);
  CHECK(refused.refusals[0].refusal == Refusal::limit_reached);
  CHECK(refused.refusals[0].number == k_from);
  CHECK(refused.refusals[0].used == 1);
  CHECK(refused.refusals[0].limit == 1);
  CHECK(refused.refusals[0].message == "+12025550100 has made 1 of 1 calls on 2026-03-08");
  CHECK_FALSE(refused.reservation);
}

TEST_CASE(
    "a writer that counts everybody's calls is for SQLite: on a server two would hold each other's counters",
    "[limits][postgresql]") {
  Office f(db::Engine::postgresql);
  f.ann();
  db::GroupWriter writer(f.database.connect(), {});
  CHECK(test::slug_of([&] {
          limits::reserve(f.session(), f.workspace, {.agent = k_ann, .to = k_to}, writer);
        }) == "limits.writer_on_server");
}

TEST_CASE("a shared writer decides as a caller alone would", "[limits]") {
  Office f(db::Engine::sqlite);
  const auto assignment = f.ann(3);
  db::GroupWriter writer(f.database.connect(), {});
  const auto reserve = [&](const std::string& to, const std::string& call_sid = {}) {
    return limits::reserve(f.session(), f.workspace, {.agent = k_ann, .to = to, .call_sid = call_sid},
                           writer);
  };
  CHECK(reserve(k_to, test::call_sid(1)).used == 1);
  CHECK(reserve(k_to, test::call_sid(1)).repeated);
  CHECK(reserve("911").emergency);
  CHECK(test::codes(reserve("+442079460123")) == "country_not_allowed");
  CHECK(test::slug_of([&] { reserve("no number"); }) == "phone.invalid");
  CHECK(test::slug_of([&] { f.reserve(k_to, "no number"); }) == "limits.invalid_from_number");
  CHECK(test::slug_of([&] {
          limits::reserve(f.session(), f.workspace, {.agent = "eve@example.com", .to = k_to}, writer);
        }) == "limits.unknown_agent");
  reserve(k_to);
  CHECK(reserve(k_to).used == 3);
  CHECK(test::codes(reserve(k_to)) == "limit_reached");
  // Two calls never came: their room is taken back, which no group could do.
  f.clock.advance(std::chrono::minutes(3));
  CHECK(reserve(k_to).used == 2);
  CHECK(f.counter(assignment) == Counter{4, 0, 2, 0});
}

TEST_CASE("the same call is the same reservation although the person called was erased", "[limits]") {
  Office f(any_engine());
  f.ann();
  const auto first = f.reserve_call(test::call_sid(1));
  f.exec("UPDATE reservations SET to_number = ''");
  const auto again = f.reserve_call(test::call_sid(1));
  CHECK(again.repeated);
  CHECK(again.reservation == first.reservation);
  CHECK(again.region.empty());
}

TEST_CASE("a limit of 0 lets nobody call", "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann(0);
  CHECK(test::codes(f.reserve()) == "limit_reached");
  CHECK(f.counter(assignment) == Counter{});
}

TEST_CASE("a dry check says what a reservation would, and counts nothing", "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann(1);
  const auto verdict = f.check();
  CHECK(verdict.allowed);
  CHECK(verdict.from_number == k_from);
  CHECK(verdict.used == 0);
  CHECK_FALSE(verdict.reservation);
  CHECK(f.counter(assignment) == Counter{});
}

TEST_CASE("every refusal has its code", "[limits]") {
  Office f(any_engine());
  f.ann();
  SECTION("no number at all") {
    f.exec("UPDATE agent_phone_numbers SET is_active = FALSE");
    CHECK(test::codes(f.reserve()) == "no_number");
  }
  SECTION("a pool row gives no right to call") {
    f.exec("UPDATE agent_phone_numbers SET voice = FALSE");
    CHECK(test::codes(f.reserve()) == "no_number");
  }
  SECTION("not the number asked for") {
    const auto verdict = f.reserve(k_to, "+12025550177");
    CHECK(test::codes(verdict) == "no_number");
    CHECK(verdict.refusals[0].message == "+12025550177 is not assigned to ann@example.com");
  }
  SECTION("the number is not active") {
    f.exec("UPDATE phone_numbers SET status = 'inactive'");
    CHECK(test::codes(f.reserve()) == "number_inactive");
  }
  SECTION("the agent is not active") {
    f.exec("UPDATE users SET is_active = FALSE");
    CHECK(test::codes(f.reserve()) == "agent_inactive");
  }
  SECTION("another provider's number") {
    f.exec("UPDATE phone_numbers SET provider = 'telnyx'");
    CHECK(test::codes(f.reserve()) == "provider_not_callable");
  }
  SECTION("the number it would be called from") {
    const auto verdict = f.reserve("+12025550100");
    CHECK(test::codes(verdict) == "same_number");
    CHECK(verdict.refusals[0].message == "+12025550100 is the number it would be called from");
  }
  SECTION("not where another number calls it, and this one only pays") {
    const limits::Request request{.agent = k_ann, .to = k_from, .pays_only = true};
    const auto verdict = limits::reserve(f.session(), f.workspace, request);
    CHECK(verdict.allowed);
    CHECK(verdict.from_number == k_from);
    CHECK(verdict.used == 1);
  }
  SECTION("another country") {
    const auto verdict = f.reserve("+16135550143");
    CHECK(test::codes(verdict) == "country_not_allowed");
    CHECK(verdict.refusals[0].region == "CA");
    CHECK(verdict.refusals[0].message == "+16135550143 is in CA, and +12025550100 may call its own country");
  }
  SECTION("all of them at once") {
    f.exec("UPDATE users SET is_active = FALSE");
    f.exec("UPDATE phone_numbers SET provider = 'telnyx', status = 'inactive'");
    f.exec("UPDATE agent_phone_numbers SET daily_limit = 0");
    CHECK(test::codes(f.check("+16135550143")) ==
          "agent_inactive number_inactive provider_not_callable country_not_allowed limit_reached");
  }
}

TEST_CASE("a destination that asked for no calls is refused, one that wants no messages is not", "[limits]") {
  Office f(any_engine());
  f.ann();
  const auto* channel = GENERATE("voice", "all", "sms");
  f.exec(
      "INSERT INTO opt_outs (id, workspace_id, phone_number, channel, created_at, updated_at) VALUES ($1, $2, $3, $4, "
      "$5, $5)",
      {f.alice.ids.next(), f.workspace, k_to, channel, f.clock.now()});
  CHECK(test::codes(f.reserve()) == (std::string_view(channel) == "sms" ? "" : "opted_out"));
}

TEST_CASE("an agent nobody knows and a destination that is no number are errors", "[limits]") {
  Office f(any_engine());
  f.ann();
  CHECK(test::slug_of([&] {
          limits::check(f.session(), f.workspace, {.agent = "bob@example.com", .to = k_to});
        }) == "limits.unknown_agent");
  CHECK(test::error_of([&] { f.check("pizza"); })->errc() == Errc::invalid);
  const auto other = f.database.add_workspace("other");
  CHECK(test::slug_of([&] { limits::check(f.session(), other, {.agent = k_ann, .to = k_to}); }) ==
        "limits.unknown_agent");
}

TEST_CASE("an agent is known by e-mail in any case and by id", "[limits]") {
  Office f(any_engine());
  const auto ann = f.agent();
  f.assign(ann, f.number());
  CHECK(limits::check(f.session(), f.workspace, {.agent = "Ann@Example.com", .to = k_to}).allowed);
  CHECK(limits::check(f.session(), f.workspace, {.agent = ann.text(), .to = k_to}).agent == k_ann);
}

TEST_CASE("the same call again gets the same reservation and no second count", "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann(1);
  const auto first = f.reserve_call(test::call_sid(1));
  const auto again = f.reserve_call(test::call_sid(1));
  CHECK(again.allowed);
  CHECK(again.repeated);
  CHECK(again.reservation == first.reservation);
  CHECK(again.from_number == k_from);
  CHECK(f.counter(assignment) == Counter{1, 0, 0, 0});
}

TEST_CASE("a call that was given back is decided anew when it is asked for again", "[limits]") {
  Office f(any_engine());
  f.decide("limit_policy", "connected");
  const auto assignment = f.ann(1);
  const auto first = f.reserve_call(test::call_sid(1));
  limits::settle(f.session(), f.workspace, test::call_sid(1), limits::CallStatus::busy);
  SECTION("there is room: it counts again") {
    const auto again = f.reserve_call(test::call_sid(1));
    CHECK(again.allowed);
    CHECK_FALSE(again.repeated);
    CHECK(again.reservation != first.reservation);
    CHECK(f.counter(assignment) == Counter{2, 0, 1, 0});
    limits::settle(f.session(), f.workspace, test::call_sid(1), limits::CallStatus::completed);
    CHECK(f.counter(assignment) == Counter{2, 1, 1, 0});
  }
  SECTION("another one has the room") {
    CHECK(f.reserve_call(test::call_sid(2)).allowed);
    CHECK(test::codes(f.reserve_call(test::call_sid(1))) == "limit_reached");
  }
  SECTION("the agent is gone") {
    f.exec("UPDATE users SET is_active = FALSE");
    CHECK(test::codes(f.reserve_call(test::call_sid(1))) == "agent_inactive");
  }
}

TEST_CASE("a call that was reserved is no other agent's and goes nowhere else", "[limits]") {
  Office f(any_engine());
  f.decide("default_country", "US");
  const auto ann = f.agent();
  f.assign(ann, f.number());
  f.assign(f.agent("bob@example.com"), f.number("+12025550101"));
  f.reserve_call(test::call_sid(1));
  const auto reserve = [&](const std::string& agent, const std::string& to) {
    return limits::reserve(f.session(), f.workspace,
                           {.agent = agent, .to = to, .call_sid = test::call_sid(1)});
  };
  CHECK(reserve("Ann@Example.com", "(202) 555-0199").repeated);
  CHECK(reserve(ann.text(), k_to).repeated);
  CHECK(reserve(k_ann, "911").emergency);
  CHECK(test::slug_of([&] { reserve("bob@example.com", k_to); }) == "limits.other_call");
  CHECK(test::slug_of([&] { reserve(k_ann, "+12025550198"); }) == "limits.other_call");
  CHECK(f.integer("SELECT count(*) FROM reservations") == 1);
}

TEST_CASE("one call asked for by many at once is counted once", "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann();
  constexpr int k_threads = 8;
  std::vector<base::Uuid> reservations(k_threads);
  std::vector<std::thread> threads;
  threads.reserve(k_threads);
  for (int i = 0; i < k_threads; ++i)
    threads.emplace_back([&, i] {
      test::Actor actor(f.database.connect(), f.clock);
      const auto verdict = limits::reserve(actor.session, f.workspace,
                                           {.agent = k_ann, .to = k_to, .call_sid = test::call_sid(7)});
      if (verdict.reservation) reservations[static_cast<std::size_t>(i)] = *verdict.reservation;
    });
  for (auto& thread : threads) thread.join();
  CHECK(std::adjacent_find(reservations.begin(), reservations.end(), std::not_equal_to<>()) ==
        reservations.end());
  CHECK(f.counter(assignment).reserved == 1);
}

TEST_CASE("a call that another workspace has is a conflict", "[limits]") {
  Office f(any_engine());
  f.ann();
  f.reserve_call(test::call_sid(1));
  const auto main = f.workspace;
  f.workspace = f.database.add_workspace("other");
  f.assign(f.agent(), f.number("+12025550101"));
  CHECK(test::slug_of([&] { f.reserve_call(test::call_sid(1)); }) == "limits.call_elsewhere");
  f.workspace = main;
}

namespace {

/// One millisecond before midnight, UTC; once it was read it is midnight, and the day that ended is closed.
class MidnightClock final : public base::Clock {
 public:
  explicit MidnightClock(Office& office) : office_(office), closer_(office.database.connect(), office.clock) {
    office_.clock.set("2026-03-08T23:59:59.999Z");
  }
  base::Instant now() const override {
    const auto before = office_.clock.now();
    if (!std::exchange(closed_, true)) {
      office_.clock.advance(std::chrono::milliseconds(1));
      limits::reset(closer_.session, office_.workspace);
    }
    return before;
  }
  std::chrono::steady_clock::time_point steady() const override { return office_.clock.steady(); }

 private:
  Office& office_;
  mutable test::Actor closer_;
  mutable bool closed_ = false;
};

}  // namespace

TEST_CASE("a call that finds its day closed while it is decided is made, and counts, on the next",
          "[limits]") {
  Office f(any_engine());
  f.ann(10);
  const MidnightClock clock(f);
  test::Actor caller(f.database.connect(), clock);
  const auto verdict = limits::reserve(caller.session, f.workspace, {.agent = k_ann, .to = k_to});
  CHECK(base::format_day(verdict.day.value()) == "2026-03-09");
  CHECK(f.integer("SELECT count(*) FROM reservations WHERE day = '2026-03-09' AND reserved_at = $1",
                  {f.clock.now()}) == 1);
}

TEST_CASE("a lowered limit counts for the call that waited for its turn", "[limits]") {
  Office f(any_engine());
  if (f.database.engine() == db::Engine::sqlite) return;  // there nobody changes anything meanwhile
  const auto assignment = f.ann(10);
  for (int i = 0; i < 4; ++i) f.reserve();
  const auto holder = f.database.connect();
  std::string refused;
  std::thread waiting;
  {
    db::Transaction held(*holder, db::Scope::of(f.workspace));
    holder->exec("UPDATE daily_usage SET reserved = reserved + 1");
    waiting = std::thread([&] {
      test::Actor actor(f.database.connect(), f.clock);
      refused = test::codes(limits::reserve(actor.session, f.workspace, {.agent = k_ann, .to = k_to}));
    });
    const auto is_waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
        "current_database()";
    while (f.integer(is_waiting) == 0) std::this_thread::yield();
    f.exec("UPDATE agent_phone_numbers SET daily_limit = 5");
    held.commit();
  }
  waiting.join();
  CHECK(refused == "limit_reached");
  CHECK(f.counter(assignment).used() == 5);
}

TEST_CASE("without a number asked for, the next one with room is taken", "[limits]") {
  Office f(any_engine());
  const auto ann = f.agent();
  f.assign(ann, f.number("+12025550101"), 1);
  f.assign(ann, f.number("+12025550102"), 1);
  CHECK(f.reserve().from_number == "+12025550101");
  CHECK(f.reserve().from_number == "+12025550102");
  CHECK(test::codes(f.reserve()) == "limit_reached limit_reached");
}

TEST_CASE("the agent's own first choice goes first", "[limits]") {
  Office f(any_engine());
  const auto ann = f.agent();
  f.assign(ann, f.number("+12025550101"));
  const auto second = f.assign(ann, f.number("+12025550102"));
  f.exec("UPDATE agent_phone_numbers SET agent_default = TRUE WHERE id = $1", {second});
  CHECK(f.reserve().from_number == "+12025550102");
  CHECK(f.reserve().from_number == "+12025550102");
  CHECK(f.reserve(k_to, "+12025550101").from_number == "+12025550101");
}

TEST_CASE("least used takes the number with the fewest calls today", "[limits]") {
  Office f(any_engine());
  f.decide("number_rotation", "least_used");
  const auto ann = f.agent();
  for (const auto* number : {"+12025550101", "+12025550102", "+12025550103"}) f.assign(ann, f.number(number));
  f.reserve(k_to, "+12025550101");
  f.reserve(k_to, "+12025550102");
  CHECK(f.reserve().from_number == "+12025550103");
  CHECK(f.reserve().from_number == "+12025550101");
}

TEST_CASE("round robin takes one number after the other, though the clock stands still or steps back",
          "[limits]") {
  Office f(any_engine());
  f.decide("number_rotation", "round_robin");
  const auto ann = f.agent();
  for (const auto* number : {"+12025550101", "+12025550102", "+12025550103"}) f.assign(ann, f.number(number));
  std::string order;
  for (int i = 0; i < 7; ++i) {
    if (i == 4) f.clock.advance(-std::chrono::minutes(5));
    order += f.reserve().from_number.back();
  }
  CHECK(order == "1231231");
}

TEST_CASE("an emergency number is never refused and never counted", "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann(0);
  f.exec("UPDATE users SET is_active = FALSE");
  for (const auto* dialled : {"911", "112", "933", "9-1-1"}) {
    const auto verdict = f.reserve(dialled);
    INFO(dialled);
    CHECK(verdict.allowed);
    CHECK(verdict.emergency);
    CHECK(verdict.to_number == dialled);
    CHECK(verdict.from_number == k_from);
    CHECK_FALSE(verdict.reservation);
  }
  CHECK(f.counter(assignment) == Counter{});
}

TEST_CASE("an emergency call goes out from a number that can call, where there is one", "[limits]") {
  Office f(any_engine());
  const auto ann = f.agent();
  f.assign(ann, f.number("+12025550101"));
  f.assign(ann, f.number("+12025550102"));
  f.exec("UPDATE phone_numbers SET provider = 'telnyx' WHERE phone_number = '+12025550101'");
  CHECK(f.reserve("911").from_number == "+12025550102");
  f.exec("UPDATE phone_numbers SET status = 'inactive' WHERE phone_number = '+12025550102'");
  CHECK(f.reserve("911").from_number.empty());
  CHECK(f.reserve("911").emergency);
}

TEST_CASE("an emergency call is let through whoever dials it", "[limits]") {
  Office f(any_engine());
  const auto verdict =
      limits::reserve(f.session(), f.workspace, {.agent = "nobody@example.com", .to = "911"});
  CHECK(verdict.emergency);
  CHECK(verdict.allowed);
}

TEST_CASE("the emergency numbers of the calling number's country are known", "[limits]") {
  Office f(any_engine());
  f.assign(f.agent(), f.number("+442079460123"), 0);
  CHECK(f.reserve("999").emergency);
  CHECK(test::error_of([&] { f.reserve("997"); }));  // Brazil's test number is nothing here
}

TEST_CASE(
    "a database that is busy says neither yes nor no, whatever the workspace chose for one that is away",
    "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann();
  f.reserve();
  db::OpenOptions hurried = test::test_options();
  hurried.busy_timeout = std::chrono::milliseconds(1);
  test::Actor actor(f.database.connect(hurried), f.clock);
  const auto holder = f.database.connect();
  limits::Request request{
      .agent = k_ann, .to = k_to, .from_number = k_from, .when_away = limits::WhenAway::allow};
  {
    const db::Transaction held(*holder, db::Scope::of(f.workspace));
    holder->exec("UPDATE daily_usage SET adjusted = adjusted");
    CHECK(test::error_of([&] { limits::reserve(actor.session, f.workspace, request); })->errc() ==
          Errc::db_busy);
    request.to = "911";
    CHECK(limits::reserve(actor.session, f.workspace, request).emergency);
  }
  CHECK(f.counter(assignment) == Counter{1, 0, 0, 0});
}

TEST_CASE("with the database away a call is refused, or let through where the workspace says so",
          "[limits][postgresql]") {
  Office f(db::Engine::postgresql);
  f.ann();
  test::Actor actor(f.database.connect(), f.clock);
  f.database.connection().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
      "pg_backend_pid()");
  limits::Request request{.agent = k_ann, .to = k_to, .from_number = k_from};
  CHECK(test::codes(limits::reserve(actor.session, f.workspace, request)) == "limits_unavailable");
  request.when_away = limits::WhenAway::allow;
  const auto verdict = limits::reserve(actor.session, f.workspace, request);
  CHECK(verdict.allowed);
  CHECK(verdict.uncounted);
  request.to = "911";
  CHECK(limits::reserve(actor.session, f.workspace, request).emergency);
  // Nobody can say which number the rotation would take, so the call could neither be placed nor counted.
  for (const auto* from : {"", "(202) 555-0100"}) {
    request = {.agent = k_ann, .to = k_to, .from_number = from, .when_away = limits::WhenAway::allow};
    CHECK(test::codes(limits::reserve(actor.session, f.workspace, request)) == "limits_unavailable");
  }
}

TEST_CASE("a number does not call itself, whatever the workspace chose for a database that is away",
          "[limits]") {
  for (const auto when : {limits::WhenAway::refuse, limits::WhenAway::allow}) {
    limits::Request request{.agent = k_ann, .to = k_from, .from_number = k_from, .when_away = when};
    const auto verdict = limits::answer_without_database(request, "away");
    CHECK_FALSE(verdict.allowed);
    CHECK_FALSE(verdict.uncounted);
    CHECK(test::codes(verdict) == "same_number");
    request.to = k_to;
    CHECK(limits::answer_without_database(request, "away").allowed == (when == limits::WhenAway::allow));
  }
}

TEST_CASE("a call let through uncounted is counted later, once, on its day and beyond the limit",
          "[limits]") {
  Office f(any_engine());
  const auto assignment = f.ann(1);
  f.reserve();
  const auto placed_at = f.clock.now();
  f.clock.advance(std::chrono::hours(24));
  const limits::Request placed{
      .agent = k_ann, .to = k_to, .from_number = k_from, .call_sid = test::call_sid(3)};
  limits::count_later(f.session(), f.workspace, placed, placed_at);
  limits::count_later(f.session(), f.workspace, placed, placed_at);
  CHECK(f.counter(assignment) == Counter{2, 0, 0, 0});
}

TEST_CASE("what a reservation takes, counting later takes as well", "[limits]") {
  Office f(any_engine());
  f.decide("default_country", "US");
  const auto ann = f.agent();
  const auto assignment = f.assign(ann, f.number());
  int calls = 0;
  for (const auto& agent : {k_ann, std::string("Ann@Example.com"), ann.text()})
    for (const auto* from : {"+12025550100", "(202) 555-0100"}) {
      INFO(agent << " " << from);
      limits::reserve(f.session(), f.workspace, {.agent = agent, .to = k_to, .from_number = from});
      limits::count_later(
          f.session(), f.workspace,
          {.agent = agent, .to = "202 555 0199", .from_number = from, .call_sid = test::call_sid(++calls)},
          f.clock.now());
      CHECK(f.counter(assignment).reserved == 2 * calls);
    }
  CHECK(test::slug_of([&] {
          limits::count_later(f.session(), f.workspace,
                              {.agent = k_ann, .to = k_to, .from_number = "+12025550177"}, f.clock.now());
        }) == "limits.unknown_assignment");
}

TEST_CASE("a call counted later on a closed day is in the day's sums as well, and on record", "[limits]") {
  Office f(any_engine());
  f.ann();
  f.assign(f.agent("bob@example.com"), f.number("+12025550101"));
  f.reserve_call(test::call_sid(1));
  const auto placed_at = f.clock.now();
  f.clock.advance(std::chrono::hours(24));
  limits::reset(f.session(), f.workspace);
  const auto later = [&](const std::string& agent, const std::string& from, int call) {
    limits::count_later(f.session(), f.workspace,
                        {.agent = agent, .to = k_to, .from_number = from, .call_sid = test::call_sid(call)},
                        placed_at);
  };
  later(k_ann, k_from, 2);
  later("bob@example.com", "+12025550101", 3);
  later("bob@example.com", "+12025550101", 3);
  CHECK(f.integer("SELECT reserved FROM resets") == 3);
  CHECK(f.integer("SELECT counters FROM resets") == 2);
  CHECK(f.integer("SELECT count(*) FROM audit_log WHERE action = 'limits.reset'") == 3);
}
