// Places of finished calls that changed after.

#include <atomic>
#include <future>

#include "calls/calls.hpp"
#include "calls/person.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using test::call_sid;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// Two calls that are over and one that goes on.
struct Log : test::Person {
  explicit Log(db::Engine engine) : Person(engine) {
    apply({known(1), leg(1, 1, "in-progress", 2, 5), leg(1, 1, "completed", 3, 65, 60),
           status(1, "completed", 0, 66, 66), known(2, 100), status(2, "completed", 0, 150, 50),
           known(3, 200)});
  }
  void note(int n, const std::string& text, bool write = true) {
    calls::note(session(), workspace, call_sid(n), text, true, {.write = write});
  }
  /// "1@2 " is call 1 with place 2.
  std::string changed(std::int64_t after = 0) {
    return read([&] {
      std::string all;
      calls::for_each_changed(db(), workspace, after, 0, [&](const calls::Call& call) {
        all += fmt::format("{}@{} ", call.call_sid.back(), *call.changed_seq);
      });
      return all;
    });
  }
  std::int64_t last() {
    return read([&] { return calls::last_changed(db(), workspace); });
  }
};

}  // namespace

TEST_CASE("a finished call that changes is handed out once, by its last change", "[calls]") {
  Log f(any_engine());
  CHECK(f.changed().empty());
  CHECK(f.last() == 0);
  f.note(1, "one");
  f.note(2, "two");
  CHECK(f.changed() == "1@1 2@2 ");
  f.note(1, "three");
  CHECK(f.changed() == "2@2 1@3 ");
  CHECK(f.changed(2) == "1@3 ");
  CHECK(f.last() == 3);
  const auto call = f.read([&] { return calls::get(f.db(), f.workspace, call_sid(1)); });
  CHECK(call.changed_seq == 3);
  CHECK(call.notes == "three");
}

TEST_CASE("what changes nothing, or a call that goes on, gives no place", "[calls]") {
  Log f(any_engine());
  f.note(1, "one");
  f.note(1, "one");
  f.note(2, "not written", false);
  f.note(3, "it goes on");
  CHECK(f.changed() == "1@1 ");
  // Its end is told of by its own place, with what was noted before.
  f.apply({f.status(3, "completed", 0, 300, 100)});
  CHECK(f.changed() == "1@1 ");
}

TEST_CASE("webhooks that come late are changes, also where they only bring a recording", "[calls]") {
  Log f(any_engine());
  const auto recorded = [&](const std::string& status) {
    return f.event(
        calls::Kind::recording,
        {{"CallSid", call_sid(1)}, {"RecordingSid", test::recording_sid(1)}, {"RecordingStatus", status}},
        300);
  };
  f.apply({recorded("completed")});
  CHECK(f.changed() == "1@1 ");
  f.apply({recorded("completed")});
  CHECK(f.changed() == "1@1 ");
  f.apply({f.leg(2, 2, "completed", 3, 140, 20)});
  CHECK(f.changed() == "1@1 2@2 ");
}

TEST_CASE("what comes with the end of a call is part of it", "[calls]") {
  Log f(any_engine());
  f.apply({f.status(3, "completed", 0, 300, 100),
           f.event(calls::Kind::recording,
                   {{"CallSid", call_sid(3)}, {"RecordingSid", test::recording_sid(3)}}, 301)});
  CHECK(f.changed().empty());
}

TEST_CASE("that a person was erased is a change of all their calls", "[calls]") {
  Log f(any_engine());
  f.erase();
  const auto changed = f.changed();
  CHECK((changed == "1@1 2@2 " || changed == "2@1 1@2 "));
}

TEST_CASE("each workspace counts its own changes", "[calls]") {
  Log f(any_engine());
  f.note(1, "one");
  const auto other = f.database.add_workspace("other");
  db::Transaction transaction(f.db(), db::Scope::of(other), db::Access::read);
  CHECK(calls::last_changed(f.db(), other) == 0);
  calls::for_each_changed(f.db(), other, 0, 0,
                          [](const calls::Call&) { FAIL("a call of another workspace"); });
  transaction.commit();
}

TEST_CASE("a second change waits for the first one's commit, so that no reader between them misses one",
          "[calls]") {
  Log f(any_engine());
  if (f.database.engine() == db::Engine::sqlite) return;  // it has one writer at a time
  test::Actor second(f.database.connect(), f.clock);
  std::atomic<bool> done = false;
  std::future<void> waiting;
  {
    // As a note is written, up to its commit.
    const auto first = f.database.connect();
    db::Transaction transaction(*first, db::Scope::of(f.workspace));
    first->exec("UPDATE call_counters SET closed_seq = closed_seq WHERE workspace_id = $1", {f.workspace});
    first->exec("UPDATE calls SET notes = 'first', updated_at = updated_at WHERE call_sid = $1",
                {call_sid(1)});
    waiting = std::async(std::launch::async, [&] {
      calls::note(second.session, f.workspace, call_sid(2), "second", false);
      done = true;
    });
    const auto* const waits =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    CHECK(test::eventually([&] { return done || f.integer(waits) > 0; }));
    CHECK_FALSE(done);
    CHECK(f.changed().empty());
    transaction.commit();
  }
  waiting.get();
  CHECK(f.changed() == "1@1 2@2 ");
}
