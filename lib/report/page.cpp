#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <set>

#include "base/text.hpp"
#include "report/chart.hpp"

namespace ringctl::report {
namespace {

constexpr std::string_view k_none = "–";

/// What the cards show, and what the words at the end explain in any case.
constexpr auto k_cards =
    std::to_array<std::string_view>({"calls", "connected", "connection_rate", "missed", "service_level",
                                     "average_answer_s", "average_talk_s", "talk_s"});

std::string figure(std::int64_t value) {
  return (value < 0 ? "-" : "") + base::group_digits(static_cast<std::uint64_t>(std::abs(value)));
}

bool is_fraction(std::string_view metric) {
  static constexpr auto k_all =
      std::to_array<std::string_view>({"connection_rate", "service_level", "abandonment", "occupancy"});
  return std::find(k_all.begin(), k_all.end(), metric) != k_all.end();
}
bool is_time(std::string_view metric) { return metric.ends_with("_s"); }

/// Of hours nobody reads the seconds.
std::string duration_text(std::chrono::seconds whole) {
  if (whole >= std::chrono::hours(1)) whole = std::chrono::round<std::chrono::minutes>(whole);
  return base::format_duration(whole);
}

/// "+12 %"
std::string share_text(std::optional<double> change) {
  if (!change) return std::string(k_none);
  const auto percent = std::llround(*change * 100);
  return percent == 0 ? "0 %" : fmt::format("{:+} %", percent);
}

const Metric* find_metric(std::string_view name) {
  const auto all = metrics();
  const auto it = std::find_if(all.begin(), all.end(), [&](const Metric& one) { return one.name == name; });
  return it == all.end() ? nullptr : &*it;
}

std::string title_of_metric(std::string_view name) {
  if (name == "cost") return "Cost";
  const auto* metric = find_metric(name);
  return std::string(metric ? metric->title : name);
}

std::string_view definition_of(std::string_view name) {
  const auto* metric = find_metric(name);
  return metric ? metric->definition : std::string_view();
}

/// In a league table.
std::string_view order_of(std::string_view name) {
  const auto* metric = find_metric(name);
  return metric && metric->least_is_best ? "The least is first." : "The most is first.";
}

std::string instant_text(base::Instant at, const base::Zone& zone) {
  const auto local = zone.local_time(at);
  return fmt::format("{} {:02}:{:02}", base::format_day(local.day), local.minute / 60, local.minute % 60);
}

HtmlHead head_of(const PageOptions& options, const Answer& answer) {
  return {.title = options.title,
          .subtitle = subtitle_text(options.workspace, answer.question.period, options.zone),
          .made = fmt::format("Made {} by ringctl {}", instant_text(options.made_at, options.zone),
                              options.version)};
}

// --- cards ---

/// What a card says of the time before.
std::string compared(const Row& total, std::string_view metric) {
  if (is_fraction(metric) || is_time(metric))
    return fmt::format("before: {}", metric_text(total.before, metric));
  const auto now = value_of(total.now, metric), before = value_of(total.before, metric);
  return change_text(std::llround(now.value_or(0)), std::llround(before.value_or(0)));
}

void append_card(std::string& to, std::string_view title, std::string_view text, std::string_view change) {
  to.append("<div><dt>");
  append_escaped(to, title);
  to.append("</dt><dd class=\"figure\">");
  append_escaped(to, text);
  to.append("</dd>");
  if (!change.empty()) {
    to.append("<dd class=\"change\">");
    append_escaped(to, change);
    to.append("</dd>");
  }
  to.append("</div>\n");
}

/// "3.00 EUR, 12.50 USD" that breaks between the currencies alone.
std::string unbroken(std::string_view amounts) {
  std::string out;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    const bool inside = amounts[i] == ' ' && (i == 0 || amounts[i - 1] != ',');
    out.append(inside ? std::string_view("\u00a0") : amounts.substr(i, 1));
  }
  return out;
}

std::string cards_of(const PageOptions& options, const Answer& answer) {
  const bool with_before = answer.question.with_before;
  std::string out = "<dl class=\"cards\">\n";
  for (const auto metric : k_cards)
    append_card(out, title_of_metric(metric), metric_text(answer.total.now, metric),
                with_before ? compared(answer.total, metric) : std::string());
  if (std::find(options.metrics.begin(), options.metrics.end(), "cost") != options.metrics.end()) {
    Row before;
    before.costs = answer.total.costs_before;
    append_card(out, "Cost", unbroken(cost_text(answer.total)),
                with_before ? fmt::format("before: {}", cost_text(before)) : std::string());
  }
  out.append("</dl>\n");
  return out;
}

// --- charts ---

std::string description_of(const Answer& answer, std::string_view unit) {
  const Row* greatest = nullptr;
  for (const auto& row : answer.rows)
    if (!greatest || row.now.calls() > greatest->now.calls()) greatest = &row;
  if (!greatest || greatest->now.calls() == 0) return "No calls in this period.";
  return fmt::format("The most calls in one {}: {} ({}{}).", unit, figure(greatest->now.calls()),
                     greatest->key, answer.question.by == By::hour ? ":00" : "");
}

std::string chart_of(const Answer& answer, std::string title, std::string_view unit) {
  Chart chart{std::move(title), description_of(answer, unit), {}, {}};
  chart.series = {
      {"connected", "s1", {}}, {"missed", "s2", {}}, {"unanswered", "s3", {}}, {"not over yet", "s4", {}}};
  bool waiting = false;
  for (const auto& row : answer.rows) {
    chart.labels.push_back(row.key);
    const std::array values = {row.now.connected(), row.now.missed, row.now.unanswered(), row.now.waiting};
    for (std::size_t i = 0; i < values.size(); ++i) chart.series[i].values.push_back(values[i]);
    waiting = waiting || row.now.waiting > 0;
  }
  if (!waiting) chart.series.pop_back();
  return stacked_bars(chart);
}

// --- table ---

/// The rows of an answer as cells: text lives here as long as the row is written.
class Table {
 public:
  Table(HtmlPage& page, const PageOptions& options, const Answer& answer)
      : page_(page), options_(options), answer_(answer) {
    for (const auto& row : answer.rows) {
      named_ = named_ || !row.name.empty();
      trends_ = trends_ || !row.trend.empty();
      for (const auto metric : options.metrics)
        if (metric != "cost") greatest_ = std::max(greatest_, first_of(row, metric));
    }
    if (options.ranked && !options.metrics.empty()) ranks_ = ranks_of(answer.rows, options.metrics.front());
  }

