#include "calls/apply.hpp"

#include <atomic>
#include <future>

#include "calls/calls.hpp"
#include "calls/desk.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using calls::Kind;
using test::call_sid;
using test::Desk;
using test::leg_sid;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

calls::Call call_of(Desk& f, int n = 1) {
  return f.read([&] { return calls::get(f.db(), f.workspace, call_sid(n)); });
}

std::string callbacks_of(Desk& f) {
  return f.rows(
      "SELECT phone_number, status, notes FROM callbacks WHERE workspace_id = $1 ORDER BY phone_number");
}

}  // namespace

TEST_CASE("a call that comes in is on record with what was decided about it", "[calls]") {
  Desk f(any_engine());
  const auto applied = f.apply({f.inbound(1)});
  CHECK(applied.fresh == 1);
  const auto call = call_of(f);
  CHECK(call.direction == "inbound");
  CHECK(call.status == "ringing");
  CHECK(call.from_number == test::k_caller);
  CHECK(call.number == test::k_from);
  CHECK(call.customer_name == "Lin Park");
  CHECK(call.routed_by == "rule");
  CHECK(call.rule == "Sales");
  CHECK(call.plan == test::k_plan);
  CHECK_FALSE(call.closed_seq);
}

TEST_CASE("whoever answers owns the call, with their team", "[calls]") {
  Desk f(any_engine());
  const auto team = f.alice.ids.next(), bob = f.agent("bob@example.com");
  f.exec(
      "INSERT INTO teams (id, workspace_id, name, is_active, created_at, updated_at) "
      "VALUES ($1, $2, 'Sales', TRUE, $3, $3)",
      {team, f.workspace, f.clock.now()});
  f.exec("UPDATE users SET team_id = $1 WHERE id = $2", {team, bob});
  auto answered = f.leg(1, 2, "in-progress", 2, 9);
  answered.user = bob;
  f.apply({f.inbound(1), f.leg(1, 1, "ringing", 1, 2), answered, f.leg(1, 1, "canceled", 2, 9)});
  auto call = call_of(f);
  CHECK(call.status == "in-progress");
  CHECK(call.user_email == "bob@example.com");
  CHECK(call.team == "Sales");
  CHECK(call.answered_at == f.at(9));
  f.apply({f.leg(1, 2, "completed", 3, 69, 60), f.status(1, "completed", 0, 70, 70)});
  call = call_of(f);
  CHECK(call.status == "completed");
  CHECK(call.duration_s == 70);
  CHECK(call.closed_seq == 1);
  CHECK(f.rows("SELECT email FROM users WHERE workspace_id = $1 AND last_call_ended_at IS NOT NULL") ==
        "bob@example.com\n");
}

TEST_CASE("a call that was counted, and refused before anybody said so, is given back once", "[calls]") {
  Desk f(any_engine());
  const auto assignment = f.assign(f.ann_id, f.number_id);
  f.reserve_call(call_sid(1));
  f.reserve_call(call_sid(2));
  auto refused = f.outbound(1), over = f.outbound(2);
  refused.decision->refusal = "limits_unavailable";
  over.decision->refusal = "opted_out";
  f.apply({refused, over});
  CHECK(f.counter(assignment) == test::Counter{2, 0, 1, 0});
  f.apply({f.own_status(1, "completed", 0, 3, 3)});
  CHECK(f.counter(assignment) == test::Counter{2, 0, 1, 0});
  CHECK(call_of(f).status == "failed");
}

TEST_CASE("an event that is delivered again changes nothing, at once or a day later", "[calls]") {
  Desk f(any_engine());
  const std::vector events{f.inbound(1), f.leg(1, 1, "in-progress", 2, 5),
                           f.status(1, "completed", 0, 70, 70)};
  f.apply(events);
  const auto before = f.rows("SELECT * FROM calls WHERE workspace_id = $1");
  f.clock.advance(std::chrono::hours(24));
  auto late = events;
  for (auto& event : late) event.received_at += std::chrono::hours(24);
  CHECK(f.apply(late).repeated == 3);
  CHECK(f.rows("SELECT * FROM calls WHERE workspace_id = $1") == before);
}

