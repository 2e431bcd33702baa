// Each day of the period, and of the one before, gives tallies by the keys of SQL, kept or counted; here they
// are put together under the keys that people know.

#include "report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "db/side_by_side.hpp"
#include "report/counting.hpp"
#include "report/kept_days.hpp"

namespace ringctl::report {
namespace {

constexpr std::size_t k_most_pieces = 24;
/// As many as PostgreSQL itself puts to a large question; one for each few days, for it has to come in first.
constexpr std::size_t k_most_readers = 3, k_days_a_reader = 5;

constexpr std::array<std::pair<By, std::string_view>, 12> k_words = {{{By::nothing, ""},
                                                                      {By::agent, "agent"},
                                                                      {By::team, "team"},
                                                                      {By::number, "number"},
                                                                      {By::hour, "hour"},
                                                                      {By::weekday, "weekday"},
                                                                      {By::day, "day"},
                                                                      {By::week, "week"},
                                                                      {By::month, "month"},
                                                                      {By::country, "country"},
                                                                      {By::outcome, "outcome"},
                                                                      {By::rule, "rule"}}};

Dimension dimension_of(By by) {
  switch (by) {
    case By::agent:
      return Dimension::agent;
    case By::team:
      return Dimension::team;
    case By::number:
      return Dimension::number;
    case By::hour:
      return Dimension::quarter;
    case By::country:
      return Dimension::country;
    case By::outcome:
      return Dimension::outcome;
    case By::rule:
      return Dimension::rule;
    case By::nothing:
    case By::weekday:
    case By::day:
    case By::week:
    case By::month:
      break;
  }
  return Dimension::none;
}

bool is_time(By by) {
  return by == By::hour || by == By::weekday || by == By::day || by == By::week || by == By::month;
}

std::string month_of(base::Day day) { return base::format_day(day).substr(0, 7); }

constexpr std::array<std::string_view, 7> k_weekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                        "Friday", "Saturday", "Sunday"};
/// 1 is Monday.
unsigned weekday_of(base::Day day) { return std::chrono::weekday(std::chrono::sys_days(day)).iso_encoding(); }
std::string weekday_key(unsigned weekday) { return std::to_string(weekday); }

/// A week belongs to the year that has its Thursday (ISO 8601).
std::string week_of(base::Day day) {
  const auto thursday =
      std::chrono::sys_days(day) + std::chrono::days(4) - std::chrono::days(weekday_of(day));
  const auto year = base::Day(thursday).year();
  const auto days_before = (thursday - std::chrono::sys_days(year / std::chrono::January / 1)).count();
  return fmt::format("{:04}-W{:02}", int(year), days_before / 7 + 1);
}

/// The key of what a day is part of; "" where that is no time of whole days.
std::string key_of_day(By by, base::Day day) {
  switch (by) {
    case By::weekday:
      return weekday_key(weekday_of(day));
    case By::day:
      return base::format_day(day);
    case By::week:
      return week_of(day);
    case By::month:
      return month_of(day);
    default:
      return {};
  }
}

int hour_of(const base::Zone& zone, base::Instant at) { return zone.local_time(at).minute / 60; }
std::string hour_key(int hour) { return fmt::format("{:02}", hour); }

void add_cost(std::vector<Row::Cost>& costs, std::string_view unit, const Tally& tally) {
  if (tally.calls() == 0) return;
  auto at = std::ranges::lower_bound(costs, unit, {}, &Row::Cost::unit);
  if (at == costs.end() || at->unit != unit) at = costs.insert(at, Row::Cost{.unit = std::string(unit)});
  at->calls += tally.calls();
  at->billed_min += tally.billed_min;
  at->micros += tally.price_micros;
}

/// What people call an agent, a team, a number.
struct Label {
  std::string key, name;
  bool active = false;
};

std::string_view labels_query(By by) {
  switch (by) {
    case By::agent:
      return "SELECT id, email, name, CASE WHEN is_active = TRUE AND (role = 'agent' OR role = 'admin') THEN TRUE "
             "ELSE FALSE END FROM users WHERE workspace_id = $1";
    case By::team:
      return "SELECT id, name, '', is_active FROM teams WHERE workspace_id = $1";
    case By::number:
      return "SELECT id, phone_number, label, CASE WHEN status = 'active' THEN TRUE ELSE FALSE END "
             "FROM phone_numbers WHERE workspace_id = $1";
    default:
      return {};
  }
}

/// By id.
std::map<std::string, Label, std::less<>> read_labels(db::Connection& db, const base::Uuid& workspace,
                                                      By by) {
  std::map<std::string, Label, std::less<>> labels;
  const auto sql = labels_query(by);
  if (sql.empty()) return labels;
  auto rows = db.stream(sql, {workspace});
  while (rows.next())
    labels.emplace(rows.text(0),
                   Label{std::string(rows.text(1)), std::string(rows.text(2)), rows.boolean(3)});
  return labels;
}

std::optional<base::Instant> outermost_start(db::Connection& db, const base::Uuid& workspace,
                                             std::string_view which) {
  auto rows =
      db.query(fmt::format("SELECT {}(started_at) FROM calls WHERE workspace_id = $1", which), {workspace});
  return rows.next() ? rows.maybe_instant(0) : std::nullopt;
}

class Asking {
 public:
  Asking(db::Connection& db, const base::Uuid& workspace, const base::Zone& zone, const Question& question)
      : db_(db),
        workspace_(workspace),
        zone_(zone),
        question_(question),
        dimension_(dimension_of(question.by)),
        slices_(slices_of(question.period, zone)) {}

