// A row of call_days is a tripwire: the triggers take it away with the first change of one of its calls. It
// is laid before the day is counted, with definitions below zero, which nobody reads, and made good once the
// sums are written, if it still lies there. Both happen under the lock of the call counter: whoever changed
// calls before the first was done is seen by the counting, and whoever does so after it meets the tripwire.
// Rows of one workspace never overlap, or a change would find one of two days only. Deleting a number changes
// its calls without the lock, and may: reports call a number that is not there any more "" by either id.

#include "report/kept_days.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <vector>

#include "calls/counter.hpp"
#include "db/transaction.hpp"
#include "limits/day.hpp"
#include "limits/settings.hpp"
#include "phone/region.hpp"
#include "report/packed_tallies.hpp"

namespace ringctl::report {
namespace {

constexpr std::string_view k_forget_others =
    "DELETE FROM call_days WHERE workspace_id = $1 AND (zone <> $2 OR definitions <> $3 AND definitions >= 0)";
constexpr std::string_view k_forget_overlapping =
    "DELETE FROM call_days WHERE workspace_id = $1 AND ends_at > $2 AND starts_at < $3";
constexpr std::string_view k_announce =
    "INSERT INTO call_days (workspace_id, day, zone, definitions, starts_at, ends_at, made_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
constexpr std::string_view k_make_good =
    "UPDATE call_days SET definitions = $4, made_at = $5 WHERE workspace_id = $1 AND day = $2 AND definitions = $3";

/// What the sums of this process mean: by our definitions, and by what it knows of countries.
std::int64_t definitions() {
  constexpr int k_digest_bits = 32;
  return k_definitions << k_digest_bits | phone::regions_digest();
}

/// A day with its bounds as a row of call_days has it.
using Bounds = std::pair<base::Instant, base::Instant>;

/// Of good rows for this zone, by day.
std::map<base::Day, Bounds> kept_bounds(db::Connection& db, const base::Uuid& workspace,
                                        std::string_view zone) {
  std::map<base::Day, Bounds> kept;
  auto rows = db.query(
      "SELECT day, starts_at, ends_at FROM call_days WHERE workspace_id = $1 AND zone = $2 AND definitions = $3",
      {workspace, zone, definitions()});
  while (rows.next()) kept.emplace(base::parse_day(rows.text(0)), Bounds(rows.instant(1), rows.instant(2)));
  return kept;
}

bool holds(const std::map<base::Day, Bounds>& kept, base::Day day, const Bounds& bounds) {
  const auto found = kept.find(day);
  return found != kept.end() && found->second == bounds;
}
bool holds(const std::map<base::Day, Bounds>& kept, const Slice& day) {
  return holds(kept, day.day, {day.from, day.until});
}

/// Negative, and another one each time.
std::int64_t new_token(base::UuidGenerator& ids) {
  const auto text = ids.next().text();
  std::int64_t random = 0;
  const auto* const end = text.data() + text.size();
  std::from_chars(end - 12, end, random, 16);
  return -1 - random;
}

/// What is kept of a day: a packed text for each dimension.
struct KeptDay {
  std::int64_t calls = 0;
  std::array<std::string, std::size(k_dimensions)> packed;
};

class Keeper {
 public:
  Keeper(audit::Session& session, const base::Uuid& workspace)
      : session_(session), db_(session.db), workspace_(workspace) {}

  Kept plan() {
    kept_.missing = std::ssize(missing_days());
    return kept_;
  }

  Kept run(std::int64_t most, bool anew, const std::function<void(const Kept&)>& between) {
    if (anew) forget();
    const auto days = missing_days();
    for (std::size_t at = 0; at < days.size() && (most == 0 || kept_.days < most); ++at) {
      if (keep(days[at]) && between) between(kept_);
    }
    count_missing(days);
    return kept_;
  }

 private:
  void forget() {
    db::in_transaction(db_, db::Scope::of(workspace_), [&] {
      calls::lock_counter(db_, workspace_);
      db_.exec("DELETE FROM call_days WHERE workspace_id = $1", {workspace_});
    });
  }

