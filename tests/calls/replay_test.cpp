// Webhooks held against the call log again: what it has is right, what it lost comes back.

#include "calls/replay.hpp"

#include <algorithm>

#include "calls/calls.hpp"
#include "calls/desk.hpp"
#include "directory/contacts.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using calls::Event;
using calls::Kind;
using test::call_sid;
using test::Desk;
using test::leg_sid;

namespace {

using Events = std::vector<Event>;

struct Log : Desk {
  explicit Log(db::Engine engine) : Desk(engine) {}

  /// In pieces of so many.
  std::vector<calls::Replayed> replay(const Events& events, bool write, std::size_t piece = 1000) {
    calls::Replay replay(session(), workspace, write);
    for (std::size_t from = 0; from < events.size(); from += piece)
      replay.take(std::span(events).subspan(from, std::min(piece, events.size() - from)));
    return replay.differences();
  }

  /// Everything that webhooks leave behind, apart from ids and times of writing.
  std::string log() {
    return rows(
               "SELECT call_sid, direction, status, from_number, to_number, number_id, customer_name, user_id, "
               "routed_by, rule_name, plan, refusal, started_at, answered_at, ended_at, duration_s, sequence "
               "FROM calls WHERE workspace_id = $1 ORDER BY call_sid") +
           rows(
               "SELECT leg_sid, user_id, party, status, step, wave, started_at, ringing_at, answered_at, ended_at, "
               "sequence FROM call_attempts WHERE workspace_id = $1 ORDER BY leg_sid") +
           rows("SELECT event_key, form FROM call_events WHERE workspace_id = $1 ORDER BY event_key") +
           rows(
               "SELECT recording_sid, kind, status, url, duration_s, channels FROM recordings "
               "WHERE workspace_id = $1 ORDER BY recording_sid") +
           rows(
               "SELECT phone_number, status, due_at FROM callbacks WHERE workspace_id = $1 ORDER BY due_at") +
           rows("SELECT last_call_ended_at FROM users WHERE workspace_id = $1");
  }
  /// When what was last written, and by whom.
  std::string traces() {
    return rows("SELECT updated_at FROM calls WHERE workspace_id = $1 ORDER BY call_sid") +
           rows("SELECT count(*) FROM audit_log WHERE workspace_id = $1");
  }
  void lose(std::string_view sql) { exec(sql); }

