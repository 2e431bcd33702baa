#include "calls/calls.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "calls/callbacks.hpp"
#include "calls/cursor.hpp"
#include "calls/desk.hpp"
#include "calls/follow.hpp"
#include "calls/person.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "records/rows.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::call_sid;
using test::Desk;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// Four calls: answered and over, missed and over, answered and going on, ringing.
struct Log : Desk {
  explicit Log(db::Engine engine) : Desk(engine) {
    apply({inbound(1, 0), leg(1, 1, "in-progress", 2, 5), leg(1, 1, "completed", 3, 65, 60),
           status(1, "completed", 0, 66, 66), inbound(2, 100), status(2, "completed", 0, 150, 50),
           inbound(3, 200), leg(3, 3, "in-progress", 2, 205), inbound(4, 300), leg(4, 4, "ringing", 1, 301)});
    clock.advance(std::chrono::seconds(400));
  }
  std::string list(const calls::CallFilter& filter, const calls::CallOrder& order = {},
                   std::int64_t limit = 0) {
    return sids([&](auto visit) { calls::for_each(db(), workspace, filter, order, limit, visit); });
  }
  /// The last digits of the SIDs that `each` visits.
  template <class Each>
  std::string sids(Each&& each) {
    return read([&] {
      std::string all;
      each([&](const calls::Call& call) { all += call.call_sid.back(); });
      return all;
    });
  }
  std::string active() {
    return sids([&](auto visit) { calls::for_each_active(db(), workspace, {}, clock.now(), visit); });
  }
  std::vector<calls::Busy> on_call() {
    return read([&] { return calls::on_call(db(), workspace, clock.now()); });
  }
};

}  // namespace

TEST_CASE("calls are listed by what they are, newest first", "[calls]") {
  Log f(any_engine());
  CHECK(f.list({}) == "4321");
  CHECK(f.list({}, {}, 2) == "43");
  CHECK(f.list({.status = "missed"}) == "2");
  CHECK(f.list({.user = f.ann_id}) == "31");
  CHECK(f.list({.number = f.number_id}) == "4321");
  CHECK(f.list({.since = f.at(100), .until = f.at(300)}) == "32");
  CHECK(f.list({.direction = "outbound"}).empty());
  CHECK(f.list({}, {"duration_s", true}) == "1243");
  CHECK(f.read([&] { return calls::count(f.db(), f.workspace, calls::CallFilter{.user = f.ann_id}); }) == 2);
  CHECK(test::slug_of([&] { f.list({}, {"plan; DROP", false}); }) == "calls.bad_sort");
}

TEST_CASE("a contact's calls are also those from before it was one, under any of its phones", "[calls]") {
  test::Person f(any_engine());
  const auto over = [&](int n) { return f.status(n, "completed", 0, n, 1); };
  auto strange = f.inbound(3), other = f.inbound(5);
  for (auto* event : {&strange, &other})
    for (auto& [name, value] : event->parameters)
      if (name == "From") value = event == &strange ? "+12025550177" : test::k_caller;
  other.decision->contact = f.alice.ids.next();  // had the phone before
  f.exec(
      "INSERT INTO contacts (id, workspace_id, name, created_at, updated_at) VALUES ($1, $2, 'Moe Reyes', $3, $3)",
      {*other.decision->contact, f.workspace, f.clock.now()});
  f.exec(
      "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 1)",
      {f.contact, f.workspace, test::k_to});
  f.apply({f.known(1), over(1), f.inbound(2), over(2), strange, over(3), f.outbound(4), other, over(5)});
  const calls::CallFilter filter{.contact = f.contact};
  f.read([&] {
    std::string all;
    calls::for_each(f.db(), f.workspace, filter, {}, 0,
                    [&](const calls::Call& call) { all += call.call_sid.back(); });
    std::sort(all.begin(), all.end());
    CHECK(all == "124");
    CHECK(calls::count(f.db(), f.workspace, filter) == 3);
    return 0;
  });
}

TEST_CASE("active calls are those that somebody talks on", "[calls]") {
  Log f(any_engine());
  CHECK(f.active() == "3");
  f.apply({f.outbound(5, 350)});
  CHECK(f.active() == "53");
  f.clock.advance(std::chrono::hours(5));
  CHECK(f.active().empty());
}

