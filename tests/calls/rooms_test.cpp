#include "calls/rooms.hpp"

#include "calls/calls.hpp"
#include "calls/desk.hpp"
#include "calls/parties.hpp"
#include "directory/contacts.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using calls::Mode;
using test::Desk;

namespace {

struct Rooms : Desk {
  explicit Rooms(db::Engine engine) : Desk(engine) {
    apply({inbound(1), leg(1, 1, "in-progress", 1, 5)});
    call = read([&] { return calls::get(db(), workspace, test::call_sid(1)).id; });
  }
  calls::Room wanted() const {
    calls::Room room;
    room.call = call;
    room.parent_sid = test::call_sid(1);
    room.room = "call-" + room.parent_sid;
    room.agent_sid = test::leg_sid(1);
    room.customer_sid = room.parent_sid;
    return room;
  }
  calls::Room open() {
    calls::Room room;
    write([&] { room = calls::open_room(session(), workspace, wanted()); });
    return room;
  }
  std::optional<calls::Room> find() {
    return read([&] { return calls::find_room(db(), workspace, call); });
  }
  std::string seen_by_serve() {
    std::string room;
    const auto sid = test::call_sid(1);
    const auto asked = calls::room_read(workspace, sid);
    db::read_together(db(), db::Scope::of(workspace), std::span(&asked, 1),
                      [&](std::span<db::Rows> rows) { room = calls::room_of(rows.front()).room; });
    return room;
  }
  calls::Monitor listens(const base::Uuid& user, Mode mode = Mode::listen) {
    calls::Monitor monitor;
    monitor.call = call;
    monitor.user = user;
    monitor.mode = mode;
    monitor.leg_sid = test::leg_sid(7);
    write([&] { calls::start_monitor(session(), workspace, monitor); });
    return monitor;
  }
  std::string actions() { return rows("SELECT action FROM audit_log WHERE workspace_id = $1 ORDER BY seq"); }
  base::Uuid call;
};

}  // namespace

TEST_CASE("a call has one room, however many open it", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  CHECK(f.seen_by_serve().empty());
  const auto first = f.open();
  CHECK(f.open().id == first.id);
  CHECK(f.seen_by_serve() == first.room);
}

TEST_CASE("a room that was dropped is as if it had not been", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  const auto room = f.open();
  f.write([&] { calls::drop_room(f.session(), f.workspace, room.id); });
  CHECK_FALSE(f.find());
  CHECK(f.seen_by_serve().empty());
}

TEST_CASE("a room that moved on is not written over", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  auto one = f.open();
  auto other = one;
  one.consult_sid = test::leg_sid(2);
  one.consult_to = test::k_to;
  f.write([&] { calls::save_room(f.session(), f.workspace, one); });
  CHECK(f.find()->consult_to == test::k_to);
  CHECK(test::slug_of([&] { f.write([&] { calls::save_room(f.session(), f.workspace, other); }); }) ==
        "calls.stale");
}

TEST_CASE("what is said of a room in the audit log names nobody's number", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  auto room = f.open();
  room.consult_to = test::k_to;
  f.write([&] { calls::save_room(f.session(), f.workspace, room); });
  CHECK(f.rows("SELECT after_image FROM audit_images WHERE workspace_id = $1").find(test::k_to) ==
        std::string::npos);
}

TEST_CASE("rooms and listeners end with their call", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  f.open();
  f.listens(f.agent("sue@example.com"));
  const auto close = [&] {
    std::int64_t closed = 0;
    f.write([&] { closed = calls::close_rooms(f.session(), f.workspace); });
    return closed;
  };
  CHECK(close() == 0);
  f.apply({f.status(1, "completed", 2, 30, 30)});
  CHECK(close() == 2);
  CHECK_FALSE(f.find());
  CHECK(f.seen_by_serve().empty());
  // It may be reopened by a call that Twilio says is still there.
  CHECK_FALSE(f.open().ended_at);
}

TEST_CASE("who listens in is on record with every change of how", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  const auto sue = f.agent("sue@example.com");
  const auto monitor = f.listens(sue);
  const auto found = [&] {
    return f.read([&] { return calls::find_monitor(f.db(), f.workspace, f.call, sue); });
  };
  REQUIRE(found());
  CHECK(found()->mode == Mode::listen);
  CHECK(test::slug_of([&] { f.listens(sue, Mode::barge); }) == "calls.monitored");
  f.write([&] { calls::change_monitor(f.session(), f.workspace, monitor.id, Mode::whisper); });
  CHECK(found()->mode == Mode::whisper);
  CHECK(f.read([&] { return calls::monitors_of(f.db(), f.workspace, f.call); }).size() == 1);
  f.write([&] { calls::end_monitor(f.session(), f.workspace, monitor.id); });
  CHECK_FALSE(found());
  CHECK(f.actions() == "calls.listen\ncalls.whisper\ncalls.stop\n");
}