  Answer run() {
    answer_.question = question_;
    labels_ = read_labels(db_, workspace_, question_.by);
    first_start_ = outermost_start(db_, workspace_, "min");
    last_start_ = outermost_start(db_, workspace_, "max");
    prepare_trend();
    prepare_rows();
    gather(slices_, false);
    if (question_.with_before) gather_before();
    if (hours_) gather_hours();
    return finish();
  }

 private:
  bool has_trend() const { return !is_time(question_.by); }

  // --- trend ---

  void prepare_trend() {
    if (!has_trend()) return;
    if (slices_.size() > 1) {
      days_per_piece_ = (slices_.size() + k_most_pieces - 1) / k_most_pieces;
      pieces_ = (slices_.size() + days_per_piece_ - 1) / days_per_piece_;
    } else {
      prepare_hours();
    }
    answer_.total.trend.assign(pieces_, 0);
  }

  /// The hours that the clock shows from since to until.
  void prepare_hours() {
    hours_ = true;
    constexpr std::chrono::minutes k_quarter(15);
    int first = hour_of(zone_, question_.period.since), last = first;
    for (auto at = question_.period.since; at < question_.period.until; at += k_quarter) {
      first = std::min(first, hour_of(zone_, at));
      last = std::max(last, hour_of(zone_, at));
    }
    last = std::max(last, hour_of(zone_, question_.period.until - std::chrono::milliseconds(1)));
    first_hour_ = first;
    pieces_ = static_cast<std::size_t>(last - first) + 1;
  }

  void add_trend(Row& row, std::size_t piece, std::int64_t calls) {
    if (calls == 0 || piece >= pieces_) return;
    row.trend[piece] += calls;
    answer_.total.trend[piece] += calls;
  }

  void gather_hours() {
    count_quarters(db_, workspace_, dimension_, question_.period.since, question_.period.until,
                   [&](std::string_view key, std::string_view quarter, std::int64_t calls) {
                     const auto hour = hour_of(zone_, instant_of_quarter(quarter)) - first_hour_;
                     add_trend(labelled_row(key), static_cast<std::size_t>(std::max(hour, 0)), calls);
                   });
  }

  // --- rows ---

  Row& row_at(std::string_view key) {
    auto at = rows_.find(key);
    if (at == rows_.end()) {
      at = rows_.emplace(key, Row{.key = std::string(key)}).first;
      at->second.trend.assign(pieces_, 0);
    }
    return at->second;
  }

  void prepare_rows() {
    for (const auto& [id, label] : labels_)
      if (label.active) row_at(label.key);
    if (question_.by == By::nothing) row_at("");
    if (question_.by == By::hour)
      for (int hour = 0; hour < 24; ++hour) row_at(hour_key(hour));
    if (question_.by == By::weekday)
      for (unsigned weekday = 1; weekday <= k_weekdays.size(); ++weekday)
        row_at(weekday_key(weekday)).name = k_weekdays[weekday - 1];
    for (const auto& slice : slices_)
      if (const auto key = key_of_day(question_.by, slice.day); !key.empty()) row_at(key);
  }

