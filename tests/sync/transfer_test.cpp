#include "calls/parties.hpp"
#include "db/lease.hpp"
#include "directory/people.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "sync/phone_desk.hpp"
#include "sync/talk.hpp"
#include "twilio/rest_account.hpp"

using namespace ringctl;
using test::PhoneDesk;

namespace {

const std::string k_bob = "bob@example.com", k_bob_phone = "+12025550170";

struct Floor : PhoneDesk {
  explicit Floor(db::Engine engine) : PhoneDesk(engine), talking(talk()) {
    user(k_bob, "agent", k_bob_phone);
    answers(k_bob_phone);
  }
  sync::Transferred transfer(const std::string& to, bool attended, const std::string& as = {}) {
    sync::TransferOptions options{.to = to};
    options.attended = attended;
    options.as = as;
    return sync::transfer(account, call(test::call_sid(1)), options);
  }
  /// Until whoever is consulted is there.
  void wait_for(std::size_t parties) { wait_in_room(talking.room, parties); }
  bool on_hold() {
    for (const auto& one : in_room(talking.room))
      if (one.call_sid == talking.customer) return one.hold;
    return false;
  }
  Talk talking;
};

}  // namespace

TEST_CASE("an attended transfer holds the customer, and gives them to whoever was consulted", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  CHECK(f.transfer(k_bob, true).state == "consulting");
  CHECK(f.on_hold());
  CHECK(test::slug_of([&] { f.transfer(k_bob, true); }) == "calls.consulting");
  f.wait_for(3);
  const auto done = sync::complete_transfer(f.account, f.call(test::call_sid(1)), {}, true);
  CHECK(done.to == k_bob_phone);
  CHECK_FALSE(f.on_hold());
  const auto left = f.in_room(f.talking.room);
  CHECK(left.size() == 2);
  for (const auto& one : left) CHECK(one.call_sid != f.talking.agent);
  CHECK(test::slug_of([&] { sync::complete_transfer(f.account, f.call(test::call_sid(1)), {}, true); }) ==
        "calls.not_consulting");
  CHECK(f.effects() == "participant.add|done\n");
}

TEST_CASE(
    "whoever a call goes to is named by their e-mail address, and a call of theirs is not handed to them",
    "[sync]") {
  Floor f(db::Engine::sqlite);
  const auto plan = [&](const std::string& to, bool attended) {
    sync::TransferOptions options{.to = to};
    options.attended = attended;
    options.write = false;
    return sync::transfer(f.account, f.call(test::call_sid(1)), options);
  };
  CHECK(plan(k_bob, true).name == k_bob);
  CHECK(plan(k_bob, true).to == k_bob_phone);
  CHECK(plan(k_bob, false).name == k_bob);
  const auto own = test::error_of([&] { f.transfer("ann@example.com", true); });
  REQUIRE(own);
  CHECK(own->slug() == "calls.own_call");
  CHECK(own->message().find("ann@example.com's") != std::string::npos);
  CHECK_FALSE(own->hint().empty());
  const auto bob = f.read([&] { return calls::get_person(f.db(), f.workspace, k_bob).id; });
  f.exec("UPDATE call_rooms SET consult_sid = $1, consult_to = $2",
         {test::call_sid(7), "client:" + directory::identity_of(bob)});
  CHECK(sync::cancel_transfer(f.account, f.call(test::call_sid(1)), {}, false).name == k_bob);
}

TEST_CASE("a transfer that is cancelled gives the customer back", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  f.transfer(k_bob, true);
  f.wait_for(3);
  CHECK(sync::cancel_transfer(f.account, f.call(test::call_sid(1)), {}, true).state == "cancelled");
  CHECK_FALSE(f.on_hold());
  CHECK(f.in_room(f.talking.room).size() == 2);
}

