#pragma once
// A question about the call log and its answer. One read transaction, so everything in an answer is of one
// moment; nobody who writes waits for it. Days that were kept (kept_days.hpp) are taken as they are, all
// others counted: the answer is the same.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "report/period.hpp"
#include "report/tally.hpp"

namespace ringctl::report {

/// What calls are put together by.
enum class By {
  nothing,  ///< one row for all
  agent,    ///< who answered or called; key: e-mail, "" = nobody
  team,     ///< the team that user was in then; key: name, "" = none
  number,   ///< ours; key: E.164, "" = none of ours, or deleted since
  hour,     ///< of the day, as the zone's clock shows it; key "00" to "23", all of them
  weekday,  ///< key "1" to "7", Monday first, all of them; name: "Monday"
  day,      ///< key "2026-03-08", every day of the period
  week,     ///< of ISO 8601, Monday to Sunday; key "2026-W12", every one that the period touches
  month,    ///< key "2026-03", every month
  country,  ///< the other party's; key: "US", "" = unknown
  outcome,  ///< as agents picked it; "" = none
  rule,     ///< the rule that routed it; "" = none, though one may have held
};
/// "agent"; "" for By::nothing.
std::string_view name_of(By);
/// nullopt for a word that is none.
std::optional<By> try_parse_by(std::string_view);

struct Question {
  Period period;
  By by = By::nothing;
  bool with_before = true;    ///< also the period before
  bool use_kept_days = true;  ///< false: everything is counted, for tests and benchmarks
};

/// One row of an answer.
struct Row {
  std::string key = {};
  std::string name = {};        ///< an agent's name, a number's label, a weekday's; "" = none
  Tally now = {}, before = {};  ///< before: the same key, for days and weeks the days it is held against
  /// Calls, a figure for each piece of the period, in order: 24 pieces at most, of as many whole days each;
  /// where the period lies in one day, the hours of the clock that it touches. The same pieces for all rows.
  /// Empty for hours, weekdays, days, weeks and months.
  std::vector<std::int64_t> trend = {};
  /// What price_micros adds up by; a sum over several units means nothing. Ordered by unit; none without
  /// calls.
  struct Cost {
    std::string unit;  ///< ISO 4217 code, upper case; "" for the calls that have no price
    std::int64_t calls = 0, billed_min = 0, micros = 0;
    friend bool operator==(const Cost&, const Cost&) = default;
  };
  std::vector<Cost> costs = {}, costs_before = {};
};

struct Answer {
  Question question;
  Period before = {};
  Row total = {};         ///< of all calls, key ""
  std::vector<Row> rows;  ///< by key, "" last; so hours, weekdays, days, weeks and months by time
  /// Slices that were taken as kept, and that were counted, of both periods. Those before the first call of
  /// the workspace and after its last are neither.
  std::int64_t kept = 0, counted = 0;
};

/// Inside a read transaction on the workspace. Agents (users of role agent or admin), teams and numbers that
/// had no call in the period but are active have a row of zeros. Memory: the rows alone; cost: the kept days,
/// and the calls of the others. Throws Errc::usage [usage.empty_period] where since is not before until.
Answer ask(db::Connection&, const base::Uuid& workspace, const base::Zone&, const Question&);

/// What a league table goes by: a metric by its column name (value_of()), so that the greatest is the best.
/// None for what belongs to nobody, and, where the least is best, for whoever had no call and was not rung.
/// Throws Errc::usage [reports.unknown_metric] with near names.
std::optional<double> merit_of(const Row&, std::string_view metric);
/// Puts rows in the order of a league table: the best first, then by name; those without a figure after all
/// others, and what belongs to nobody last. Throws as merit_of().
void rank_by(std::vector<Row>&, std::string_view metric);

/// "12.3456": millionths as decimal text, trailing zeros beyond the second place cut.
std::string money_text(std::int64_t micros);

}  // namespace ringctl::report
