#include "serve/held_events.hpp"

#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"

using namespace ringctl;
using namespace ringctl::serve;

namespace {

/// A database that takes what it is given, but for what a test says.
struct Shelf {
  Apply apply() {
    return [this](std::span<const Record> records) {
      if (away) throw Error(Errc::db_down, "db.down", "away");
      for (const auto& record : records)
        if (record.bytes == "bad") throw Error(Errc::invalid, "test.bad", "no event");
      for (const auto& record : records) taken.emplace_back(record.bytes);
      ++batches;
    };
  }

  bool away = false;
  int batches = 0;
  std::vector<std::string> taken;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("events that are held come to the database when they are asked for, in order and once", "[serve]") {
  Shelf shelf;
  const test::FixedClock clock;
  HeldEvents held(shelf.apply(), clock);
  CHECK(held.settle());
  CHECK(shelf.batches == 0);
  for (const auto* bytes : {"a", "b", "c"}) held.add(bytes);
  CHECK(shelf.taken.empty());
  CHECK(held.settle());
  CHECK(held.settle());
  CHECK(shelf.taken == Texts{"a", "b", "c"});
  CHECK(shelf.batches == 1);
}

TEST_CASE("an event that is refused does not take the others with it", "[serve]") {
  Shelf shelf;
  const test::FixedClock clock;
  HeldEvents held(shelf.apply(), clock);
  for (const auto* bytes : {"a", "bad", "b", "c"}) held.add(bytes);
  CHECK(held.settle());
  CHECK(shelf.taken == Texts{"a", "b", "c"});
  CHECK(held.refused() == 1);
}

TEST_CASE("events wait for a database that is away, before those that come meanwhile", "[serve]") {
  Shelf shelf;
  const test::FixedClock clock;
  HeldEvents held(shelf.apply(), clock);
  held.add("a");
  shelf.away = true;
  CHECK_FALSE(held.settle());
  held.add("b");
  shelf.away = false;
  CHECK(held.settle());
  CHECK(shelf.taken == Texts{"a", "b"});
  CHECK(held.refused() == 0);
}
