// Every statement of this room finds its rows of the tables that grow by an index: the log of statements,
// explained by the engine itself.

#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "calls/cursor.hpp"
#include "calls/desk.hpp"
#include "calls/follow.hpp"
#include "calls/holds.hpp"
#include "calls/plan.hpp"
#include "calls/price.hpp"
#include "calls/purge.hpp"
#include "calls/recordings.hpp"
#include "calls/rooms.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "records/rows.hpp"
#include "support/catch.hpp"
#include "support/query_plans.hpp"

using namespace ringctl;
using test::Desk;
using test::plan_of;
using test::statements_of;

namespace {

const std::set<std::string> k_growing{
    "calls", "c", "l", "o",          "call_attempts", "a", "n", "call_events", "recordings", "x", "callbacks",
    "b",     "r", "e", "call_rooms", "call_monitors"};

bool explainable(const std::string& sql) {
  return sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE");
}

/// All there are may be asked for; those that are open have their own case.
bool lists_callbacks(const std::string& sql) {
  return sql.starts_with("SELECT") && sql.find("FROM callbacks b") != std::string::npos;
}

void hold_and_purge(Desk& f, const base::Uuid& contact) {
  const auto& workspace = f.workspace;
  const auto call = f.read([&] { return calls::get(f.db(), workspace, test::call_sid(1)).id; });
  const calls::HoldTarget targets[] = {{.call = call}, {.contact = contact}};
  for (const auto& target : targets) {
    calls::hold(f.session(), workspace, target, "Case 2026-17");
    f.read([&] { return calls::holds_on(f.db(), workspace, call).size(); });
    calls::unhold(f.session(), workspace, target);
  }
  f.clock.advance(std::chrono::hours(48));
  for (const bool write : {false, true})
    calls::purge(f.session(), workspace, {.before = f.at(3600), .write = write});
  f.read([&] {
    calls::for_each_hold(f.db(), workspace, true, [](const calls::Hold&) {});
    calls::owed_deletions(f.db(), workspace, std::nullopt, 10);
    calls::count_owed(f.db(), workspace);
    return 0;
  });
  f.write([&] { calls::settle_deletion(f.db(), workspace, test::recording_sid(1)); });
}

void move_and_listen(Desk& f) {
  const auto& workspace = f.workspace;
  const auto call = f.read([&] { return calls::get(f.db(), workspace, test::call_sid(3)).id; });
  calls::Room room{.id = {}, .call = call, .parent_sid = test::call_sid(3), .room = "call-3"};
  calls::Monitor monitor;
  monitor.call = call;
  monitor.user = f.ann_id;
  monitor.leg_sid = test::leg_sid(7);
  f.write([&] {
    room = calls::open_room(f.session(), workspace, room);
    calls::save_room(f.session(), workspace, room);
    calls::start_monitor(f.session(), workspace, monitor);
    calls::close_rooms(f.session(), workspace);
  });
  f.read([&] {
    calls::find_room(f.db(), workspace, call);
    calls::find_call_of_conference(f.db(), workspace, "CF1");
    calls::find_monitor(f.db(), workspace, call, f.ann_id);
    calls::monitors_of(f.db(), workspace, call);
    return 0;
  });
}

void keep_recordings(Desk& f) {
  const auto& workspace = f.workspace;
  const auto sid = test::recording_sid(1);
  const auto none = [](const calls::RecordingRecord&) {};
  const auto id = f.read([&] {
    auto& db = f.db();
    const calls::RecordingFilter filters[] = {{}, {.since = f.at(0)}, {.call = test::call_sid(1)}};
    for (const auto& filter : filters) calls::for_each(db, workspace, filter, 10, none);
    calls::due_recordings(db, workspace, f.clock.now(), std::nullopt, 10);
    calls::count_due(db, workspace, f.clock.now());
    calls::find_known(db, workspace, {test::call_sid(1)});
    calls::on_record(db, workspace, {test::call_sid(1)});
    calls::find_known_recordings(db, workspace, {sid});
    calls::find_call_of_reservation(db, workspace, f.ann_id, f.at(0));
    calls::purged_before(db, workspace);
    const auto one = calls::get_recording(db, workspace, sid);
    calls::is_held(db, workspace, one.id);
    return one.id;
  });
  const std::vector<calls::Price> prices{{test::call_sid(1), "-0.0085", "USD"}};
  f.write([&] {
    calls::set_prices(f.session(), workspace, prices);
    calls::note_fetched(f.session(), workspace, id, {"/one-of-nobody.wav", "00"});
    calls::note_deleted(f.session(), workspace, id, sid, "recordings.delete");
  });
}

void use_everything(Desk& f) {
  f.apply({f.inbound(1), f.leg(1, 1, "in-progress", 2, 5), f.status(1, "completed", 0, 9, 9), f.inbound(2),
           f.status(2, "completed", 0, 9, 9), f.outbound(3),
           f.event(calls::Kind::recording,
                   {{"CallSid", test::call_sid(1)}, {"RecordingSid", test::recording_sid(1)}}, 9)});
  f.apply({f.leg(1, 1, "completed", 3, 9, 4), f.leg(2, 2, "completed", 3, 9, 4)});
  auto heard = f.called(4, 4, "in-progress", 2, 5), plan = f.inbound(4);
  heard.answers = calls::Answers::by_plan;
  plan.decision->plan = fmt::format(R"({{"steps":[{{"parties":[{{"user":"{}","number":"{}"}}]}}]}})",
                                    f.ann_id.text(), test::k_to);
  f.apply({heard});
  f.apply({plan});
  const auto& workspace = f.workspace;
  const auto none = [](const auto&) {};
  f.read([&] {
    auto& db = f.db();
    const calls::CallFilter filters[] = {{},
                                         {.since = f.at(0), .until = f.at(9)},
                                         {.status = "missed"},
                                         {.user = f.ann_id},
                                         {.number = f.number_id},
                                         {.contact = f.ann_id},
                                         {.held = true}};
    for (const auto& filter : filters) {
      calls::for_each(db, workspace, filter, {}, 10, none);
      calls::count(db, workspace, filter);
    }
    calls::for_each_active(db, workspace, {}, f.clock.now(), none);
    calls::for_each_closed(db, workspace, 0, 0, none);
    for (const auto& what : {test::call_sid(1), test::leg_sid(1)}) calls::get_details(db, workspace, what);
    calls::on_call(db, workspace, f.clock.now());
    calls::last_ended(db, workspace);
    calls::require_own(db, workspace, {workspace, 1, test::call_sid(1)});
    calls::for_each_changed(db, workspace, 0, 0, none);
    const auto nobody = [](const base::Uuid&, std::string_view) {};
    calls::for_each_of_person(db, workspace, f.ann_id, {test::k_caller}, nobody);
    calls::for_each_callback_of_person(db, workspace, f.ann_id, {test::k_caller}, none);
    for (const auto* status : {"open", "completed", ""})
      calls::for_each(db, workspace, calls::CallbackFilter{.status = status}, 0, none);
    return 0;
  });
  calls::Follower(f.db(), workspace).poll(f.clock.now(), none);
  calls::EventFollower events(f.db(), workspace);
  for (const auto* call : {"", "CA"}) events.poll(f.clock.now(), call, none);
  calls::note(f.session(), workspace, test::call_sid(1), "text", false);
  const auto noted = f.read([&] { return calls::changes_to_come(f.db(), workspace); });
  calls::set_outcome(f.session(), workspace, test::call_sid(1), "interested");
  f.read([&] {
    calls::require_own(f.db(), workspace, noted);
    return 0;
  });
  const auto contact = f.alice.ids.next();
  f.exec(
      "INSERT INTO contacts (id, workspace_id, phone_number, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
      {contact, workspace, test::k_caller, f.clock.now()});
  f.exec(
      "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 0)",
      {contact, workspace, test::k_caller});
  move_and_listen(f);
  keep_recordings(f);
  hold_and_purge(f, contact);
  directory::erase_contact(f.session(), workspace, contact, true);
  f.write([&] {
    for (const auto* noun : {&directory::contacts_noun(), &directory::users_noun(), &directory::teams_noun()})
      records::delete_made_by(f.db(), workspace, *noun, contact, [](std::string_view, bool) {});
  });
}

}  // namespace

