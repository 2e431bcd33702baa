#include "report/report.hpp"

#include "report/ledger.hpp"
#include "report/page.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using base::Zone;
using report::Answer;
using report::By;
using report::Row;
using test::days_of;
using test::Ledger;
using test::utc;
using namespace std::chrono_literals;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// "ann@example.com 2, bob@example.com 0": calls by key.
std::string by_key(const Answer& answer) {
  std::string text;
  for (const auto& row : answer.rows)
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", row.key.empty() ? "-" : row.key, row.now.calls());
  return text;
}

const Row& row(const Answer& answer, std::string_view key) {
  for (const auto& one : answer.rows)
    if (one.key == key) return one;
  throw std::runtime_error("no row " + std::string(key));
}

using Trend = std::vector<std::int64_t>;

const auto k_week = [] { return days_of(Zone::utc(), "2026-03-01", "2026-03-08"); };

}  // namespace

TEST_CASE("words for what rows are by read back", "[report]") {
  for (const auto by : {By::agent, By::team, By::number, By::hour, By::weekday, By::day, By::week, By::month,
                        By::country, By::outcome, By::rule}) {
    INFO(report::name_of(by));
    CHECK(report::try_parse_by(report::name_of(by)) == by);
  }
  CHECK(report::name_of(By::nothing).empty());
  CHECK_FALSE(report::try_parse_by(""));
  CHECK_FALSE(report::try_parse_by("Agent"));
}

TEST_CASE("by nothing there is one row, the total", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-03-02T10:00:00"));
  f.taken(utc("2026-03-04T10:00:00"));
  const auto answer = f.ask({.period = k_week()});
  CHECK(by_key(answer) == "- 2");
  CHECK(answer.rows[0].now == answer.total.now);
  CHECK(answer.total.now.talk_s() == 120);
  CHECK(answer.rows[0].trend == Trend{0, 1, 0, 1, 0, 0, 0});
}

TEST_CASE("agents have their e-mail and name, the active ones a row without calls", "[report]") {
  Ledger f(any_engine());
  f.exec("UPDATE users SET name = 'Ann Archer' WHERE id = $1", {f.ann_id});
  const auto gone = f.agent("gone@example.com"), left = f.agent("left@example.com");
  const auto manager = f.agent("manager@example.com");
  f.exec("UPDATE users SET is_active = FALSE WHERE id = $1 OR id = $2", {gone, left});
  f.exec("UPDATE users SET role = 'manager' WHERE id = $1", {manager});
  f.taken(utc("2026-03-02T10:00:00"));
  f.log({.started = utc("2026-03-02T10:00:00"), .user = left, .answered = 1s, .ended = 2s});
  f.log({.started = utc("2026-03-02T10:00:00"), .status = "missed", .ended = 9s});
  const auto answer = f.ask({.period = k_week(), .by = By::agent});
  CHECK(by_key(answer) == "ann@example.com 1, bob@example.com 0, left@example.com 1, - 1");
  CHECK(answer.rows[0].name == "Ann Archer");
  CHECK(answer.rows[1].name.empty());
  CHECK(answer.rows[1].trend == Trend(7, 0));
  CHECK(answer.total.now.calls() == 3);
  CHECK(answer.total.now.missed == 1);
}

TEST_CASE("numbers have their label; a call of a deleted one is no number's", "[report]") {
  Ledger f(any_engine());
  f.exec("UPDATE phone_numbers SET label = 'Sales' WHERE id = $1", {f.number_id});
  const auto deleted = f.number("+12025550101"), idle = f.number("+12025550102");
  f.exec("UPDATE phone_numbers SET status = 'inactive' WHERE id = $1", {idle});
  f.number("+12025550103");
  f.taken(utc("2026-03-02T10:00:00"));
  f.log({.started = utc("2026-03-02T10:00:00"), .status = "missed", .number = deleted, .ended = 9s});
  f.exec("DELETE FROM phone_numbers WHERE id = $1", {deleted});
  const auto answer = f.ask({.period = k_week(), .by = By::number});
  CHECK(by_key(answer) == "+12025550100 1, +12025550103 0, - 1");
  CHECK(answer.rows[0].name == "Sales");
}

