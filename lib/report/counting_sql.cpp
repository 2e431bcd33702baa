// One text for both engines but for three expressions: seconds between instants, the quarter hour of one, and
// money. A call's fate is decided once a row and grouped by, so that calls are counted in one pass and what
// was missed is looked into alone.

#include "report/counting_sql.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace ringctl::report {
namespace {

constexpr std::array k_fates = {
    Fate{"refused", {&Tally::refused, nullptr, nullptr}},
    Fate{"answered", {&Tally::inbound, &Tally::answered, nullptr}},
    Fate{"reached", {&Tally::outbound, &Tally::reached, nullptr}},
    Fate{"voicemail", {&Tally::inbound, &Tally::missed, &Tally::voicemail}},
    Fate{"elsewhere", {&Tally::inbound, &Tally::missed, &Tally::elsewhere}},
    Fate{"abandoned", {&Tally::inbound, &Tally::missed, &Tally::abandoned}},
    Fate{"waiting in", {&Tally::inbound, &Tally::waiting, nullptr}},
    Fate{"waiting out", {&Tally::outbound, &Tally::waiting, nullptr}},
    Fate{"unanswered", {&Tally::outbound, nullptr, nullptr}},
};

constexpr std::string_view k_fate =
    "CASE WHEN c.direction = 'outbound' AND c.refusal IS NOT NULL THEN 'refused' "
    "WHEN c.answered_at IS NOT NULL THEN CASE WHEN c.direction = 'inbound' THEN 'answered' ELSE 'reached' END "
    "WHEN c.direction = 'inbound' AND c.ended_at IS NOT NULL THEN CASE "
    "WHEN EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = c.id AND r.kind = 'voicemail') THEN 'voicemail' "
    "WHEN EXISTS (SELECT 1 FROM call_attempts a WHERE a.call_id = c.id AND a.user_id IS NULL "
    "AND a.status = 'completed') THEN 'elsewhere' ELSE 'abandoned' END "
    "WHEN c.ended_at IS NULL THEN CASE WHEN c.direction = 'inbound' THEN 'waiting in' ELSE 'waiting out' END "
    "ELSE 'unanswered' END";

constexpr std::string_view k_placed = "(c.direction = 'inbound' OR c.refusal IS NULL)";
constexpr std::string_view k_range = "c.workspace_id = $1 AND c.started_at >= $2 AND c.started_at < $3";

/// Whole seconds of UTC from one instant to another, 0 if that was earlier; NULL where one is not known.
std::string seconds(db::Engine engine, std::string_view begin, std::string_view end) {
  if (engine == db::Engine::sqlite)
    return fmt::format("CASE WHEN {1} > {0} THEN unixepoch({1}) - unixepoch({0}) WHEN {1} <= {0} THEN 0 END",
                       begin, end);
  // Doubles hold these whole numbers, and sums of them, exactly, and PostgreSQL adds them up faster than
  // numeric.
  return fmt::format(
      "CASE WHEN {1} > {0} THEN floor(date_part('epoch', {1})) - floor(date_part('epoch', {0})) "
      "WHEN {1} <= {0} THEN 0 END",
      begin, end);
}

std::string sum_of(std::string_view what) {
  return fmt::format("coalesce(CAST(sum({}) AS bigint), 0)", what);
}

/// The quarter hours since 1970.
std::string_view quarter(db::Engine engine) {
  return engine == db::Engine::sqlite ? "unixepoch(c.started_at) / 900"
                                      : "CAST(floor(date_part('epoch', c.started_at) / 900) AS bigint)";
}

std::string_view key_of(db::Engine engine, Dimension by) {
  switch (by) {
    case Dimension::none:
      break;
    case Dimension::agent:
      return "c.user_id";
    case Dimension::team:
      return "c.team_id";
    case Dimension::number:
      return "c.number_id";
    case Dimension::quarter:
      return quarter(engine);
    case Dimension::country:  // the other party's number; C++ knows its region
      return "CASE WHEN c.direction = 'inbound' THEN c.from_number ELSE c.to_number END";
    case Dimension::outcome:
      return "c.outcome";
    case Dimension::rule:
      // A rule that held for a caller whom somebody else's step rang did not route the call.
      return "CASE WHEN c.routed_by = 'rule' THEN c.rule_name END";
  }
  return "CAST(NULL AS text)";
}

/// The digits of a price, without its sign.
constexpr std::string_view k_sqlite_digits = "ltrim(c.price, '-')";

/// At most nine digits, and decimals after a point if there is one; a unit as well. What does not fit is no
/// price.
std::string is_priced(db::Engine engine) {
  if (engine == db::Engine::postgresql)
    return "c.price ~ '^-?[0-9]{1,9}(\\.[0-9]+)?$' AND c.price_unit <> ''";
  return fmt::format(
      "{0} GLOB '[0-9]*' AND length(c.price) - length({0}) <= 1 AND {0} NOT GLOB '*[^0-9.]*' "
      "AND {0} NOT GLOB '*.*.*' AND {0} NOT GLOB '*.' AND instr({0} || '.', '.') <= 10 AND c.price_unit <> ''",
      k_sqlite_digits);
}

/// Minus the price in millionths; what lies below one is cut off. In whole numbers on SQLite, whose reals
/// would round.
std::string micros(db::Engine engine) {
  if (engine == db::Engine::postgresql) return "CAST(trunc(-CAST(c.price AS numeric) * 1000000) AS bigint)";
  return fmt::format(
      "CASE WHEN c.price GLOB '-*' THEN 1 ELSE -1 END * "
      "(CAST(substr({0}, 1, instr({0} || '.', '.') - 1) AS INTEGER) * 1000000 + "
      "CAST(substr(substr({0}, instr({0} || '.', '.') + 1) || '000000', 1, 6) AS INTEGER))",
      k_sqlite_digits);
}

/// What legs came to; `a` is a leg to a user.
std::string leg_sums(db::Engine engine) {
  const auto rang = fmt::format(
      "CASE WHEN a.answered_at IS NOT NULL OR a.status <> 'failed' THEN {} END",
      seconds(engine, "coalesce(a.ringing_at, a.started_at)", "coalesce(a.answered_at, a.ended_at)"));
  return "count(*) AS rung, count(a.answered_at) AS rung_answered, "
         "count(CASE WHEN a.answered_at IS NULL AND a.status = 'busy' THEN 1 END) AS rung_declined, "
         "count(CASE WHEN a.answered_at IS NULL AND a.status = 'no-answer' THEN 1 END) AS rung_out, "
         "count(CASE WHEN a.answered_at IS NULL AND a.status = 'canceled' THEN 1 END) AS rung_elsewhere, "
         "count(CASE WHEN a.answered_at IS NULL AND a.status = 'failed' THEN 1 END) AS rung_failed, " +
         fmt::format("count({}) AS ring_known, {} AS ring_s", rang, sum_of(rang));
}

}  // namespace