TEST_CASE("where nobody can be consulted the customer comes off hold", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.exec("UPDATE users SET phone_number = '+12025550171' WHERE email = $1", {k_bob});
  f.exec("UPDATE phone_numbers SET phone_number = '+12025550109'");  // none that Twilio lets us call from
  CHECK(test::error_of([&] { f.transfer(k_bob, true); }));
  CHECK_FALSE(f.on_hold());
  CHECK(f.effects() == "participant.add|refused\n");
}

TEST_CASE("a blind transfer sends the customer on and ends the agent's leg", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  // Nobody answers webhooks here: asked for a key, Bob would be sent off within seconds.
  f.exec("UPDATE workspaces SET accept_prompt = FALSE WHERE id = $1", {f.workspace});
  CHECK(f.transfer(k_bob, false).state == "transferred");
  CHECK(twilio::fetch_call(f.client, f.talking.agent).is_over());
  CHECK_FALSE(twilio::fetch_call(f.client, f.talking.customer).is_over());
  CHECK(f.rows("SELECT action FROM audit_log WHERE workspace_id = $1 AND action = 'calls.transfer'") ==
        "calls.transfer\n");
}

TEST_CASE("a number outside is a call of the agent's, and is refused as one", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  CHECK(test::slug_of([&] { f.transfer("+12025550199", false); }) == "limits.refused");
  const auto assignment = f.assign(f.ann_id, f.number_id);
  f.transfer("+12025550199", false);
  CHECK(f.integer("SELECT reserved FROM daily_usage WHERE assignment_id = $1", {assignment}) == 1);
}

TEST_CASE("an agent's other number gets a call of theirs, which comes from the call's own", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  const std::string other = "+12025550107";
  const auto assignment = f.assign(f.ann_id, f.number(other));
  f.transfer(other, false);
  CHECK(f.integer("SELECT reserved FROM daily_usage WHERE assignment_id = $1", {assignment}) == 1);
}

TEST_CASE("nobody gets a call at the number that it is of", "[sync]") {
  Floor f(db::Engine::sqlite);
  const auto assignment = f.assign(f.ann_id, f.number("+12025550107"));
  f.exec("UPDATE users SET phone_number = $2 WHERE email = $1", {k_bob, test::k_from});
  for (const auto& to : {k_bob, test::k_from})
    for (const bool attended : {false, true}) {
      INFO(to << " attended: " << attended);
      const auto error = test::error_of([&] { f.transfer(to, attended); });
      REQUIRE(error);
      CHECK(error->errc() == Errc::conflict);
      CHECK(error->slug() == "calls.same_number");
    }
  CHECK_FALSE(f.on_hold());
  CHECK(f.effects().empty());
  CHECK(f.integer("SELECT count(*) FROM reservations WHERE assignment_id = $1", {assignment}) == 0);
}

TEST_CASE("only the call's agent, their supervisor and admins hand it over", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.user("eve@example.com", "agent", "+12025550172");
  CHECK(test::slug_of([&] { f.transfer(k_bob, false, "eve@example.com"); }) == "calls.may_not_transfer");
  CHECK(test::slug_of([&] { f.transfer("nobody@example.com", false); }) == "users.unknown");
  CHECK(test::slug_of([&] { f.transfer(k_bob, true, "eve@example.com"); }) == "calls.may_not_transfer");
  f.transfer(k_bob, true, "ann@example.com");
  CHECK(test::slug_of([&] {
          sync::cancel_transfer(f.account, f.call(test::call_sid(1)), "eve@example.com", true);
        }) == "calls.may_not_transfer");
  CHECK(test::slug_of([&] { f.transfer(k_bob, false, "ann@example.com"); }) == "calls.consulting");
  sync::cancel_transfer(f.account, f.call(test::call_sid(1)), "ann@example.com", true);
  CHECK(f.transfer(k_bob, false, "ann@example.com").state == "transferred");
  CHECK(
      f.rows("SELECT DISTINCT actor FROM audit_log WHERE workspace_id = $1 AND action = 'calls.transfer'") ==
      "user:ann@example.com\n");
}

