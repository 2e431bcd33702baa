#pragma once
// The statements that count. Private to this room.

#include <functional>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "report/report.hpp"

namespace ringctl::report {

/// What is asked of SQL: day, hour and month are put together from these. `none` gives days and trends,
/// `quarter` keys by quarter hour of UTC ("2026-03-08T07:45"), which C++ turns into the zone's hours: every
/// zone has been whole quarters away from UTC since 1972.
enum class Dimension { none, agent, team, number, quarter, country, outcome, rule };
inline constexpr Dimension k_dimensions[] = {Dimension::none,    Dimension::agent,   Dimension::team,
                                             Dimension::number,  Dimension::quarter, Dimension::country,
                                             Dimension::outcome, Dimension::rule};
/// "all", "agent", ... as call_tallies has it.
std::string_view name_of(Dimension);

/// Gets a key, a price unit and their sums.
using VisitTally = std::function<void(std::string_view key, std::string_view price_unit, const Tally&)>;

/// Sums of the calls that began in [from, until), by key and price unit: `visit` gets each pair once, keys in
/// no order. Keys are ids (agent, team, number: as uuid text), texts, or region codes; "" = none. Calls that
/// have a price stand under its unit, all others under ""; so do legs, transferred, several and span_s of
/// both. Inside a read transaction. Several statements, each of which finds its calls by idx_calls_started.
/// Memory: the keys alone.
void count_calls(db::Connection&, const base::Uuid& workspace, Dimension, base::Instant from,
                 base::Instant until, const VisitTally& visit);

/// The numbers of placed calls alone, by key and by quarter hour beside: for the hours of a day. A pair may
/// come more than once. Not for Dimension::quarter.
void count_quarters(
    db::Connection&, const base::Uuid& workspace, Dimension, base::Instant from, base::Instant until,
    const std::function<void(std::string_view key, std::string_view quarter, std::int64_t calls)>& visit);

/// The first instant of a quarter's key.
base::Instant instant_of_quarter(std::string_view key);

}  // namespace ringctl::report