TEST_CASE("a team's supervisor and admins may listen, nobody else", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  const auto sue = f.agent("sue@example.com"), max = f.agent("max@example.com"),
             ada = f.agent("ada@example.com");
  const auto team = f.alice.ids.next();
  f.exec(
      "INSERT INTO teams (id, workspace_id, name, supervisor_id, is_active, created_at, updated_at) "
      "VALUES ($1, $2, 'Sales', $3, TRUE, $4, $4)",
      {team, f.workspace, sue, f.clock.now()});
  f.exec("UPDATE users SET team_id = $2 WHERE id = $1", {f.ann_id, team});
  const auto role = [&](const base::Uuid& user, std::string_view word) {
    f.exec("UPDATE users SET role = $2 WHERE id = $1", {user, word});
  };
  role(sue, "supervisor");
  role(max, "manager");
  role(ada, "admin");
  const auto may = [&](std::string_view who, std::string_view of) {
    return f.read([&] {
      return calls::may_supervise(f.db(), f.workspace, calls::get_person(f.db(), f.workspace, who), of);
    });
  };
  const auto ann = f.ann_id.text();
  CHECK(may("sue@example.com", ann));
  CHECK_FALSE(may("max@example.com", ann));
  CHECK(may("ada@example.com", ann));
  CHECK_FALSE(may("ann@example.com", ann));
  CHECK_FALSE(may("sue@example.com", max.text()));
  CHECK_FALSE(may("sue@example.com", ""));
  CHECK(may("ada@example.com", ""));
  role(max, "supervisor");
  CHECK_FALSE(may("max@example.com", ann));
  f.exec("UPDATE users SET is_active = FALSE WHERE id = $1", {sue});
  CHECK_FALSE(may("sue@example.com", ann));
}

TEST_CASE("a leg that was put into a conference goes on, and so does its call", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  auto moved = f.next(1, 1, "completed", 20);
  moved.place.reset();  // of a call that one of ours placed: else its end
  moved.answers = calls::Answers::moved;
  f.apply({moved});
  CHECK(f.rows("SELECT c.status, a.status FROM calls c JOIN call_attempts a ON a.call_id = c.id "
               "WHERE c.workspace_id = $1") == "in-progress|in-progress\n");
  f.apply({f.leg(1, 1, "completed", 2, 40, 35), f.status(1, "completed", 2, 41, 41)});
  CHECK(f.rows("SELECT c.status, a.status FROM calls c JOIN call_attempts a ON a.call_id = c.id "
               "WHERE c.workspace_id = $1") == "completed|completed\n");
}

TEST_CASE("a callback is done once the call that was placed for it was answered", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  const auto id = f.alice.ids.next();
  f.exec(
      "INSERT INTO callbacks (id, workspace_id, phone_number, status, due_at, created_at, updated_at) "
      "VALUES ($1, $2, $3, 'open', $4, $4, $4)",
      {id, f.workspace, test::k_to, f.clock.now()});
  f.write([&] { calls::tie_callback(f.session(), f.workspace, id, test::call_sid(2)); });
  f.apply({f.outbound(2), f.called(2, 2, "ringing", 1, 5)});
  const auto status = [&] { return f.rows("SELECT status FROM callbacks WHERE workspace_id = $1"); };
  CHECK(status() == "open\n");
  f.apply({f.called(2, 2, "in-progress", 2, 9)});
  CHECK(status() == "completed\n");
}

TEST_CASE("whoever is erased leaves rooms and what Twilio was asked about them", "[calls]") {
  Rooms f(GENERATE(from_range(test::engines())));
  const auto contact = f.alice.ids.next();
  f.exec(
      "INSERT INTO contacts (id, workspace_id, phone_number, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
      {contact, f.workspace, test::k_to, f.clock.now()});
  f.exec(
      "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 0)",
      {contact, f.workspace, test::k_to});
  auto room = f.open();
  room.consult_to = test::k_to;
  f.write([&] { calls::save_room(f.session(), f.workspace, room); });
  f.exec(
      "INSERT INTO twilio_effects (id, workspace_id, line, kind, effect_key, account_sid, request, state, actor, "
      "created_at, updated_at) VALUES ($1, $2, 1, 'call.start', $3, 'AC1', $4, 'done', 'system', $5, $5)",
      {f.alice.ids.next(), f.workspace, test::k_to, R"({"to":"+12025550199"})", f.clock.now()});
  directory::erase_contact(f.session(), f.workspace, contact, true);
  CHECK(f.rows("SELECT consult_to FROM call_rooms WHERE workspace_id = $1") == "\n");
  CHECK(f.rows("SELECT effect_key, request FROM twilio_effects WHERE workspace_id = $1") == "|{}\n");
}