std::span<const Fate> fates() { return k_fates; }

std::string calls_statement(db::Engine engine, Dimension by) {
  const auto soon =
      fmt::format("count(CASE WHEN {} <= CASE WHEN c.answered_at IS NULL THEN {} ELSE {} END THEN 1 END)",
                  seconds(engine, "c.started_at", "coalesce(c.answered_at, c.ended_at)"),
                  k_short_abandon.count(), k_answered_soon.count());
  const auto price = fmt::format("CASE WHEN {} THEN {} END", is_priced(engine), micros(engine));
  return fmt::format(
      "SELECT {} AS key, CASE WHEN {} AND {} THEN upper(c.price_unit) ELSE '' END AS unit, {} AS fate, count(*), "
      "count(c.ended_at), {}, {}, {}, {}, {} FROM calls c WHERE {} GROUP BY 1, 2, 3",
      key_of(engine, by), k_placed, is_priced(engine), k_fate, soon,
      sum_of(seconds(engine, "c.started_at", "c.answered_at")),
      sum_of(seconds(engine, "c.answered_at", "c.ended_at")),
      sum_of("CASE WHEN c.duration_s > 0 THEN (c.duration_s + 59) / 60 END"), sum_of(price), k_range);
}

// Grouped in the order of the index that the calls are found by, so that nothing is sorted.
std::string legs_statement(db::Engine engine, Dimension by) {
  return fmt::format(
      "SELECT l.key, count(CASE WHEN l.rung > 1 THEN 1 END), count(CASE WHEN l.first_taker <> l.last_taker THEN 1 END), "
      "{}, {}, {}, {}, {}, {}, {}, {} FROM (SELECT {} AS key, {}, "
      "min(CASE WHEN a.answered_at IS NOT NULL THEN CAST(a.user_id AS text) END) AS first_taker, "
      "max(CASE WHEN a.answered_at IS NOT NULL THEN CAST(a.user_id AS text) END) AS last_taker "
      "FROM calls c JOIN call_attempts a ON a.call_id = c.id WHERE {} AND {} AND a.user_id IS NOT NULL "
      "GROUP BY c.started_at, c.id) l GROUP BY 1",
      sum_of("l.rung"), sum_of("l.rung_answered"), sum_of("l.rung_declined"), sum_of("l.rung_out"),
      sum_of("l.rung_elsewhere"), sum_of("l.rung_failed"), sum_of("l.ring_known"), sum_of("l.ring_s"),
      key_of(engine, by), leg_sums(engine), k_range, k_placed);
}

std::string legs_by_user_statement(db::Engine engine) {
  return fmt::format(
      "SELECT a.user_id, {} FROM calls c JOIN call_attempts a ON a.call_id = c.id WHERE {} AND {} "
      "AND a.user_id IS NOT NULL GROUP BY 1",
      leg_sums(engine), k_range, k_placed);
}

std::string spans_statement(db::Engine engine, Dimension by) {
  return fmt::format(
      "SELECT {} AS key, min(c.started_at), max(coalesce(c.ended_at, c.answered_at, c.started_at)), {} FROM calls c "
      "WHERE {} AND {} AND c.user_id IS NOT NULL GROUP BY 1, c.user_id",
      key_of(engine, by), sum_of(seconds(engine, "c.answered_at", "c.ended_at")), k_range, k_placed);
}

std::string quarters_statement(db::Engine engine, Dimension by) {
  return fmt::format("SELECT {} AS key, {} AS quarter, count(*) FROM calls c WHERE {} AND {} GROUP BY 1, 2",
                     key_of(engine, by), quarter(engine), k_range, k_placed);
}

}  // namespace ringctl::report
