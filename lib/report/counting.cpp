#include "report/counting.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "phone/region.hpp"
#include "report/counting_sql.hpp"

namespace ringctl::report {
namespace {

constexpr std::int64_t k_quarter_s = 900;

std::string quarter_key(std::int64_t quarters_since_1970) {
  const std::chrono::seconds since(quarters_since_1970 * k_quarter_s);
  return base::format_utc(base::Instant(since)).substr(0, 16);
}

/// What SQL groups by, as reports name it.
std::string key_from(Dimension by, const db::Rows& rows, int column) {
  if (rows.is_null(column)) return {};
  if (by == Dimension::quarter) return quarter_key(rows.integer(column));
  if (by != Dimension::country) return std::string(rows.text(column));
  std::error_code error;
  const auto number = phone::E164::try_parse(rows.text(column), error);
  return number ? std::string(phone::region_code_of(*number)) : std::string();
}

void count_fate(Tally& tally, std::string_view word, std::int64_t calls) {
  const auto known = fates();
  const auto fate = std::ranges::find(known, word, &Fate::word);
  if (fate == known.end()) return;  // not one that the statement says
  for (const auto counted : fate->counted)
    if (counted != nullptr) tally.*counted += calls;
}

/// The sums of one dimension, put together from several statements.
class Counting {
 public:
  Counting(db::Connection& db, const base::Uuid& workspace, Dimension by, base::Instant from,
           base::Instant until)
      : db_(db), by_(by), params_{workspace, from, until} {}

  void count() {
    add_calls();
    add_legs();
    if (by_ == Dimension::agent) add_legs_by_user();
    if (by_ == Dimension::none || by_ == Dimension::agent || by_ == Dimension::team) add_spans();
  }

  void visit(const VisitTally& visit) const {
    for (const auto& [at, tally] : tallies_) visit(at.first, at.second, tally);
  }

 private:
  db::Rows rows_of(const std::string& sql) { return db_.query(sql, params_); }

  Tally& at(std::string key, std::string_view unit = {}) {
    return tallies_[{std::move(key), std::string(unit)}];
  }

  void add_calls() {
    auto rows = rows_of(calls_statement(db_.engine(), by_));
    while (rows.next()) {
      const auto unit = rows.text(1), fate = rows.text(2);
      auto& tally = at(key_from(by_, rows, 0), unit);
      const auto calls = rows.integer(3), over = rows.integer(4), soon = rows.integer(5);
      count_fate(tally, fate, calls);
      if (fate == "refused") continue;
      if (fate == "answered" || fate == "reached") {
        tally.talked += over;
        (fate == "answered" ? tally.talk_in_s : tally.talk_out_s) += rows.integer(7);
      }
      if (fate == "answered") {
        tally.answered_soon += soon;
        tally.answer_s += rows.integer(6);
      }
      if (fate == "abandoned") tally.abandoned_soon += soon;
      tally.billed_min += rows.integer(8);
      if (!unit.empty()) {
        tally.priced += calls;
        tally.price_micros += rows.integer(9);
      }
    }
  }

  static void add_rung(Tally& tally, const db::Rows& rows, int column) {
    for (auto* sum : {&tally.rung, &tally.rung_answered, &tally.rung_declined, &tally.rung_out,
                      &tally.rung_elsewhere, &tally.rung_failed, &tally.ring_known, &tally.ring_s})
      *sum += rows.integer(column++);
  }

  void add_legs() {
    auto rows = rows_of(legs_statement(db_.engine(), by_));
    while (rows.next()) {
      const auto several = rows.integer(1), transferred = rows.integer(2);
      // By agent the legs stand under whom they rang, so a call with one leg adds nothing here.
      if (by_ == Dimension::agent && several == 0 && transferred == 0) continue;
      auto& tally = at(key_from(by_, rows, 0));
      tally.several += several;
      tally.transferred += transferred;
      if (by_ != Dimension::agent) add_rung(tally, rows, 3);
    }
  }

  void add_legs_by_user() {
    auto rows = rows_of(legs_by_user_statement(db_.engine()));
    while (rows.next()) add_rung(at(std::string(rows.text(0))), rows, 1);
  }

  void add_spans() {
    auto rows = rows_of(spans_statement(db_.engine(), by_));
    while (rows.next()) {
      const auto begin = std::chrono::floor<std::chrono::seconds>(rows.instant(1));
      const auto end = std::chrono::floor<std::chrono::seconds>(rows.instant(2));
      auto& tally = at(key_from(by_, rows, 0));
      tally.span_s += std::max<std::int64_t>(0, (end - begin).count());
      tally.span_talk_s += rows.integer(3);
    }
  }

  db::Connection& db_;
  Dimension by_;
  std::array<db::Param, 3> params_;
  std::map<std::pair<std::string, std::string>, Tally> tallies_;
};

}  // namespace

std::string_view name_of(Dimension by) {
  constexpr std::array<std::string_view, std::size(k_dimensions)> k_names = {
      "all", "agent", "team", "number", "quarter", "country", "outcome", "rule"};
  return k_names[static_cast<std::size_t>(by)];
}

void count_calls(db::Connection& db, const base::Uuid& workspace, Dimension by, base::Instant from,
                 base::Instant until, const VisitTally& visit) {
  Counting counting(db, workspace, by, from, until);
  counting.count();
  counting.visit(visit);
}

void count_quarters(
    db::Connection& db, const base::Uuid& workspace, Dimension by, base::Instant from, base::Instant until,
    const std::function<void(std::string_view key, std::string_view quarter, std::int64_t calls)>& visit) {
  auto rows = db.query(quarters_statement(db.engine(), by), {workspace, from, until});
  while (rows.next()) visit(key_from(by, rows, 0), quarter_key(rows.integer(1)), rows.integer(2));
}

base::Instant instant_of_quarter(std::string_view key) {
  return base::parse_utc(std::string(key) + ":00.000Z");
}

}  // namespace ringctl::report
