#include "limits/history.hpp"

#include "limits/office.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using limits::CapacityBy;
using limits::Use;
using test::k_ann;
using test::k_from;
using test::Office;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// Ann has two numbers, of 10 calls a day and of 5.
struct Past : Office {
  explicit Past(db::Engine engine)
      : Office(engine),
        ann_id(agent()),
        first(assign(ann_id, number(), 10)),
        second(assign(ann_id, number(k_other), 5)) {}

  void used(const base::Uuid& assignment, const std::string& day, const test::Counter& counter) {
    exec(
        "INSERT INTO daily_usage (assignment_id, day, workspace_id, reserved, connected, refunded, adjusted) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {assignment, day, workspace, counter.reserved, counter.connected, counter.refunded,
         counter.adjusted});
  }

  std::vector<Use> uses(CapacityBy by, const char* from = "2026-03-01", const char* to = "2026-03-07") {
    return read([&] {
      std::vector<Use> all;
      limits::for_each_use(db(), workspace, by, base::parse_day(from), base::parse_day(to),
                           [&](const Use& use) { all.push_back(use); });
      return all;
    });
  }

  static inline const std::string k_other = "+12025550101";
  base::Uuid ann_id, first, second;
};

}  // namespace

TEST_CASE("use over days is what was counted on them", "[limits]") {
  Past f(any_engine());
  f.used(f.first, "2026-02-28", {.reserved = 9});
  f.used(f.first, "2026-03-01", {.reserved = 8, .connected = 3, .refunded = 1, .adjusted = 2});
  f.used(f.second, "2026-03-01", {.reserved = 2, .connected = 1});
  f.used(f.first, "2026-03-04", {.reserved = 7, .connected = 4});
  f.used(f.first, "2026-03-07", {.reserved = 3, .refunded = 3});  // nothing was counted in the end
  f.used(f.first, "2026-03-08", {.reserved = 9});
  const auto whole = f.uses(CapacityBy::workspace);
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].key.empty());
  CHECK(whole[0].agents == 1);
  CHECK(whole[0].numbers == 2);
  CHECK(whole[0].capacity == 15);
  CHECK(whole[0].days == 2);
  CHECK(whole[0].used == 14);
  CHECK(whole[0].connected == 8);
  CHECK(whole[0].peak == 7);
  // Seven on the first as well: the first of the busiest.
  CHECK(whole[0].peak_day == base::parse_day("2026-03-01"));
  CHECK(whole[0].full_days == 0);
}

TEST_CASE("use is told by agent and by number", "[limits]") {
  Past f(any_engine());
  f.exec("UPDATE phone_numbers SET label = 'Sales' WHERE phone_number = $1", {k_from});
  f.exec("UPDATE users SET name = 'Ann Archer' WHERE email = $1", {k_ann});
  f.agent("nobody@example.com");
  f.used(f.first, "2026-03-02", {.reserved = 4});
  f.used(f.second, "2026-03-02", {.reserved = 1});
  f.used(f.second, "2026-03-03", {.reserved = 2});
  const auto agents = f.uses(CapacityBy::agent);
  REQUIRE(agents.size() == 1);
  CHECK(agents[0].key == k_ann);
  CHECK(agents[0].name == "Ann Archer");
  CHECK(agents[0].capacity == 15);
  CHECK(agents[0].used == 7);
  CHECK(agents[0].peak == 5);
  const auto numbers = f.uses(CapacityBy::number);
  REQUIRE(numbers.size() == 2);
  CHECK(numbers[0].key == k_from);
  CHECK(numbers[0].name == "Sales");
  CHECK(numbers[0].capacity == 10);
  CHECK(numbers[0].used == 4);
  CHECK(numbers[1].name.empty());
  CHECK(numbers[1].used == 3);
  CHECK(numbers[1].days == 2);
}

TEST_CASE("a day is full where the limit of today was reached", "[limits]") {
  Past f(any_engine());
  f.used(f.first, "2026-03-02", {.reserved = 10});
  f.used(f.second, "2026-03-02", {.reserved = 6, .refunded = 1});
  f.used(f.first, "2026-03-03", {.reserved = 9});
  f.used(f.second, "2026-03-03", {.reserved = 1, .refunded = 1});
  CHECK(f.uses(CapacityBy::workspace)[0].full_days == 2);
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 0 WHERE id = $1", {f.second});
  CHECK(f.uses(CapacityBy::workspace)[0].full_days == 2);
}

TEST_CASE("what was used stays, though the assignment ended or the number is gone", "[limits]") {
  Past f(any_engine());
  f.used(f.first, "2026-03-02", {.reserved = 4});
  f.used(f.second, "2026-03-02", {.reserved = 3});
  f.exec("UPDATE agent_phone_numbers SET is_active = FALSE WHERE id = $1", {f.first});
  f.exec("DELETE FROM phone_numbers WHERE phone_number = $1", {Past::k_other});
  const auto numbers = f.uses(CapacityBy::number);
  REQUIRE(numbers.size() == 2);
  CHECK(numbers[0].key == k_from);
  CHECK(numbers[0].capacity == 0);
  CHECK(numbers[0].used == 4);
  CHECK(numbers[1].key.empty());
  CHECK(numbers[1].used == 3);
  CHECK(f.uses(CapacityBy::agent)[0].used == 7);
  CHECK(f.uses(CapacityBy::agent)[0].agents == 0);
}

TEST_CASE("a workspace that nobody called from has one row of zeros", "[limits]") {
  Office f(any_engine());
  int rows = 0;
  f.read([&] {
    for (const auto by : {CapacityBy::workspace, CapacityBy::agent, CapacityBy::number})
      limits::for_each_use(f.db(), f.workspace, by, base::parse_day("2026-03-01"),
                           base::parse_day("2026-03-07"), [&](const Use& use) {
                             ++rows;
                             CHECK(use.capacity + use.used + use.days == 0);
                             CHECK_FALSE(use.peak_day);
                           });
    return 0;
  });
  CHECK(rows == 1);
}
