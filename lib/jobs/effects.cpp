#include "jobs/effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace ringctl::jobs {
namespace {

constexpr std::string_view k_columns =
    "id, job_id, line, kind, effect_key, account_sid, request, state, sid, code, message, price_micros, "
    "price_unit, actor, created_at, updated_at";
/// As the partial index has it, so that it is used.
constexpr std::string_view k_is_open = "(state = 'intent' OR state = 'sent' OR state = 'unknown')";
constexpr std::string_view k_purchase = "number.buy";

constexpr std::array k_states = {EffectState::intent,  EffectState::sent,    EffectState::done,
                                 EffectState::refused, EffectState::unknown, EffectState::undone};

EffectState parse_state(std::string_view name) {
  const auto* found =
      std::find_if(k_states.begin(), k_states.end(), [&](EffectState s) { return state_name(s) == name; });
  if (found == k_states.end())
    throw Error(Errc::db_corrupt, "jobs.bad_state", fmt::format("effect state \"{}\"", name));
  return *found;
}

Effect read_effect(const db::Rows& row) {
  Effect effect;
  effect.id = row.uuid(0);
  if (!row.is_null(1)) effect.job = row.uuid(1);
  effect.line = row.integer(2);
  effect.kind = row.text(3);
  effect.key = row.text(4);
  effect.account_sid = row.text(5);
  effect.request = row.text(6);
  effect.state = parse_state(row.text(7));
  effect.sid = row.text(8);
  effect.code = row.text(9);
  effect.message = row.text(10);
  if (!row.is_null(11)) effect.price_micros = row.integer(11);
  effect.price_unit = row.text(12);
  effect.actor = row.text(13);
  effect.created_at = row.instant(14);
  effect.updated_at = row.instant(15);
  return effect;
}

/// What became of it; "" leaves alone. Of one that is done after all nothing is wrong any more.
struct Step {
  EffectState to;
  std::string_view from;  ///< condition: states that it may leave
  std::string_view sid = {}, code = {}, message = {};
};

void take(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace, const base::Uuid& id,
          const Step& step) {
  const auto* const why = step.to == EffectState::done
                              ? "code = $5, message = $6"
                              : "code = COALESCE($5, code), message = COALESCE($6, message)";
  const auto sql = fmt::format(
      "UPDATE twilio_effects SET state = $3, sid = COALESCE($4, sid), {}, updated_at = $7 "
      "WHERE workspace_id = $1 AND id = $2 AND ({})",
      why, step.from);
  if (db.exec(sql, {workspace, id, state_name(step.to), db::or_null(step.sid), db::or_null(step.code),
                    db::or_null(step.message), clock.now()}) == 1)
    return;
  throw Error(Errc::conflict, "jobs.effect_moved",
              fmt::format("effect {} cannot become {}: somebody else settled it meanwhile", id.short_id(),
                          state_name(step.to)),
              "run the command again");
}

constexpr std::string_view k_from_intent = "state = 'intent'";
constexpr std::string_view k_from_asked = "state = 'sent' OR state = 'unknown'";
constexpr std::string_view k_from_open = "state = 'intent' OR state = 'sent' OR state = 'unknown'";

}  // namespace

std::string_view state_name(EffectState state) {
  switch (state) {
    case EffectState::intent:
      return "intent";
    case EffectState::sent:
      return "sent";
    case EffectState::done:
      return "done";
    case EffectState::refused:
      return "refused";
    case EffectState::unknown:
      return "unknown";
    case EffectState::undone:
      return "undone";
  }
  return "unknown";
}