  void write() {
    page_.begin_table(
        fmt::format("{}, {}", options_.title, period_text(answer_.question.period, options_.zone)),
        columns());
    for (std::size_t i = 0; i < answer_.rows.size(); ++i) page_.row(cells(answer_.rows[i], i, false));
    if (answer_.question.by != By::nothing) page_.foot(cells(answer_.total, 0, true));
    page_.end_table();
  }

 private:
  /// The first metric draws its bar against the greatest there is, so only that one counts here.
  double first_of(const Row& row, std::string_view metric) const {
    return metric == options_.metrics.front() ? value_of(row.now, metric).value_or(0) : 0;
  }

  /// Months are of different lengths: none is held against another.
  bool compares() const { return answer_.question.with_before && answer_.question.by != By::month; }

  std::vector<HtmlColumn> columns() const {
    std::vector<HtmlColumn> all;
    if (!ranks_.empty()) all.push_back({"Rank", true, std::string(order_of(options_.metrics.front()))});
    all.push_back({std::string(title_of(answer_.question.by))});
    if (named_) all.push_back({"Name"});
    for (const auto metric : options_.metrics)
      all.push_back({title_of_metric(metric), true, std::string(definition_of(metric))});
    if (compares()) all.insert(all.end(), {{"Calls before", true}, {"Change of calls", true}});
    if (trends_) all.push_back({"Trend of calls"});
    return all;
  }

  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  std::vector<HtmlCell> cells(const Row& row, std::size_t place, bool total) {
    texts_.clear();
    std::vector<HtmlCell> all;
    if (!ranks_.empty())
      all.push_back(
          {total || ranks_[place] == 0 ? std::string_view() : keep(fmt::format("{}", ranks_[place]))});
    const bool alone = answer_.question.by == By::nothing;
    all.push_back({total || alone    ? "All calls"
                   : row.key.empty() ? "(none)"
                                     : std::string_view(row.key),
                   -1, true});
    if (named_) all.push_back({row.name});
    for (const auto metric : options_.metrics) all.push_back(metric_cell(row, metric, total || alone));
    if (compares()) {
      all.push_back({keep(figure(row.before.calls()))});
      all.push_back({keep(share_text(change(row.now.calls(), row.before.calls())))});
    }
    if (trends_) all.push_back(trend_cell(row));
    return all;
  }

  HtmlCell metric_cell(const Row& row, std::string_view metric, bool total) {
    if (metric == "cost") return {keep(cost_text(row))};
    const auto text = keep(metric_text(row.now, metric));
    const auto value = value_of(row.now, metric);
    if (total || !value) return {text};
    if (is_fraction(metric)) return {text, *value};
    return metric == options_.metrics.front() && greatest_ > 0 ? HtmlCell{text, *value / greatest_}
                                                               : HtmlCell{text};
  }

