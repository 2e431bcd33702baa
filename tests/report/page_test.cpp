#include "report/page.hpp"

#include <fmt/format.h>

#include "report/python.hpp"
#include "support/contains.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::report;
using ringctl::report::test::read_page;
using ringctl::test::contains;

namespace {

const base::Zone k_new_york = base::Zone::parse("America/New_York");

/// So many inbound calls, of which some were answered for two minutes each.
Tally tally_of(std::int64_t calls, std::int64_t answered) {
  Tally t;
  t.inbound = calls;
  t.answered = t.answered_soon = t.talked = answered;
  t.missed = t.abandoned = calls - answered;
  t.talk_in_s = 120 * answered;
  return t;
}

/// As ask() would answer for 2026-03-07 and 2026-03-08 in New York.
Answer answer_of(By by) {
  Answer answer;
  answer.question.by = by;
  answer.question.period = {base::parse_utc("2026-03-07T05:00:00.000Z"),
                            base::parse_utc("2026-03-09T04:00:00.000Z")};
  answer.before = {base::parse_utc("2026-03-05T05:00:00.000Z"), base::parse_utc("2026-03-07T05:00:00.000Z")};
  return answer;
}

void add(Answer& answer, const std::string& key, const std::string& name, const Tally& now,
         const Tally& before = {}) {
  Row row;
  row.key = key;
  row.name = name;
  row.now = now;
  row.before = before;
  row.trend = {now.calls(), 0};
  answer.rows.push_back(row);
  answer.total.now += now;
  answer.total.before += before;
}

Answer days_of(std::int64_t count) {
  auto answer = answer_of(By::day);
  const auto first = std::chrono::sys_days{std::chrono::year{2026} / 3 / 7};
  for (std::int64_t i = 0; i < count; ++i)
    add(answer, base::format_day(std::chrono::year_month_day(first + std::chrono::days(i))), "",
        tally_of(40 + i % 9, 30));
  return answer;
}

Answer hours() {
  auto answer = answer_of(By::hour);
  for (int i = 0; i < 24; ++i) add(answer, fmt::format("{:02}", i), "", tally_of(i, i / 2));
  return answer;
}

Answer agents() {
  auto answer = answer_of(By::agent);
  add(answer, "ann@example.com", "Ann <b>Baker</b>", tally_of(20, 15), tally_of(10, 5));
  add(answer, "bob@example.com", "דנה", tally_of(5, 5), tally_of(10, 10));
  add(answer, "", "", tally_of(3, 0));
  answer.rows[0].costs = answer.total.costs = {{"", 1, 1, 0}, {"USD", 19, 40, 1'250'000}};
  return answer;
}

PageOptions options_of(bool ranked = false) {
  PageOptions options;
  options.title = "Calls by agent";
  options.workspace = "Acme & Sons";
  options.version = "0.1.0";
  options.made_at = base::parse_utc("2026-03-09T12:00:00.000Z");
  options.zone = k_new_york;
  options.metrics = {"connected", "calls", "connection_rate", "average_talk_s", "cost"};
  options.ranked = ranked;
  return options;
}

std::string page_of(const PageOptions& options, const Answer& answer, const Answer& days) {
  std::string out;
  write_page([&](std::string_view text) { out.append(text); }, options, answer, days, hours());
  return out;
}

}  // namespace

TEST_CASE("a period reads as days where its ends are days', else with the hour", "[report]") {
  const auto text = [](const char* since, const char* until) {
    return period_text({base::parse_utc(since), base::parse_utc(until)}, k_new_york);
  };
  CHECK(text("2026-03-07T05:00:00.000Z", "2026-03-09T04:00:00.000Z") == "2026-03-07 to 2026-03-08");
  CHECK(text("2026-03-08T05:00:00.000Z", "2026-03-09T04:00:00.000Z") == "2026-03-08");
  CHECK(text("2026-03-07T05:00:00.000Z", "2026-03-08T16:00:00.000Z") == "2026-03-07 to 2026-03-08 12:00");
  CHECK(text("2026-03-07T06:30:00.000Z", "2026-03-08T05:00:00.000Z") == "2026-03-07 01:30 to 2026-03-07");
}

TEST_CASE("figures read as people write them", "[report]") {
  const auto tally = tally_of(12'040, 9'030);
  CHECK(metric_text(tally, "calls") == "12,040");
  CHECK(metric_text(tally, "connection_rate") == "75.0 %");
  CHECK(metric_text(tally, "average_talk_s") == "2m");
  CHECK(metric_text({}, "service_level") == "–");
  CHECK(metric_text(tally_of(1, 1), "talk_s") == "2m");
  Tally long_talk = tally_of(1, 1);
  long_talk.talk_in_s = 3 * 3600 + 59;
  CHECK(metric_text(long_talk, "talk_s") == "3h1m");
  CHECK(ringctl::test::slug_of([] { metric_text({}, "cost"); }) == "reports.unknown_metric");
}

TEST_CASE("a change has its sign, and the figure before", "[report]") {
  CHECK(change_text(380, 340) == "+12 % (before: 340)");
  CHECK(change_text(50, 1000) == "-95 % (before: 1,000)");
  CHECK(change_text(7, 7) == "0 % (before: 7)");
  CHECK(change_text(7, 0) == "(before: 0)");
}