TEST_CASE("events of calls that nobody told of make what they can", "[calls]") {
  Desk f(any_engine());
  f.apply({f.leg(1, 1, "in-progress", 2, 5), f.status(2, "completed", 0, 70, 70)});
  CHECK(call_of(f, 1).status == "in-progress");
  CHECK(call_of(f, 1).user_email == test::k_ann);
  CHECK(call_of(f, 2).status == "missed");
  CHECK(call_of(f, 2).from_number == test::k_caller);
}

TEST_CASE("a phone that is picked up is no answer before its key is pressed", "[calls]") {
  Desk f(any_engine());
  auto leg = f.leg(1, 1, "in-progress", 2, 5), end = f.leg(1, 1, "completed", 3, 20, 15);
  leg.answers = end.answers = calls::Answers::accepted;
  f.apply({f.inbound(1), leg});
  CHECK_FALSE(call_of(f).answered_at);
  SECTION("the agent's own voicemail took it") {
    f.apply({end, f.status(1, "completed", 0, 30, 30)});
    CHECK(call_of(f).status == "missed");
  }
  SECTION("the agent pressed the key") {
    auto accepted =
        f.event(Kind::accepted,
                {{"CallSid", leg_sid(1)}, {"ParentCallSid", call_sid(1)}, {"CallStatus", "in-progress"}}, 8);
    accepted.answers = calls::Answers::accepted;
    f.apply({accepted, end, f.status(1, "completed", 0, 30, 30)});
    CHECK(call_of(f).status == "completed");
    CHECK(call_of(f).answered_at == f.at(8));
    CHECK(call_of(f).user_email == test::k_ann);
  }
}

TEST_CASE("the support number is no answer of ours", "[calls]") {
  Desk f(any_engine());
  auto support = f.called(1, 1, "completed", 3, 60, 40);
  support.answers = calls::Answers::never;
  auto dial = f.next(1, 1, "completed", 60, 40);
  dial.answers = calls::Answers::never;
  f.apply({f.inbound(1), support, dial, f.status(1, "completed", 0, 61, 61)});
  CHECK(call_of(f).status == "missed");
  CHECK(callbacks_of(f) == test::k_caller + "|open|missed call\n");
}

TEST_CASE("Dial's word alone names who answered, where every callback of the leg was lost", "[calls]") {
  Desk f(any_engine());
  auto dial = f.next(1, 1, "completed", 66, 60);
  dial.user = f.ann_id;
  f.apply({f.inbound(1), dial, f.status(1, "completed", 0, 66, 66)});
  CHECK(call_of(f).status == "completed");
  CHECK(call_of(f).user_email == test::k_ann);
  CHECK(call_of(f).answered_at == f.at(6));
}

TEST_CASE("a call is never answered before it began, whatever length Dial gives it", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1, 10), f.next(1, 1, "completed", 20, 60)});
  CHECK(call_of(f).answered_at == f.at(10));
  const auto details = f.read([&] { return calls::get_details(f.db(), f.workspace, call_sid(1)); });
  REQUIRE(details.attempts.size() == 1);
  CHECK(details.attempts[0].answered_at >= details.attempts[0].started_at);
}

TEST_CASE("a call is found by the last eight digits of its SID, unless several end like that", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1), f.inbound(2)});
  const auto get = [&](const std::string& what) {
    return f.read([&] { return calls::get(f.db(), f.workspace, what).call_sid; });
  };
  CHECK(get(call_sid(2).substr(26)) == call_sid(2));
  CHECK(test::slug_of([&] { get("0000ffff"); }) == "calls.unknown");
  auto other = call_sid(2);
  other[2] = 'f';
  f.exec("UPDATE calls SET call_sid = $1 WHERE call_sid = $2", {other, call_sid(1)});
  CHECK(test::slug_of([&] { get(call_sid(2).substr(26)); }) == "calls.ambiguous");
}

