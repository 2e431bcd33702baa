// A whole estate planned and applied, on both engines.
#include "bulk/estate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
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
  std::vector<EstateStep> plan(const EstateFile& estate, const EstateOptions& options = {}) {
    clock.advance(std::chrono::seconds(1));
    const auto target = [&](bool writes) -> Target {
      CHECK_FALSE(writes);
      return {session(), workspace};
    };
    return plan_estate(estate, options, target, cancel, progress);
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

/// "users ann@example.com update: name >Ann, team Sales>"
Lines changes_of(std::vector<EstateStep>& steps) {
  Lines lines;
  for (auto& step : steps) {
    const auto columns = adapter_of(step.noun);
    step.report.changes.for_each([&](const RowChange& change) {
      Lines fields;
      for (const auto& field : change.fields)
        fields.push_back(
            fmt::format("{} {}>{}", columns->columns()[field.column].name, field.before, field.after));
      lines.push_back(fmt::format("{} {} {}{}{}", step.noun, records::shown_key(change.key),
                                  action_name(change.action), fields.empty() ? "" : ": ",
                                  base::join(fields, ", ")));
      return true;
    });
  }
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

TEST_CASE("a plan tells of each row that is made or changed, and what in it; of those that stay if asked to",
          "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  auto steps = a.plan(a.estate(k_office));
  CHECK(changes_of(steps) == Lines{"numbers +12025550123 new: label >Sales", "teams Night new",
                                   "teams Sales new", "users ann@example.com new: team >Sales",
                                   "users sam@example.com new: role >supervisor",
                                   "teams Sales update: supervisor >sam@example.com",
                                   "assignments +12025550123 ann@example.com new: daily_limit >25",
                                   "extensions 101 new: user >ann@example.com"});
  a.apply(a.estate(k_office));
  const auto changed = a.estate(R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123", "label": null}],
"users": [{"email": "ann@example.com", "team": "Night"},
{"email": "sam@example.com", "role": "supervisor"}]})");
  steps = a.plan(changed);
  CHECK(changes_of(steps) ==
        Lines{"numbers +12025550123 update: label Sales>", "users ann@example.com update: team Sales>Night"});
  steps = a.plan(changed, {.reading = {}, .told = Told::all});
  CHECK(changes_of(steps) == Lines{"numbers +12025550123 update: label Sales>",
                                   "users ann@example.com update: team Sales>Night",
                                   "users sam@example.com same"});
  steps = a.plan(changed, {.reading = {}, .told = Told::none});
  CHECK(changes_of(steps).empty());
}

TEST_CASE("what an applied step tells is what was planned", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto estate = a.estate(k_office);  // its sections are read as long as it is there
  auto steps = a.plan(estate);
  const auto planned = changes_of(steps);
  for (auto& step : steps) step.report = apply_step(step, {a.session(), a.workspace}, a.cancel, a.progress);
  CHECK(changes_of(steps) == planned);
}

TEST_CASE("rows that are out of use and would be in use again are told apart, and the other way round",
          "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto office = [](const std::string& in_use, const std::string& status) {
    return fmt::format(R"({{"schema": 1,
"numbers": [{{"phone_number": "+12025550124", "status": "{1}"}}],
"users": [{{"email": "ann@example.com", "is_active": {0}}}, {{"email": "bob@example.com"}}],
"pools": [{{"phone_number": "+12025550124", "user": "bob@example.com", "sms_access_enabled": {0}}}],
"rules": [{{"name": "Day", "ring": [{{"user": "bob@example.com"}}], "enabled": {0}}}]}})",
                       in_use, status);
  };
  a.apply(a.estate(office("true", "active")));
  const auto away = a.estate(office("false", "inactive"));
  auto steps = a.plan(away);
  CHECK(changes_of(steps) == Lines{"numbers +12025550124 deactivate: status active>inactive",
                                   "users ann@example.com deactivate: is_active yes>no",
                                   "pools +12025550124 bob@example.com deactivate: sms_access_enabled yes>no",
                                   "rules Day deactivate: enabled yes>no"});
  a.apply(away);
  steps = a.plan(a.estate(office("true", "active")));
  CHECK(changes_of(steps) == Lines{"numbers +12025550124 activate: status inactive>active",
                                   "users ann@example.com activate: is_active no>yes",
                                   "pools +12025550124 bob@example.com activate: sms_access_enabled no>yes",
                                   "rules Day activate: enabled no>yes"});
  CHECK(steps[1].report.changes.count(RowAction::activate) == 1);
}

TEST_CASE(
    "a row that only has no effect as things are goes into an estate with a warning, and into no import",
    "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto estate = a.estate(R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123", "status": "inactive"}],
"users": [{"email": "ann@example.com"}, {"email": "bob@example.com", "is_active": false}],
"assignments": [{"phone_number": "+12025550123", "agent": "ann@example.com"}],
"rules": [{"name": "Night", "ring": [{"user": "bob@example.com"}]},
          {"name": "Early", "ring": [{"user": "ann@example.com"}]}]})");
  Lines warnings;
  for (const auto& step : a.plan(estate))
    for (const auto& warning : step.report.warnings)
      warnings.push_back(fmt::format("{} {} {}", step.noun, warning.key, warning.code));
  CHECK(warnings == Lines{"assignments +12025550123\x1f"
                          "ann@example.com number_inactive",
                          "rules Night agent_inactive"});
  CHECK(a.apply(estate).size() == 4);
  CHECK(a.apply(estate).empty());
  a.adapter = adapter_of("rules");
  ImportOptions options;
  options.intake.path = a.file(R"({"name": "Third", "ring": [{"user": "bob@example.com"}]})", "rules.jsonl");
  CHECK(test::text_of(a.run(options).counts) == "rows 1 invalid 1");
}

TEST_CASE("a rule that names what is not there goes into an estate where that is asked for", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto estate = a.estate(R"({"schema": 1, "rules": [{"name": "Gone", "ring": [{"team": "Night"}]}]})");
  auto steps = a.plan(estate);
  CHECK(test::text_of(steps.at(0).report.counts) == "rows 1 invalid 1");
  CHECK(steps.at(0).report.dangling == 1);
  EstateOptions options;
  options.accept_dangling = true;
  steps = a.plan(estate, options);
  CHECK(steps.at(0).report.warnings.at(0).code == "unknown_team");
  CHECK(apply_step(steps.at(0), {a.session(), a.workspace}, a.cancel, a.progress).outcome == Errc::ok);
  CHECK(a.apply(estate).empty());
}

TEST_CASE("a step that another writer came before is refused, and what was applied stays", "[bulk]") {
  Applied a(GENERATE(from_range(test::engines())));
  const auto estate = a.estate(k_office);
  const auto steps = a.plan(estate);
  for (const auto& step : steps) {
    if (step.noun == "assignments")
      a.exec("UPDATE users SET is_active = FALSE WHERE email = $1", {"ann@example.com"});
    const auto report = apply_step(step, {a.session(), a.workspace}, a.cancel, a.progress);
    const bool refused = step.noun == "assignments" || step.noun == "extensions";
    CHECK(report.job.has_value() != refused);
    CHECK((report.outcome == Errc::ok) != refused);
    if (refused) CHECK(report.problems.at(0).code == "agent_inactive");
  }
  CHECK(a.count("users") == 2);
  CHECK(a.count("agent_phone_numbers") == 0);
}
