// Webhooks as they are kept, each handed out once. How calls are followed is in calls_test.cpp.

#include "calls/follow.hpp"

#include "calls/person.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::call_sid;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

struct Room : test::Person {
  using Person::Person;
  /// "inbound:1 status:1 ", by kind and the last digit of the SID.
  std::string poll(calls::EventFollower& follower, const std::string& call = {}) {
    std::string all;
    follower.poll(clock.now(), call, [&](const calls::KeptEvent& event) {
      all += event.kind + ":" + event.call_sid.back() + " ";
    });
    return all;
  }
  void wait(int seconds = 1) { clock.advance(std::chrono::seconds(seconds)); }
  /// One that another machine kept, whose clock shows so many seconds less.
  void keep_elsewhere(int n, int behind) {
    test::FakeClock late;
    late.set(clock.now() - std::chrono::seconds(behind));
    test::Actor machine(database.connect(), late);
    const auto event = known(n);
    db::in_transaction(*machine.connection, db::Scope::of(workspace), [&] {
      calls::apply(machine.session, {&event, 1});
    });
  }
};

}  // namespace

TEST_CASE("whoever follows webhooks sees those to come, each once", "[calls]") {
  Room f(any_engine());
  f.apply({f.known(1)});
  f.wait();
  calls::EventFollower follower(f.db(), f.workspace);
  CHECK(f.poll(follower).empty());
  f.wait();
  f.apply({f.status(1, "completed", 0, 30, 30)});
  f.apply({f.known(2, 40)});
  CHECK(f.poll(follower) == "status:1 inbound:2 ");
  CHECK(f.poll(follower).empty());
  for (int i = 0; i < 40; ++i) {
    f.wait(60);
    CHECK(f.poll(follower).empty());
  }
  f.apply({f.known(3, 50)});
  CHECK(f.poll(follower) == "inbound:3 ");
  CHECK(f.poll(follower).empty());
}

TEST_CASE("following may begin some time back", "[calls]") {
  Room f(any_engine());
  f.apply({f.known(1)});
  f.wait(100);
  f.apply({f.known(2)});
  f.wait(100);
  calls::EventFollower all(f.db(), f.workspace, std::chrono::hours(1)),
      some(f.db(), f.workspace, std::chrono::seconds(150));
  CHECK(f.poll(all) == "inbound:1 inbound:2 ");
  CHECK(f.poll(some) == "inbound:2 ");
  CHECK(f.poll(all).empty());
}

TEST_CASE("one call's webhooks are followed with those of its legs, before there is a call", "[calls]") {
  Room f(any_engine());
  f.wait();
  calls::EventFollower follower(f.db(), f.workspace);
  CHECK(f.poll(follower, call_sid(1)).empty());
  f.wait();
  f.apply({f.known(1), f.leg(1, 5, "ringing", 1, 2), f.known(2)});
  CHECK(f.poll(follower, call_sid(1)) == "inbound:1 status:5 ");
}

TEST_CASE("a webhook that a machine with another clock kept is not missed", "[calls]") {
  Room f(any_engine());
  f.wait();
  calls::EventFollower follower(f.db(), f.workspace);
  CHECK(f.poll(follower).empty());
  f.wait(60);
  f.apply({f.known(1)});
  CHECK(f.poll(follower) == "inbound:1 ");
  f.keep_elsewhere(2, 20);
  CHECK(f.poll(follower) == "inbound:2 ");
  f.keep_elsewhere(3, -300);  // ahead
  CHECK(f.poll(follower) == "inbound:3 ");
  f.wait();
  f.apply({f.known(4)});
  CHECK(f.poll(follower) == "inbound:4 ");
  CHECK(f.poll(follower).empty());
}

TEST_CASE("another workspace's webhooks are not followed", "[calls]") {
  Room f(any_engine());
  const auto other = f.database.add_workspace("other");
  calls::EventFollower follower(f.db(), other, std::chrono::hours(1));
  f.apply({f.known(1)});
  CHECK(f.poll(follower).empty());
}