TEST_CASE("costs stand in their own units", "[report]") {
  Row row;
  CHECK(cost_text(row) == "–");
  row.costs = {{"", 3, 3, 0}, {"EUR", 1, 1, 3'000'000}, {"USD", 2, 2, 12'500'000}};
  CHECK(cost_text(row) == "3.00 EUR, 12.50 USD");
}

TEST_CASE("equal figures share a rank, and nobody has none", "[report]") {
  auto answer = answer_of(By::agent);
  for (const auto connected : {5, 9, 5, 1})
    add(answer, fmt::format("a{}", answer.rows.size()), "", tally_of(10, connected));
  add(answer, "", "", tally_of(99, 50));
  CHECK(ranks_of(answer.rows, "connected") == std::vector<std::int64_t>{2, 1, 2, 4, 0});
  answer.rows[1].now = {};
  CHECK(ranks_of(answer.rows, "average_talk_s") == std::vector<std::int64_t>{1, 0, 1, 1, 0});
}

TEST_CASE("a report's page has its figures, its rows, its sum and its words", "[report]") {
  const auto text = page_of(options_of(), agents(), days_of(2));
  const auto page = read_page(text);
  CHECK(page["live"].empty());
  CHECK(page["open"].empty());
  CHECK(page["tags"]["figure"] == 2);
  CHECK_THAT(text, contains("Acme &amp; Sons · 2026-03-07 to 2026-03-08 · America/New_York"));
  CHECK_THAT(text, contains("Made 2026-03-09 08:00 by ringctl 0.1.0"));
  CHECK_THAT(text, contains("<dd class=\"figure\">28</dd><dd class=\"change\">+40 % (before: 20)</dd>"));
  CHECK_THAT(text, contains("Before: 2026-03-05 to 2026-03-06, as many days."));
  CHECK_THAT(text, contains("The most calls in one day: 41 (2026-03-08)."));
  CHECK_THAT(text, contains("The most calls in one hour: 23 (23:00)."));
  const auto& rows = page["rows"];
  const auto last = rows.size() - 1;
  CHECK(rows[last - 4] ==
        nlohmann::json({"Agent", "Name", "Connected", "Calls", "Connection rate", "Average talk time", "Cost",
                        "Calls before", "Change of calls", "Trend of calls"}));
  CHECK(rows[last - 3] == nlohmann::json({"ann@example.com", "Ann <b>Baker</b>", "15", "20", "75.0 %", "2m",
                                          "1.25 USD", "10", "+100 %", ""}));
  CHECK(rows[last - 2][8] == "-50 %");
  CHECK(rows[last - 1][0] == "(none)");
  CHECK(rows[last - 1][5] == "–");
  CHECK(rows[last][0] == "All calls");
  CHECK(rows[last][3] == "28");
  for (const auto& metric : metrics())
    if (metric.name == "connected" || metric.name == "service_level")
      CHECK_THAT(text, contains(std::string(metric.definition)));
}

TEST_CASE("without the time before, a page does not speak of it", "[report]") {
  auto answer = agents();
  answer.question.with_before = false;
  const auto text = page_of(options_of(), answer, days_of(2));
  CHECK(text.find("efore:") == std::string::npos);
  CHECK(text.find("Calls before") == std::string::npos);
}

TEST_CASE("months are held against none, all of them together are", "[report]") {
  auto months = answer_of(By::month);
  add(months, "2026-03", "", tally_of(20, 15));
  months.total.before = tally_of(10, 5);
  const auto text = page_of(options_of(), months, days_of(2));
  CHECK_THAT(text, contains("<dd class=\"change\">+100 % (before: 10)</dd>"));
  CHECK(text.find("Calls before") == std::string::npos);
}

TEST_CASE("a league table numbers its rows by the first figure", "[report]") {
  const auto rows = read_page(page_of(options_of(true), agents(), days_of(2)))["rows"];
  const auto last = rows.size() - 1;
  CHECK(rows[last - 4][0] == "Rank");
  CHECK(rows[last - 3][0] == "1");
  CHECK(rows[last - 2][0] == "2");
  CHECK(rows[last - 1][0] == "");
  CHECK(rows[last][0] == "");
}

TEST_CASE("a league table says which end of its figure is first", "[report]") {
  auto options = options_of(true);
  CHECK_THAT(page_of(options, agents(), days_of(2)), contains("The most is first."));
  options.metrics = {"missed"};
  CHECK_THAT(page_of(options, agents(), days_of(2)), contains("The least is first."));
}

TEST_CASE("a report of one row, or of none, is a page as well", "[report]") {
  auto one = answer_of(By::nothing);
  add(one, "", "", {});
  const auto rows = read_page(page_of(options_of(), one, days_of(1)))["rows"];
  CHECK(rows[rows.size() - 1][0] == "All calls");
  const auto none = read_page(page_of(options_of(), answer_of(By::outcome), answer_of(By::day)));
  CHECK(none["live"].empty());
  CHECK(none["open"].empty());
}

TEST_CASE("a page of the same figures is the same to the byte, and a year of fifty agents is under 1 MB",
          "[report]") {
  auto answer = answer_of(By::agent);
  for (int i = 0; i < 50; ++i) {
    add(answer, fmt::format("agent{}@example.com", i), std::string(200, 'x'), tally_of(20 + i, 15));
    answer.rows.back().trend.assign(24, i);
  }
  const auto text = page_of(options_of(true), answer, days_of(365));
  CHECK(text == page_of(options_of(true), answer, days_of(365)));
  CHECK(text.size() < 1'000'000);
}
