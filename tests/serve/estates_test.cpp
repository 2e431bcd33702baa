#include "serve/estates.hpp"

#include "base/error.hpp"
#include "limits/office.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using test::Office;

void move_to(Office& office, std::string_view zone) {
  office.exec("UPDATE workspaces SET timezone = $2, version = version + 1 WHERE id = $1",
              {office.workspace, zone});
}

/// The estates of an office's database, which can be taken away from them.
struct Read {
  explicit Read(Office& office)
      : estates(
            [this, &office] {
              if (away) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
              return office.database.connect();
            },
            office.clock, {.every = std::chrono::hours(1), .numbers_every = std::chrono::hours(1)}) {}
  bool away = false;
  Estates estates;
};

TEST_CASE("a workspace that cannot be read keeps what was read of it, and holds no other one up", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  office.ann();
  const auto other = office.database.add_workspace("other");
  Read read(office);
  REQUIRE(read.estates.find(office.workspace));
  CHECK(read.estates.broken() == 0);

  move_to(office, "Mars/Olympus");
  const auto third = office.database.add_workspace("third");
  read.estates.refresh();
  CHECK(read.estates.broken() == 1);
  CHECK(read.estates.database_up());
  REQUIRE(read.estates.find(office.workspace));
  CHECK(read.estates.find(office.workspace)->snapshot->agents.size() == 1);
  CHECK(read.estates.find(other));
  CHECK(read.estates.find(third));

  move_to(office, "Europe/Zurich");
  read.estates.refresh();
  CHECK(read.estates.broken() == 0);
  CHECK(read.estates.find(office.workspace)->snapshot->zone.name() == "Europe/Zurich");
}

TEST_CASE("a server starts for all workspaces but the one that cannot be read", "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  move_to(office, "Mars/Olympus");
  const auto other = office.database.add_workspace("other");
  Read read(office);
  CHECK(read.estates.ready());
  CHECK(read.estates.broken() == 1);
  CHECK(read.estates.find(other));
  CHECK_FALSE(read.estates.find(office.workspace));
}

TEST_CASE("whose a number is, and which one an agent calls from, is known while the database is away",
          "[serve]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto ann = office.agent(), ben = office.agent("ben@example.com");
  const auto first = office.number("+12025550100");
  const auto second = office.number("+12025550107");
  office.assign(ann, second);
  office.exec("UPDATE phone_numbers SET status = 'inactive' WHERE id = $1", {first});
  office.number("+12025550103");
  Read read(office);
  read.away = true;
  CHECK(read.estates.find_by_number("+12025550107") == office.workspace);
  CHECK_FALSE(read.estates.find_by_number("+12025550100"));  // not in use
  CHECK_FALSE(read.estates.find_by_number("+12025550199"));
  CHECK_FALSE(read.estates.find_by_number("client:agent_1"));
  CHECK(read.estates.find_by_user(ann) == office.workspace);
  CHECK_FALSE(read.estates.find_by_user(office.workspace));
  const auto numbers = read.estates.find(office.workspace)->numbers;
  CHECK(numbers->of(ann) == "+12025550107");
  CHECK(numbers->of(ben) == "+12025550103");
}

TEST_CASE("numbers are read anew when their time has come, or when the estate changed", "[serve]") {
  Office office(db::Engine::sqlite);
  Read read(office);
  office.number("+12025550100");
  read.estates.refresh();
  CHECK_FALSE(read.estates.find_by_number("+12025550100"));
  office.agent();
  read.estates.refresh();
  CHECK(read.estates.find_by_number("+12025550100") == office.workspace);
  office.number("+12025550101");
  office.clock.advance(std::chrono::hours(1));
  read.estates.refresh();
  CHECK(read.estates.find_by_number("+12025550101") == office.workspace);
}

}  // namespace
}  // namespace ringctl::serve