TEST_CASE("no statement about calls reads a whole table that grows with them", "[calls]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto statements = statements_of([&] { use_everything(f); });
  int explained = 0;
  for (const auto& sql : statements) {
    if (!explainable(sql) || lists_callbacks(sql)) continue;
    const auto plan = plan_of(f, sql);
    INFO(sql << "\n" << plan);
    CHECK(test::whole_reads(plan, k_growing).empty());
    ++explained;
  }
  CHECK(explained > 20);
}

TEST_CASE("the plans of calls are found by their SIDs alone, one as many", "[calls]") {
  Desk f(GENERATE(from_range(test::engines())));
  const bool many = GENERATE(false, true);
  const auto statements = statements_of([&] {
    std::vector<std::string_view> sids{"CA1"};
    if (many) sids.emplace_back("CA2");
    const calls::PlanRead read(f.db(), f.workspace, sids);
    db::read_together(f.db(), db::Scope::of(f.workspace), read.reads(),
                      [&](std::span<db::Rows> rows) { CHECK(read.take(rows).size() == sids.size()); });
  });
  int explained = 0;
  for (const auto& sql : statements) {
    if (sql.find("FROM calls") == std::string::npos) continue;
    const auto plan = plan_of(f, sql);
    INFO(sql << "\n" << plan);
    const bool server = f.database.engine() == db::Engine::postgresql;
    CHECK(plan.find(server ? "calls_call_sid_key" : "(call_sid=?)") != std::string::npos);
    ++explained;
  }
  CHECK(explained == 1);
}

TEST_CASE("what is to be called back is found without reading what was done", "[calls]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto statements = statements_of([&] {
    f.read([&] {
      calls::for_each(f.db(), f.workspace, calls::CallbackFilter{.status = "open"}, 0, [](const auto&) {});
      return 0;
    });
  });
  int explained = 0;
  for (const auto& sql : statements) {
    if (!sql.starts_with("SELECT")) continue;
    const auto plan = plan_of(f, sql);
    INFO(sql << "\n" << plan);
    CHECK(plan.find("idx_callbacks_due") != std::string::npos);
    ++explained;
  }
  CHECK(explained == 1);
}

TEST_CASE("a user's, a contact's and a number's calls are found by them", "[calls]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto plan = [&](const calls::CallFilter& filter) {
    const auto statements = statements_of([&] {
      f.read([&] {
        calls::for_each(f.db(), f.workspace, filter, {}, 0, [](const auto&) {});
        return 0;
      });
    });
    std::string all;
    for (const auto& sql : statements)
      if (sql.starts_with("SELECT")) all += plan_of(f, sql);
    return all;
  };
  CHECK(plan({.user = f.ann_id}).find("idx_calls_user") != std::string::npos);
  for (const auto* index : {"idx_calls_contact", "idx_calls_nobody_from", "idx_calls_nobody_to"})
    CHECK(plan({.contact = f.ann_id}).find(index) != std::string::npos);
  CHECK(plan({.number = f.number_id}).find("idx_calls_number") != std::string::npos);
  CHECK(plan({}).find("idx_calls_started") != std::string::npos);
}
