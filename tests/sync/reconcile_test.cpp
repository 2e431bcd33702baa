#include "sync/reconcile.hpp"

#include "calls/purge.hpp"
#include "support/catch.hpp"
#include "sync/phone_desk.hpp"

using namespace ringctl;
using test::PhoneDesk;

namespace {

struct Log : PhoneDesk {
  explicit Log(db::Engine engine) : PhoneDesk(engine) { in_real_time(); }

  /// A caller from outside whose call is over at Twilio.
  std::string ended_call() {
    std::string sid;
    box.with([&](sim::Account&, sim::Network& network) {
      sid = network.call_in(test::k_caller, test::k_from, {});
    });
    client.try_send(twilio::end_call_ask(sid));
    return sid;
  }
  sync::ReconcileReport reconcile(bool write = true) {
    sync::ReconcileOptions options;
    options.since = clock.now() - std::chrono::hours(1);
    options.until = clock.now() + std::chrono::hours(1);
    options.write = write;
    return sync::reconcile(account, options);
  }
  /// The webhook that it began with, and no other.
  void note_beginning(const std::string& sid) {
    auto e = calls::event_from(
        calls::Kind::inbound, workspace,
        {{"CallSid", sid}, {"From", test::k_caller}, {"To", test::k_from}, {"CallStatus", "ringing"}},
        clock.now());
    e.decision = calls::Decision{.number = number_id, .plan = test::k_plan};
    apply({e});
  }
  /// It talked for so long, at Twilio.
  void talked(const std::string& sid, std::chrono::seconds length) {
    box.with([&](sim::Account& at, sim::Network&) {
      auto& call = *at.calls.find(sid);
      call.status = "completed";
      call.answered_at = *call.ended_at - length;
    });
  }
  /// A leg that the call rang at Twilio, over by now.
  std::string rang(const std::string& parent, const std::string& to) {
    sim::Call leg;
    leg.sid = test::leg_sid(++legs_);
    leg.parent_sid = parent;
    leg.from = test::k_caller;
    leg.to = to;
    leg.direction = "outbound-dial";
    leg.status = "completed";
    leg.created_at = leg.updated_at = clock.now();
    leg.answered_at = leg.created_at;
    leg.ended_at = leg.created_at + std::chrono::seconds(61);
    box.with([&](sim::Account& at, sim::Network&) { at.calls.add(leg); });
    return leg.sid;
  }
  std::string log() {
    return rows("SELECT call_sid, status FROM calls WHERE workspace_id = $1 ORDER BY call_sid");
  }
  int legs_ = 0;
};

}  // namespace

TEST_CASE("a call whose end was never heard is closed, once", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  const auto sid = f.ended_call();
  f.note_beginning(sid);
  CHECK(f.log() == sid + "|ringing\n");
  CHECK(f.reconcile(false).closed == 1);
  CHECK(f.log() == sid + "|ringing\n");
  CHECK(f.reconcile().closed == 1);
  CHECK(f.log() == sid + "|missed\n");
  const auto again = f.reconcile();
  CHECK(again.closed == 0);
  CHECK(again.added == 0);
}

TEST_CASE("a call that serve never heard of is added, and is to be called back", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  const auto sid = f.ended_call();
  const auto report = f.reconcile();
  CHECK(report.added == 1);
  CHECK(f.log() == sid + "|missed\n");
  CHECK(f.rows("SELECT phone_number FROM callbacks WHERE workspace_id = $1") == test::k_caller + "\n");
  CHECK(f.reconcile().added == 0);
}

TEST_CASE("a call's price is what its legs cost together, as Twilio signs it and reports count it",
          "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  const auto sid = f.ended_call();
  f.talked(sid, std::chrono::seconds(90));
  f.note_beginning(sid);
  f.rang(sid, "+12025550143");
  CHECK(f.reconcile(false).priced == 1);
  CHECK(f.reconcile().priced == 1);
  // Two minutes in for 0.0085, two out for 0.014: charges are below nought.
  CHECK(f.rows("SELECT price, price_unit FROM calls WHERE workspace_id = $1") == "-0.045|USD\n");
  CHECK(f.reconcile().priced == 0);
}

