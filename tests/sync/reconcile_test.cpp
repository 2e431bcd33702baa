#include "sync/reconcile.hpp"

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
  std::string log() {
    return rows("SELECT call_sid, status FROM calls WHERE workspace_id = $1 ORDER BY call_sid");
  }
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