  /// Finished days that are not kept, newest first.
  std::vector<Slice> missing_days() {
    const db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
    zone_ = limits::read_settings(db_, workspace_).zone;
    const auto first = first_call();
    if (!first) return {};
    const auto settled = limits::day_at(zone_, session_.clock.now() - k_settled_after);
    const auto start = zone_.start_of(limits::day_at(zone_, *first));
    auto days = slices_of({start, zone_.start_of(settled)}, zone_);
    const auto kept = kept_bounds(db_, workspace_, zone_.name());
    std::erase_if(days, [&](const Slice& day) { return holds(kept, day); });
    std::ranges::reverse(days);
    return days;
  }

  std::optional<base::Instant> first_call() {
    auto rows = db_.query("SELECT min(started_at) FROM calls WHERE workspace_id = $1", {workspace_});
    return rows.next() ? rows.maybe_instant(0) : std::nullopt;
  }

  /// False if its calls changed meanwhile, or the workspace's zone.
  bool keep(const Slice& day) {
    const auto token = new_token(session_.ids);
    if (!announce(day, token)) return false;
    const auto kept = count(day);
    bool good = false;
    db::in_transaction_if(db_, db::Scope::of(workspace_), [&] {
      calls::lock_counter(db_, workspace_);
      good = db_.exec(k_make_good, {workspace_, base::format_day(day.day), token, definitions(),
                                    session_.clock.now()}) == 1;
      if (good) write(day, kept);
      return good;
    });
    if (!good) return false;
    ++kept_.days;
    kept_.calls += kept.calls;
    return true;
  }

  bool announce(const Slice& day, std::int64_t token) {
    bool announced = false;
    db::in_transaction_if(db_, db::Scope::of(workspace_), [&] {
      calls::lock_counter(db_, workspace_);
      // Whoever changes the zone does not wait for this lock, but nobody keeps days of the old one from here
      // on.
      announced = limits::read_settings(db_, workspace_).zone.name() == zone_.name() && !is_kept(day);
      if (!announced) return false;
      db_.exec(k_forget_others, {workspace_, zone_.name(), definitions()});
      db_.exec(k_forget_overlapping, {workspace_, day.from, day.until});
      db_.exec(k_announce, {workspace_, base::format_day(day.day), zone_.name(), token, day.from, day.until,
                            session_.clock.now()});
      return true;
    });
    return announced;
  }

  bool is_kept(const Slice& day) {
    return db_
        .integer(
            "SELECT 1 FROM call_days WHERE workspace_id = $1 AND day = $2 AND zone = $3 AND definitions = $4 AND "
            "starts_at = $5 AND ends_at = $6",
            {workspace_, base::format_day(day.day), zone_.name(), definitions(), day.from, day.until})
        .has_value();
  }

  KeptDay count(const Slice& day) {
    const db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
    KeptDay kept;
    for (std::size_t i = 0; i < kept.packed.size(); ++i) {
      count_calls(db_, workspace_, k_dimensions[i], day.from, day.until,
                  [&](std::string_view key, std::string_view unit, const Tally& tally) {
                    append_packed(kept.packed[i], key, unit, tally);
                    if (k_dimensions[i] == Dimension::none) kept.calls += tally.calls();
                  });
    }
    return kept;
  }

  void write(const Slice& day, const KeptDay& kept) {
    for (std::size_t i = 0; i < kept.packed.size(); ++i) {
      if (kept.packed[i].empty()) continue;
      db_.exec("INSERT INTO call_tallies (workspace_id, dimension, day, tallies) VALUES ($1, $2, $3, $4)",
               {workspace_, name_of(k_dimensions[i]), base::format_day(day.day), kept.packed[i]});
    }
  }

  void count_missing(const std::vector<Slice>& days) {
    const db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
    const auto kept = kept_bounds(db_, workspace_, zone_.name());  // others may have kept some
    kept_.missing = std::ranges::count_if(days, [&](const Slice& day) { return !holds(kept, day); });
  }

