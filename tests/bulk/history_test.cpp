// Which jobs had to do with a number.

#include "bulk/history.hpp"

#include "bulk/imports.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::Imports;

TEST_CASE("the jobs of a number are the one that made it and those that changed or refused it",
          "[bulk][history]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto made = *i.import("+12025550101\n+12025550102\n").job;
  const auto changed = *i.import("+12025550101,telnyx\n").job;
  i.import("+12025550109\n");
  auto options = test::with(bulk::OnConflict::fail);
  options.allowance = bulk::parse_allowance("1");
  const auto refused = *i.import("+12025550101,bobtel\n+12025550110\n", options).job;

  auto jobs = i.read([&] { return bulk::jobs_touching(i.db(), i.workspace, "+12025550101"); });
  std::sort(jobs.begin(), jobs.end());
  CHECK(jobs == std::vector{made, changed, refused});
  CHECK(i.read([&] { return bulk::jobs_touching(i.db(), i.workspace, "+12025550108"); }).empty());
  const auto other = i.database.add_workspace("other");
  CHECK(i.read([&] { return bulk::jobs_touching(i.db(), other, "+12025550101"); }).empty());
}