  /// Agents, teams and numbers by what people call them; who is not there any more is nobody.
  std::string_view label_key(std::string_view key) const {
    if (labels_query(question_.by).empty()) return key;
    const auto label = labels_.find(key);
    return label == labels_.end() ? std::string_view() : std::string_view(label->second.key);
  }

  /// Each key is looked up once: a year has tens of thousands of tallies.
  Row& labelled_row(std::string_view key) {
    auto at = labelled_rows_.find(key);
    if (at == labelled_rows_.end()) at = labelled_rows_.emplace(key, &row_at(label_key(key))).first;
    return *at->second;
  }

  /// The row that a tally of a day belongs to; nullptr if none.
  Row* row_of(base::Day day, std::string_view key, bool earlier) {
    if (question_.by == By::hour) return &row_at(hour_key(hour_of(zone_, instant_of_quarter(key))));
    if (!is_time(question_.by)) return &labelled_row(key);
    if (!earlier || question_.by == By::weekday) return &row_at(key_of_day(question_.by, day));
    const auto now = held_against_.find(day);
    return now == held_against_.end() ? nullptr : &row_at(key_of_day(question_.by, now->second));
  }

  void add(const Slice& slice, std::size_t index, bool earlier, std::string_view key, std::string_view unit,
           const Tally& tally) {
    const auto add_to = [&](Row& row) {
      (earlier ? row.before : row.now) += tally;
      add_cost(earlier ? row.costs_before : row.costs, unit, tally);
    };
    add_to(answer_.total);
    auto* const row = row_of(slice.day, key, earlier);
    if (row == nullptr) return;
    add_to(*row);
    if (!earlier && has_trend() && !hours_) add_trend(*row, index / days_per_piece_, tally.calls());
  }

  // --- days ---

  void gather(const std::vector<Slice>& slices, bool earlier) {
    std::vector<std::size_t> kept;
    if (question_.use_kept_days) kept = find_kept(db_, workspace_, zone_, slices);
    if (!kept.empty()) add_kept(slices, kept, earlier);
    answer_.kept += std::ssize(kept);
    count(slices, others_with_calls(slices, kept), earlier);
  }

  /// Takes those out of `kept` whose sums were damaged.
  void add_kept(const std::vector<Slice>& slices, std::vector<std::size_t>& kept, bool earlier) {
    std::map<base::Day, std::size_t> of_day;
    for (const auto index : kept) of_day.emplace(slices[index].day, index);
    const auto unreadable =
        read_kept(db_, workspace_, dimension_, zone_, slices[kept.front()].day, slices[kept.back()].day,
                  [&](base::Day day, const PackedTally& one) {
                    const auto at = of_day.find(day);
                    if (at == of_day.end()) return;
                    add(slices[at->second], at->second, earlier, one.key, one.price_unit, one.tally);
                  });
    for (const auto day : unreadable) {
      base::log(base::LogLevel::warn, "reports.damaged",
                {{"day", base::format_day(day)}, {"hint", "ringctl reports refresh --anew"}});
      std::erase_if(kept, [&](std::size_t index) { return slices[index].day == day; });
    }
  }

  /// Indexes of the slices that are not among `kept`, from that of the first call to that of the last.
  std::vector<std::size_t> others_with_calls(const std::vector<Slice>& slices,
                                             const std::vector<std::size_t>& kept) const {
    std::vector<std::size_t> others;
    if (!first_start_) return others;
    auto next_kept = kept.begin();
    for (std::size_t index = 0; index < slices.size(); ++index) {
      if (next_kept != kept.end() && *next_kept == index)
        ++next_kept;
      else if (slices[index].until > *first_start_ && slices[index].from <= *last_start_)
        others.push_back(index);
    }
    return others;
  }