TEST_CASE("a missed call is to be called back, once, unless the plan says otherwise", "[calls]") {
  Desk f(any_engine());
  auto silent = f.inbound(2), anonymous = f.inbound(3), refused = f.inbound(4);
  silent.decision->plan = R"({"call_back":false})";
  anonymous.decision->from_number = "anonymous";
  refused.decision->refusal = "unknown_number";
  f.apply({f.inbound(1), silent, anonymous, refused});
  for (int n = 1; n <= 4; ++n) f.apply({f.status(n, "completed", 0, 30, 30)});
  f.apply({f.leg(1, 1, "no-answer", 2, 25)});
  CHECK(callbacks_of(f) == test::k_caller + "|open|missed call\n");
}

TEST_CASE("a missed call that was answered after all is not to be called back", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1), f.status(1, "completed", 0, 70, 70)});
  REQUIRE_FALSE(callbacks_of(f).empty());
  SECTION("nobody touched it") {
    f.apply({f.leg(1, 1, "completed", 3, 65, 60)});
    CHECK(callbacks_of(f).empty());
  }
  SECTION("somebody did") {
    f.exec("UPDATE callbacks SET notes = 'angry', version = 2");
    f.apply({f.leg(1, 1, "completed", 3, 65, 60)});
    CHECK(callbacks_of(f) == test::k_caller + "|open|angry\n");
  }
}

TEST_CASE("a callback that somebody made by hand stays as it is, with notes or without", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1)});
  const auto due = f.at(86400);
  f.exec(
      "INSERT INTO callbacks (id, workspace_id, phone_number, call_id, status, due_at, created_at, updated_at) "
      "SELECT $1, workspace_id, $2, id, 'open', $3, $4, $4 FROM calls",
      {f.alice.ids.next(), test::k_caller, due, f.clock.now()});
  auto asked = f.next(1, 1, "no-answer", 32);
  asked.asks_call_back = GENERATE(false, true);
  f.apply({asked, f.status(1, "completed", 0, 50, 50)});
  CHECK(callbacks_of(f) == test::k_caller + "|open|\n");
  CHECK(f.rows("SELECT due_at FROM callbacks WHERE workspace_id = $1").starts_with("2026-03-09"));
}

TEST_CASE("a phone is its user's also where the plan was in another machine's memory", "[calls]") {
  Desk f(any_engine());
  const std::string phone = "+12025550190";
  auto call = f.inbound(1);
  call.decision->plan = fmt::format(
      R"({{"v":1,"steps":[{{"kind":"ring","parties":[{{"number":"+12025550177"}},{{"user":"{}","number":"{}"}}]}}]}})",
      f.ann_id.text(), phone);
  auto heard = f.called(1, 1, "in-progress", 2, 5), accepted = heard,
       outside = f.called(1, 2, "ringing", 1, 2);
  accepted.kind = Kind::accepted;
  accepted.parameters.emplace_back("Digits", "1");
  for (auto* event : {&heard, &accepted}) event->party = phone, event->answers = calls::Answers::accepted;
  outside.party = "+12025550177";
  const bool late = GENERATE(false, true);
  if (!late) f.apply({call});
  f.apply({heard, accepted, outside});
  if (late) f.apply({call});
  CHECK(call_of(f).user_email == test::k_ann);
  CHECK(f.rows("SELECT party FROM call_attempts WHERE workspace_id = $1 AND user_id IS NULL") ==
        "+12025550177\n");
  CHECK(f.read([&] { return calls::on_call(f.db(), f.workspace, f.clock.now()).size(); }) == 1);
}