TEST_CASE("teams, countries, outcomes and rules are keys as they are", "[report]") {
  Ledger f(any_engine());
  f.team("Support");
  f.taken(utc("2026-03-02T10:00:00"));
  f.log({.started = utc("2026-03-02T10:00:00"),
         .direction = "outbound",
         .status = "busy",
         .ended = 9s,
         .other = "+442079460123",
         .rule = "Evening",
         .outcome = "no_answer"});
  const auto by = [&](By what) { return by_key(f.ask({.period = k_week(), .by = what})); };
  CHECK(by(By::team) == "Sales 1, Support 0, - 1");
  CHECK(by(By::country) == "GB 1, US 1");
  CHECK(by(By::outcome) == "no_answer 1, - 1");
  CHECK(by(By::rule) == "Evening 1, - 1");
}

TEST_CASE("every day and every month of the period has its row", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-02-28T10:00:00"));
  f.taken(utc("2026-03-02T10:00:00"));
  const auto period = days_of(Zone::utc(), "2026-02-27", "2026-03-03");
  CHECK(by_key(f.ask({.period = period, .by = By::day})) ==
        "2026-02-27 0, 2026-02-28 1, 2026-03-01 0, 2026-03-02 1");
  const auto months = f.ask({.period = period, .by = By::month});
  CHECK(by_key(months) == "2026-02 1, 2026-03 1");
  CHECK(months.rows[0].trend.empty());
  CHECK(months.rows[0].before == report::Tally{});
}

TEST_CASE("days of a long period, counted side by side, add up as if counted one by one", "[report]") {
  Ledger f(any_engine());
  constexpr int k_days = 40;
  const auto first = utc("2026-01-01T10:00:00");
  std::string days;
  for (int day = 0; day < k_days; ++day) {
    const auto at = first + day * 24h;
    for (int call = 0; call <= day % 3; ++call) f.taken(at + call * 1h);
    f.log({.started = at, .status = "missed", .user = f.bob_id, .ended = 9s});
    days += fmt::format("{}{} {}", days.empty() ? "" : ", ", base::format_utc(at).substr(0, 10), day % 3 + 2);
  }
  const auto period = days_of(Zone::utc(), "2026-01-01", "2026-02-10");
  CHECK(by_key(f.ask({.period = period, .by = By::day})) == days);
  const auto answer = f.ask({.period = period, .by = By::agent});
  CHECK(by_key(answer) == "ann@example.com 79, bob@example.com 40");
  CHECK(answer.counted == k_days);
  CHECK(row(answer, "ann@example.com").now.talk_s() == 79 * 60);
  // Pieces of two days: 1 + 2 calls, 3 + 1, 2 + 3, and so on.
  CHECK(row(answer, "ann@example.com").trend ==
        Trend{3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4});
}

TEST_CASE("weeks are those of ISO 8601, also where the year ends within one", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2024-12-29T23:59:59"));  // a Sunday
  f.taken(utc("2024-12-30T00:00:00"));
  f.taken(utc("2025-01-01T10:00:00"));
  const auto by_week = [&](const char* first, const char* after) {
    return by_key(f.ask({.period = days_of(Zone::utc(), first, after), .by = By::week}));
  };
  CHECK(by_week("2024-12-28", "2025-01-07") == "2024-W52 1, 2025-W01 2, 2025-W02 0");
  CHECK(by_week("2026-12-31", "2027-01-05") == "2026-W53 0, 2027-W01 0");
  CHECK(by_week("2027-01-03", "2027-01-04") == "2026-W53 0");
  CHECK(by_week("2023-01-01", "2023-01-03") == "2022-W52 0, 2023-W01 0");
  CHECK(by_week("2026-03-16", "2026-03-23") == "2026-W12 0");
}