TEST_CASE("who is on a call is known for routing, and when their last call ended", "[calls]") {
  Log f(any_engine());
  REQUIRE(f.on_call().size() == 1);
  CHECK(f.on_call()[0].user == f.ann_id);
  CHECK(f.on_call()[0].call_sid == call_sid(3));
  CHECK(f.on_call()[0].since == f.at(205));
  CHECK(f.read([&] { return calls::last_ended(f.db(), f.workspace); }) ==
        std::vector<std::pair<base::Uuid, base::Instant>>{{f.ann_id, f.at(65)}});
  SECTION("the call is over, though the end of the leg was lost") {
    f.apply({f.status(3, "completed", 0, 390, 190)});
    CHECK(f.on_call().empty());
  }
  SECTION("an answer that nothing was heard of for hours is taken for lost") {
    f.clock.advance(std::chrono::hours(4));
    CHECK(f.on_call().empty());
    f.decide("on_call_hours", "5");
    CHECK(f.on_call().size() == 1);
  }
  SECTION("calls that agents make count") {
    f.apply({f.leg(3, 3, "completed", 3, 210, 5), f.outbound(5, 350)});
    REQUIRE(f.on_call().size() == 1);
    CHECK(f.on_call()[0].call_sid == call_sid(5));
  }
}

TEST_CASE("the end of a call that was lost keeps nobody from ringing who took another one since", "[calls]") {
  Log f(any_engine());  // the third call's end was lost
  const auto talks_on = [&] { return f.on_call().empty() ? std::string() : f.on_call()[0].call_sid; };
  SECTION("they answered it") {
    f.apply({f.inbound(5, 350), f.leg(5, 5, "in-progress", 2, 355)});
    CHECK(talks_on() == call_sid(5));
    f.apply({f.leg(5, 5, "completed", 3, 360, 5)});
    CHECK(talks_on().empty());
  }
  SECTION("they placed it") {
    f.apply({f.outbound(5, 350)});
    CHECK(talks_on() == call_sid(5));
    f.apply({f.own_status(5, "completed", 1, 360, 10)});
    CHECK(talks_on().empty());
  }
  SECTION("what they placed was lost as well") {
    f.apply({f.outbound(5, 350), f.inbound(6, 370), f.leg(6, 6, "in-progress", 2, 375)});
    CHECK(talks_on() == call_sid(6));
    f.apply({f.leg(6, 6, "completed", 3, 380, 5)});
    CHECK(talks_on().empty());
  }
  SECTION("they were only rung, or refused") {
    auto refused = f.outbound(7, 360);
    refused.decision->refusal = "limit_reached";
    f.apply({f.inbound(5, 350), f.leg(5, 5, "no-answer", 2, 380), refused});
    CHECK(talks_on() == call_sid(3));
  }
}

TEST_CASE("a call is shown by its SID, a leg's, or its id, with all that is known", "[calls]") {
  Log f(any_engine());
  const auto show = [&](const std::string& what) {
    return f.read([&] { return calls::get_details(f.db(), f.workspace, what); });
  };
  const auto details = show(call_sid(1));
  REQUIRE(details.attempts.size() == 1);
  CHECK(details.attempts[0].user_email == test::k_ann);
  CHECK(details.attempts[0].party == "client:agent_ann");
  CHECK(details.attempts[0].status == "completed");
  CHECK(details.events.size() == 4);
  CHECK(show(test::leg_sid(1)).call.id == details.call.id);
  CHECK(show(details.call.id.text()).call.id == details.call.id);
  CHECK(test::slug_of([&] { show("CA404"); }) == "calls.unknown");
}

TEST_CASE("notes are written under each other, and webhooks leave them alone", "[calls]") {
  Log f(any_engine());
  const auto note = [&](const std::string& text, bool replace = false, calls::EditOptions options = {}) {
    return calls::note(f.session(), f.workspace, call_sid(3), text, replace, options);
  };
  CHECK(note("one").changed());
  CHECK(note("two").after.notes == "one\ntwo");
  f.apply({f.status(3, "completed", 0, 390, 190)});
  CHECK(note("three", true).before.notes == "one\ntwo");
  CHECK_FALSE(note("three", true).changed());
  CHECK(test::slug_of([&] { note("four", false, {.if_version = 1}); }) == "calls.stale");
  CHECK(note("four", false, {.write = false}).changed());
  CHECK(note("", true).before.notes == "three");
  CHECK(f.integer("SELECT count(*) FROM audit_log WHERE action = 'calls.note'") == 4);
}