TEST_CASE("whether a phone that is picked up is an answer says the stored plan, whichever is applied first",
          "[calls][slow]") {
  Desk f(any_engine());
  const std::string phone = "+12025550190";
  const bool accept_prompt = GENERATE(false, true);
  auto call = f.inbound(1);
  call.decision->plan = fmt::format(
      R"({{"v":1{},"steps":[{{"kind":"ring","parties":[{{"user":"{}","number":"{}"}},{{"number":"+12025550177"}}]}}]}})",
      accept_prompt ? R"(,"accept_prompt":true)" : "", f.ann_id.text(), phone);
  std::vector<calls::Event> events{f.called(1, 1, "ringing", 1, 2), f.called(1, 1, "in-progress", 2, 5),
                                   f.called(1, 2, "in-progress", 2, 4)};
  for (auto& event : events) event.party = phone, event.answers = calls::Answers::by_plan;
  events.back().party = "+12025550177";
  events.insert(events.begin() + GENERATE(0, 1, 2, 3), call);
  if (GENERATE(false, true))
    f.apply(events);
  else
    for (const auto& event : events) f.apply({event});
  CHECK(call_of(f).user_email == (accept_prompt ? "" : test::k_ann));
  CHECK(call_of(f).answered_at == (accept_prompt ? std::nullopt : std::optional(f.at(5))));
  CHECK(call_of(f).status == (accept_prompt ? "ringing" : "in-progress"));
  CHECK(f.rows("SELECT count(*) FROM call_attempts WHERE workspace_id = $1 AND answered_at IS NOT NULL") ==
        (accept_prompt ? "0\n" : "1\n"));
}

TEST_CASE("a caller who was told that somebody calls back is called back", "[calls]") {
  Desk f(any_engine());
  auto asked = f.next(1, 1, "no-answer", 32);
  asked.asks_call_back = true;
  const bool late = GENERATE(false, true);
  f.apply({f.inbound(1)});
  if (!late) f.apply({asked});
  f.apply({f.status(1, "completed", 0, 50, 50)});
  if (late) f.apply({asked});
  CHECK(callbacks_of(f) == test::k_caller + "|open|asked to be called back\n");
}

TEST_CASE("a promise to call back that comes with the last of several steps is on record at once",
          "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1)});
  f.apply({f.next(1, 1, "no-answer", 20)});
  auto asked = f.next(1, 1, "no-answer", 32);  // of the leg and the call nothing is new
  asked.place = calls::Place{1, 0};
  asked.asks_call_back = true;
  f.apply({asked});
  CHECK(callbacks_of(f) == test::k_caller + "|open|asked to be called back\n");
}

TEST_CASE("a recording is known by its SID, whichever webhook tells of it", "[calls]") {
  Desk f(any_engine());
  const auto sid = test::recording_sid(1), url = "https://api.example.com/Recordings/" + sid;
  const auto left = f.event(Kind::voicemail,
                            {{"CallSid", call_sid(1)},
                             {"CallStatus", "in-progress"},
                             {"From", test::k_caller},
                             {"To", test::k_from},
                             {"RecordingUrl", url},
                             {"RecordingDuration", "12"}},
                            40);
  const auto done = f.event(Kind::recording,
                            {{"CallSid", call_sid(1)},
                             {"RecordingSid", sid},
                             {"RecordingUrl", url},
                             {"RecordingStatus", "completed"},
                             {"RecordingDuration", "12"},
                             {"RecordingChannels", "1"},
                             {"RecordingSource", "RecordVerb"}},
                            45);
  const bool reversed = GENERATE(false, true);
  f.apply({reversed ? done : left});
  f.apply({reversed ? left : done, f.inbound(1)});
  CHECK(
      f.rows(
          "SELECT recording_sid, kind, status, url, duration_s, channels FROM recordings WHERE workspace_id = $1") ==
      sid + "|voicemail|completed|" + url + "|12|1\n");
  CHECK(call_of(f).recording_sid == sid);
}

TEST_CASE("a recording that is told of by the SID of a leg belongs to the leg's call", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1), f.leg(1, 1, "in-progress", 2, 5)});
  f.apply(
      {f.event(Kind::recording, {{"CallSid", leg_sid(1)}, {"RecordingSid", test::recording_sid(1)}}, 45)});
  CHECK(call_of(f).recording_sid == test::recording_sid(1));
  CHECK(f.integer("SELECT count(*) FROM calls WHERE workspace_id = $1", {f.workspace}) == 1);
}

