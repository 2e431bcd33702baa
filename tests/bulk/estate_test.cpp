// A whole estate planned and applied, on both engines.
#include "bulk/estate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bulk/adapters.hpp"
#include "bulk/imports.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Lines;

namespace {

/// Sections in no order that would do, on lines of their own.
constexpr const char* k_office = R"({
"extensions": [{"extension": "101", "user": "ann@example.com"}],
"assignments": [{"phone_number": "+12025550123", "agent": "ann@example.com", "daily_limit": 25}],
"users": [{"email": "ann@example.com", "team": "Sales"},
{"email": "sam@example.com", "role": "supervisor"}],
"teams": [{"name": "Sales", "supervisor": "sam@example.com"}, {"name": "Night"}],
"numbers": [{"phone_number": "+12025550123", "label": "Sales"}],
"schema": 1})";

struct Applied : test::Imports {
  using Imports::Imports;

  EstateFile estate(std::string_view text) { return read_estate_file(file(text, "estate.json"), cancel); }
  std::vector<EstateStep> plan(const EstateFile& estate) {
    clock.advance(std::chrono::seconds(1));
    const auto target = [&](bool writes) -> Target {
      CHECK_FALSE(writes);
      return {session(), workspace};
    };
    return plan_estate(estate, {}, target, cancel, progress);
  }
  /// The jobs of the steps that change anything, in their order.
  std::vector<base::Uuid> apply(const EstateFile& estate) {
    std::vector<base::Uuid> jobs;
    for (const auto& step : plan(estate)) {
      if (!step.changes()) continue;
      const auto report = apply_step(step, {session(), workspace}, cancel, progress);
      CHECK(test::text_of(report.counts) == test::text_of(step.report.counts));
      jobs.push_back(report.job.value());
    }
    return jobs;
  }
  std::vector<std::int64_t> all_sizes() {
    auto counts = sizes();
    for (const auto* table : {"teams", "users", "user_extensions", "agent_phone_numbers"})
      counts.push_back(count(table));
    return counts;
  }
};

/// "teams (bare): rows 2 new 2"
Lines texts_of(const std::vector<EstateStep>& steps) {
  Lines lines;
  for (const auto& step : steps)
    lines.push_back(
        fmt::format("{}{}: {}", step.noun, step.bare ? " (bare)" : "", test::text_of(step.report.counts)));
  return lines;
}

Lines problems_of(const std::vector<EstateStep>& steps) {
  Lines lines;
  for (const auto& step : steps)
    for (const auto& problem : step.report.problems)
      if (!step.bare) lines.push_back(fmt::format("{} {} {}", step.noun, problem.code, problem.column));
  return lines;
}

}  // namespace

TEST_CASE("a plan judges rows by what earlier sections make, and writes nothing", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto before = a.all_sizes();
  CHECK(texts_of(a.plan(a.estate(k_office))) ==
        Lines{"numbers: rows 1 new 1", "teams (bare): rows 2 new 2", "users: rows 2 new 2",
              "teams: rows 2 updated 1 same 1", "assignments: rows 1 new 1", "extensions: rows 1 new 1"});
  CHECK(a.all_sizes() == before);
}

TEST_CASE("an estate that was applied is in line with its file: nothing changes, and nothing is written down",
          "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto estate = a.estate(k_office);
  const auto jobs = a.apply(estate);
  CHECK(jobs.size() == 6);
  CHECK(a.job(jobs[0]).kind == "numbers.import");
  CHECK(a.job(jobs[2]).input_name == "users in " + estate.name);
  CHECK_FALSE(a.audit_verdict().broken_at);
  const auto after = a.all_sizes();
  CHECK(a.apply(estate).empty());
  CHECK(a.all_sizes() == after);
  CHECK(texts_of(a.plan(estate)) == Lines{"numbers: rows 1 same 1", "teams: rows 2 same 2",
                                          "users: rows 2 same 2", "assignments: rows 1 same 1",
                                          "extensions: rows 1 same 1"});
}

TEST_CASE("rows that the file does not name stay, and keys it leaves out keep what is there", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  a.apply(a.estate(k_office));
  const auto jobs =
      a.apply(a.estate(R"({"schema": 1, "numbers": [{"phone_number": "+12025550123", "provider": "telnyx"},
                           {"phone_number": "+12025550124"}]})"));
  CHECK(jobs.size() == 1);
  CHECK(a.numbers() ==
        Lines{"+12025550123|telnyx|US|Sales|active|| v2", "+12025550124|twilio|US||active|| v1"});
  CHECK(a.count("users") == 2);
}

TEST_CASE("teams whose supervisors are there are made at once, and taken back as one", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  a.apply(a.estate(R"({"schema": 1, "users": [{"email": "sam@example.com", "role": "supervisor"}]})"));
  const auto estate = a.estate(k_office);
  CHECK(texts_of(a.plan(estate)) == Lines{"numbers: rows 1 new 1", "teams: rows 2 new 2",
                                          "users: rows 2 new 1 same 1", "assignments: rows 1 new 1",
                                          "extensions: rows 1 new 1"});
  const auto jobs = a.apply(estate);
  REQUIRE(jobs.size() == 5);
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    const auto adapter = adapter_for_job(a.job(*job).kind);
    const auto undone = undo_import(a.session(), a.workspace, *adapter, job->text(), false);
    CHECK(undone.removed == (adapter->noun() == "teams" ? 2 : 1));
  }
  CHECK(a.count("teams") == 0);
  CHECK(a.count("users") == 1);
}

TEST_CASE("rows that are wrong are found in every section at once", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto before = a.all_sizes();
  const auto steps = a.plan(a.estate(R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123"},
            {"phone_number": "+1202"}],
"users": [{"email": "ann@example.com"}],
"teams": [{"name": "Sales", "supervisor": "who@example.com"}],
"extensions": [{"extension": "101", "user": "ann@example.com"},
               {"extension": "102", "user": "bob@example.com"}]})"));
  CHECK(problems_of(steps) == Lines{"numbers bad_number phone_number", "teams unknown_user supervisor",
                                    "extensions unknown_user user"});
  CHECK(a.all_sizes() == before);
}

TEST_CASE("a key that no noun has is refused with its section", "[bulk]") {
  Applied a(test::engines().front());
  const auto error = test::error_of(
      [&] { a.plan(a.estate(R"({"schema": 1, "users": [{"email": "ann@example.com", "rol": "agent"}]})")); });
  REQUIRE(error);
  CHECK(error->slug() == "import.unknown_column");
  CHECK(error->message().starts_with("users in "));
  CHECK(error->message().ends_with("unknown column \"rol\""));
  CHECK(error->hint() == "rename it in the file, or take it out");
}