void Effects::insert(Effect& effect) {
  effect.created_at = effect.updated_at = clock_.now();
  try {
    db_.exec(
        "INSERT INTO twilio_effects (id, workspace_id, job_id, line, kind, effect_key, account_sid, request, "
        "state, sid, code, message, price_micros, price_unit, actor, created_at, updated_at) VALUES ($1, $2, $3, "
        "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        {effect.id, workspace_, effect.job, effect.line, effect.kind, effect.key, effect.account_sid,
         effect.request, state_name(effect.state), db::or_null(effect.sid), db::or_null(effect.code),
         db::or_null(effect.message), effect.price_micros, db::or_null(effect.price_unit), effect.actor,
         effect.created_at, effect.updated_at});
  } catch (const Error& error) {
    if (error.slug() != "db.unique" || effect.kind != k_purchase) throw;
    throw Error(Errc::conflict, "jobs.effect_under_way",
                fmt::format("{} is being bought already, and nobody knows yet what came of it", effect.key),
                "ringctl jobs resolve");
  }
}

void Effects::priced(const base::Uuid& id, std::int64_t micros, std::string_view unit) {
  db_.exec(
      "UPDATE twilio_effects SET price_micros = $3, price_unit = $4 WHERE workspace_id = $1 AND id = $2 AND "
      "price_micros IS NULL",
      {workspace_, id, micros, db::or_null(unit)});
}

void Effects::sent(const base::Uuid& id) {
  take(db_, clock_, workspace_, id, {.to = EffectState::sent, .from = k_from_intent});
}

void Effects::done(const base::Uuid& id, std::string_view sid) {
  take(db_, clock_, workspace_, id, {.to = EffectState::done, .from = k_from_asked, .sid = sid});
}

void Effects::refused(const base::Uuid& id, std::string_view code, std::string_view message) {
  take(db_, clock_, workspace_, id,
       {.to = EffectState::refused, .from = k_from_asked, .code = code, .message = message});
}

void Effects::unknown(const base::Uuid& id, std::string_view message) {
  take(db_, clock_, workspace_, id, {.to = EffectState::unknown, .from = k_from_asked, .message = message});
}

void Effects::undone(const base::Uuid& id, std::string_view message) {
  take(db_, clock_, workspace_, id, {.to = EffectState::undone, .from = k_from_open, .message = message});
}

std::vector<Effect> Effects::open(const std::optional<base::Uuid>& job) {
  std::vector<Effect> effects;
  const auto read = [&](db::Rows rows) {
    while (rows.next()) effects.push_back(read_effect(rows));
  };
  if (job)
    read(db_.query(fmt::format("SELECT {} FROM twilio_effects WHERE workspace_id = $1 AND job_id = $2 AND {} "
                               "ORDER BY line",
                               k_columns, k_is_open),
                   {workspace_, *job}));
  else
    read(db_.query(fmt::format("SELECT {} FROM twilio_effects WHERE workspace_id = $1 AND {} "
                               "ORDER BY created_at, id",
                               k_columns, k_is_open),
                   {workspace_}));
  return effects;
}

void Effects::for_each(const base::Uuid& job, const std::function<void(const Effect&)>& visit) {
  auto rows = db_.stream(
      fmt::format("SELECT {} FROM twilio_effects WHERE workspace_id = $1 AND job_id = $2 ORDER BY line",
                  k_columns),
      {workspace_, job});
  while (rows.next()) visit(read_effect(rows));
}

std::int64_t Effects::count_open(const std::optional<base::Uuid>& job) {
  auto sql = fmt::format("SELECT count(*) FROM twilio_effects WHERE workspace_id = $1 AND {}", k_is_open);
  const auto count =
      job ? db_.integer(sql + " AND job_id = $2", {workspace_, *job}) : db_.integer(sql, {workspace_});
  return count.value_or(0);
}

std::int64_t Effects::spent_since(base::Instant since, std::string_view unit) {
  return db_
      .integer(
          "SELECT CAST(sum(price_micros) AS bigint) FROM twilio_effects WHERE workspace_id = $1 AND "
          "kind = 'number.buy' AND created_at >= $2 AND price_unit = $3 AND (state = 'done' OR state = 'sent' OR "
          "state = 'unknown' OR state = 'intent')",
          {workspace_, since, unit})
      .value_or(0);
}

}  // namespace ringctl::jobs
