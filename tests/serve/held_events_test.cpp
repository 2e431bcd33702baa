#include "serve/held_events.hpp"

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using std::chrono::milliseconds;

namespace {

using Texts = std::vector<std::string>;

/// Events on their way to a database that takes what it is given, but for what a test says.
struct Shelf {
  void take(std::span<const Record> records) {
    ++attempts;
    if (meanwhile) std::exchange(meanwhile, {})();
    if (away) throw Error(Errc::db_down, "db.down", "away");
    for (const auto& record : records)
      if (record.bytes == "bad") throw Error(Errc::invalid, "test.bad", "no event");
    for (const auto& record : records) {
      taken.emplace_back(record.bytes);
      numbers.push_back(record.sequence);
    }
    ++batches;
  }
  void wait(milliseconds delay) {
    waits.push_back(delay);
    clock.advance(delay);
    if (clock.steady() >= back_at) away = false;
  }
  void add(const Texts& events) {
    for (const auto& event : events) held.add(event);
  }
  bool settle(milliseconds within = milliseconds(0)) { return held.settle(within); }

  bool away = false;
  std::chrono::steady_clock::time_point back_at = std::chrono::steady_clock::time_point::max();
  std::function<void()> meanwhile = {};  ///< done once, while a batch is on its way
  int attempts = 0, batches = 0;
  Texts taken = {};
  std::vector<std::uint64_t> numbers = {};
  std::vector<milliseconds> waits = {};
  test::FixedClock clock = test::FixedClock();
  HeldEvents held{[this](std::span<const Record> records) { take(records); },
                  clock,
                  {.first_retry = milliseconds(100),
                   .longest_retry = milliseconds(1000),
                   .sleep = [this](milliseconds delay) { wait(delay); }}};
};

}  // namespace

TEST_CASE("events that are held come to the database when they are asked for, in order and once", "[serve]") {
  Shelf shelf;
  CHECK(shelf.settle());
  CHECK(shelf.batches == 0);
  shelf.add({"a", "b", "c"});
  CHECK(shelf.taken.empty());
  CHECK(shelf.settle());
  CHECK(shelf.settle());
  CHECK(shelf.taken == Texts{"a", "b", "c"});
  CHECK(shelf.numbers == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(shelf.batches == 1);
}

TEST_CASE("an event that is refused does not take the others with it", "[serve]") {
  Shelf shelf;
  shelf.add({"a", "bad", "b", "c", "bad"});
  CHECK(shelf.settle());
  CHECK(shelf.taken == Texts{"a", "b", "c"});
  CHECK(shelf.held.refused() == 2);
  CHECK(shelf.waits.empty());
}

TEST_CASE("events wait for a database that is away, before those that come meanwhile", "[serve]") {
  Shelf shelf;
  shelf.add({"a", "b"});
  shelf.away = true;
  shelf.meanwhile = [&] { shelf.add({"c"}); };
  CHECK_FALSE(shelf.settle());
  CHECK(shelf.taken.empty());
  shelf.add({"d"});
  shelf.away = false;
  CHECK(shelf.settle());
  CHECK(shelf.taken == Texts{"a", "b", "c", "d"});
  CHECK(shelf.held.refused() == 0);
}

TEST_CASE("a database that is away for a moment is asked again, ever more rarely", "[serve]") {
  Shelf shelf;
  shelf.add({"a", "b"});
  shelf.away = true;
  shelf.back_at = shelf.clock.steady() + milliseconds(5000);
  shelf.meanwhile = [&] { shelf.add({"c"}); };
  CHECK(shelf.settle(milliseconds(60'000)));
  CHECK(shelf.taken == Texts{"a", "b", "c"});
  REQUIRE(shelf.waits.size() >= 6);
  CHECK(shelf.waits.front() >= milliseconds(50));
  CHECK(shelf.waits.front() <= milliseconds(100));
  CHECK(shelf.waits.back() >= milliseconds(500));
  CHECK(shelf.waits.back() <= milliseconds(1000));
  CHECK(shelf.attempts == static_cast<int>(shelf.waits.size()) + 1);
}

TEST_CASE("a database that stays away is given up on when the time is over, and nothing is lost", "[serve]") {
  Shelf shelf;
  shelf.add({"a"});
  shelf.away = true;
  const auto began = shelf.clock.steady();
  CHECK_FALSE(shelf.settle(milliseconds(700)));
  CHECK(shelf.clock.steady() - began == milliseconds(700));
  CHECK(shelf.attempts == static_cast<int>(shelf.waits.size()) + 1);  // and once more at the end
  CHECK_FALSE(shelf.settle());                                        // without waiting
  CHECK(shelf.clock.steady() - began == milliseconds(700));
  shelf.away = false;
  CHECK(shelf.settle());
  CHECK(shelf.taken == Texts{"a"});
}
