// What a cursor takes for the database it was made on. That it goes on where it stopped is in calls_test.cpp.

#include "calls/cursor.hpp"

#include "calls/calls.hpp"
#include "calls/person.hpp"
#include "calls/purge.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using calls::Cursor;
using test::call_sid;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

struct Log : test::Person {
  explicit Log(db::Engine engine) : Person(engine) {
    apply({known(1), status(1, "completed", 0, 30, 30), known(2, 40), status(2, "completed", 0, 60, 20)});
  }
  std::string refusal(const Cursor& cursor) {
    return test::slug_of([&] {
      read([&] {
        calls::require_own(db(), workspace, cursor);
        return 0;
      });
    });
  }
  Cursor closed(std::int64_t seq, const std::string& sid) const {
    return {.workspace = workspace, .closed_seq = seq, .call_sid = sid};
  }
  Cursor changed(std::int64_t seq, const std::string& sid = {}) const {
    return {.workspace = workspace, .closed_seq = seq, .call_sid = sid, .of = Cursor::Of::changed};
  }
  void note(int n, const std::string& text) { calls::note(session(), workspace, call_sid(n), text, true); }
  Cursor to_come() {
    return read([&] { return calls::changes_to_come(db(), workspace); });
  }
};

}  // namespace

TEST_CASE("each kind of cursor is read back as it was, and neither is taken for the other", "[calls]") {
  const auto workspace = base::Uuid::parse("0190f5fe-7c00-7a00-8000-000000000001");
  const Cursor closed{.workspace = workspace, .closed_seq = 7, .call_sid = call_sid(7)};
  const Cursor changed{
      .workspace = workspace, .closed_seq = 9, .call_sid = call_sid(2), .of = Cursor::Of::changed};
  const auto first = calls::parse_cursor(calls::cursor_text(closed));
  CHECK(first.workspace == workspace);
  CHECK(first.closed_seq == 7);
  CHECK(first.call_sid == call_sid(7));
  const auto second = calls::parse_cursor(calls::cursor_text(changed), Cursor::Of::changed);
  CHECK(second.workspace == workspace);
  CHECK(second.closed_seq == 9);
  CHECK(second.call_sid == call_sid(2));
  CHECK(second.of == Cursor::Of::changed);
  CHECK(calls::cursor_text(second) == calls::cursor_text(changed));
  CHECK(test::slug_of([&] { calls::parse_cursor(calls::cursor_text(changed)); }) == "calls.bad_cursor");
  CHECK(test::slug_of([&] { calls::parse_cursor(calls::cursor_text(closed), Cursor::Of::changed); }) ==
        "calls.bad_cursor");
}

TEST_CASE("a cursor that was tampered with is refused", "[calls]") {
  for (
      const auto* text :
      {R"({"ringctl_changed_calls_cursor":1})",
       R"({"ringctl_changed_calls_cursor":1,"workspace":"x","changed_seq":1,"call_sid":""})",
       R"({"ringctl_changed_calls_cursor":1,"workspace":"0190f5fe-7c00-7a00-8000-000000000001","changed_seq":-1,"call_sid":""})",
       R"({"ringctl_changed_calls_cursor":1,"workspace":"0190f5fe-7c00-7a00-8000-000000000001","changed_seq":"1","call_sid":""})"})
    CHECK(test::slug_of([&] { calls::parse_cursor(text, Cursor::Of::changed); }) == "calls.bad_cursor");
}

TEST_CASE("a cursor stays good when the call at its place is purged, and places go on after it", "[calls]") {
  Log f(any_engine());
  f.clock.advance(std::chrono::hours(48));
  REQUIRE(calls::purge(f.session(), f.workspace, {.before = f.at(3600)}).calls == 2);
  CHECK(f.refusal(f.closed(2, call_sid(2))).empty());
  CHECK(f.refusal(f.closed(1, call_sid(1))).empty());
  CHECK(f.refusal(f.closed(3, call_sid(3))) == "calls.foreign_cursor");
  const int later = 48 * 3600;
  f.apply({f.known(3, later), f.status(3, "completed", 0, later + 30, 30)});
  CHECK(f.refusal(f.closed(3, call_sid(3))).empty());
  // A place that was purged is not one that another call had.
  CHECK(f.refusal(f.closed(2, call_sid(3))) == "calls.foreign_cursor");
  std::string sids;
  f.read([&] {
    calls::for_each_closed(f.db(), f.workspace, 2, 0,
                           [&](const calls::Call& call) { sids += call.call_sid.back(); });
    return 0;
  });
  CHECK(sids == "3");
}

TEST_CASE("a cursor of changes is refused where they were not made, or made to other calls", "[calls]") {
  Log f(any_engine());
  CHECK(f.refusal(f.changed(0)).empty());
  CHECK(f.refusal(f.changed(1, call_sid(1))) == "calls.foreign_cursor");
  f.note(1, "one");
  CHECK(f.refusal(f.changed(1, call_sid(1))).empty());
  CHECK(f.refusal(f.changed(1, call_sid(2))) == "calls.foreign_cursor");
  CHECK(f.refusal(f.changed(1)) == "calls.foreign_cursor");
  CHECK(f.refusal(f.changed(2, call_sid(1))) == "calls.foreign_cursor");
  // As after a restore: more changes than the cursor says, its call not among them.
  f.note(1, "two");
  f.note(1, "three");
  CHECK(f.refusal(f.changed(2, call_sid(2))) == "calls.foreign_cursor");
  auto other = f.changed(0);
  other.workspace = f.alice.ids.next();
  CHECK(f.refusal(other) == "calls.foreign_cursor");
}

TEST_CASE("a cursor of changes stays good when its call changes again, or is purged", "[calls]") {
  Log f(any_engine());
  CHECK(f.to_come().closed_seq == 0);
  CHECK(f.refusal(f.to_come()).empty());
  f.note(1, "one");
  const auto first = f.to_come();
  CHECK(first.closed_seq == 1);
  CHECK(first.call_sid == call_sid(1));
  f.note(1, "two");
  CHECK(f.refusal(first).empty());
  const auto second = f.to_come();
  f.clock.advance(std::chrono::hours(48));
  REQUIRE(calls::purge(f.session(), f.workspace, {.before = f.at(3600)}).calls == 2);
  CHECK(f.refusal(first).empty());
  CHECK(f.refusal(second).empty());
  // Made where the newest change is purged: no call is named.
  CHECK(f.to_come().closed_seq == 2);
  CHECK(f.refusal(f.to_come()).empty());
}
