#pragma once
// Parts of the noun `reports` that its files share.

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/context.hpp"
#include "cmd/registry.hpp"
#include "report/report.hpp"

namespace ringctl::cmd {

// One function per file adds its verbs, in the order help shows them.
void add_reports_calls(Noun&);     ///< calls agents numbers leaderboard daily
void add_reports_costs(Noun&);     ///< usage costs capacity
void add_reports_messages(Noun&);  ///< messages
void add_reports_refresh(Noun&);   ///< refresh

/// The time that a report is about, as typed.
struct PeriodOptions {
  std::optional<std::string> since, until;
};
struct ReportOptions : PeriodOptions {
  std::optional<std::string> by;
  bool no_compare = false;
};

template <class Options>
Verb<Options>& add_period(Verb<Options>& verb) {
  return verb
      .flag("since", &Options::since, "TIME",
            "Only calls that began at TIME or after: 2026-03-08, -7d, yesterday, RFC 3339")
      .default_text("29 days before the last one")
      .flag("until", &Options::until, "TIME", "Only calls that began before TIME")
      .default_text("now");
}
inline constexpr std::string_view k_by = "agent|team|number|hour|weekday|day|week|month|country|outcome|rule";
template <class Options>
Verb<Options>& add_compare(Verb<Options>& verb) {
  return verb.flag("no-compare", &Options::no_compare,
                   "Leave away the time before, which takes half the work");
}

/// --since and --until read in that zone; without them the last 30 days, today included. Throws Errc::usage
/// [usage.empty_period].
report::Period period_of(const PeriodOptions&, Context&, const base::Zone&);
report::Question question_of(const ReportOptions&, Context&, const base::Zone&, report::By otherwise);

/// One row on its way out. Text is kept here as long as the row is.
class ReportRow {
 public:
  ReportRow& put(Cell cell) { return cells_.push_back(cell), *this; }
  /// "" as absent.
  ReportRow& text(std::string);
  /// A fraction, four places; an average, whole seconds.
  ReportRow& share(std::optional<double>);
  ReportRow& seconds(std::optional<double>);
  ReportRow& money(std::int64_t micros);
  ReportRow& json(std::string);
  ReportRow& nothing() { return put({}); }
  std::span<const Cell> cells() const { return cells_; }

 private:
  std::vector<Cell> cells_;
  std::deque<std::string> texts_;
};

/// What the rows of a report are made from.
struct ReportPart {
  const report::Answer& answer;
  const report::Row& row;
  std::int64_t rank;  ///< in a league table; 0: none
  bool for_people;    ///< a table or plain page: words for what is absent, sparklines
  bool ascii;         ///< sparklines of letters
};
using AddRow = std::function<void(const ReportRow&)>;

/// by, key and name: how every row begins.
void put_key(ReportRow&, const ReportPart&);
/// Calls in pieces of the period, oldest first.
void put_trend(ReportRow&, const ReportPart&);

struct ReportShape {
  std::string_view title;  ///< "Calls by agent" without the "by agent"
  std::span<const Column> columns;
  void (*add_rows)(const ReportPart&, const AddRow&);  ///< one or more for each of the answer's rows
  std::vector<std::string_view> page_metrics;          ///< what html shows
  std::string_view ranked_by = {};                     ///< the metric of a league table
};

/// Asks and prints in the format asked for; html as a page of its own with charts, unless --columns says
/// otherwise.
void run_report(const ReportOptions&, const ReportShape&, report::By otherwise, Context&);

}  // namespace ringctl::cmd
