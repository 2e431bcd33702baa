// Places that processes share (C9): each fixture connection stands for a process.
#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"
#include "sync/account.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using test::slug_of;

namespace {

constexpr const char* k_account = "AC0123456789abcdef0123456789abcdef";

struct Site : test::Estate {
  using Estate::Estate;
  std::shared_ptr<twilio::Slots> process(std::size_t limit, const char* account = k_account) {
    return sync::shared_slots(database.connect(), clock, account, limit, 0ms, nullptr);
  }
};

}  // namespace

TEST_CASE("processes together hold no more places than there are", "[sync]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto one = t.process(4), two = t.process(4), three = t.process(4);
  CHECK(one->hold(3, 0) == 3);
  CHECK(two->hold(3, 0) == 1);
  CHECK(slug_of([&] { three->hold(1, 0); }) == "twilio.no_slot");
  CHECK(one->hold(1, 0) == 1);  // what is not wanted is let go
  t.clock.advance(1s);
  CHECK(three->hold(2, 0) == 2);
  two->release();
  t.clock.advance(1s);
  CHECK(three->hold(3, 2) == 3);
}

TEST_CASE("another account has places of its own", "[sync]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto one = t.process(1), other = t.process(1, "AC1123456789abcdef0123456789abcdef");
  CHECK(one->hold(1, 0) == 1);
  CHECK(other->hold(1, 0) == 1);
}

TEST_CASE("who holds several lets one go every two seconds, but none that is in use", "[sync]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto one = t.process(3), two = t.process(3);
  CHECK(one->hold(3, 0) == 3);
  t.clock.advance(100ms);
  CHECK(one->hold(3, 3) == 3);
  t.clock.advance(2s);
  CHECK(one->hold(3, 3) == 2);  // one fewer may be used; nothing is let go yet
  CHECK(slug_of([&] { two->hold(1, 0); }) == "twilio.no_slot");
  CHECK(one->hold(3, 2) == 2);  // now it is
  CHECK(two->hold(1, 0) == 1);
  t.clock.advance(1s);
  CHECK(one->hold(3, 2) == 2);
  CHECK(two->hold(1, 1) == 1);  // the last one is kept
}

TEST_CASE("a place that nobody takes meanwhile comes back", "[sync]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto one = t.process(2);
  CHECK(one->hold(2, 0) == 2);
  t.clock.advance(2100ms);
  CHECK(one->hold(2, 1) == 1);
  t.clock.advance(200ms);
  CHECK(one->hold(2, 1) == 2);
}

TEST_CASE("places are renewed while they are asked for, and expire when a process sleeps", "[sync]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto one = t.process(1), two = t.process(1);
  CHECK(one->hold(1, 0) == 1);
  for (int i = 0; i < 6; ++i) {
    t.clock.advance(11s);
    CHECK(one->hold(1, 1) == 1);
  }
  CHECK(slug_of([&] { two->hold(1, 0); }) == "twilio.no_slot");
  t.clock.advance(31s);
  CHECK(two->hold(1, 0) == 1);
  CHECK(slug_of([&] { one->hold(1, 0); }) == "twilio.no_slot");  // it does not take it back
  two->release();
  CHECK(one->hold(1, 0) == 1);
}