  /// One call of every kind: answered, missed with a message left, put through by an extension, still going
  /// on, placed by an agent, refused, and known by one of its legs alone.
  Events all() const {
    auto pressed =
        event(Kind::menu, {{"CallSid", call_sid(3)}, {"CallStatus", "in-progress"}, {"Digits", "101"}}, 44);
    pressed.decision =
        calls::Decision{.routed_by = "extension", .plan = R"({"steps":[{"kind":"voicemail"}]})"};
    auto refused = outbound(6, 70);
    refused.decision->refusal = "limit_reached";
    return {inbound(1),
            leg(1, 1, "initiated", 0, 1),
            leg(1, 1, "in-progress", 2, 5),
            leg(1, 1, "completed", 3, 65, 60),
            status(1, "completed", 0, 66, 66),
            inbound(2, 20),
            leg(2, 2, "no-answer", 2, 31),
            next(2, 2, "no-answer", 32),
            event(Kind::voicemail,
                  {{"CallSid", call_sid(2)},
                   {"RecordingSid", test::recording_sid(2)},
                   {"RecordingUrl", "https://api.example.com/Recordings/" + test::recording_sid(2)},
                   {"RecordingDuration", "12"}},
                  40),
            status(2, "canceled", 1, 50),
            inbound(3, 40),
            pressed,
            inbound(4, 50),
            leg(4, 4, "ringing", 1, 52),
            outbound(5, 60),
            called(5, 5, "busy", 2, 64),
            own_status(5, "completed", 0, 66, 6),
            refused,
            own_status(6, "completed", 0, 72, 2),
            leg(7, 7, "ringing", 1, 80),
            event(Kind::recording, {{"CallSid", leg_sid(7)}, {"RecordingSid", test::recording_sid(7)}}, 90)};
  }
};

std::string text_of(const calls::Replayed& call) {
  std::string text = fmt::format("{} {} -> {}:", call.call_sid, call.status_before, call.status);
  for (const auto name : call.columns) text.append(" ").append(name);
  return fmt::format("{} +{}", text, call.webhooks);
}

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("a call log that has all its webhooks differs in nothing, and is not touched", "[calls]") {
  Log f(any_engine());
  auto events = f.all();
  f.apply(events);
  const auto log = f.log(), traces = f.traces();
  f.clock.advance(std::chrono::hours(1));
  if (GENERATE(true, false)) std::reverse(events.begin(), events.end());
  for (const bool write : {false, true})
    for (const std::size_t piece : {1000U, 3U}) {
      std::vector<std::string> found;
      for (const auto& call : f.replay(events, write, piece)) found.push_back(text_of(call));
      CHECK(found == std::vector<std::string>());
      CHECK(f.log() == log);
      CHECK(f.traces() == traces);
    }
}

TEST_CASE("what a call log lost comes back as it was, and once", "[calls]") {
  Log f(any_engine());
  const auto events = f.all();
  f.apply(events);
  const auto log = f.log();
  for (const auto* table : {"callbacks", "recordings", "call_events", "call_attempts", "calls"})
    f.lose(fmt::format("DELETE FROM {}", table));
  f.lose("UPDATE users SET last_call_ended_at = NULL");
  const auto lost = f.log();

  const std::size_t piece = GENERATE(1000U, 4U, 1U);
  const auto planned = f.replay(events, false, piece);
  CHECK(f.log() == lost);
  const auto done = f.replay(events, true, piece);
  CHECK(f.log() == log);
  REQUIRE(planned.size() == 7);
  REQUIRE(done.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(planned[i].call_sid == call_sid(static_cast<int>(i) + 1));
    CHECK(planned[i].status_before.empty());
    for (const auto* both : {&planned, &done}) {
      const auto& one = both->at(i);
      CHECK(one.webhooks == planned[i].webhooks);
      CHECK(one.status ==
            f.rows("SELECT status FROM calls WHERE workspace_id = $1 AND call_sid = '" + one.call_sid + "'")
                .substr(0, one.status.size()));
    }
  }
  CHECK(planned[0].webhooks == 5);
  CHECK(planned[0].from_number == test::k_caller);
  CHECK(planned[0].started_at == f.at(0));
  CHECK(f.replay(events, true, piece).empty());
}

TEST_CASE("a difference is named by what differs", "[calls]") {
  Log f(any_engine());
  const auto events = f.all();
  f.apply(events);
  std::string sql, wanted;
  SECTION("a status that was never heard of") {
    sql =
        "UPDATE calls SET status = 'in-progress', ended_at = NULL, duration_s = NULL, sequence = NULL "
        "WHERE call_sid = '" +
        call_sid(1) + "'";
    wanted = call_sid(1) + " in-progress -> completed: duration_s ended_at sequence status +0";
  }
  SECTION("an attempt that is gone") {
    sql = "DELETE FROM call_attempts WHERE leg_sid = '" + leg_sid(4) + "'";
    wanted = call_sid(4) + " ringing -> ringing: attempts +0";
  }
  SECTION("a recording that is gone") {
    sql = "DELETE FROM recordings WHERE recording_sid = '" + test::recording_sid(2) + "'";
    wanted = call_sid(2) + " missed -> missed: recordings +0";
  }
  SECTION("a webhook that is gone, and nothing else") {
    sql = "DELETE FROM call_events WHERE call_sid = '" + leg_sid(2) + "'";
    wanted = call_sid(2) + " missed -> missed: +1";
  }
  const auto log = f.log();
  f.lose(sql);
  for (const bool write : {false, true}) {
    const auto found = f.replay(events, write);
    REQUIRE(found.size() == 1);
    CHECK(text_of(found.front()) == wanted);
  }
  CHECK(f.log() == log);
}

TEST_CASE("what people wrote stays when a call is put right", "[calls]") {
  Log f(any_engine());
  f.apply({f.inbound(1)});
  calls::note(f.session(), f.workspace, call_sid(1), "wants solar", false);
  const auto events = f.all();
  CHECK(f.replay(events, true).size() == 7);
  CHECK(f.rows("SELECT notes, status FROM calls WHERE workspace_id = $1 AND notes IS NOT NULL") ==
        "wants solar|completed\n");
}

TEST_CASE("a team that somebody joined later is no difference", "[calls]") {
  Log f(any_engine());
  const auto events = f.all();
  f.apply(events);
  const auto team = f.alice.ids.next();
  f.exec(
      "INSERT INTO teams (id, workspace_id, name, created_at, updated_at) VALUES ($1, $2, 'Sales', $3, $3)",
      {team, f.workspace, f.clock.now()});
  f.exec("UPDATE users SET team_id = $1", {team});
  CHECK(f.replay(events, false).empty());
}

TEST_CASE("nobody who was erased comes back with a webhook", "[calls]") {
  Log f(any_engine());
  const auto contact = f.alice.ids.next();
  f.exec(
      "INSERT INTO contacts (id, workspace_id, phone_number, name, created_at, updated_at) "
      "VALUES ($1, $2, $3, 'Lin Park', $4, $4)",
      {contact, f.workspace, test::k_caller, f.clock.now()});
  f.exec(
      "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 0)",
      {contact, f.workspace, test::k_caller});
  auto events = f.all();
  for (auto& event : events)
    if (event.decision && event.kind == Kind::inbound) event.decision->contact = contact;
  f.apply(events);
  directory::erase_contact(f.session(), f.workspace, contact, true);
  const auto log = f.log();
  const auto left = f.replay(events, true);
  CHECK(f.log() == log);
  for (const auto& call : left) FAIL_CHECK(text_of(call));
}

TEST_CASE("what a replay put right is on record, and whose webhooks it cannot take it leaves", "[calls]") {
  Log f(any_engine());
  f.replay({f.inbound(1)}, true);
  CHECK(f.rows("SELECT action, object_type, actor FROM audit_log WHERE workspace_id = $1 "
               "AND action = 'webhooks.replay'") == "webhooks.replay|calls|os:alice\n");
  auto strange = f.inbound(2);
  strange.call_sid = "no SID";
  const auto found = f.replay({strange}, true);
  REQUIRE(found.size() == 1);
  CHECK(text_of(found.front()) == "no SID  -> : +1");
  CHECK(f.replay({strange}, true).empty());
}