TEST_CASE("an outbound call is the agent's, and settles its reservation", "[calls]") {
  Desk f(any_engine());
  f.decide("limit_policy", "connected");
  const auto assignment = f.assign(f.ann_id, f.number_id);
  const auto reservation = f.reserve_call(call_sid(1)).reservation;
  f.apply({f.outbound(1, 0, reservation), f.called(1, 1, "ringing", 1, 2)});
  CHECK(call_of(f).status == "ringing");
  CHECK(call_of(f).user_email == test::k_ann);
  CHECK(f.counter(assignment).used() == 1);
  f.apply({f.called(1, 1, "busy", 2, 4), f.own_status(1, "completed", 1, 6, 6)});
  CHECK(call_of(f).status == "busy");
  CHECK(call_of(f).from_number == test::k_from);
  CHECK(f.counter(assignment).used() == 0);
}

TEST_CASE("a call that was let through uncounted is counted when it is applied, once, and settled",
          "[calls]") {
  Desk f(any_engine());
  const auto assignment = f.assign(f.ann_id, f.number_id, 1);
  f.decide("limit_policy", "connected");
  f.reserve_call(test::call_sid(9));
  auto event = f.outbound();
  event.decision->uncounted = true;
  f.clock.advance(std::chrono::hours(24));  // counted on the day it was placed
  f.apply({event, event});
  f.apply({event});
  CHECK(f.counter(assignment) == test::Counter{2, 0, 0, 0});
  CHECK(f.integer("SELECT count(*) FROM calls WHERE reservation_id IS NOT NULL") == 1);
  f.apply({f.called(1, 1, "no-answer", 1, 20), f.own_status(1, "completed", 2, 21)});
  CHECK(f.counter(assignment) == test::Counter{2, 0, 1, 0});
}

TEST_CASE("a call that was let through uncounted is on record also where it cannot be counted", "[calls]") {
  Desk f(any_engine());
  auto event = f.outbound();
  event.decision->uncounted = true;  // with a number that Ann was never given
  f.apply({event, f.inbound(2)});
  CHECK(f.integer("SELECT count(*) FROM calls") == 2);
  CHECK(f.integer("SELECT count(*) FROM reservations") == 0);
}

TEST_CASE("an agent's call whose own end nobody reports is over with Dial, or when it is refused",
          "[calls]") {
  Desk f(any_engine());
  const auto talking = [&] {
    return f.read([&] { return calls::on_call(f.db(), f.workspace, f.clock.now()).size(); });
  };
  auto dial = f.next(1, 1, "completed", 70, 60);
  dial.place.reset();
  for (auto& [name, value] : dial.parameters)
    if (name == "From") value = "client:agent_ann";
  auto refused = f.outbound(2, 100);
  refused.decision->refusal = "limit_reached";
  f.apply({f.outbound(1)});
  CHECK(talking() == 1);
  f.apply({dial, refused});
  CHECK(talking() == 0);
  CHECK(call_of(f, 1).status == "completed");
  CHECK(call_of(f, 1).ended_at == f.at(70));
  CHECK(call_of(f, 2).status == "failed");
  CHECK(call_of(f, 2).closed_seq == 2);
  f.apply({f.own_status(1, "completed", 1, 72, 72)});  // its own callback knows better
  CHECK(call_of(f, 1).ended_at == f.at(72));
  CHECK(call_of(f, 1).closed_seq == 1);
}

TEST_CASE("what a decision refers to and is gone is left out", "[calls]") {
  Desk f(any_engine());
  auto call = f.inbound(1);
  call.decision->number = call.decision->contact = call.decision->user = f.alice.ids.next();
  auto leg = f.leg(1, 1, "in-progress", 2, 5);
  leg.user = f.alice.ids.next();
  f.apply({call, leg});
  CHECK(call_of(f).status == "in-progress");
  CHECK(call_of(f).contact_id.empty());
}

TEST_CASE("hostile text in a webhook is kept in a form that the database takes", "[calls]") {
  Desk f(any_engine());
  auto call = f.inbound(1);
  const std::string nul("a\0b", 3);
  call.parameters.emplace_back("X" + nul, "\xff\xfe" + nul);
  call.decision->from_number = "\xc3" + nul + std::string(5000, 'x');
  call.decision->customer_name = nul;
  call.status = "no such status" + nul;
  auto nameless = f.inbound(2);
  nameless.call_sid = nul;
  CHECK(f.apply({call, nameless}).fresh == 2);
  CHECK(call_of(f).customer_name == "a?b");
  CHECK(call_of(f).from_number.size() <= 255);
  CHECK(f.integer("SELECT count(*) FROM calls WHERE workspace_id = $1", {f.workspace}) == 1);
}