  void count(const std::vector<Slice>& slices, const std::vector<std::size_t>& indexes, bool earlier) {
    answer_.counted += std::ssize(indexes);
    std::mutex adding;
    db::read_side_by_side(db_, db::Scope::of(workspace_), indexes.size(),
                          std::clamp<std::size_t>(indexes.size() / k_days_a_reader, 1, k_most_readers),
                          [&](db::Connection& db, std::size_t piece) {
                            const auto index = indexes[piece];
                            const auto& slice = slices[index];
                            count_calls(db, workspace_, dimension_, slice.from, slice.until,
                                        [&](std::string_view key, std::string_view unit, const Tally& tally) {
                                          const std::lock_guard lock(adding);
                                          add(slice, index, earlier, key, unit, tally);
                                        });
                          });
  }

  void gather_before() {
    answer_.before = before(question_.period, zone_);
    const auto slices = slices_of(answer_.before, zone_);
    if (question_.by == By::day || question_.by == By::week) {
      const auto first = slices_.front().day;
      const auto days = slices_of(
          {zone_.start_of(day_before(first, question_.period, zone_)), zone_.start_of(first)}, zone_);
      for (std::size_t i = 0; i < days.size(); ++i) held_against_.emplace(days[i].day, slices_[i].day);
    }
    gather(slices, true);
  }

  Answer finish() {
    for (const auto& [id, label] : labels_) {
      const auto row = rows_.find(label.key);
      if (row != rows_.end()) row->second.name = label.name;
    }
    const auto none = rows_.find("");
    for (auto& [key, row] : rows_)
      if (!key.empty()) answer_.rows.push_back(std::move(row));
    if (none != rows_.end()) answer_.rows.push_back(std::move(none->second));
    return std::move(answer_);
  }

  db::Connection& db_;
  base::Uuid workspace_;
  const base::Zone& zone_;
  const Question& question_;
  Dimension dimension_;
  std::vector<Slice> slices_;
  std::map<std::string, Label, std::less<>> labels_;
  std::optional<base::Instant> first_start_, last_start_;
  std::map<std::string, Row, std::less<>> rows_;
  std::map<std::string, Row*, std::less<>> labelled_rows_;  ///< into rows_, by the key of SQL
  std::map<base::Day, base::Day> held_against_;             ///< a day of the period before: the one here
  std::size_t pieces_ = 0, days_per_piece_ = 1;
  bool hours_ = false;  ///< the trend is by hours
  int first_hour_ = 0;
  Answer answer_;
};

}  // namespace

std::string_view name_of(By by) {
  return std::ranges::find(k_words, by, &decltype(k_words)::value_type::first)->second;
}

std::optional<By> try_parse_by(std::string_view word) {
  for (const auto& [by, name] : k_words)
    if (!name.empty() && name == word) return by;
  return std::nullopt;
}

Answer ask(db::Connection& db, const base::Uuid& workspace, const base::Zone& zone,
           const Question& question) {
  if (question.period.until <= question.period.since)
    throw Error(Errc::usage, "usage.empty_period",
                fmt::format("the period is empty: it begins at {} and ends at {}",
                            zone.format(question.period.since), zone.format(question.period.until)));
  return Asking(db, workspace, zone, question).run();
}

std::optional<double> merit_of(const Row& row, std::string_view metric) {
  const auto value = value_of(row.now, metric);
  if (!value || row.key.empty()) return std::nullopt;
  if (!std::ranges::find(metrics(), metric, &Metric::name)->least_is_best) return value;
  // Nobody misses the fewest calls by not being there.
  if (row.now == Tally{}) return std::nullopt;
  return -*value;
}

void rank_by(std::vector<Row>& rows, std::string_view metric) {
  value_of({}, metric);  // also where there is no row, an unknown one is refused
  const auto order = [&](const Row& row) {
    const auto merit = merit_of(row, metric);
    const auto& name = row.name.empty() ? row.key : row.name;
    return std::tuple(row.key.empty(), !merit.has_value(), -merit.value_or(0), std::string_view(name),
                      std::string_view(row.key));
  };
  std::ranges::sort(rows, {}, order);
}

std::string money_text(std::int64_t micros) {
  constexpr std::uint64_t k_unit = 1'000'000;
  const auto size = micros < 0 ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
  auto text = fmt::format("{}{}.{:06}", micros < 0 ? "-" : "", size / k_unit, size % k_unit);
  const auto shortest = text.size() - 4;
  while (text.size() > shortest && text.back() == '0') text.pop_back();
  return text;
}

}  // namespace ringctl::report
