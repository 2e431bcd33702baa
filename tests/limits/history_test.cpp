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

TEST_CASE("a day is full where an assignment reached its limit of today, however many did", "[limits]") {
  Past f(any_engine());
  f.used(f.first, "2026-03-02", {.reserved = 10});
  f.used(f.second, "2026-03-02", {.reserved = 6, .refunded = 1});
  f.used(f.first, "2026-03-03", {.reserved = 9});
  f.used(f.second, "2026-03-03", {.reserved = 1, .refunded = 1});
  const auto whole = [&] { return f.uses(CapacityBy::workspace)[0]; };
  CHECK(whole().full_days == 1);
  CHECK(whole().days == 2);
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 9 WHERE id = $1", {f.first});
  CHECK(whole().full_days == 2);
  // Nothing was used of the second on the third: that is no full day, whatever its limit.
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 10 WHERE id = $1", {f.first});
  f.exec("UPDATE agent_phone_numbers SET daily_limit = 0 WHERE id = $1", {f.second});
  CHECK(whole().full_days == 1);
}

TEST_CASE("every figure of capacity is as ringctl-reports(7) defines it, on a log made by hand", "[limits]") {
  Past f(any_engine());
  const auto bob = f.agent("bob@example.com");
  const auto third = f.assign(bob, f.number("+12025550102"), 4);
  const auto ended = f.assign(bob, f.number("+12025550103"), 50);
  f.exec("UPDATE agent_phone_numbers SET is_active = FALSE WHERE id = $1", {ended});
  // Three assignments full on one day; one of several on another; on a third nothing was left of what was
  // reserved.
  f.used(f.first, "2026-03-01", {.reserved = 12, .connected = 5, .refunded = 1, .adjusted = 1});
  f.used(f.second, "2026-03-01", {.reserved = 5, .connected = 2});
  f.used(third, "2026-03-01", {.reserved = 4, .connected = 4});
  f.used(f.first, "2026-03-03", {.reserved = 3});
  f.used(third, "2026-03-03", {.reserved = 4, .connected = 1});
  f.used(ended, "2026-03-03", {.reserved = 12, .connected = 2});
  f.used(f.second, "2026-03-05", {.reserved = 5, .refunded = 5});
  f.used(ended, "2026-03-06", {.reserved = 2});
  std::string figures;
  for (const auto by : {CapacityBy::workspace, CapacityBy::agent, CapacityBy::number})
    for (const auto& use : f.uses(by))
      figures +=
          fmt::format("{}: {} agents, {} numbers, {} a day; {} on {} days, {} connected, {} on {}, {} full\n",
                      use.key, use.agents, use.numbers, use.capacity, use.used, use.days, use.connected,
                      use.peak, use.peak_day ? base::format_day(*use.peak_day) : "none", use.full_days);
  CHECK(
      figures ==
      ": 2 agents, 3 numbers, 19 a day; 40 on 3 days, 14 connected, 19 on 2026-03-01, 2 full\n"
      "ann@example.com: 1 agents, 2 numbers, 15 a day; 18 on 2 days, 7 connected, 15 on 2026-03-01, 1 full\n"
      "bob@example.com: 1 agents, 1 numbers, 4 a day; 22 on 3 days, 7 connected, 16 on 2026-03-03, 2 full\n"
      "+12025550100: 1 agents, 1 numbers, 10 a day; 13 on 2 days, 5 connected, 10 on 2026-03-01, 1 full\n"
      "+12025550101: 1 agents, 1 numbers, 5 a day; 5 on 1 days, 2 connected, 5 on 2026-03-01, 1 full\n"
      "+12025550102: 1 agents, 1 numbers, 4 a day; 8 on 2 days, 5 connected, 4 on 2026-03-01, 2 full\n"
      "+12025550103: 0 agents, 0 numbers, 0 a day; 14 on 2 days, 2 connected, 12 on 2026-03-03, 0 full\n");
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
