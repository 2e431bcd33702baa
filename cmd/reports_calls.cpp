// reports calls, agents, numbers, leaderboard, daily

#include <algorithm>
#include <array>

#include "cmd/reports.hpp"
#include "report/tally.hpp"

namespace ringctl::cmd {
namespace {

using report::By;

/// Stable: programs read them. New ones go to the end; a league table has `rank` before them.
constexpr std::array k_ranked_columns = {
    Column{"rank", ColumnType::integer, true, true},
    Column{"by", ColumnType::word, false, false},
    Column{"key", ColumnType::e164, true, true},
    Column{"name", ColumnType::text, true, true},
    Column{"calls", ColumnType::integer, true, true},
    Column{"inbound", ColumnType::integer, false, true},
    Column{"outbound", ColumnType::integer, false, true},
    Column{"connected", ColumnType::integer, true, true},
    Column{"connection_rate", ColumnType::share, true, true},
    Column{"answered", ColumnType::integer, false, true},
    Column{"reached", ColumnType::integer, false, true},
    Column{"missed", ColumnType::integer, true, true},
    Column{"voicemail", ColumnType::integer, false, true},
    Column{"elsewhere", ColumnType::integer, false, true},
    Column{"abandoned", ColumnType::integer, false, true},
    Column{"abandonment", ColumnType::share, false, true},
    Column{"service_level", ColumnType::share, false, true},
    Column{"average_answer_s", ColumnType::duration, false, true},
    Column{"talk_s", ColumnType::duration, false, true},
    Column{"average_talk_s", ColumnType::duration, true, true},
    Column{"unanswered", ColumnType::integer, false, true},
    Column{"waiting", ColumnType::integer, false, true},
    Column{"refused", ColumnType::integer, false, true},
    Column{"transferred", ColumnType::integer, false, true},
    Column{"several", ColumnType::integer, false, true},
    Column{"rung", ColumnType::integer, false, true},
    Column{"rung_answered", ColumnType::integer, false, true},
    Column{"rung_declined", ColumnType::integer, false, true},
    Column{"rung_out", ColumnType::integer, false, true},
    Column{"rung_elsewhere", ColumnType::integer, false, true},
    Column{"average_ring_s", ColumnType::duration, false, true},
    Column{"occupancy", ColumnType::share, false, true},
    Column{"before_calls", ColumnType::integer, false, true},
    Column{"before_connected", ColumnType::integer, false, true},
    Column{"before_missed", ColumnType::integer, false, true},
    Column{"before_connection_rate", ColumnType::share, false, true},
    Column{"before_average_talk_s", ColumnType::duration, false, true},
    Column{"change", ColumnType::share, true, true},
    Column{"rung_failed", ColumnType::integer, false, true},
    Column{"billed_min", ColumnType::integer, false, true},
    Column{"priced", ColumnType::integer, false, true},
    Column{"trend", ColumnType::json, true, false},
};
constexpr auto k_columns = std::span(k_ranked_columns).subspan<1>();

void put_figures(ReportRow& to, const report::Tally& t) {
  to.put(t.calls()).put(t.inbound).put(t.outbound).put(t.connected()).share(report::connection_rate(t));
  to.put(t.answered).put(t.reached).put(t.missed).put(t.voicemail).put(t.elsewhere).put(t.abandoned);
  to.share(report::abandonment(t)).share(report::service_level(t)).seconds(report::average_answer_s(t));
  to.put(t.talk_s()).seconds(report::average_talk_s(t)).put(t.unanswered()).put(t.waiting).put(t.refused);
  to.put(t.transferred).put(t.several).put(t.rung).put(t.rung_answered).put(t.rung_declined).put(t.rung_out);
  to.put(t.rung_elsewhere).seconds(report::average_ring_s(t)).share(report::occupancy(t));
}

/// A month is held against none: those of a year are of different lengths.
void put_before(ReportRow& to, const ReportPart& part) {
  const auto& question = part.answer.question;
  if (!question.with_before || question.by == By::month) {
    for (int i = 0; i < 6; ++i) to.nothing();
    return;
  }
  const auto& t = part.row.before;
  to.put(t.calls()).put(t.connected()).put(t.missed).share(report::connection_rate(t));
  to.seconds(report::average_talk_s(t)).share(report::change(part.row.now.calls(), t.calls()));
}

void put_all(ReportRow& to, const ReportPart& part) {
  put_key(to, part);
  put_figures(to, part.row.now);
  put_before(to, part);
  to.put(part.row.now.rung_failed).put(part.row.now.billed_min).put(part.row.now.priced);
  put_trend(to, part);
}

void add_row(const ReportPart& part, const AddRow& add) {
  ReportRow row;
  put_all(row, part);
  add(row);
}

void add_ranked_row(const ReportPart& part, const AddRow& add) {
  ReportRow row;
  row.put(part.rank > 0 ? Cell(part.rank) : Cell());
  put_all(row, part);
  add(row);
}

bool by_agent(const ReportOptions& opts, By otherwise) {
  return (opts.by ? *opts.by : report::name_of(otherwise)) == report::name_of(By::agent);
}

/// A call that was missed is nobody's, and was answered in time by whoever took it: of agents it is the legs
/// that say how they did.
std::vector<std::string_view> page_metrics(bool of_agents) {
  if (of_agents)
    return {"calls", "connected", "connection_rate", "rung", "rung_out", "average_talk_s", "talk_s"};
  return {"calls", "connected", "connection_rate", "missed", "service_level", "average_talk_s", "talk_s"};
}

/// With those in tables that are worth reading there.
auto shown(std::array<Column, k_ranked_columns.size()> columns, bool of_agents) {
  for (auto& column : columns) {
    if (of_agents && (column.name == "rung" || column.name == "rung_out")) column.in_table = true;
    if (of_agents && column.name == "missed") column.in_table = false;
  }
  return columns;
}

template <By otherwise>
void run_calls(const ReportOptions& opts, Context& ctx) {
  const bool of_agents = by_agent(opts, otherwise);
  const auto columns = shown(k_ranked_columns, of_agents);
  run_report(opts, {"Calls", std::span(columns).subspan(1), add_row, page_metrics(of_agents)}, otherwise,
             ctx);
}

// --- leaderboard ---

struct LeaderboardOptions : ReportOptions {
  std::string metric = "connected";
};

void run_leaderboard(const LeaderboardOptions& opts, Context& ctx) {
  report::value_of({}, opts.metric);  // one that is none is refused before anything is opened
  std::vector<std::string_view> metrics{opts.metric};
  const bool of_agents = by_agent(opts, By::agent);
  for (const auto metric : page_metrics(of_agents))
    if (metric != opts.metric) metrics.push_back(metric);
  auto columns = shown(k_ranked_columns, of_agents);
  for (auto& column : columns)
    if (column.name == opts.metric) column.in_table = true;  // what is ranked by is seen
  run_report(opts, {"Leaderboard", columns, add_ranked_row, std::move(metrics), opts.metric}, By::agent, ctx);
}

template <class Options>
Verb<Options>& finish(Verb<Options>& verb, std::span<const Column> columns) {
  return add_compare(verb).columns(columns).lists().exits(
      {Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
}

template <By otherwise>
Verb<ReportOptions> add_calls_verb(Noun& reports, std::string_view verb, std::string_view summary,
                                   std::string_view otherwise_text) {
  auto added = reports.verb<ReportOptions>(verb, summary, run_calls<otherwise>);
  add_period(added)
      .flag("by", &ReportOptions::by, "WHAT", "What calls are put together by")
      .choices(k_by)
      .default_text(otherwise_text);
  finish(added, k_columns);
  return added;
}

}  // namespace

void add_reports_calls(Noun& reports) {
  add_calls_verb<By::nothing>(reports, "calls", "Count calls, put together as asked", "all calls in one row")
      .details(
          "One row, or one for each agent, team, hour, week and so on: calls, connected and missed ones, talk time, waits, and the "
          "same for the time before, which is as many days long. ringctl-reports(7) defines every word. Days are those of "
          "the workspace's zone, or of --tz. With -o html --out FILE a page with charts that needs no network.")
      .example("ringctl reports calls", "the last 30 days")
      .example("ringctl reports calls --by hour --since 2026-03-08 --until 2026-03-09 -o csv")
      .example("ringctl reports calls --by weekday --since 2026-03-02 --until 2026-03-30",
               "four weeks by their days")
      .example("ringctl reports calls --by country --since -7d -o html --out calls.html",
               "a page to send around");

  add_calls_verb<By::agent>(reports, "agents", "Count calls by agent", "agent")
      .details(
          "A row for each agent, under whom calls stand that they answered or made; calls that nobody took stand under "
          "(none). How often an agent was rung, and let it ring, stands beside. Agents without a call are listed "
          "as well.")
      .example("ringctl reports agents --since -7d")
      .example("ringctl reports agents --since today --sort rung_out:desc -o json");

  add_calls_verb<By::number>(reports, "numbers", "Count calls by number of ours", "number")
      .details("A row for each number of ours that was called or called from, and for those without a call.")
      .example("ringctl reports numbers --since -7d")
      .example("ringctl reports numbers --columns key,calls,missed,abandonment -o csv");

  auto league = reports.verb<LeaderboardOptions>("leaderboard", "Rank agents or teams", run_leaderboard);
  add_period(league)
      .flag("by", &LeaderboardOptions::by, "WHAT", "Who is ranked")
      .choices("agent|team")
      .default_text("agent")
      .flag("metric", &LeaderboardOptions::metric, "COLUMN", "By what: a figure of the report")
      .default_text("connected");
  finish(league, k_ranked_columns)
      .details(
          "The best first: the most, but the least of missed, voicemail, elsewhere, abandoned, abandonment, average_answer_s, "
          "unanswered, waiting, refused, rung_declined, rung_out, rung_failed and average_ring_s. Equal ones share a rank, by name. Calls "
          "that nobody took, and agents without a figure, have none; of the least, neither has an agent without any call.")
      .example("ringctl reports leaderboard --since -7d")
      .example("ringctl reports leaderboard --by team --metric talk_s -o html --out league.html")
      .example("ringctl reports leaderboard --metric average_answer_s", "who answers soonest");

  add_calls_verb<By::day>(reports, "daily", "Count calls by day", "day")
      .details(
          "A row for each day of the period, those without calls included. A day is held against the one that lies "
          "as many days before as the report has.")
      .example("ringctl reports daily --since -14d")
      .example("ringctl reports daily --since -14d --tz America/New_York -o jsonl");
}

}  // namespace ringctl::cmd