  HtmlCell trend_cell(const Row& row) {
    if (row.trend.empty()) return {};
    const auto [least, most] = std::minmax_element(row.trend.begin(), row.trend.end());
    return {{},
            -1,
            false,
            keep(spark_svg(row.trend, fmt::format("{} to {} calls", figure(*least), figure(*most))))};
  }

  HtmlPage& page_;
  const PageOptions& options_;
  const Answer& answer_;
  bool named_ = false, trends_ = false;
  double greatest_ = 0;
  std::vector<std::int64_t> ranks_;
  std::deque<std::string> texts_;
};

// --- words ---

std::string words_of(const PageOptions& options) {
  std::set<std::string_view> used(k_cards.begin(), k_cards.end());
  used.insert(options.metrics.begin(), options.metrics.end());
  used.insert("unanswered");
  std::string out = "<dl class=\"words\">\n";
  for (const auto& metric : metrics()) {
    if (!used.contains(metric.name)) continue;
    out.append("<dt>");
    append_escaped(out, metric.title);
    out.append("</dt><dd>");
    append_escaped(out, metric.definition);
    out.append("</dd>\n");
  }
  out.append("</dl>\n");
  return out;
}

}  // namespace

std::string_view title_of(By by) {
  switch (by) {
    case By::nothing:
      break;
    case By::agent:
      return "Agent";
    case By::team:
      return "Team";
    case By::number:
      return "Number";
    case By::hour:
      return "Hour";
    case By::weekday:
      return "Weekday";
    case By::day:
      return "Day";
    case By::week:
      return "Week";
    case By::month:
      return "Month";
    case By::country:
      return "Country";
    case By::outcome:
      return "Outcome";
    case By::rule:
      return "Rule";
  }
  return "Calls";
}

std::string period_text(const Period& period, const base::Zone& zone) {
  const auto first = zone.day_of(period.since);
  const auto from =
      zone.start_of(first) == period.since ? base::format_day(first) : instant_text(period.since, zone);
  const auto end = zone.day_of(period.until);
  if (zone.start_of(end) != period.until)
    return fmt::format("{} to {}", from, instant_text(period.until, zone));
  const auto last = base::format_day(zone.day_of(period.until - std::chrono::milliseconds(1)));
  return last == from ? from : fmt::format("{} to {}", from, last);
}

std::string subtitle_text(std::string_view workspace, const Period& period, const base::Zone& zone) {
  return fmt::format("{} · {} · {}", workspace, period_text(period, zone), zone.name());
}

std::string metric_text(const Tally& tally, std::string_view metric) {
  const auto value = value_of(tally, metric);
  if (!value) return std::string(k_none);
  if (is_fraction(metric)) return fmt::format("{:.1f} %", *value * 100);
  const auto whole = std::llround(*value);
  return is_time(metric) ? duration_text(std::chrono::seconds(whole)) : figure(whole);
}

std::string change_text(std::int64_t now, std::int64_t before) {
  const auto share = change(now, before);
  return share ? fmt::format("{} (before: {})", share_text(share), figure(before))
               : fmt::format("(before: {})", figure(before));
}

std::string cost_text(const Row& row) {
  std::string out;
  for (const auto& cost : row.costs) {
    if (cost.unit.empty()) continue;
    if (!out.empty()) out.append(", ");
    out.append(money_text(cost.micros)).append(" ").append(cost.unit);
  }
  return out.empty() ? std::string(k_none) : out;
}

std::vector<std::int64_t> ranks_of(const std::vector<Row>& rows, std::string_view metric) {
  std::vector<double> merits;
  for (const auto& row : rows)
    if (const auto merit = merit_of(row, metric)) merits.push_back(*merit);
  std::sort(merits.begin(), merits.end(), std::greater<>());
  std::vector<std::int64_t> ranks;
  for (const auto& row : rows) {
    const auto merit = merit_of(row, metric);
    const auto it =
        merit ? std::lower_bound(merits.begin(), merits.end(), *merit, std::greater<>()) : merits.end();
    ranks.push_back(merit ? it - merits.begin() + 1 : 0);
  }
  return ranks;
}

void write_page(const Sink& sink, const PageOptions& options, const Answer& answer, const Answer& days,
                const Answer& hours) {
  HtmlPage page(sink, head_of(options, answer));
  page.raw(cards_of(options, answer));
  if (answer.question.with_before)
    page.paragraph(fmt::format("Before: {}, as many days.", period_text(answer.before, options.zone)));
  page.raw("<div class=\"charts\">\n");
  page.raw(chart_of(days, "Calls by day", "day"));
  page.raw(chart_of(hours, "Calls by hour of the day", "hour"));
  page.raw("</div>\n");
  page.heading(options.title);
  Table(page, options, answer).write();
  page.heading("What the words mean");
  page.raw(words_of(options));
  page.end();
}

}  // namespace ringctl::report
