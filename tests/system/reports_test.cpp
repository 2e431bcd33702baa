// Reports as people and pipelines meet them: the real program, on both engines, on a log made by hand.
#include <fmt/format.h>

#include <algorithm>

#include "support/noon.hpp"
#include "support/site.hpp"

using namespace ringctl;
using nlohmann::json;
using test::Site;

namespace {

/// Two days, and one call on the day before them. All times are UTC; New York is five hours behind, and four
/// from 2026-03-08 07:00 on.
///   1  03-07 12:00  Ann answers after 5 s, talks 60 s; costs 0.0085 USD
///   2  03-08 09:00  Ann answers after 30 s, talks 90 s; costs 0.02 USD
///   3  03-08 09:30  nobody answers for 50 s
///   4  03-08 10:00  Ann calls, reached after 10 s, talks 30 s; no price
///   5  03-08 23:30  the caller gives up after 3 s
///   6  03-09 02:00  Ann calls, busy
///   7  03-09 03:00  Ann calls, refused by her limit
std::string call(int n, const std::string& direction, const std::string& status, const std::string& started,
                 const std::string& answered, const std::string& ended, int duration,
                 const std::string& more = "NULL, NULL, NULL") {
  const auto time = [](const std::string& at) {
    return at.empty() ? std::string("NULL") : fmt::format("'2026-{}Z'", at);
  };
  const bool inbound = direction == "inbound";
  const auto ann = answered.empty() && inbound ? "NULL" : "(SELECT id FROM users)";
  return fmt::format(
      "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, user_id, "
      "started_at, answered_at, ended_at, duration_s, closed_seq, created_at, updated_at, price, price_unit, refusal) "
      "VALUES ('019ccd51-8e00-7000-8000-{0:012}', (SELECT id FROM workspaces), 'CA{0:032}', '{1}', '{2}', '{3}', '{4}', "
      "(SELECT id FROM phone_numbers), {5}, {6}, {7}, {8}, {9}, {0}, {6}, {8}, {10})",
      n, direction, status, inbound ? "+442079460123" : "+12025550123",
      inbound ? "+12025550123" : "+442079460123", ann, time(started), time(answered), time(ended), duration,
      more);
}

void lay_out(const Site& site) {
  if (site.engine() == db::Engine::postgresql) site.init();
  site.ok({"numbers", "add", "+12025550123", "--label", "=Sales"});
  site.ok({"users", "add", "ann@example.com", "--name", "Ann <Baker>", "--role", "agent"});
  const auto insert = [&](const std::string& sql) { site.tamper(sql); };
  insert(call(1, "inbound", "completed", "03-07T12:00:00.000", "03-07T12:00:05.000", "03-07T12:01:05.000", 65,
              "'-0.0085', 'USD', NULL"));
  insert(call(2, "inbound", "completed", "03-08T09:00:00.000", "03-08T09:00:30.000", "03-08T09:02:00.000",
              120, "'-0.02', 'usd', NULL"));
  insert(call(3, "inbound", "missed", "03-08T09:30:00.000", "", "03-08T09:30:50.000", 50));
  insert(
      call(4, "outbound", "completed", "03-08T10:00:00.000", "03-08T10:00:10.000", "03-08T10:00:40.000", 30));
  insert(call(5, "inbound", "missed", "03-08T23:30:00.000", "", "03-08T23:30:03.000", 3));
  insert(call(6, "outbound", "busy", "03-09T02:00:00.000", "", "03-09T02:00:09.000", 0));
  insert(call(7, "outbound", "canceled", "03-09T03:00:00.000", "", "03-09T03:00:00.000", 0,
              "NULL, NULL, 'limit_reached'"));
}

Site::Arguments two_days(const std::string& verb, const Site::Arguments& more = {}) {
  Site::Arguments words{"reports", verb, "--since", "2026-03-08", "--until", "2026-03-10"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// Of every row: these columns.
json columns_of(const json& rows, const std::vector<std::string>& names) {
  auto out = json::array();
  for (const auto& row : rows) {
    auto& cells = out.emplace_back(json::array());
    for (const auto& name : names) cells.push_back(row.at(name));
  }
  return out;
}

}  // namespace

TEST_CASE("a report of all calls has every figure by its definition", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto rows = site.json(two_days("calls"));
  REQUIRE(rows.size() == 1);
  const auto& all = rows[0];
  const json expected = {{"by", nullptr},
                         {"key", nullptr},
                         {"calls", 5},
                         {"inbound", 3},
                         {"outbound", 2},
                         {"connected", 2},
                         {"connection_rate", 0.4},
                         {"answered", 1},
                         {"reached", 1},
                         {"missed", 2},
                         {"abandoned", 2},
                         {"abandonment", 0.6667},
                         {"service_level", 0.0},
                         {"average_answer_s", 30},
                         {"talk_s", 120},
                         {"average_talk_s", 60},
                         {"unanswered", 1},
                         {"waiting", 0},
                         {"refused", 1},
                         {"before_calls", 1},
                         {"before_connected", 1},
                         {"before_missed", 0},
                         {"before_connection_rate", 1.0},
                         {"before_average_talk_s", 60},
                         {"change", 4.0}};
  for (const auto& [name, value] : expected.items()) {
    INFO(name);
    CHECK(all.at(name) == value);
  }
  CHECK(all.at("trend") == json({4, 1}));
  const auto alone = site.json(two_days("calls", {"--no-compare"}))[0];
  CHECK(alone.at("calls") == 5);
  CHECK(alone.at("before_calls").is_null());
  CHECK(alone.at("change").is_null());
}

TEST_CASE("days are cut by the workspace's clock, or by that of --tz", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const std::vector<std::string> names = {"key", "calls", "before_calls"};
  CHECK(columns_of(site.json(two_days("daily")), names) ==
        json({{"2026-03-08", 4, 0}, {"2026-03-09", 1, 1}}));
  // 03-09 02:00 UTC is still 03-08 there, and so is 23:30.
  CHECK(columns_of(site.json(two_days("daily", {"--tz", "America/New_York"})), names) ==
        json({{"2026-03-08", 5, 0}, {"2026-03-09", 0, 1}}));
  site.ok({"workspaces", "update", "default", "--timezone", "America/New_York"});
  CHECK(site.json(two_days("daily"))[0].at("calls") == 5);
  const auto by_hour =
      site.json({"reports", "calls", "--by", "hour", "--since", "2026-03-08", "--until", "2026-03-09"});
  REQUIRE(by_hour.size() == 24);
  CHECK(by_hour[5].at("calls") == 2);  // 09:00 and 09:30 UTC, after the clocks were set
  CHECK(by_hour[19].at("key") == "19");
  CHECK(by_hour[19].at("calls") == 1);
}

TEST_CASE("agents, numbers and countries have their rows, nobody's last", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  site.ok({"users", "add", "zoe@example.com", "--role", "agent"});
  const std::vector<std::string> names = {"key", "name", "calls", "connected"};
  CHECK(columns_of(site.json(two_days("agents")), names) ==
        json::parse(R"([["ann@example.com", "Ann <Baker>", 3, 2],
    ["zoe@example.com", null, 0, 0], [null, null, 2, 0]])"));
  CHECK(columns_of(site.json(two_days("numbers")), names) ==
        json::parse(R"([["+12025550123", "=Sales", 5, 2]])"));
  CHECK(site.json(two_days("calls", {"--by", "country"}))[0].at("key") == "GB");
  const auto table = site.ok(two_days("agents", {"-o", "table"}));
  CHECK(table.find("(none)") != std::string::npos);
  CHECK(table.find("66.7 %") != std::string::npos);
  // A label that a spreadsheet would take for a formula.
  CHECK(site.ok(two_days("numbers", {"--columns", "key,name", "-o", "csv"})) ==
        "key,name\n+12025550123,'=Sales\n");
}

TEST_CASE("a league table ranks by the figure asked for", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  site.ok({"users", "add", "bob@example.com", "--role", "agent"});
  const std::vector<std::string> names = {"rank", "key", "connected"};
  CHECK(columns_of(site.json(two_days("leaderboard")), names) ==
        json::parse(R"([[1, "ann@example.com", 2], [2, "bob@example.com", 0], [null, null, 0]])"));
  const auto by_talk = columns_of(site.json(two_days("leaderboard", {"--metric", "average_talk_s"})), names);
  CHECK(by_talk[0][0] == 1);
  CHECK(by_talk[1][0].is_null());
  // Bob was not there: that is no merit.
  CHECK(columns_of(site.json(two_days("leaderboard", {"--metric", "rung_out"})), {"rank", "key"}) ==
        json::parse(R"([[1, "ann@example.com"], [null, "bob@example.com"], [null, null]])"));
  CHECK(site.ok(two_days("leaderboard", {"-o", "table"})).find(" talk_s") == std::string::npos);
  CHECK(site.ok(two_days("leaderboard", {"--metric", "talk_s", "-o", "table"})).find(" talk_s") !=
        std::string::npos);
  CHECK(site.failure({"reports", "calls", "--since", "2026-03-08", "--until", "2026-03-08"}) ==
        "2 usage.empty_period");
  const auto wrong = site.run(two_days("leaderboard", {"--metric", "conected"}));
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find("connected") != std::string::npos);
  CHECK(site.failure(two_days("leaderboard", {"--by", "hour"})) == "2 usage.bad_value");
}

TEST_CASE("costs stay in their units, and what has no price is not free", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto rows = site.json(two_days("costs"));
  CHECK(
      columns_of(rows,
                 {"unit", "calls", "priced", "unpriced", "cost", "cost_per_call", "before_cost", "change"}) ==
      json::parse(
          R"([["USD", 1, 1, 0, "0.02", "0.02", "0.0085", 1.3529], [null, 4, 0, 4, null, null, null, null]])"));
  CHECK(columns_of(site.json(two_days("usage")), {"key", "calls", "billed_min", "priced", "unpriced"}) ==
        json::parse(R"([["+12025550123", 5, 5, 1, 4]])"));
}

TEST_CASE("capacity over time holds what was counted against the limits", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  site.ok({"workspaces", "update", "default", "--timezone", test::zone_of_noon()});  // no day ends meanwhile
  site.ok({"assignments", "set", "+12025550123", "ann@example.com", "--daily-limit", "4"});
  site.ok({"limits", "check", "--agent", "ann@example.com", "--to", "+12125550123", "--reserve"});
  const auto today = site.json({"reports", "capacity", "--since", "today"});
  CHECK(columns_of(today, {"key", "capacity", "days", "used", "peak", "share"}) ==
        json::parse(R"([["default", 4, 1, 1, 1, 0.25]])"));
  CHECK(site.json({"reports", "capacity", "--by", "agent", "--since", "today"})[0].at("key") ==
        "ann@example.com");
}

TEST_CASE("a report says the same from kept days, to the byte, and a change is seen at once",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto all = [&] {
    std::string text;
    for (const auto* verb : {"calls", "agents", "numbers", "daily", "usage", "costs"})
      text += site.ok(two_days(verb));
    for (const auto* by : {"hour", "month", "team", "country", "outcome", "rule"})
      text += site.ok(two_days("calls", {"--by", by}));
    return text;
  };
  const auto counted = all();
  const auto plan = site.json({"reports", "refresh", "-n"});
  CHECK(plan.at("dry_run") == true);
  const auto kept = site.json({"reports", "refresh"});
  CHECK(plan.at("missing") == kept.at("days"));
  CHECK(kept.at("changed") == true);
  CHECK(kept.at("calls") == 6);  // a refused one is none
  CHECK(kept.at("missing") == 0);
  CHECK(site.json({"reports", "refresh"}).at("changed") == false);
  CHECK(site.run({"reports", "refresh", "-n"}).err == "unchanged default\n");
  CHECK(all() == counted);
  site.tamper("UPDATE calls SET outcome = 'sold' WHERE closed_seq = 2");
  const auto outcomes = site.json(two_days("calls", {"--by", "outcome"}));
  CHECK(std::any_of(outcomes.begin(), outcomes.end(),
                    [](const json& row) { return row.at("key") == "sold" && row.at("calls") == 1; }));
  CHECK(site.failure({"reports", "refresh", "--days", "0"}) == "2 usage.bad_value");
  // The newest two, in which nobody called; those of the log are to go.
  const auto changed = all();
  const auto anew = site.json({"reports", "refresh", "--anew", "--days", "2"});
  CHECK(anew.at("days") == 2);
  CHECK(anew.at("calls") == 0);
  CHECK(anew.at("missing") == kept.at("days").get<int>() - 2);
  CHECK(all() == changed);
}

TEST_CASE("kept days are held against the calls, and those that somebody changed are named",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto check_of_days = [&] {
    for (const auto& row : site.json({"doctor", "db"}))
      if (row.at("check") == "db.kept_days") return row;
    return nlohmann::json();
  };
  CHECK(check_of_days().at("status") == "warn");
  const auto missing = site.json({"reports", "refresh", "-n"}).at("missing").get<int>();
  site.ok({"reports", "refresh", "--days", std::to_string(missing - 1)});
  CHECK(check_of_days().at("status") == "ok");
  CHECK(check_of_days().at("evidence") == "default: 1 day is over and not kept, so reports count it");
  site.ok({"reports", "refresh"});
  CHECK(check_of_days().at("status") == "ok");
  CHECK(check_of_days().at("evidence") == "the sums of finished days are kept");
  CHECK(site.run({"reports", "refresh", "--check"}).err == "unchanged default\n");
  site.tamper("UPDATE call_tallies SET tallies = 'junk' WHERE day = '2026-03-08' AND dimension = 'agent'");
  const auto check = site.run({"reports", "refresh", "--check"});
  CHECK(check.status == 8);
  CHECK(check.err ==
        "ringctl: default: what is kept of 1 day is not what counting gives  [reports.differ]\n  2026-03-08\n"
        "  hint: run `ringctl --workspace default reports refresh --anew`\n");
  const auto report = site.run(two_days("agents"));
  CHECK(report.status == 0);
  CHECK(report.err.find("2026-03-08") != std::string::npos);
  CHECK(site.failure({"reports", "refresh", "--check", "--anew"}) == "2 usage.excluded");
}

TEST_CASE("closing days keeps their sums for reports, and says nothing of it", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto first = site.run({"limits", "reset", "-q"});
  INFO(first.err);
  CHECK(first.status == 0);
  CHECK((first.out + first.err).empty());
  // 62 days a run, newest first: those of the log may come later.
  site.ok({"reports", "refresh"});
  CHECK(site.json({"reports", "refresh"}).at("changed") == false);
}

TEST_CASE("a report is a page or a workbook where the file is called so", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  site.ok(two_days("agents", {"--out", "agents.html"}));
  const auto page = test::read_text(site.machine().home() / "agents.html");
  for (const auto* part :
       {"<h1><bdi>Calls by agent</bdi></h1>", "2026-03-08 to 2026-03-09", "Ann &lt;Baker&gt;", "(none)",
        "Calls by hour of the day", "What the words mean", "</html>\n"}) {
    INFO(part);
    CHECK(page.find(part) != std::string::npos);
  }
  CHECK(page.find("<Baker>") == std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  const auto cut = site.run(two_days("agents", {"--out", "one.html", "--sort", "calls", "--limit", "1"}));
  CHECK(cut.err == "showing 1 of 2 (use --limit 0)\n");
  CHECK(test::read_text(site.machine().home() / "one.html").find("Ann &lt;Baker&gt;") == std::string::npos);
  const auto plain = site.ok(two_days("agents", {"-o", "html", "--columns", "key,rung"}));
  CHECK(plain.find("<th scope=\"col\" class=\"n\">rung</th>") != std::string::npos);
  CHECK(plain.find("<figure>") == std::string::npos);
  // What is missed is nobody's, though it counts among all calls.
  CHECK(site.ok(two_days("agents", {"-o", "html"})).find(">Missed</th>") == std::string::npos);
  CHECK(site.ok(two_days("numbers", {"-o", "html"})).find(">Missed</th>") != std::string::npos);
  CHECK(plain.find("<bdi>(none)</bdi>") != std::string::npos);
  CHECK(site.ok(two_days("calls", {"-o", "html", "--columns", "trend"})).find("<bdi>█▃</bdi>") !=
        std::string::npos);
  site.ok(two_days("costs", {"--out", "costs.xlsx"}));
  CHECK(test::read_text(site.machine().home() / "costs.xlsx").starts_with("PK"));
  CHECK(site.failure(two_days("costs", {"-o", "xlsx"})) == "2 usage.needs_out");
}

TEST_CASE("a page says whose figures it shows and of when, whatever report it is of", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"init", "--zone", "America/New_York"});
  for (const Site::Arguments& verb :
       {Site::Arguments{"calls"}, {"calls", "--columns", "calls"}, {"capacity"}, {"messages"}}) {
    Site::Arguments words = {"reports"};
    words.insert(words.end(), verb.begin(), verb.end());
    for (const auto* word : {"--since", "2026-03-07", "--until", "2026-03-09", "-o", "html"})
      words.emplace_back(word);
    CAPTURE(words);
    CHECK(site.ok(words).find("default · 2026-03-07 to 2026-03-08 · America/New_York") != std::string::npos);
  }
  // Limits count whole days of the workspace, whatever the period is read in.
  CHECK(site.ok({"reports", "capacity", "--since", "2026-03-07", "--until", "2026-03-09", "--tz",
                 "Asia/Tokyo", "-o", "html"})
            .find("default · 2026-03-06 to 2026-03-08 · America/New_York") != std::string::npos);
}