TEST_CASE("a call of another workspace is left alone, with all that belongs to it", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1), f.leg(1, 1, "ringing", 1, 2)});
  const auto before = f.rows("SELECT * FROM calls WHERE workspace_id = $1");
  const auto other = f.database.add_workspace("other");
  std::vector events{
      f.inbound(1), f.leg(1, 2, "in-progress", 2, 5), f.status(1, "completed", 0, 9, 9),
      f.event(Kind::recording, {{"CallSid", call_sid(1)}, {"RecordingSid", test::recording_sid(1)}}, 9)};
  for (auto& event : events) event.workspace = other;
  db::in_transaction(f.db(), db::Scope::of(other), [&] { calls::apply(f.session(), events); });
  CHECK(f.rows("SELECT * FROM calls WHERE workspace_id = $1") == before);
  CHECK(f.read([&] { return calls::get_details(f.db(), f.workspace, call_sid(1)).events.size(); }) == 2);
  f.workspace = other;
  CHECK(f.rows("SELECT count(*) FROM calls WHERE workspace_id = $1") == "0\n");
  CHECK(f.rows("SELECT count(*) FROM call_attempts WHERE workspace_id = $1") == "0\n");
}

TEST_CASE("events of several workspaces do not go in one piece", "[calls]") {
  Desk f(any_engine());
  std::vector events{f.inbound(1), f.inbound(2)};
  events[1].workspace = f.alice.ids.next();
  CHECK(test::slug_of([&] { f.apply(events); }) == "calls.several_workspaces");
}

TEST_CASE("finished calls get places in the order of the commits, without a gap", "[calls]") {
  Desk f(any_engine());
  for (int n = 1; n <= 5; ++n) f.apply({f.inbound(n)});
  f.apply({f.status(3, "completed", 0, 30, 3), f.status(1, "completed", 0, 20, 2)});
  f.apply({f.status(2, "completed", 0, 10, 1)});
  f.apply({f.status(3, "completed", 1, 31, 3), f.status(5, "completed", 0, 40, 1)});
  CHECK(
      f.rows(
          "SELECT call_sid FROM calls WHERE workspace_id = $1 AND closed_seq IS NOT NULL ORDER BY closed_seq") ==
      call_sid(1) + "\n" + call_sid(3) + "\n" + call_sid(2) + "\n" + call_sid(5) + "\n");
  CHECK(f.integer("SELECT max(closed_seq) FROM calls WHERE workspace_id = $1", {f.workspace}) == 4);
}

TEST_CASE("a second applier waits for the first one's commit, so that no reader between them misses a call",
          "[calls]") {
  Desk f(any_engine());
  if (f.database.engine() == db::Engine::sqlite) return;  // it has one writer at a time
  f.apply({f.inbound(1), f.inbound(2)});
  test::Actor first(f.database.connect(), f.clock), second(f.database.connect(), f.clock);
  const auto apply = [&](test::Actor& actor, int n) {
    const auto end = f.status(n, "completed", 0, 30 - n, 9);
    calls::apply(actor.session, {&end, 1});
  };
  std::string seen;
  std::int64_t after = 0;
  const auto go_on = [&] {
    f.read([&] {
      calls::for_each_closed(f.db(), f.workspace, after, 0, [&](const calls::Call& call) {
        seen += call.call_sid.back();
        after = *call.closed_seq;
      });
      return 0;
    });
  };
  std::atomic<bool> done = false;
  std::future<void> waiting;
  db::in_transaction(*first.connection, db::Scope::of(f.workspace), [&] {
    apply(first, 1);
    waiting = std::async(std::launch::async, [&] {
      db::in_transaction(*second.connection, db::Scope::of(f.workspace), [&] { apply(second, 2); });
      done = true;
    });
    const auto* const waits =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    CHECK(test::eventually([&] { return done || f.integer(waits) > 0; }));
    go_on();
  });
  waiting.get();
  go_on();
  CHECK(seen == "12");
}
