// reports usage, costs, capacity

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cmd/list.hpp"
#include "cmd/reports.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "limits/day.hpp"
#include "limits/history.hpp"
#include "report/page.hpp"
#include "report/tally.hpp"

namespace ringctl::cmd {
namespace {

using report::By;

const std::initializer_list<Errc> k_exits = {Errc::not_found, Errc::conflict, Errc::invalid,
                                             Errc::schema,    Errc::db_down,  Errc::db_busy};

/// Months are of different lengths, so they are held against none.
bool compares(const ReportPart& part) {
  return part.answer.question.with_before && part.answer.question.by != By::month;
}

// --- usage ---

constexpr std::array k_usage_columns = {
    Column{"by", ColumnType::word, false, false},
    Column{"key", ColumnType::e164, true, true},
    Column{"name", ColumnType::text, true, true},
    Column{"calls", ColumnType::integer, true, true},
    Column{"connected", ColumnType::integer, true, true},
    Column{"talk_s", ColumnType::duration, true, true},
    Column{"billed_min", ColumnType::integer, true, true},
    Column{"priced", ColumnType::integer, false, true},
    Column{"unpriced", ColumnType::integer, false, true},
    Column{"before_calls", ColumnType::integer, false, true},
    Column{"before_billed_min", ColumnType::integer, false, true},
    Column{"change", ColumnType::share, true, true},
    Column{"trend", ColumnType::json, true, false},
};

void add_usage_row(const ReportPart& part, const AddRow& add) {
  const auto &now = part.row.now, &before = part.row.before;
  ReportRow row;
  put_key(row, part);
  row.put(now.calls()).put(now.connected()).put(now.talk_s()).put(now.billed_min);
  row.put(now.priced).put(now.calls() - now.priced);
  if (compares(part))
    row.put(before.calls()).put(before.billed_min).share(report::change(now.calls(), before.calls()));
  else
    row.nothing().nothing().nothing();
  put_trend(row, part);
  add(row);
}

void run_usage(const ReportOptions& opts, Context& ctx) {
  run_report(opts,
             {"Usage",
              k_usage_columns,
              add_usage_row,
              {"calls", "connected", "talk_s", "billed_min", "priced", "cost"}},
             By::number, ctx);
}

// --- costs ---

constexpr std::array k_cost_columns = {
    Column{"by", ColumnType::word, false, false},
    Column{"key", ColumnType::e164, true, true},
    Column{"name", ColumnType::text, true, true},
    Column{"unit", ColumnType::word, true, true},
    Column{"calls", ColumnType::integer, true, true},
    Column{"priced", ColumnType::integer, false, true},
    Column{"unpriced", ColumnType::integer, true, true},
    Column{"billed_min", ColumnType::integer, true, true},
    Column{"cost", ColumnType::money, true, true},
    Column{"cost_per_call", ColumnType::money, true, true},
    Column{"cost_per_min", ColumnType::money, false, true},
    Column{"before_cost", ColumnType::money, true, true},
    Column{"change", ColumnType::share, true, true},
};

using Cost = report::Row::Cost;

Cost find_unit(const std::vector<Cost>& costs, const std::string& unit) {
  const auto it =
      std::find_if(costs.begin(), costs.end(), [&](const Cost& cost) { return cost.unit == unit; });
  return it == costs.end() ? Cost{.unit = unit} : *it;
}

/// Those of now and before, by name; "", the calls without a price, comes last, and where there is nothing at
/// all.
std::vector<std::string> units_of(const report::Row& row, bool with_before) {
  std::vector<std::string> units;
  for (const auto& cost : row.costs) units.push_back(cost.unit);
  if (with_before)
    for (const auto& cost : row.costs_before)
      if (!cost.unit.empty()) units.push_back(cost.unit);
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  if (units.empty()) return {""};
  if (units.front().empty()) std::rotate(units.begin(), units.begin() + 1, units.end());
  return units;
}

/// Millionths of each, rounded; nothing where there is nothing to divide by.
void put_each(ReportRow& row, std::int64_t micros, std::int64_t count) {
  if (count > 0)
    row.money(std::llround(static_cast<double>(micros) / static_cast<double>(count)));
  else
    row.nothing();
}

void add_unit(const ReportPart& part, const std::string& unit, const AddRow& add) {
  const auto now = find_unit(part.row.costs, unit), before = find_unit(part.row.costs_before, unit);
  const bool priced = !unit.empty();
  ReportRow row;
  put_key(row, part);
  row.text(unit).put(now.calls).put(priced ? now.calls : 0).put(priced ? 0 : now.calls).put(now.billed_min);
  if (priced) {
    row.money(now.micros);
    put_each(row, now.micros, now.calls);
    put_each(row, now.micros, now.billed_min);
  } else {
    row.nothing().nothing().nothing();  // no price is no cost of nought
  }
  if (priced && compares(part))
    row.money(before.micros).share(report::change(now.micros, before.micros));
  else
    row.nothing().nothing();
  add(row);
}

void add_cost_rows(const ReportPart& part, const AddRow& add) {
  for (const auto& unit : units_of(part.row, compares(part))) add_unit(part, unit, add);
}

void run_costs(const ReportOptions& opts, Context& ctx) {
  run_report(opts, {"Costs", k_cost_columns, add_cost_rows, {"calls", "priced", "billed_min", "cost"}},
             By::nothing, ctx);
}

// --- capacity ---

constexpr std::array k_capacity_columns = {
    Column{"by", ColumnType::word, false, false},
    Column{"key", ColumnType::e164, true, true},
    Column{"name", ColumnType::text, true, true},
    Column{"agents", ColumnType::integer, false, true},
    Column{"numbers", ColumnType::integer, false, true},
    Column{"capacity", ColumnType::integer, true, true},
    Column{"days", ColumnType::integer, true, true},
    Column{"used", ColumnType::integer, true, true},
    Column{"connected", ColumnType::integer, false, true},
    Column{"peak", ColumnType::integer, true, true},
    Column{"peak_day", ColumnType::date, true, true},
    Column{"full_days", ColumnType::integer, true, true},
    Column{"share", ColumnType::share, true, true},
};

struct CapacityOptions : PeriodOptions {
  std::string by = "workspace";
};

limits::CapacityBy capacity_by(const std::string& word) {
  if (word == "agent") return limits::CapacityBy::agent;
  return word == "number" ? limits::CapacityBy::number : limits::CapacityBy::workspace;
}

/// Of what the limits come to on the days on which there were calls.
std::optional<double> share_of(const limits::Use& use) {
  const auto room = use.capacity * use.days;
  if (room <= 0) return std::nullopt;
  return static_cast<double>(use.used) / static_cast<double>(room);
}

ReportRow use_row(const limits::Use& use, const std::string& by, const std::string& workspace,
                  bool for_people) {
  ReportRow row;
  const bool whole = by == "workspace";
  row.text(by).text(whole ? workspace : use.key.empty() && for_people ? "(none)" : use.key).text(use.name);
  row.put(use.agents)
      .put(use.numbers)
      .put(use.capacity)
      .put(use.days)
      .put(use.used)
      .put(use.connected)
      .put(use.peak);
  row.text(use.peak_day ? base::format_day(*use.peak_day) : std::string());
  row.put(use.full_days).share(share_of(use));
  return row;
}

void run_capacity(const CapacityOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto period = period_of(opts, ctx, ctx.zone());
  // Limits count days of the workspace's zone, whatever the report is read in.
  const auto zone = base::Zone::parse(workspace.timezone);
  const auto first = limits::day_at(zone, period.since);
  const auto last = limits::day_at(zone, period.until - std::chrono::milliseconds(1));
  ctx.io().subtitle(report::subtitle_text(
      workspace.name, {zone.start_of(first), zone.start_of(limits::next_day(zone, last))}, zone));
  SmallList list(ctx.io(), k_capacity_columns, ctx.list_options());
  const bool people = ctx.io().format() == Format::table || ctx.io().format() == Format::html;
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  limits::for_each_use(db, workspace.id, capacity_by(opts.by), first, last, [&](const limits::Use& use) {
    list.add(use_row(use, opts.by, workspace.name, people).cells());
  });
  transaction.commit();
  list.print();
}

}  // namespace

void add_reports_costs(Noun& reports) {
  auto usage = reports.verb<ReportOptions>("usage", "Show what of the estate is used", run_usage);
  add_period(usage)
      .flag("by", &ReportOptions::by, "WHAT", "What calls are put together by")
      .choices(k_by)
      .default_text("number");
  add_compare(usage)
      .columns(k_usage_columns)
      .lists()
      .details(
          "Calls, talk time and the minutes that Twilio bills for, by number; numbers that nobody used are listed too.")
      .example("ringctl reports usage --since -7d")
      .example("ringctl reports usage --by month --since 2026-01-01 -o csv")
      .exits(k_exits);

  auto costs = reports.verb<ReportOptions>("costs", "Show what calls cost", run_costs);
  add_period(costs)
      .flag("by", &ReportOptions::by, "WHAT", "What calls are put together by")
      .choices(k_by)
      .default_text("all calls together");
  add_compare(costs)
      .columns(k_cost_columns)
      .lists()
      .details(
          "What Twilio charged, in its own units, which are never added up: a row for each unit, and one for the calls that "
          "have no price. Prices come from Twilio some time after a call, so the newest are the last to have one; a call "
          "without a price is not taken for free.")
      .example("ringctl reports costs")
      .example("ringctl reports costs --by month --since 2026-01-01 -o xlsx --out costs.xlsx",
               "spend, month by month")
      .exits(k_exits);

  auto capacity =
      reports.verb<CapacityOptions>("capacity", "Show how far daily limits were used", run_capacity);
  add_period(capacity)
      .flag("by", &CapacityOptions::by, "WHAT",
            "One row for the workspace, for each agent or for each number")
      .choices("workspace|agent|number")
      .default_text("workspace")
      .columns(k_capacity_columns)
      .lists()
      .details(
          "What the limits of today come to a day, and what was used of that on the days of the period, which are the "
          "workspace's: calls counted, the busiest day, and on how many days a limit was reached. `limits capacity` shows today. "
          "ringctl-reports(7) defines every word.")
      .example("ringctl reports capacity --since -7d")
      .example("ringctl reports capacity --by agent --since -7d -o json")
      .exits(k_exits);
}

}  // namespace ringctl::cmd