TEST_CASE("weekdays are all seven, Monday first, by the zone's days", "[report]") {
  Ledger f(any_engine());
  const auto zone = Zone::parse("America/New_York");
  f.taken(utc("2026-03-09T03:59:59"));  // Sunday night
  f.taken(utc("2026-03-09T04:00:00"));
  f.taken(utc("2026-03-16T10:00:00"));
  f.taken(utc("2026-03-20T10:00:00"));
  const auto answer = f.ask({.period = days_of(zone, "2026-03-02", "2026-03-23"), .by = By::weekday}, zone);
  CHECK(by_key(answer) == "1 2, 2 0, 3 0, 4 0, 5 1, 6 0, 7 1");
  CHECK(answer.rows.front().name == "Monday");
  CHECK(answer.rows.back().name == "Sunday");
  CHECK(answer.rows.front().trend.empty());
  // Nobody's days are split, so that occupancy is that of the total.
  CHECK(answer.rows.front().now.span_s == 130);
  CHECK(by_key(f.ask({.period = days_of(zone, "2026-03-20", "2026-03-21"), .by = By::weekday}, zone)) ==
        "1 0, 2 0, 3 0, 4 0, 5 1, 6 0, 7 0");
}

TEST_CASE("days are the zone's, and so are their 23 and 25 hours", "[report]") {
  Ledger f(any_engine());
  const auto zone = Zone::parse("America/New_York");
  f.taken(utc("2026-03-08T04:59:59"));  // the seventh
  f.taken(utc("2026-03-08T05:00:00"));
  f.taken(utc("2026-03-09T03:59:59"));
  f.taken(utc("2026-03-09T04:00:00"));  // the ninth
  const auto spring = days_of(zone, "2026-03-07", "2026-03-10");
  CHECK(by_key(f.ask({.period = spring, .by = By::day}, zone)) == "2026-03-07 1, 2026-03-08 2, 2026-03-09 1");
  f.taken(utc("2026-11-01T04:00:00"));
  f.taken(utc("2026-11-02T04:59:59"));
  const auto autumn = days_of(zone, "2026-11-01", "2026-11-03");
  CHECK(by_key(f.ask({.period = autumn, .by = By::day}, zone)) == "2026-11-01 2, 2026-11-02 0");
}

TEST_CASE("hours are what the clock shows, all 24 of them", "[report]") {
  Ledger f(any_engine());
  const auto at = [&](const char* name, std::initializer_list<const char*> starts, const char* day,
                      const char* after) {
    f.exec("DELETE FROM calls WHERE workspace_id = $1", {f.workspace});
    for (const auto* start : starts) f.taken(utc(start));
    const auto zone = Zone::parse(name);
    const auto answer = f.ask({.period = days_of(zone, day, after), .by = By::hour}, zone);
    CHECK(answer.rows.size() == 24);
    std::string some;
    for (const auto& one : answer.rows)
      if (one.now.calls() > 0) some += fmt::format("{} {} ", one.key, one.now.calls());
    return some;
  };
  // Clocks go from 02:00 to 03:00, and from 02:00 back to 01:00.
  CHECK(at("America/New_York", {"2026-03-08T06:59:59", "2026-03-08T07:00:00"}, "2026-03-08", "2026-03-09") ==
        "01 1 03 1 ");
  CHECK(at("America/New_York", {"2026-11-01T05:30:00", "2026-11-01T06:30:00", "2026-11-01T07:00:00"},
           "2026-11-01", "2026-11-02") == "01 2 02 1 ");
  CHECK(at("Asia/Kolkata", {"2026-03-07T06:29:59", "2026-03-07T06:30:00"}, "2026-03-07", "2026-03-08") ==
        "11 1 12 1 ");
  CHECK(at("Asia/Kathmandu", {"2026-03-07T06:14:59", "2026-03-07T06:15:00"}, "2026-03-07", "2026-03-08") ==
        "11 1 12 1 ");
}