TEST_CASE("a dry run counts the price of a call that would be added", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  f.talked(f.ended_call(), std::chrono::seconds(90));
  const auto planned = f.reconcile(false);
  CHECK(planned.added == 1);
  CHECK(planned.priced == 1);
  CHECK(f.log().empty());
  CHECK(f.reconcile().priced == 1);
}

TEST_CASE("a price takes away the sums that were kept of its day", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  const auto sid = f.ended_call();
  f.talked(sid, std::chrono::seconds(30));
  f.note_beginning(sid);
  f.apply({calls::event_from(calls::Kind::status, f.workspace,
                             {{"CallSid", sid}, {"CallStatus", "completed"}, {"CallDuration", "30"}},
                             f.clock.now())});
  f.exec(
      "INSERT INTO call_days (workspace_id, day, zone, definitions, starts_at, ends_at, made_at) "
      "VALUES ($1, '2026-03-08', 'UTC', 1, $2, $3, $2)",
      {f.workspace, f.clock.now() - std::chrono::hours(1), f.clock.now() + std::chrono::hours(1)});
  const auto report = f.reconcile();
  CHECK(report.closed == 0);
  CHECK(report.priced == 1);
  CHECK(f.rows("SELECT count(*) FROM call_days WHERE workspace_id = $1") == "0\n");
}

TEST_CASE("legs of a call that never came are added with it, however far from it they are listed", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  const auto sid = f.ended_call();
  f.talked(sid, std::chrono::seconds(90));
  const auto leg = f.rang(sid, "client:agent_" + f.ann_id.text());
  for (int n = 0; n < 600; ++n)
    f.rang(test::call_sid(99), "+12025550143");  // another program's, between them
  CHECK(f.reconcile().added == 1);
  CHECK(f.rows("SELECT leg_sid, user_id FROM call_attempts WHERE workspace_id = $1") ==
        leg + "|" + f.ann_id.text() + "\n");
  CHECK(f.log() == sid + "|completed\n");
  const auto again = f.reconcile();
  CHECK(again.added + again.closed + again.legs + again.priced == 0);
}

TEST_CASE("calls that were purged are not added again", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  f.ended_call();
  const auto began = f.clock.now();
  f.clock.advance(std::chrono::hours(50));
  calls::purge(f.session(), f.workspace, {.before = began + std::chrono::hours(1)});
  sync::ReconcileOptions options;
  options.since = began - std::chrono::hours(1);
  options.until = f.clock.now();
  CHECK(sync::reconcile(f.account, options).added == 0);
  CHECK(f.log().empty());
}

TEST_CASE("an account is not asked about calls of another account's numbers", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  f.note_beginning(test::call_sid(1));
  f.exec("UPDATE phone_numbers SET account_sid = 'ACffffffffffffffffffffffffffffffff' WHERE id = $1",
         {f.number_id});
  const auto since = f.clock.now() - std::chrono::hours(1);
  f.clock.advance(std::chrono::hours(26));
  sync::ReconcileOptions options;
  options.since = since;
  options.until = f.clock.now();
  CHECK(sync::reconcile(f.account, options).closed == 0);
  CHECK(f.log() == test::call_sid(1) + "|ringing\n");
}

TEST_CASE("what is no call of ours is left out of the log", "[sync]") {
  Log f(db::Engine::sqlite);
  f.seated("+12025550160", "some-room");  // a leg that somebody else placed
  CHECK(f.reconcile().added == 0);
  CHECK(f.log().empty());
}

TEST_CASE("a call that Twilio never knew is closed as failed once it is a day old", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  f.note_beginning(test::call_sid(1));
  CHECK(f.reconcile().closed == 0);
  const auto since = f.clock.now() - std::chrono::hours(1);
  f.clock.advance(std::chrono::hours(26));
  sync::ReconcileOptions options;
  options.since = since;
  options.until = f.clock.now();
  CHECK(sync::reconcile(f.account, options).closed == 1);
  CHECK(f.log() == test::call_sid(1) + "|missed\n");
}