TEST_CASE("a report of no time at all is a mistake, one of no calls is not", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  if (site.engine() == db::Engine::postgresql) site.init();
  site.ok({"numbers", "add", "+12025550123"});
  CHECK(site.failure({"reports", "calls", "--since", "2026-03-08", "--until", "2026-03-08"}) ==
        "2 usage.empty_period");
  CHECK(site.failure({"reports", "calls", "--since", "someday"}).starts_with("7 time."));
  CHECK(site.failure({"reports", "calls", "--by", "weather"}) == "2 usage.bad_value");
  const auto calls = site.json({"reports", "calls"});
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].at("calls") == 0);
  CHECK(calls[0].at("connection_rate").is_null());
  CHECK(site.json({"reports", "daily"}).size() == 30);
  CHECK(site.json({"reports", "numbers"}).size() == 1);
  CHECK(site.json({"reports", "agents"}).empty());
  CHECK(site.ok({"reports", "daily", "-o", "html"}).find("No calls in this period.") != std::string::npos);
}

TEST_CASE("the line of a table is drawn with letters where the locale knows no others", "[system]") {
  const Site site(db::Engine::sqlite);
  lay_out(site);
  const auto shown = [&](const std::string& locale) {
    test::ProcessOptions options;
    options.environment = {{"LC_ALL", locale}};
    return site.machine()
        .run(two_days("numbers", {"-o", "table", "--columns", "trend", "--no-header"}), options)
        .out;
  };
  CHECK(shown("C.UTF-8") == "█▃\n");
  CHECK(shown("C") == "#-\n");
}