TEST_CASE("a date that the zone left out has no row", "[report]") {
  Ledger f(any_engine());
  const auto apia = Zone::parse("Pacific/Apia");
  f.taken(utc("2011-12-30T09:59:59"));
  f.taken(utc("2011-12-30T10:00:00"));
  CHECK(by_key(f.ask({.period = days_of(apia, "2011-12-29", "2012-01-01"), .by = By::day}, apia)) ==
        "2011-12-29 1, 2011-12-31 1");
}

TEST_CASE("rows are held against the same key in the period before", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-02-24T10:00:00"));
  f.taken(utc("2026-02-25T11:00:00"));
  f.taken(utc("2026-03-04T10:00:00"));
  f.log({.started = utc("2026-02-28T10:00:00"), .user = f.bob_id, .answered = 1s, .ended = 2s});
  f.taken(utc("2026-02-21T23:59:59"));  // before that
  const auto agents = f.ask({.period = k_week(), .by = By::agent});
  CHECK(row(agents, test::k_ann).now.calls() == 1);
  CHECK(row(agents, test::k_ann).before.calls() == 2);
  CHECK(row(agents, test::k_bob).before.connected() == 1);
  CHECK(agents.total.before.calls() == 3);
  CHECK(agents.before.since == utc("2026-02-22T00:00:00"));
  const auto hours = f.ask({.period = k_week(), .by = By::hour});
  CHECK(row(hours, "10").before.calls() == 2);
  CHECK(row(hours, "11").before.calls() == 1);
  const auto days = f.ask({.period = k_week(), .by = By::day});
  CHECK(by_key(days) ==
        "2026-03-01 0, 2026-03-02 0, 2026-03-03 0, 2026-03-04 1, 2026-03-05 0, 2026-03-06 0, "
        "2026-03-07 0");
  CHECK(row(days, "2026-03-04").before.calls() == 1);
  CHECK(row(days, "2026-03-03").before.calls() == 1);
  CHECK(row(days, "2026-03-07").before.calls() == 1);
}

TEST_CASE("a week is held against as many days, a weekday against the same one", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-03-03T10:00:00"));  // a Tuesday
  f.taken(utc("2026-03-10T10:00:00"));
  f.taken(utc("2026-03-11T10:00:00"));
  f.taken(utc("2026-03-17T10:00:00"));
  f.taken(utc("2026-03-25T10:00:00"));
  const auto whole = days_of(Zone::utc(), "2026-03-16", "2026-03-30");
  const auto weeks = f.ask({.period = whole, .by = By::week});
  CHECK(by_key(weeks) == "2026-W12 1, 2026-W13 1");
  CHECK(row(weeks, "2026-W12").before.calls() == 1);
  CHECK(row(weeks, "2026-W13").before.calls() == 2);
  const auto weekdays = f.ask({.period = whole, .by = By::weekday});
  CHECK(row(weekdays, "2").before.calls() == 2);
  CHECK(row(weekdays, "3").before.calls() == 1);
  // Three days, of two weeks: those of the first are held against Wednesday and Thursday.
  const auto part = f.ask({.period = days_of(Zone::utc(), "2026-03-14", "2026-03-17"), .by = By::week});
  CHECK(by_key(part) == "2026-W11 0, 2026-W12 0");
  CHECK(row(part, "2026-W11").before.calls() == 1);
  CHECK(row(part, "2026-W12").before.calls() == 0);
  CHECK(part.total.before.calls() == 1);
}

TEST_CASE("without a comparison the period before is not looked at", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-02-25T11:00:00"));
  f.taken(utc("2026-03-04T10:00:00"));
  const auto answer = f.ask({.period = k_week(), .with_before = false});
  CHECK(answer.total.before == report::Tally{});
  CHECK(answer.counted == 4);  // the days from the first call on, to the last
}

