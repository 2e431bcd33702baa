#include "http/pace.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using http::Backoff;
using http::delay_before;
using http::Pace;

namespace {

const Pace::Time k_start{};

void round_of(Pace& pace) {
  for (auto left = pace.bound(); left > 0; --left) pace.answered();
}

}  // namespace

TEST_CASE("a pace begins at half and goes up by one for each round that goes well", "[http]") {
  Pace pace(8);
  CHECK(pace.bound() == 4);
  for (const std::size_t expected : {5U, 6U, 7U, 8U, 8U}) {
    round_of(pace);
    CHECK(pace.bound() == expected);
  }
  CHECK(Pace(0).bound() == 1);
  CHECK(Pace(1).bound() == 1);
}

TEST_CASE("what was refused together is cut once", "[http]") {
  Pace pace(20);
  CHECK(pace.bound() == 10);
  for (int i = 0; i < 10; ++i) pace.refused(k_start, k_start + 5ms);
  CHECK(pace.bound() == 7);
  pace.refused(k_start + 6ms, k_start + 9ms);  // sent after the cut
  CHECK(pace.bound() == 4);
  for (int i = 1; i < 20; ++i) pace.refused(k_start + i * 10ms, k_start + i * 10ms + 1ms);
  CHECK(pace.bound() == 1);
}

TEST_CASE("a limit that stands is met and tried only now and then", "[http]") {
  constexpr std::size_t k_limit = 5;
  Pace pace(16);
  auto now = k_start;
  int refused = 0, sent = 0;
  for (int i = 0; i < 400; ++i) {
    now += 10ms;
    const auto bound = pace.bound();
    for (std::size_t place = 0; place < bound; ++place) {
      ++sent;
      if (place < k_limit) {
        pace.answered();
      } else {
        ++refused;
        pace.refused(now, now + 1ms);
      }
    }
    now += 2ms;
  }
  CHECK(refused * 100 < sent);  // less than one in a hundred
  CHECK(sent > 400 * 5 * 95 / 100);  // and at the limit
  CHECK(pace.bound() <= k_limit + 1);
}

TEST_CASE("one tried beyond what goes well is taken back alone, and tried more rarely each time", "[http]") {
  Pace pace(4);
  auto now = k_start;
  const auto rounds_until_tried = [&] {
    int rounds = 0;
    for (; pace.bound() < 4; ++rounds) round_of(pace);
    return rounds;
  };
  rounds_until_tried();
  const auto refuse = [&] { pace.refused(now, now + 1ms), now += 10ms; };
  refuse();
  CHECK(pace.bound() == 3);
  CHECK(rounds_until_tried() == 20);
  refuse();
  CHECK(pace.bound() == 3);
  CHECK(rounds_until_tried() == 40);
  round_of(pace);
  refuse();  // of what has gone well: everything is tried again soon
  CHECK(pace.bound() == 2);
  CHECK(rounds_until_tried() == 2);
}

TEST_CASE("after a burst of refusals what was lost is back within few rounds", "[http]") {
  Pace pace(8);
  while (pace.bound() < 8) round_of(pace);
  auto now = k_start;
  for (int i = 0; i < 50; ++i, now += 10ms) pace.refused(now, now + 1ms);
  CHECK(pace.bound() == 1);
  for (int i = 0; i < 7; ++i) round_of(pace);
  CHECK(pace.bound() == 8);
}

TEST_CASE("nothing goes out before the time that a server asks for", "[http]") {
  Pace pace(4);
  CHECK_FALSE(pace.paused_until(k_start));
  pace.refused(k_start, k_start + 1s, 3s);
  pace.refused(k_start, k_start + 1s, 2s);  // the longer one counts
  REQUIRE(pace.paused_until(k_start + 2s));
  CHECK(*pace.paused_until(k_start + 2s) == k_start + 4s);
  CHECK_FALSE(pace.paused_until(k_start + 4s));
}

TEST_CASE("a ceiling can be set while it runs", "[http]") {
  Pace pace(16);
  pace.set_most(3);
  CHECK(pace.bound() == 3);
  round_of(pace);
  CHECK(pace.bound() == 3);
  pace.set_most(0);
  CHECK(pace.bound() == 1);
}

TEST_CASE("delays double up to the cap, jittered from nothing to all of it", "[http]") {
  const Backoff backoff{.first = 100ms, .cap = 1s, .retries = 6};
  const auto all = [] { return 0.9999; };
  const auto none = [] { return 0.0; };
  const auto half = [] { return 0.5; };
  CHECK(*delay_before(backoff, 1, half) == 50ms);
  CHECK(*delay_before(backoff, 2, half) == 100ms);
  CHECK(*delay_before(backoff, 4, half) == 400ms);
  CHECK(*delay_before(backoff, 5, half) == 500ms);
  CHECK(*delay_before(backoff, 6, all) < 1s);
  CHECK(*delay_before(backoff, 6, none) == 0ms);
  CHECK_FALSE(delay_before(backoff, 7, half));
}

TEST_CASE("a delay is not shorter than what the server asked for", "[http]") {
  const Backoff backoff;
  CHECK(*delay_before(
            backoff, 1, [] { return 0.5; }, 2s) == 2s);
  CHECK(*delay_before(
            backoff, 5, [] { return 0.5; }, 1ms) == 800ms);
}
