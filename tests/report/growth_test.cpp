// Every statement of this room finds its rows of the tables that grow by an index: the log of statements,
// explained by the engine itself.

#include "report/ledger.hpp"
#include "support/catch.hpp"
#include "support/query_plans.hpp"

using namespace ringctl;
using report::By;
using test::Ledger;
using test::utc;

namespace {

constexpr By k_all[] = {By::nothing, By::agent, By::team,  By::number,  By::hour,    By::weekday,
                        By::week,    By::day,   By::month, By::country, By::outcome, By::rule};

const std::set<std::string> k_growing = {"calls",      "c", "call_attempts", "a",
                                         "recordings", "r", "call_tallies"};

bool explainable(const std::string& sql) {
  return sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE");
}

bool counts_calls(const std::string& sql) { return sql.find("c.started_at >= $2") != std::string::npos; }

void ask_everything(Ledger& f) {
  f.taken(utc("2026-03-05T10:00:00"));
  f.taken(utc("2026-03-08T10:00:00"));
  f.keep(0, true);
  report::differing_days(f.db(), f.workspace);
  for (const auto by : k_all) {
    f.ask({.period = test::days_of(base::Zone::utc(), "2026-03-05", "2026-03-09"), .by = by});
    f.ask({.period = test::days_of(base::Zone::utc(), "2026-03-08", "2026-03-09"), .by = by});
  }
}

}  // namespace

TEST_CASE("no report reads a whole table that grows with the calls", "[report]") {
  Ledger f(GENERATE(from_range(test::engines())));
  const auto statements = test::statements_of([&] { ask_everything(f); });
  int explained = 0, counting = 0;
  for (const auto& sql : statements) {
    if (!explainable(sql)) continue;
    const auto plan = test::plan_of(f, sql);
    INFO(sql << "\n" << plan);
    CHECK(test::whole_reads(plan, k_growing).empty());
    ++explained;
    if (!counts_calls(sql)) continue;
    ++counting;
    CHECK(plan.find("idx_calls_started") != std::string::npos);
    // Legs and recordings by their call, never all there are.
    CHECK(plan.find("idx_call_attempts_user") == std::string::npos);
    CHECK(plan.find("idx_call_attempts_live") == std::string::npos);
  }
  CHECK(explained > 25);
  CHECK(counting > 20);
}
