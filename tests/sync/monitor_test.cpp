#include <thread>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "sync/phone_desk.hpp"
#include "sync/talk.hpp"

using namespace ringctl;
using calls::Mode;
using test::PhoneDesk;

namespace {

const std::string k_ada = "ada@example.com", k_ada_phone = "+12025550160";

struct Floor : PhoneDesk {
  explicit Floor(db::Engine engine)
      : PhoneDesk(engine), ada(user(k_ada, "admin", k_ada_phone)), talking(talk()) {
    answers(k_ada_phone);
  }
  sync::Monitored monitor(Mode mode, const std::string& as = k_ada, bool write = true) {
    sync::MonitorOptions options{.as = as};
    options.mode = mode;
    options.write = write;
    return sync::monitor(account, call(test::call_sid(1)), options);
  }
  std::optional<twilio::Participant> supervisor(const std::string& leg) {
    for (const auto& one : in_room(talking.room))
      if (one.call_sid == leg) return one;
    return std::nullopt;
  }
  /// How many legs REST has put into conferences.
  int added() {
    int all = 0;
    for (const auto& [what, times] : box.ledger())
      if (what.starts_with("POST /Conferences/") && what.ends_with("/Participants")) all += times;
    return all;
  }
  base::Uuid ada;
  Talk talking;
};

}  // namespace

TEST_CASE("a supervisor listens, whispers, joins and leaves, and each is as Twilio says it is", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  const auto listening = f.monitor(Mode::listen);
  CHECK(listening.muted);
  CHECK_FALSE(listening.coaching);
  REQUIRE(f.supervisor(listening.leg_sid));
  CHECK(f.supervisor(listening.leg_sid)->muted);
  CHECK_FALSE(f.supervisor(listening.leg_sid)->end_conference_on_exit);

  const auto whispering = f.monitor(Mode::whisper);
  CHECK(whispering.leg_sid == listening.leg_sid);
  CHECK(whispering.coaching);
  CHECK(f.supervisor(listening.leg_sid)->call_sid_to_coach == f.talking.agent);

  const auto joined = f.monitor(Mode::barge);
  CHECK(joined.leg_sid == listening.leg_sid);
  CHECK_FALSE(joined.muted);
  CHECK_FALSE(joined.coaching);
  CHECK_FALSE(f.monitor(Mode::barge).changed);

  CHECK(f.monitor(Mode::listen).muted);
  CHECK(sync::stop_monitor(f.account, f.call(test::call_sid(1)), k_ada, true));
  CHECK_FALSE(f.supervisor(listening.leg_sid));
  CHECK(f.in_room(f.talking.room).size() == 2);
  CHECK_FALSE(sync::stop_monitor(f.account, f.call(test::call_sid(1)), k_ada, true));
  CHECK(f.rows(
            "SELECT action FROM audit_log WHERE workspace_id = $1 AND action <> 'calls.move' ORDER BY seq") ==
        "calls.listen\ncalls.whisper\ncalls.barge\ncalls.listen\ncalls.stop\n");
  // Who listens is no party of the call.
  CHECK(f.rows("SELECT count(*) FROM call_attempts WHERE workspace_id = $1") == "1\n");
  CHECK(f.effects() == "participant.add|done\n");
}

TEST_CASE("who may not listen is told so, and nobody is rung", "[sync]") {
  Floor f(GENERATE(from_range(test::engines())));
  f.user("max@example.com", "manager", "+12025550161");
  for (const auto* who : {"max@example.com", "ann@example.com"}) {
    CAPTURE(who);
    CHECK(test::slug_of([&] { f.monitor(Mode::listen, who); }) == "calls.may_not_monitor");
  }
  CHECK(f.in_room(f.talking.room).size() == 2);
  CHECK(f.effects().empty());
}

TEST_CASE("a supervisor who does not answer is not left ringing, and listens to nothing", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.declines(k_ada_phone);
  CHECK(test::slug_of([&] { f.monitor(Mode::listen); }) == "calls.not_answered");
  CHECK(f.rows("SELECT count(*) FROM call_monitors WHERE workspace_id = $1 AND ended_at IS NULL") == "0\n");
  f.answers(k_ada_phone);
  CHECK(f.monitor(Mode::listen).muted);
}

TEST_CASE("what is asked in a supervisor's name is on record as theirs", "[sync]") {
  Floor f(db::Engine::sqlite);
  const auto before = f.session().actor;
  f.monitor(Mode::listen);
  sync::stop_monitor(f.account, f.call(test::call_sid(1)), k_ada, true);
  CHECK(f.rows("SELECT DISTINCT actor FROM audit_log WHERE workspace_id = $1 AND action IN "
               "('calls.listen', 'calls.stop')") == "user:" + k_ada + "\n");
  CHECK(f.session().actor == before);
}

TEST_CASE("a supervisor whose wait is interrupted is not left in the call", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.box.with([&](sim::Account&, sim::Network& network) {
    network.set_behaviour(k_ada_phone, {.pickup = sim::Pickup::ring_out});
  });
  base::CancelToken stopped;
  auto options = f.box.options();
  options.cancel = &stopped;
  twilio::Client client(std::move(options), f.wall);
  sync::Account account{.session = f.session(), .workspace = f.here, .client = client, .cancel = stopped};
  account.public_url = f.account.public_url;
  const auto call = f.call(test::call_sid(1));
  const auto added = f.added();
  std::thread signal([&] {
    test::eventually([&] { return f.added() != added; });
    // Once something else is asked, the answer to that one has been heard.
    const auto asked = f.box.seen().requests;
    test::eventually([&] { return f.box.seen().requests != asked; });
    stopped.cancel(130);
  });
  const auto error = test::error_of([&] { sync::monitor(account, call, sync::MonitorOptions{.as = k_ada}); });
  signal.join();
  REQUIRE(error);
  CHECK(error->errc() == Errc::interrupted);
  const auto leg =
      f.rows("SELECT leg_sid FROM call_monitors WHERE workspace_id = $1 AND ended_at IS NOT NULL");
  REQUIRE(leg.size() > 1);
  CHECK(twilio::fetch_call(f.client, leg.substr(0, leg.size() - 1)).is_over());
}

TEST_CASE("a dry run rings nobody and writes nothing", "[sync]") {
  Floor f(db::Engine::sqlite);
  const auto before = f.box.ledger();
  CHECK(f.monitor(Mode::listen, k_ada, false).changed);
  CHECK(f.box.ledger() == before);
  CHECK(f.effects().empty());
}

TEST_CASE("a supervisor is not rung at the number that rings", "[sync]") {
  Floor f(db::Engine::sqlite);
  f.exec("UPDATE users SET phone_number = $2 WHERE id = $1", {f.ada, test::k_from});
  const auto before = f.box.ledger();
  for (const bool write : {false, true})
    CHECK(test::slug_of([&] { f.monitor(Mode::listen, k_ada, write); }) == "calls.same_number");
  CHECK(f.box.ledger() == before);
}

TEST_CASE("a call that serve does not lead into its conference is told, and no room is left", "[sync]") {
  PhoneDesk f(db::Engine::sqlite);
  f.user(k_ada, "admin", k_ada_phone);
  f.apply({f.inbound(1), f.leg(1, 1, "in-progress", 1, 5)});
  // Twilio knows neither leg, so it refuses at once.
  const auto error = test::error_of(
      [&] { sync::ensure_room(f.account, f.call(test::call_sid(1)), std::chrono::milliseconds(100)); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::not_found);
  CHECK(f.rows("SELECT count(*) FROM call_rooms WHERE workspace_id = $1") == "0\n");
}
