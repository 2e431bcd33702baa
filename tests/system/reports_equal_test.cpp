// Every report over a generated call log: the same bytes on both engines, counted or out of days that were
// kept, and ten answers that an independent script counts out of the log's files. 20,000 calls; a million
// with RINGCTL_TEST_FULL.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "db/transaction.hpp"
#include "system/logged_office.hpp"

using namespace ringctl;
using test::CallLog;
using test::LoggedOffice;
using Json = nlohmann::json;
using Arguments = test::Machine::Arguments;

namespace {

// From summer to winter time; what went before is held against it.
const std::string k_since = "2024-08-01", k_until = "2024-11-05";
// Neither end at a midnight, over the night in spring that is an hour short.
const std::string k_ragged_since = "2024-03-05T18:30:00Z", k_ragged_until = "2024-03-11T13:15:30Z";

/// A quotient that was rounded as its column is: averages to whole seconds, shares to four places.
bool is_quotient(const Json& cell, const Json& expected, const std::string& column) {
  if (!cell.is_number()) return false;
  const auto exact = expected.at(0).get<double>() / expected.at(1).get<double>();
  const double half_a_step = column.ends_with("_s") ? 0.5 : 0.00005;
  return std::abs(cell.get<double>() - exact) <= half_a_step + 1e-9;
}

bool is_row(const Json& row, const Json& expected) {
  for (const auto& [column, value] : expected.items()) {
    const auto& cell = row.at(column);
    if (value.is_array() ? !is_quotient(cell, value, column) : cell != value) return false;
  }
  return true;
}

/// What of the answer is not as counted; "" = nothing.
std::string difference(const Json& rows, const Json& answer) {
  const auto& expected = answer.at("rows");
  if (answer.at("complete") == true && rows.size() != expected.size())
    return fmt::format("{} rows instead of {}", rows.size(), expected.size());
  std::size_t at = 0;
  for (const auto& wanted : expected) {
    // In the same order, maybe with others in between.
    const auto is_its = [&](const Json& row) {
      const auto* name = wanted.contains("key") ? "key" : wanted.contains("unit") ? "unit" : nullptr;
      return name == nullptr || row.at(name) == wanted.at(name);
    };
    while (at < rows.size() && !is_its(rows[at])) ++at;
    if (at == rows.size()) return "missing, or at another place: " + wanted.dump();
    if (!is_row(rows[at], wanted)) return rows[at].dump() + " where this was counted: " + wanted.dump();
  }
  return "";
}

void hold_against_script(const LoggedOffice& office, const CallLog& log) {
  const auto answers = Json::parse(test::run_fixture(
      "count_calls.py", {log.folder.path().string(), "--since", k_since, "--until", k_until}));
  REQUIRE(answers.size() == 10);
  for (const auto& answer : answers) {
    INFO(answer.at("question"));
    REQUIRE_FALSE(answer.at("rows").empty());
    CHECK(difference(office.json(answer.at("arguments").get<Arguments>()), answer) == "");
  }
}

/// Every report by everything it can be put together by, over both periods, in a text format and in JSON.
std::vector<Arguments> all_reports() {
  const std::vector<std::string> everything{"agent", "team",  "number",  "hour",    "weekday", "day",
                                            "week",  "month", "country", "outcome", "rule"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> verbs{
      {"calls", everything},
      {"usage", everything},
      {"costs", everything},
      {"leaderboard", {"agent", "team"}},
      {"capacity", {"workspace", "agent", "number"}},
      {"agents", {}},
      {"numbers", {}},
      {"daily", {}}};
  std::vector<Arguments> all;
  const auto add = [&](Arguments report) {
    for (const auto& [since, until] :
         {std::pair(k_since, k_until), std::pair(k_ragged_since, k_ragged_until)}) {
      auto asked = report;
      asked.insert(asked.end(),
                   {"--since", since, "--until", until, "-o", all.size() % 2 == 0 ? "csv" : "jsonl"});
      all.push_back(std::move(asked));
    }
  };
  for (const auto& [verb, bys] : verbs) {
    add({"reports", verb});
    for (const auto& by : bys) add({"reports", verb, "--by", by});
  }
  add({"reports", "calls", "--no-compare"});
  add({"reports", "leaderboard", "--metric", "talk_s"});
  add({"reports", "daily", "--tz", "Asia/Kathmandu"});  // no whole hour from UTC; no day of it is kept
  return all;
}

std::vector<std::string> answers_of(const LoggedOffice& office) {
  std::vector<std::string> answers;
  for (const auto& report : all_reports()) answers.push_back(office.ok(report));
  return answers;
}

/// Pages, up to their foot, which says when they were made.
std::vector<std::string> pages_of(const LoggedOffice& office) {
  std::vector<std::string> pages;
  for (const std::string verb : {"agents", "leaderboard", "daily", "costs"}) {
    const auto page = office.ok({"reports", verb, "--since", k_since, "--until", k_until, "-o", "html"});
    const auto foot = page.rfind("<footer");
    REQUIRE(foot != std::string::npos);
    pages.push_back(page.substr(0, foot));
  }
  return pages;
}

void hold_against(const std::vector<std::string>& answers, const std::vector<std::string>& others) {
  const auto reports = all_reports();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    std::string line;
    for (const auto& word : reports[i]) line.append(" ").append(word);
    INFO("ringctl" << line << "\n" << answers[i].substr(0, 2000) << "\n" << others[i].substr(0, 2000));
    CHECK((answers[i] == others[i]));
    // A report of nothing would be equal, too. Nobody may call from these numbers: there is no capacity.
    if (reports[i].back() == "csv" && reports[i].at(1) != "capacity")
      CHECK(std::count(answers[i].begin(), answers[i].end(), '\n') >= 2);
  }
}

std::int64_t kept_days(LoggedOffice& office) {
  auto& db = office.database.connection();
  db::Transaction transaction(db, db::Scope::of(office.loaded.workspace), db::Access::read);
  return db.integer("SELECT count(*) FROM call_days WHERE workspace_id = $1", {office.loaded.workspace})
      .value();
}

/// SID of a call in the middle of the period whose outcome nobody noted; the same on both engines.
std::string call_to_change(LoggedOffice& office) {
  auto& db = office.database.connection();
  db::Transaction transaction(db, db::Scope::of(office.loaded.workspace), db::Access::read);
  return db
      .text(
          "SELECT call_sid FROM calls WHERE workspace_id = $1 AND started_at >= $2 AND started_at < $3 AND "
          "answered_at IS NOT NULL AND outcome IS NULL ORDER BY started_at, id LIMIT 1",
          {office.loaded.workspace, base::parse_utc("2024-09-10T12:00:00.000Z"),
           base::parse_utc("2024-09-20T12:00:00.000Z")})
      .value();
}

}  // namespace

