#include "base/uuid.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/fake_clock.hpp"

using namespace std::chrono_literals;
using ringctl::base::Uuid;
using ringctl::base::UuidGenerator;
using ringctl::test::FakeClock;

TEST_CASE("an id is a version 7 UUID of the clock's millisecond") {
  const FakeClock clock("2022-02-22T19:22:22.000Z");  // the example of RFC 9562, A.6
  UuidGenerator ids(clock);
  const auto text = ids.next().text();
  CHECK(text.substr(0, 13) == "017f22e2-79b0");
  CHECK(text[14] == '7');
  CHECK((text[19] == '8' || text[19] == '9' || text[19] == 'a' || text[19] == 'b'));
  CHECK(Uuid::try_parse(text));
}

TEST_CASE("ids of one generator sort in the order they were made") {
  FakeClock clock;
  UuidGenerator ids(clock);
  Uuid last = ids.next();
  const auto later = [&] {
    const Uuid id = ids.next();
    REQUIRE(last < id);
    last = id;
  };
  SECTION("within one millisecond") {
    for (int i = 0; i < 100000; ++i) later();
  }
  SECTION("as time goes on") {
    for (int i = 0; i < 1000; ++i) {
      clock.advance(1ms);
      later();
    }
  }
  SECTION("when the clock steps back") {
    for (int i = 0; i < 1000; ++i) {
      clock.advance(-1s);
      later();
    }
  }
}

TEST_CASE("two generators never made the same id") {
  const FakeClock clock;
  UuidGenerator left(clock);
  UuidGenerator right(clock);
  std::set<std::string> seen;
  for (int i = 0; i < 20000; ++i) {
    seen.insert(left.next().text());
    seen.insert(right.next().text());
  }
  CHECK(seen.size() == 40000);
}

TEST_CASE("an id is read in either case and kept in lower case") {
  CHECK(Uuid::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F").view() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  CHECK(Uuid::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").short_id() == "0c07398f");
}

TEST_CASE("text that is no id is refused") {
  for (const auto* text :
       {"", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "{017f22e2-79b0-7cc3-98c4-dc0c0c0739}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2079b0-7cc3-98c4-dc0c0c07398f"}) {
    INFO(text);
    CHECK_FALSE(Uuid::try_parse(text));
    CHECK(ringctl::test::slug_of([&] { Uuid::parse(text); }) == "id.malformed");
  }
}