TEST_CASE("half a day is held against half a day", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-03-06T11:59:59"));
  f.taken(utc("2026-03-06T12:00:00"));
  f.taken(utc("2026-03-07T11:00:00"));
  const auto answer =
      f.ask({.period = {utc("2026-03-07T00:00:00"), utc("2026-03-07T12:00:00")}, .by = By::day});
  REQUIRE(answer.rows.size() == 1);
  CHECK(answer.rows[0].now.calls() == 1);
  CHECK(answer.rows[0].before.calls() == 1);
}

TEST_CASE("a trend has 24 pieces at most, of whole days", "[report]") {
  Ledger f(any_engine());
  f.taken(utc("2026-01-01T10:00:00"));
  f.taken(utc("2026-01-02T10:00:00"));
  f.taken(utc("2026-01-03T10:00:00"));
  f.taken(utc("2026-02-19T10:00:00"));
  const auto trend = [&](const char* after) {
    return f.ask({.period = days_of(Zone::utc(), "2026-01-01", after), .by = By::agent}).rows[0].trend;
  };
  const auto all = trend("2026-02-18");  // 48 days
  REQUIRE(all.size() == 24);
  CHECK(all[0] == 2);
  CHECK(all[1] == 1);
  const auto longer = trend("2026-02-20");  // 50 days: three in a piece
  REQUIRE(longer.size() == 17);
  CHECK(longer[0] == 3);
  CHECK(longer[16] == 1);
  CHECK(trend("2026-01-04") == Trend{1, 1, 1});
}

TEST_CASE("the trend of a day is its hours", "[report]") {
  Ledger f(any_engine());
  const auto zone = Zone::parse("America/New_York");
  f.taken(utc("2026-03-09T13:05:00"));
  f.taken(utc("2026-03-09T13:55:00"));
  f.taken(utc("2026-03-09T15:00:00"));
  const auto whole = f.ask({.period = days_of(zone, "2026-03-09", "2026-03-10"), .by = By::agent}, zone);
  CHECK(whole.rows[0].trend.size() == 24);
  CHECK(whole.rows[0].trend[9] == 2);
  CHECK(whole.rows[1].trend == Trend(24, 0));
  const report::Period part{utc("2026-03-09T13:00:00"), utc("2026-03-09T15:30:00")};
  CHECK(f.ask({.period = part, .by = By::agent}, zone).rows[0].trend == Trend{2, 0, 1});
  CHECK(f.ask({.period = part}, zone).total.trend == Trend{2, 0, 1});
}

TEST_CASE("costs stand by unit", "[report]") {
  Ledger f(any_engine());
  const auto priced = [&](std::optional<base::Uuid> user, const char* price, const char* unit) {
    f.log({.started = utc("2026-03-02T10:00:00"),
           .user = user,
           .answered = 1s,
           .ended = 61s,
           .duration_s = 61,
           .price = price,
           .price_unit = unit});
  };
  priced(f.ann_id, "-0.02", "USD");
  priced(f.ann_id, "-0.03", "EUR");
  priced(f.ann_id, "", "");
  priced(f.bob_id, "-0.04", "USD");
  const auto answer = f.ask({.period = k_week(), .by = By::agent});
  using Costs = std::vector<Row::Cost>;
  CHECK(row(answer, test::k_ann).costs == Costs{{"", 1, 2, 0}, {"EUR", 1, 2, 30000}, {"USD", 1, 2, 20000}});
  CHECK(answer.total.costs == Costs{{"", 1, 2, 0}, {"EUR", 1, 2, 30000}, {"USD", 2, 4, 60000}});
  CHECK(answer.total.costs_before.empty());
  CHECK(answer.total.now.priced == 3);
}

