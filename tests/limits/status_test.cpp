#include "limits/status.hpp"

#include "limits/office.hpp"
#include "limits/reset.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using limits::CapacityBy;
using test::k_ann;
using test::k_from;
using test::Office;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

struct Floor : Office {
  explicit Floor(db::Engine engine) : Office(engine) {}
  std::vector<limits::Status> status(const limits::StatusFilter& filter = {}) {
    std::vector<limits::Status> all;
    limits::for_each_status(session(), workspace, filter,
                            [&](const limits::Status& one) { all.push_back(one); });
    return all;
  }
  std::vector<limits::Capacity> capacity(CapacityBy by) {
    std::vector<limits::Capacity> all;
    limits::for_each_capacity(session(), workspace, by,
                              [&](const limits::Capacity& one) { all.push_back(one); });
    return all;
  }
};

}  // namespace

TEST_CASE("the status says what is used and what is left, of today", "[limits]") {
  Floor f(any_engine());
  f.ann(3);
  f.assign(f.agent("bob@example.com"), f.number("+12025550101"), 5);
  f.reserve();
  f.clock.advance(std::chrono::hours(24));
  f.reserve();
  f.reserve();
  const auto all = f.status();
  REQUIRE(all.size() == 2);
  CHECK(all[0].agent == k_ann);
  CHECK(all[0].phone_number == k_from);
  CHECK(all[0].daily_limit == 3);
  CHECK(all[0].used == 2);
  CHECK(all[0].left() == 1);
  CHECK(all[0].last_day == base::parse_day("2026-03-09"));
  CHECK(all[0].day == base::parse_day("2026-03-09"));
  CHECK(all[0].callable);
  CHECK(all[1].used == 0);
  CHECK_FALSE(all[1].last_day);
  CHECK(f.status({.agent = "BOB@example.com"}).size() == 1);
  CHECK(f.status({.phone_number = k_from}).size() == 1);
  CHECK(f.status({.agent = k_ann, .phone_number = "+12025550101"}).empty());
}

TEST_CASE("ten agents with five numbers of 200 calls come to 10,000 a day", "[limits]") {
  Floor f(any_engine());
  for (int agent = 0; agent < 10; ++agent) {
    const auto id = f.agent(agent == 0 ? k_ann : fmt::format("agent{}@example.com", agent));
    for (int number = 0; number < 5; ++number)
      f.assign(id, f.number(fmt::format("+120255501{:02}", agent * 5 + number)), 200);
  }
  f.reserve();
  const auto whole = f.capacity(CapacityBy::workspace);
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].agents == 10);
  CHECK(whole[0].numbers == 50);
  CHECK(whole[0].capacity == 10'000);
  CHECK(whole[0].used == 1);
  CHECK(whole[0].left == 9'999);
  const auto agents = f.capacity(CapacityBy::agent);
  REQUIRE(agents.size() == 10);
  CHECK(agents.back().key == k_ann);
  CHECK(agents.back().capacity == 1'000);
  CHECK(agents.back().left == 999);
  CHECK(f.capacity(CapacityBy::number).size() == 50);
}

TEST_CASE("what cannot call is no capacity", "[limits]") {
  Floor f(any_engine());
  f.ann();
  f.exec("UPDATE phone_numbers SET status = 'inactive'");
  const auto whole = f.capacity(CapacityBy::workspace);
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].capacity == 0);
  CHECK(f.capacity(CapacityBy::agent).empty());
  CHECK_FALSE(f.status()[0].callable);
}