  audit::Session& session_;
  db::Connection& db_;
  base::Uuid workspace_;
  base::Zone zone_ = base::Zone::utc();
  Kept kept_;
};

/// By key and unit.
using Tallies = std::map<std::pair<std::string, std::string>, Tally>;

/// nullopt if they cannot be read.
std::optional<Tallies> kept_tallies(db::Connection& db, const base::Uuid& workspace, Dimension by,
                                    const base::Zone& zone, base::Day day) {
  Tallies tallies;
  const auto unreadable =
      read_kept(db, workspace, by, zone, day, day, [&](base::Day, const PackedTally& one) {
        tallies[{std::string(one.key), std::string(one.price_unit)}] += one.tally;
      });
  return unreadable.empty() ? std::optional(std::move(tallies)) : std::nullopt;
}

Tallies counted_tallies(db::Connection& db, const base::Uuid& workspace, Dimension by, const Bounds& bounds) {
  Tallies tallies;
  count_calls(db, workspace, by, bounds.first, bounds.second,
              [&](std::string_view key, std::string_view unit, const Tally& tally) {
                tallies[{std::string(key), std::string(unit)}] += tally;
              });
  return tallies;
}

}  // namespace

Kept plan_days(audit::Session& session, const base::Uuid& workspace) {
  return Keeper(session, workspace).plan();
}

Kept keep_days(audit::Session& session, const base::Uuid& workspace, std::int64_t most, bool anew,
               const std::function<void(const Kept&)>& between) {
  return Keeper(session, workspace).run(most, anew, between);
}

std::vector<std::size_t> find_kept(db::Connection& db, const base::Uuid& workspace, const base::Zone& zone,
                                   const std::vector<Slice>& slices) {
  const auto kept = kept_bounds(db, workspace, zone.name());
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < slices.size(); ++i)
    if (slices[i].whole && holds(kept, slices[i])) found.push_back(i);
  return found;
}

std::vector<base::Day> read_kept(db::Connection& db, const base::Uuid& workspace, Dimension by,
                                 const base::Zone& zone, base::Day first, base::Day last,
                                 const std::function<void(base::Day, const PackedTally&)>& visit) {
  std::vector<base::Day> unreadable;
  auto rows = db.stream(
      "SELECT t.day, t.tallies FROM call_tallies t JOIN call_days d ON d.workspace_id = t.workspace_id AND d.day = t.day "
      "WHERE t.workspace_id = $1 AND t.dimension = $2 AND t.day >= $3 AND t.day <= $4 AND d.zone = $5 AND "
      "d.definitions = $6",
      {workspace, name_of(by), base::format_day(first), base::format_day(last), zone.name(), definitions()});
  while (rows.next()) {
    const auto day = base::parse_day(rows.text(0));
    const auto tallies = unpack(rows.text(1));
    if (!tallies) unreadable.push_back(day);
    for (const auto& one : tallies.value_or(std::vector<PackedTally>())) visit(day, one);
  }
  return unreadable;
}

std::vector<base::Day> differing_days(db::Connection& db, const base::Uuid& workspace,
                                      const std::function<void()>& between) {
  const auto scope = db::Scope::of(workspace);
  std::map<base::Day, Bounds> days;
  base::Zone zone = base::Zone::utc();
  {
    const db::Transaction transaction(db, scope, db::Access::read);
    zone = limits::read_settings(db, workspace).zone;
    days = kept_bounds(db, workspace, zone.name());
  }
  std::vector<base::Day> differing;
  for (const auto& [day, bounds] : days) {
    const db::Transaction transaction(db, scope, db::Access::read);
    const bool same = std::ranges::all_of(k_dimensions, [&, day = day, bounds = bounds](Dimension by) {
      return kept_tallies(db, workspace, by, zone, day) == counted_tallies(db, workspace, by, bounds);
    });
    if (!same && holds(kept_bounds(db, workspace, zone.name()), day, bounds)) differing.push_back(day);
    if (between) between();
  }
  return differing;
}

}  // namespace ringctl::report
