#pragma once
// The page of a report: figures on cards with their change, calls by day and by hour as charts, the rows as a
// table with bars, and the definitions of every word on it.

#include <string>
#include <string_view>
#include <vector>

#include "base/zone.hpp"
#include "report/html.hpp"
#include "report/report.hpp"

namespace ringctl::report {

/// `metrics`: what the table shows of its rows, in order, by their names in metrics(), beside key, name,
/// change and trend; "cost" is what the calls cost, in each of its units.
struct PageOptions {
  std::string title = {};      ///< "Calls by agent"
  std::string workspace = {};  ///< its name
  std::string version = {};    ///< of ringctl
  base::Instant made_at = {};
  base::Zone zone = base::Zone::utc();
  std::vector<std::string_view> metrics = {};
  bool ranked = false;  ///< a league table: rows are numbered by the first metric, equal ones alike
};

/// `answer` is of any By; `days` and `hours` are of the same period, by day and by hour, and give the charts.
/// Bytes depend on the arguments alone. A year of 50 agents is under 1 MB. Throws as value_of() for a metric
/// that is none.
void write_page(const Sink&, const PageOptions&, const Answer& answer, const Answer& days,
                const Answer& hours);

/// "Agent", "Number", "Calls" for By::nothing.
std::string_view title_of(By);
/// "2026-10-24 to 2026-11-22 13:00": days as they stand in a calendar, the last one included; a time of day
/// where an end is none of a day's.
std::string period_text(const Period&, const base::Zone&);
/// "default · 2026-10-24 to 2026-11-22 · America/New_York": what a page says below its title.
std::string subtitle_text(std::string_view workspace, const Period&, const base::Zone&);
/// A metric as people read it: "1,204", "93.4 %", "2m5s", "–" where there is none.
std::string metric_text(const Tally&, std::string_view metric);
/// "+12 % (before: 340)"; "(before: 0)" where no share can be said.
std::string change_text(std::int64_t now, std::int64_t before);
/// "12.50 USD, 3.00 EUR"; "–" where nothing has a price.
std::string cost_text(const Row&);
/// The place of each row by a metric, from 1, the best: equal ones share one. None (0) where merit_of() has
/// none.
std::vector<std::int64_t> ranks_of(const std::vector<Row>&, std::string_view metric);

}  // namespace ringctl::report