TEST_CASE("an outcome is one of the workspace's list", "[calls]") {
  Log f(any_engine());
  const auto set = [&](const std::string& outcome) {
    return calls::set_outcome(f.session(), f.workspace, call_sid(1), outcome);
  };
  CHECK(set("booked_appointment").changed());
  CHECK_FALSE(set("booked_appointment").changed());
  CHECK(test::slug_of([&] { set("sold"); }) == "calls.unknown_outcome");
  directory::Workspaces workspaces(f.session());
  workspaces.update(workspaces.list().at(0).name, {.settings = {{"outcomes", "sold|call back"}}});
  CHECK(set("call back").changed());
  CHECK(set("sold").changed());
  CHECK(test::slug_of([&] { set("booked_appointment"); }) == "calls.unknown_outcome");
  CHECK(f.list({.outcome = "sold"}) == "1");
  CHECK(set("").changed());
}

TEST_CASE("a cursor is good where it was made", "[calls]") {
  Log f(any_engine());
  const auto closed = f.sids([&](auto visit) { calls::for_each_closed(f.db(), f.workspace, 0, 0, visit); });
  CHECK(closed == "12");
  const calls::Cursor cursor{f.workspace, 2, call_sid(2)};
  const auto back = calls::parse_cursor(calls::cursor_text(cursor));
  CHECK(back.closed_seq == 2);
  const auto check = [&](const calls::Cursor& one) {
    return test::slug_of([&] {
      f.read([&] {
        calls::require_own(f.db(), f.workspace, one);
        return 0;
      });
    });
  };
  CHECK(check(back).empty());
  CHECK(check({f.workspace, 0, ""}).empty());
  CHECK(check({f.workspace, 2, call_sid(1)}) == "calls.foreign_cursor");
  CHECK(check({f.workspace, 9, call_sid(9)}) == "calls.foreign_cursor");
  CHECK(check({f.alice.ids.next(), 2, call_sid(2)}) == "calls.foreign_cursor");
  for (const auto* bad :
       {"", "{}", "[1]", R"({"ringctl_calls_cursor":2})", R"({"ringctl_calls_cursor":"x"})"})
    CHECK(test::slug_of([&] { calls::parse_cursor(bad); }) == "calls.bad_cursor");
}

TEST_CASE("whoever follows calls sees each change once", "[calls]") {
  Log f(any_engine());
  calls::Follower follower(f.db(), f.workspace);
  const auto poll = [&] {
    std::string seen;
    follower.poll(f.clock.now(), [&](const calls::Call& call) { seen += call.call_sid.back(); });
    return seen;
  };
  CHECK(poll() == "34");
  CHECK(poll().empty());
  f.clock.advance(std::chrono::seconds(1));
  f.apply({f.leg(4, 4, "in-progress", 2, 401), f.status(3, "completed", 0, 401, 201)});
  CHECK(poll() == "34");
  CHECK(poll().empty());
}

TEST_CASE("calls of the same moment are listed in one order", "[calls]") {
  Desk f(any_engine());
  f.apply({f.inbound(1), f.inbound(2), f.inbound(3)});
  const auto list = [&](bool descending) {
    return f.read([&] {
      std::string all;
      calls::for_each(f.db(), f.workspace, {}, {.descending = descending}, 0,
                      [&](const calls::Call& call) { all += call.id.text(); });
      return all;
    });
  };
  const auto ids = f.rows("SELECT id FROM calls WHERE workspace_id = $1 ORDER BY id");
  std::string up, down;
  for (const auto id : base::split(ids, '\n')) {
    up += id;
    down.insert(0, id);
  }
  CHECK(list(false) == up);
  CHECK(list(true) == down);
}