TEST_CASE("ten answers of the reports are what an independent script counts", "[system][reports][slow]") {
  const CallLog log(600);
  const LoggedOffice office(GENERATE(from_range(test::engines())), log);
  hold_against_script(office, log);
}

TEST_CASE("a large log gives the same reports on both engines, counted or kept", "[system][reports][slow]") {
  const CallLog log(test::full_size() ? 1'000'000 : 20'000);
  std::vector<std::string> first, first_pages;
  for (const auto engine : test::engines()) {
    LoggedOffice office(engine, log);
    const auto counted = answers_of(office), pages = pages_of(office);
    if (first.empty()) {
      first = counted;
      first_pages = pages;
    }
    INFO(db::engine_name(engine));
    hold_against(counted, first);
    CHECK((pages == first_pages));
    hold_against_script(office, log);

    REQUIRE(kept_days(office) == 0);
    office.ok({"reports", "refresh"});
    CHECK(kept_days(office) >= 365);
    hold_against(answers_of(office), first);
    CHECK((pages_of(office) == first_pages));
    hold_against_script(office, log);
  }
}

TEST_CASE("a call that changes is in the next report, though its day was kept", "[system][reports][slow]") {
  const CallLog log(5'000);
  std::string first;
  for (const auto engine : test::engines()) {
    LoggedOffice office(engine, log);
    office.ok({"reports", "refresh"});
    const Arguments by_outcome{"reports", "calls", "--by", "outcome", "--since", k_since, "--until", k_until};
    const auto wrong_numbers = [&] {
      for (const auto& row : office.json(by_outcome))
        if (row.at("key") == "wrong_number") return row.at("calls").get<int>();
      return 0;
    };
    const auto before = wrong_numbers();
    const auto days = kept_days(office);
    office.ok({"calls", "outcome", call_to_change(office), "wrong_number"});
    CHECK(kept_days(office) == days - 1);
    CHECK(wrong_numbers() == before + 1);
    const auto now = office.ok(by_outcome);
    if (first.empty()) first = now;
    CHECK(now == first);
    office.ok({"reports", "refresh"});
    CHECK(kept_days(office) == days);
    CHECK(office.ok(by_outcome) == first);
  }
}
