#include "sync/numbers.hpp"

#include "jobs/journal.hpp"
#include "support/catch.hpp"
#include "sync/desk.hpp"

using namespace ringctl;
using sync::SyncVerdict;
using Desk = test::NumberDesk;
using Texts = std::vector<std::string>;

namespace {

Texts told(const sync::SyncPlan& plan) {
  Texts all;
  for (const auto& item : plan.items)
    all.push_back(std::string(verdict_name(item.verdict)) + " " + item.phone_number + " " + item.differs);
  return all;
}

sync::SyncPlan plan(Desk& f) { return sync::plan_sync(*f.account, f.wanted()); }

}  // namespace

TEST_CASE("a plan tells what the account and the workspace say differently", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  for (const auto* number : {"+12025550101", "+12025550102", "+12025550103"}) f.box.add_number(number);
  f.add("+12025550102");
  f.add("+12025550104");
  f.add("+442079460123", {.provider = "telnyx"});
  f.add_elsewhere("+12025550103");
  const auto planned = plan(f);
  CHECK(told(planned) == Texts{"add +12025550101 ",
                               "adopt +12025550102 sid|account_sid|capabilities|webhook_status",
                               "missing +12025550104 missing_since", "foreign +12025550103 workspace"});
  CHECK(planned.at_twilio == 3);
  CHECK(planned.counts[static_cast<std::size_t>(SyncVerdict::elsewhere)] == 1);
  CHECK(planned.has_work());
}

TEST_CASE("what was applied is the same the next time, and Twilio was told nothing", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto sid = f.box.add_number("+12025550101");
  f.add("+12025550104");
  const auto report = sync::apply_sync(*f.account, plan(f));
  CHECK(report.job.has_value());
  CHECK(f.row("+12025550101").sid == sid);
  CHECK(f.row("+12025550101").account_sid == f.client.account_sid());
  CHECK(f.row("+12025550101").webhook_status == "unset");
  CHECK(f.row("+12025550104").missing_since.has_value());
  const auto again = plan(f);
  CHECK_FALSE(again.has_work());
  CHECK(again.differs());  // until the missing number is dealt with
  CHECK_FALSE(sync::apply_sync(*f.account, again).job.has_value());
  CHECK(f.box.ledger().empty());
}

TEST_CASE("a plan whose rows moved on is refused whole", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.box.add_number("+12025550101");
  f.box.add_number("+12025550102");
  f.add("+12025550102");
  const auto planned = plan(f);
  f.numbers().update(phone::E164::parse("+12025550102"), {.label = "Sales"});
  CHECK(test::slug_of([&] { sync::apply_sync(*f.account, planned); }) == "sync.stale_plan");
  CHECK_FALSE(f.numbers().find("+12025550101").has_value());
  CHECK(f.row("+12025550102").sid.empty());
}

TEST_CASE("a number that somebody added meanwhile refuses the plan as well", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.box.add_number("+12025550101");
  const auto planned = plan(f);
  f.add("+12025550101", {.label = "Sales"});
  CHECK(test::slug_of([&] { sync::apply_sync(*f.account, planned); }) == "sync.stale_plan");
  CHECK(f.row("+12025550101").label == "Sales");
}

TEST_CASE("a missing number that is there again is found again", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.add("+12025550101");
  sync::apply_sync(*f.account, plan(f));
  f.box.add_number("+12025550101");
  const auto planned = plan(f);
  REQUIRE(planned.items.size() == 1);
  CHECK(planned.items[0].differs.ends_with("missing_since"));
  sync::apply_sync(*f.account, planned);
  CHECK_FALSE(f.row("+12025550101").missing_since.has_value());
  CHECK_FALSE(plan(f).differs());
}

TEST_CASE("a number that is here at another provider, or as another account's, is left alone", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.box.add_number("+12025550101");
  f.box.add_number("+12025550102");
  f.add("+12025550101", {.provider = "telnyx"});
  f.add("+12025550102");
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET account_sid = $1 WHERE phone_number = '+12025550102'",
                {"ACffffffffffffffffffffffffffffffff"});
  });
  const auto planned = plan(f);
  CHECK(told(planned) == Texts{"foreign +12025550101 provider", "foreign +12025550102 account_sid"});
  CHECK_FALSE(planned.has_work());
  CHECK_FALSE(planned.differs());
}

TEST_CASE("each of very many changed numbers stands in the job, in its line", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  constexpr int k_many = 1100;  // more than are written together
  f.box.add_numbers(k_many);
  sync::apply_sync(*f.account, plan(f));
  f.write([&] { f.db().exec("UPDATE phone_numbers SET sid = NULL"); });
  const auto report = sync::apply_sync(*f.account, plan(f));
  REQUIRE(report.job);
  CHECK(report.done[static_cast<std::size_t>(SyncVerdict::adopt)] == k_many);
  std::int64_t lines = 0;
  f.write([&] {
    jobs::Journal(f.db(), f.clock, f.workspace).for_each_row(*report.job, [&](const jobs::JobRow& row) {
      CHECK(row.line == ++lines);
      CHECK(row.code == "adopt");
    });
  });
  CHECK(lines == k_many);
  CHECK_FALSE(plan(f).has_work());
}