TEST_CASE("an empty period is refused", "[report]") {
  Ledger f(any_engine());
  const auto at = utc("2026-03-02T10:00:00");
  const auto error = test::error_of([&] { f.ask({.period = {at, at}}); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  CHECK(error->slug() == "usage.empty_period");
}

TEST_CASE("a workspace without calls has rows of zeros", "[report]") {
  Ledger f(any_engine());
  const auto answer = f.ask({.period = days_of(Zone::utc(), "1990-01-01", "2026-03-08"), .by = By::agent});
  CHECK(by_key(answer) == "ann@example.com 0, bob@example.com 0");
  CHECK(answer.counted == 0);
}

TEST_CASE("a league table is by its metric, then by name", "[report]") {
  const auto made = [](const char* key, const char* name, std::int64_t answered, std::int64_t talked,
                       std::int64_t talk_s) {
    Row one{.key = key, .name = name};
    one.now = {.inbound = answered, .answered = answered, .talked = talked, .talk_in_s = talk_s};
    return one;
  };
  std::vector<Row> rows{made("", "", 9, 1, 9), made("a@example.com", "Zoe", 3, 0, 0),
                        made("b@example.com", "Bob", 3, 1, 60), made("c@example.com", "", 5, 1, 30)};
  const auto order = [&](std::string_view metric) {
    report::rank_by(rows, metric);
    std::string keys;
    for (const auto& one : rows) keys += one.key.substr(0, 1) + "|";
    return keys;
  };
  CHECK(order("connected") == "c|b|a||");
  CHECK(order("average_talk_s") == "b|c|a||");
  std::vector<Row> none;
  CHECK(test::slug_of([&] { report::rank_by(none, "revenue"); }) == "reports.unknown_metric");
}

TEST_CASE("a league table has the best first, be it the most or the least, and whoever was away has no rank",
          "[report]") {
  const auto made = [](const char* key, const report::Tally& now) {
    Row one{.key = key};
    one.now = now;
    return one;
  };
  std::vector<Row> rows{
      made("", {.inbound = 9, .missed = 9, .abandoned = 9}),
      made("a@example.com", {.inbound = 4,
                             .answered = 4,
                             .answer_s = 80,
                             .rung = 6,
                             .rung_out = 2,
                             .ring_known = 6,
                             .ring_s = 90}),
      made("b@example.com", {}),
      made("c@example.com",
           {.inbound = 5, .answered = 5, .answer_s = 20, .rung = 5, .ring_known = 5, .ring_s = 30}),
      made("d@example.com", {.refused = 3}),
      made("e@example.com", {.inbound = 3,
                             .answered = 2,
                             .missed = 1,
                             .abandoned = 1,
                             .answer_s = 8,
                             .rung = 3,
                             .rung_out = 2,
                             .ring_known = 3,
                             .ring_s = 12})};
  const auto order = [&](std::string_view metric) {
    report::rank_by(rows, metric);
    const auto ranks = report::ranks_of(rows, metric);
    std::string all;
    for (std::size_t i = 0; i < rows.size(); ++i)
      all += fmt::format("{}{} ", rows[i].key.substr(0, 1), ranks[i]);
    return all;
  };
  CHECK(order("answered") == "c1 a2 e3 b4 d4 0 ");
  CHECK(order("average_answer_s") == "c1 e1 a3 b0 d0 0 ");
  CHECK(order("average_ring_s") == "e1 c2 a3 b0 d0 0 ");
  CHECK(order("abandonment") == "a1 c1 e3 b0 d0 0 ");
  CHECK(order("missed") == "a1 c1 d1 e4 b0 0 ");
  CHECK(order("rung_out") == "c1 d1 a3 e3 b0 0 ");
  CHECK(order("refused") == "a1 c1 e1 d4 b0 0 ");
}

TEST_CASE("money is decimal text with two places at least", "[report]") {
  CHECK(report::money_text(0) == "0.00");
  CHECK(report::money_text(12'345'600) == "12.3456");
  CHECK(report::money_text(1'000'000) == "1.00");
  CHECK(report::money_text(1'500'000) == "1.50");
  CHECK(report::money_text(1) == "0.000001");
  CHECK(report::money_text(-14'000) == "-0.014");
  CHECK(report::money_text(std::numeric_limits<std::int64_t>::min()) == "-9223372036854.775808");
}