TEST_CASE("who had calls stays when the import that made them is undone", "[calls]") {
  Log f(any_engine());
  const auto job = f.alice.ids.next(), team = f.alice.ids.next(), bob = f.agent("bob@example.com");
  f.agent("yan@example.com");
  for (const auto* name : {"Idle", "Sales"})
    f.exec(
        "INSERT INTO teams (id, workspace_id, name, is_active, job_id, created_at, updated_at) "
        "VALUES ($1, $2, $3, TRUE, $4, $5, $5)",
        {name == std::string("Sales") ? team : f.alice.ids.next(), f.workspace, name, job, f.clock.now()});
  for (const auto* phone : {"+16265550101", "+16265550102", "+16265550103"})
    f.exec(
        "INSERT INTO contacts (id, workspace_id, phone_number, job_id, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $5)",
        {f.alice.ids.next(), f.workspace, phone, job, f.clock.now()});
  f.exec("UPDATE users SET job_id = $1", {job});
  f.exec("UPDATE calls SET team_id = $1 WHERE call_sid = $2", {team, call_sid(4)});
  const auto give = [&](const std::string& table, const std::string& phone) {
    f.exec(fmt::format("UPDATE {} SET contact_id = (SELECT id FROM contacts WHERE phone_number = $1)", table),
           {phone});
  };
  give("calls", "+16265550101");
  give("callbacks", "+16265550102");
  f.exec("UPDATE callbacks SET user_id = $1", {bob});
  const auto kept = [&](const records::Noun& noun) {
    std::string keys;
    f.write([&] {
      records::delete_made_by(f.db(), f.workspace, noun, job, [&](std::string_view key, bool in_use) {
        keys += fmt::format("{}{} ", key, in_use ? "" : " changed");
      });
    });
    return keys;
  };
  CHECK(kept(directory::contacts_noun()) == "+16265550101 +16265550102 ");
  CHECK(kept(directory::users_noun()) == "ann@example.com bob@example.com ");
  CHECK(kept(directory::teams_noun()) == "Sales ");
}

TEST_CASE("a callback is made, moved, handed over and done, each on record", "[calls]") {
  Log f(any_engine());
  const auto edit = [&](const std::string& action, const calls::CallbackChange& change,
                        calls::CallbackOptions options = {}) {
    return calls::change_callback(f.session(), f.workspace, call_sid(2), action, change, options);
  };
  const auto bob = f.agent("bob@example.com");
  CHECK(edit("callbacks.reassign", {.user = bob}).after.user_email == "bob@example.com");
  CHECK(edit("callbacks.update", {.due_at = f.at(5000), .notes = "later"}).after.version == 3);
  CHECK_FALSE(edit("callbacks.update", {.notes = "later"}).changed);
  CHECK(test::slug_of([&] { edit("callbacks.update", {.notes = "x"}, {.if_version = 1}); }) ==
        "callbacks.stale");
  CHECK(edit("callbacks.complete", {.status = "completed"}).after.completed_at == f.clock.now());
  CHECK_FALSE(edit("callbacks.complete", {.status = "completed"}).changed);
  CHECK_FALSE(edit("callbacks.update", {.status = "open"}).after.completed_at);
  f.exec("UPDATE users SET is_active = FALSE WHERE id = $1", {bob});
  CHECK(test::slug_of([&] { edit("callbacks.reassign", {.user = f.ann_id}); }).empty());
  CHECK(test::slug_of([&] { edit("callbacks.reassign", {.user = bob}); }) == "callbacks.inactive_user");
  CHECK(f.integer("SELECT count(*) FROM audit_log WHERE object_type = 'callback'") == 5);

  calls::NewCallback added{.phone_number = test::k_to, .call_sid = call_sid(2), .due_at = f.at(0)};
  CHECK(test::slug_of([&] { calls::add_callback(f.session(), f.workspace, added); }) == "callbacks.exists");
  added.call_sid.clear();
  CHECK(calls::add_callback(f.session(), f.workspace, added).changed);
  const auto due = [&](const calls::CallbackFilter& filter) {
    return f.read([&] {
      std::string all;
      calls::for_each(f.db(), f.workspace, filter, 0,
                      [&](const auto& one) { all += one.phone_number + " "; });
      return all;
    });
  };
  CHECK(due({.status = "open"}) == test::k_to + " " + test::k_caller + " ");
  CHECK(due({.status = "open", .due_until = f.clock.now()}) == test::k_to + " ");
  CHECK(due({.user = f.ann_id}) == test::k_caller + " ");
  CHECK(due({.unassigned = true}) == test::k_to + " ");
}