TEST_CASE("a completion that was stopped half way is completed by the next", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.transfer(k_bob, true);
  f.wait_for(3);
  const auto room = twilio::find_conference(f.client, f.talking.room)->sid;
  for (const auto& one : f.in_room(f.talking.room)) {
    twilio::ParticipantUpdate update;
    update.end_conference_on_exit = one.call_sid != f.talking.agent;
    twilio::update_participant(f.client, room, one.call_sid, update);
  }
  twilio::remove_participant(f.client, room, f.talking.agent);
  CHECK(sync::complete_transfer(f.account, f.call(test::call_sid(1)), {}, true).state == "completed");
  CHECK_FALSE(f.on_hold());
  CHECK(f.in_room(f.talking.room).size() == 2);
}

TEST_CASE("a call is not moved by two processes at once", "[sync]") {
  Floor f(db::Engine::sqlite);
  const auto held = db::Lease::acquire(f.db(), f.clock, "call " + test::call_sid(1), f.workspace,
                                       std::chrono::minutes(1), {});
  CHECK(test::slug_of([&] {
          sync::ensure_room(f.account, f.call(test::call_sid(1)), std::chrono::milliseconds(0));
        }) == "lock.held");
}

TEST_CASE("a call is hung up once, with everybody on it", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  const auto call = f.call(test::call_sid(1));
  CHECK(sync::hang_up(f.account, call, false));
  CHECK_FALSE(twilio::fetch_call(f.client, f.talking.customer).is_over());
}

TEST_CASE("a call whose own leg is over is hung up with those who still talk", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  f.exec("UPDATE workspaces SET accept_prompt = FALSE WHERE id = $1", {f.workspace});
  f.transfer(k_bob, false);
  // Of a call that an agent began, the own leg is the one that a transfer ends.
  f.exec("UPDATE call_attempts SET leg_sid = $1", {f.talking.customer});
  auto call = sync::find_call_of(f.account, f.talking.customer);
  CHECK(call.call_sid == test::call_sid(1));
  call.ended_at = f.clock.now();
  std::string bob;
  REQUIRE(test::eventually([&] {
    twilio::list_calls(f.client, {.parent_sid = f.talking.customer},
                       [&](const twilio::Call& leg) { return bob = leg.sid, true; });
    return !bob.empty();
  }));
  CHECK(sync::find_call_of(f.account, bob).call_sid == test::call_sid(1));
  CHECK(sync::hang_up(f.account, call, false));
  CHECK_FALSE(twilio::fetch_call(f.client, f.talking.customer).is_over());
  CHECK(sync::hang_up(f.account, call, true));
  CHECK(twilio::fetch_call(f.client, f.talking.customer).is_over());
  CHECK(test::eventually([&] { return twilio::fetch_call(f.client, bob).is_over(); }));
  CHECK_FALSE(sync::hang_up(f.account, call, true));
}

TEST_CASE("a call that was recorded is recorded with whoever gets it", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.exec("UPDATE workspaces SET accept_prompt = FALSE WHERE id = $1", {f.workspace});
  f.exec("UPDATE call_rooms SET recorded = TRUE WHERE workspace_id = $1", {f.workspace});
  f.transfer(k_bob, false);
  CHECK(test::eventually([&] {
    bool any = false;
    twilio::list_recordings(f.client, {}, [&](const twilio::Recording&) { return any = true; });
    return any;
  }));
}

TEST_CASE("whoever still rings for a call that is hung up is let go", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.box.with([&](sim::Account&, sim::Network& network) {
    network.set_behaviour(k_bob_phone, {.pickup = sim::Pickup::ring_out});
  });
  f.transfer(k_bob, true);
  const auto consulted = f.rows("SELECT consult_sid FROM call_rooms WHERE workspace_id = $1");
  // The call's own leg lies at another Twilio than this box.
  CHECK(test::error_of([&] { sync::hang_up(f.account, f.call(test::call_sid(1)), true); }));
  CHECK(f.in_room(f.talking.room).empty());
  REQUIRE(consulted.size() > 1);
  CHECK(twilio::fetch_call(f.client, consulted.substr(0, consulted.size() - 1)).is_over());
}
