// A look decides; only a call that may be placed is written. The look may be out of date by the time of the
// write: the guarded statement knows better, and where it says no, the next number is tried and at the end
// everything is looked at anew. On PostgreSQL, and in a group, look and write share a transaction, for a
// refusal waits for nobody there; on SQLite the look has one of its own that takes no lock. Locks are taken
// in one order everywhere: counter first, then reservation.

#include "limits/reserve.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "limits/closed.hpp"
#include "limits/day.hpp"
#include "limits/expire.hpp"
#include "limits/facts.hpp"
#include "limits/part.hpp"
#include "phone/region.hpp"
#include "phone/tariff.hpp"

namespace ringctl::limits {
namespace {

// Each round that ends without an answer means that somebody else took the room this one had seen.
constexpr int k_rounds = 64;

// Active voice assignment of an active, callable number of an active agent.
constexpr std::string_view k_live =
    "a.voice = TRUE AND a.is_active = TRUE AND n.status = 'active' AND n.provider = 'twilio' AND u.is_active = TRUE";
constexpr std::string_view k_live_tables =
    "agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id JOIN users u ON u.id = a.agent_id";

/// The limit as it is when the counter's row is held. PostgreSQL shows a statement that waited for the row
/// what was committed before it began to wait, so there a volatile function asks anew.
std::string limit_now(db::Engine engine) {
  if (engine == db::Engine::postgresql) return "live_daily_limit(daily_usage.assignment_id)";
  return fmt::format(
      "coalesce((SELECT a.daily_limit FROM {} WHERE a.id = daily_usage.assignment_id AND {}), 0)",
      k_live_tables, k_live);
}

std::string guarded_count(db::Engine engine) {
  return fmt::format(
      "INSERT INTO daily_usage (assignment_id, day, workspace_id, reserved) "
      "SELECT a.id, $3, a.workspace_id, 1 FROM {} "
      "WHERE a.id = $1 AND a.workspace_id = $2 AND a.daily_limit > 0 AND {} "
      "AND NOT EXISTS (SELECT 1 FROM resets r WHERE r.workspace_id = $2 AND r.day = $3) "
      "ON CONFLICT (assignment_id, day) DO UPDATE SET reserved = daily_usage.reserved + 1 "
      "WHERE daily_usage.reserved - daily_usage.refunded - daily_usage.adjusted < {} "
      "RETURNING reserved - refunded - adjusted",
      k_live_tables, k_live, limit_now(engine));
}

const std::string& guarded_count_of(db::Engine engine) {
  static const std::string k_sqlite = guarded_count(db::Engine::sqlite);
  static const std::string k_postgresql = guarded_count(db::Engine::postgresql);
  return engine == db::Engine::sqlite ? k_sqlite : k_postgresql;
}

constexpr std::string_view k_insert_reservation =
    "INSERT INTO reservations (id, workspace_id, assignment_id, day, call_sid, to_number, state, reserved_at, "
    "expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8)";

// What was given back is no answer: the call is decided anew.
constexpr std::string_view k_by_call =
    "SELECT r.id, r.assignment_id, r.day, r.to_number, n.phone_number, u.email, a.daily_limit, "
    "coalesce(d.reserved - d.refunded - d.adjusted, 0), u.id, w.default_country "
    "FROM reservations r JOIN agent_phone_numbers a ON a.id = r.assignment_id JOIN users u ON u.id = a.agent_id "
    "JOIN workspaces w ON w.id = r.workspace_id "
    "LEFT JOIN phone_numbers n ON n.id = a.phone_number_id "
    "LEFT JOIN daily_usage d ON d.assignment_id = r.assignment_id AND d.day = r.day "
    "WHERE r.workspace_id = $1 AND r.call_sid = $2 AND r.state IN ('open', 'counted')";

/// A reservation that was given back has no claim to its call any longer.
constexpr std::string_view k_leave_call =
    "UPDATE reservations SET call_sid = NULL WHERE workspace_id = $1 AND call_sid = $2 "
    "AND state IN ('refunded', 'expired')";

/// Is the call that was reserved the one that is asked about? `row` is one of k_by_call. A number that was
/// erased with its person stands for any.
bool is_same_call(const db::Rows& row, const Request& request) {
  const auto id = base::Uuid::try_parse(request.agent);
  if (id ? *id != row.uuid(8) : base::fold(request.agent) != row.text(5)) return false;
  if (row.text(3).empty()) return true;
  std::error_code no_number;
  const auto to = phone::try_parse_typed(request.to, row.text(9), no_number);
  return to && to->view() == row.text(3);
}

/// As far as can be told without the database.
bool is_surely_emergency(const Request& request) {
  std::error_code no_number;
  const auto from = phone::E164::try_parse(request.from_number, no_number);
  return phone::is_emergency(request.to, from ? phone::region_code_of(*from) : std::string_view());
}

std::optional<Verdict> find_by_call(db::Connection& db, const base::Uuid& workspace, const Request& request) {
  if (request.call_sid.empty()) return std::nullopt;
  auto rows = db.query(k_by_call, {workspace, request.call_sid});
  if (!rows.next()) return std::nullopt;
  if (!is_same_call(rows, request)) {
    if (is_surely_emergency(request)) return std::nullopt;  // never refused
    throw Error(Errc::conflict, "limits.other_call",
                fmt::format("call {} is one of {} to {}", request.call_sid, rows.text(5),
                            rows.text(3).empty() ? "somebody erased" : rows.text(3)));
  }
  Verdict verdict{.allowed = true,
                  .repeated = true,
                  .agent = std::string(rows.text(5)),
                  .from_number = std::string(rows.text(4)),
                  .to_number = std::string(rows.text(3)),
                  .day = base::parse_day(rows.text(2)),
                  .limit = rows.integer(6),
                  .used = rows.integer(7),
                  .assignment = rows.uuid(1),
                  .reservation = rows.uuid(0)};
  std::error_code erased;  // with the person who had the number
  if (const auto to = phone::E164::try_parse(verdict.to_number, erased))
    verdict.region = phone::region_code_of(*to);
  return verdict;
}

/// Everything one transaction can tell about the call.
struct Look {
  std::optional<Facts> facts;     ///< none where `answer` says it all
  std::optional<phone::E164> to;  ///< none of an emergency number
  Decision decision = {};         ///< points into `facts`: a Look is made in place and not copied
  std::optional<Verdict> answer = {};
};

bool is_away(const Error& error) { return error.errc() == Errc::db_down; }
bool is_busy(const Error& error) { return error.errc() == Errc::db_busy; }

bool dials_emergency(const Facts& facts, std::string_view dialled) {
  if (phone::is_emergency(dialled, facts.settings.default_country)) return true;
  return std::any_of(facts.candidates.begin(), facts.candidates.end(), [&](const Candidate& candidate) {
    return phone::is_emergency(dialled, phone::region_code_of(phone::E164::parse(candidate.number)));
  });
}

Verdict emergency(const Request& request, const std::string& from) {
  return {.allowed = true,
          .emergency = true,
          .agent = request.agent,
          .from_number = request.from_number.empty() ? from : request.from_number,
          .to_number = request.to};
}

/// "" where there is none that can call.
std::string first_number(const Facts& facts) {
  const auto order = in_rotation(facts);
  const auto first = std::find_if(order.begin(), order.end(), [](const auto* c) { return c->is_callable(); });
  return first == order.end() ? std::string() : (*first)->number;
}

Verdict refused(const Look& look) {
  return {.agent = look.facts->email,
          .to_number = look.to->text(),
          .region = std::string(phone::region_code_of(*look.to)),
          .day = look.facts->day,
          .refusals = look.decision.refusals};
}

Verdict allowed(const Look& look, const Candidate& from) {
  return {.allowed = true,
          .agent = look.facts->email,
          .from_number = from.number,
          .to_number = look.to->text(),
          .region = std::string(phone::region_code_of(*look.to)),
          .day = look.facts->day,
          .limit = from.limit,
          .used = from.used - from.due,
          .assignment = from.assignment};
}

/// "" = by the rotation.
std::string from_number_of(const Request& request, const Settings& settings) {
  if (request.from_number.empty()) return {};
  try {
    return phone::parse_typed(request.from_number, settings.default_country).text();
  } catch (const Error& error) {
    throw Error(error.errc(), std::string(k_invalid_from_number), error.message());
  }
}

/// Inside a transaction.
void look(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace, const Request& request,
          Look& out) {
  out = {.facts = {}, .to = {}};
  out.answer = find_by_call(db, workspace, request);
  if (out.answer) return;
  std::error_code no_number;
  out.to = phone::E164::try_parse(request.to, no_number);
  try {
    out.facts = read_facts(db, workspace, request.agent, out.to, clock);
  } catch (const Error& error) {
    if (is_away(error) || is_busy(error) || out.to || !phone::is_emergency(request.to, {})) throw;
    out.answer = emergency(request, {});  // whoever dials it
    return;
  }
  auto& facts = *out.facts;
  if (!out.to) {
    if (dials_emergency(facts, request.to)) {
      out.answer = emergency(request, first_number(facts));
      return;
    }
    out.to = phone::parse_typed(request.to, facts.settings.default_country);
    facts.opted_out = is_opted_out(db, workspace, *out.to);
  }
  out.decision = decide(facts, *out.to, from_number_of(request, facts.settings), request.pays_only);
  if (out.decision.open.empty()) out.answer = refused(out);
}

void look_alone(audit::Session& session, const base::Uuid& workspace, const Request& request, Look& out) {
  const db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  look(session.db, session.clock, workspace, request, out);
}

/// A row that a statement hands out, and the statement done.
std::optional<std::int64_t> only_integer(db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  const auto value = rows.integer(0);
  while (rows.next()) continue;
  return value;
}

/// Later than every time the agent's numbers were used before, so that the rotation goes on although the
/// clock stands still or steps back.
base::Instant turn_of(const Facts& facts) {
  auto turn = facts.at;
  for (const auto& candidate : facts.candidates)
    if (candidate.last_reserved_at)
      turn = std::max(turn, *candidate.last_reserved_at + std::chrono::milliseconds(1));
  return turn;
}

/// In a write transaction: moves the counter and notes the call; nullopt, and nothing to keep, if there is no
/// room.
std::optional<Verdict> take(audit::Session& session, db::Connection& db, const base::Uuid& workspace,
                            const Request& request, const Look& look, const Candidate& from) {
  const auto day = base::format_day(look.facts->day);
  const auto used = only_integer(db.query(guarded_count_of(db.engine()), {from.assignment, workspace, day}));
  if (!used) return std::nullopt;
  auto verdict = allowed(look, from);
  verdict.used = *used;
  verdict.reservation = session.ids.next();
  if (!request.call_sid.empty()) db.exec(k_leave_call, {workspace, request.call_sid});
  db.exec(k_insert_reservation,
          {*verdict.reservation, workspace, from.assignment, day, db::or_null(request.call_sid),
           verdict.to_number, look.facts->at,
           request.call_sid.empty() ? db::Param(look.facts->at + request.ttl) : db::Param(nullptr)});
  if (look.facts->settings.rotation == Rotation::round_robin)
    db.exec("UPDATE agent_phone_numbers SET last_reserved_at = $2 WHERE id = $1",
            {from.assignment, turn_of(*look.facts)});
  return verdict;
}

std::optional<Verdict> try_take(audit::Session& session, const base::Uuid& workspace, const Request& request,
                                const Look& look, const Candidate& from) {
  if (from.used >= from.limit)
    expire(session, workspace,
           {.assignment = from.assignment});  // its room is only what is due to be taken back
  std::optional<Verdict> verdict;
  db::in_transaction_if(session.db, db::Scope::of(workspace), [&] {
    verdict = take(session, session.db, workspace, request, look, from);
    return verdict.has_value();
  });
  return verdict;
}

/// The call's reservation, whatever became of it.
std::optional<base::Uuid> counted_as(db::Connection& db, const base::Uuid& workspace,
                                     const std::string& call_sid) {
  if (call_sid.empty()) return std::nullopt;
  const auto id =
      db.text("SELECT id FROM reservations WHERE workspace_id = $1 AND call_sid = $2", {workspace, call_sid});
  return id ? std::optional(base::Uuid::parse(*id)) : std::nullopt;
}

Error call_elsewhere(const std::string& call_sid) {
  return {Errc::conflict, "limits.call_elsewhere", fmt::format("call {} is not this workspace's", call_sid)};
}

/// The call's SID came to be known while this call was being counted: by another request for the same call,
/// or in another workspace.
Verdict counted_by_another(audit::Session& session, const base::Uuid& workspace, const Request& request) {
  db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  if (auto verdict = find_by_call(session.db, workspace, request)) return *verdict;
  if (counted_as(session.db, workspace, request.call_sid))
    throw Error(Errc::db_busy, "limits.contended", "the call was given back while it was asked for again");
  throw call_elsewhere(request.call_sid);
}

Verdict reserve_counted(audit::Session& session, const base::Uuid& workspace, const Request& request) {
  Look seen;
  for (int round = 0; round < k_rounds; ++round) {
    look_alone(session, workspace, request, seen);
    if (seen.answer) return *seen.answer;
    for (const auto* from : seen.decision.open) {
      try {
        if (auto verdict = try_take(session, workspace, request, seen, *from)) return *verdict;
      } catch (const Error& error) {
        if (error.slug() != "db.unique" || request.call_sid.empty()) throw;
        return counted_by_another(session, workspace, request);
      }
    }
  }
  throw Error(Errc::db_busy, "limits.contended", "too many callers want the last calls of the day at once");
}

/// Inside a write transaction; writes only if the call is let through. nullopt: what room there is must be
/// taken back first, or others took it meanwhile.
std::optional<Verdict> look_and_take(audit::Session& session, db::Connection& db, const base::Uuid& workspace,
                                     const Request& request) {
  Look seen;
  look(db, session.clock, workspace, request, seen);
  auto verdict = std::move(seen.answer);
  // One number alone: whoever holds several counters takes them in another order than this.
  if (!verdict && !seen.decision.open.empty())
    verdict = take(session, db, workspace, request, seen, *seen.decision.open.front());
  return verdict;
}

/// The short way: one transaction, where it locks nothing that a refusal would wait for. nullopt: take the
/// long one.
std::optional<Verdict> reserve_at_once(audit::Session& session, const base::Uuid& workspace,
                                       const Request& request, db::GroupWriter* writer) {
  std::optional<Verdict> verdict;
  const auto scope = db::Scope::of(workspace);
  try {
    if (writer != nullptr)
      writer
          ->submit(scope,
                   [&](db::Connection& db) { verdict = look_and_take(session, db, workspace, request); })
          .get();
    else if (session.db.engine() == db::Engine::postgresql)
      db::in_transaction(session.db, scope,
                         [&] { verdict = look_and_take(session, session.db, workspace, request); });
  } catch (const Error& error) {
    if (error.slug() != "db.unique" || request.call_sid.empty()) throw;
    return counted_by_another(session, workspace, request);
  }
  return verdict;
}

/// A database that is too busy for the short way may yet have time for the long one, which waits anew.
Verdict reserve_somehow(audit::Session& session, const base::Uuid& workspace, const Request& request,
                        db::GroupWriter* writer) {
  try {
    if (auto verdict = reserve_at_once(session, workspace, request, writer)) return *std::move(verdict);
  } catch (const Error& error) {
    if (!is_busy(error)) throw;
  }
  return reserve_counted(session, workspace, request);
}

Verdict reserve_or_answer(audit::Session& session, const base::Uuid& workspace, const Request& request,
                          db::GroupWriter* writer) {
  try {
    return reserve_somehow(session, workspace, request, writer);
  } catch (const Error& error) {
    if (!is_away(error) && !is_busy(error)) throw;
    // A busy one is there, so nobody may say what it did not.
    if (is_busy(error) && !is_surely_emergency(request)) throw;
    return answer_without_database(request, error.message());
  }
}

}  // namespace

/// Without its number a call can be neither placed nor counted later, and the rotation cannot be asked.
Verdict answer_without_database(const Request& request, std::string_view why) {
  if (is_surely_emergency(request)) return emergency(request, {});
  std::error_code no_number;
  const auto from = phone::E164::try_parse(request.from_number, no_number);
  const auto to = phone::E164::try_parse(request.to, no_number);
  const bool to_itself = !request.pays_only && from && to && from->view() == to->view();
  const bool allow = request.when_away == WhenAway::allow && from && !to_itself;
  Verdict verdict{.allowed = allow,
                  .uncounted = allow,
                  .agent = request.agent,
                  .from_number = from ? from->text() : request.from_number,
                  .to_number = to ? to->text() : request.to};
  if (to_itself)
    verdict.refusals.push_back(same_number(from->view()));
  else if (!allow)
    verdict.refusals.push_back({Refusal::limits_unavailable, {}, std::string(why)});
  return verdict;
}

Verdict check(audit::Session& session, const base::Uuid& workspace, const Request& request) {
  Look seen;
  look_alone(session, workspace, request, seen);
  return seen.answer ? *seen.answer : allowed(seen, *seen.decision.open.front());
}

Verdict reserve(audit::Session& session, const base::Uuid& workspace, const Request& request) {
  return reserve_or_answer(session, workspace, request, nullptr);
}

Verdict reserve(audit::Session& session, const base::Uuid& workspace, const Request& request,
                db::GroupWriter& writer) {
  if (writer.engine() != db::Engine::sqlite)
    throw Error(
        Errc::usage, "limits.writer_on_server",
        "calls are counted by one writer on SQLite only: on a server its transaction would hold many counters, "
        "and two such writers each other's");
  return reserve_or_answer(session, workspace, request, &writer);
}

namespace {

/// The assignment of the agent and the number, live or not. Throws Errc::not_found
/// [limits.unknown_assignment].
base::Uuid assignment_of(db::Connection& db, const base::Uuid& workspace, const Request& placed,
                         const Settings& settings) {
  const auto from = phone::parse_typed(placed.from_number, settings.default_country);
  const auto email = base::fold(placed.agent);
  const auto found = db.text(
      "SELECT a.id FROM agent_phone_numbers a JOIN phone_numbers n ON n.id = a.phone_number_id JOIN users u ON "
      "u.id = a.agent_id WHERE a.workspace_id = $1 AND n.phone_number = $2 AND (u.email = $3 OR CAST(u.id AS text) "
      "= $3)",
      {workspace, from.view(), email});
  if (!found)
    throw Error(Errc::not_found, "limits.unknown_assignment",
                fmt::format("{} was never assigned to {}", from.view(), placed.agent));
  return base::Uuid::parse(*found);
}

/// In a write transaction: one call more on a day, beyond any limit. The sums of a day that is closed follow.
void count_on(audit::Session& session, const base::Uuid& workspace, const base::Uuid& assignment,
              base::Day day) {
  const auto text = base::format_day(day);
  const auto reserved = only_integer(session.db.query(
      "INSERT INTO daily_usage (assignment_id, day, workspace_id, reserved) VALUES ($1, $2, $3, 1) "
      "ON CONFLICT (assignment_id, day) DO UPDATE SET reserved = daily_usage.reserved + 1 RETURNING reserved",
      {assignment, text, workspace}));
  add_to_closed(session, workspace, day, reserved == 1);
}

}  // namespace

base::Uuid count_later(audit::Session& session, const base::Uuid& workspace, const Request& placed,
                       base::Instant placed_at) {
  auto& db = session.db;
  const auto id = session.ids.next();
  std::optional<base::Uuid> counted;
  const auto count = [&] {
    counted = counted_as(db, workspace, placed.call_sid);
    if (counted) return false;
    const auto settings = read_settings(db, workspace);
    const auto to = phone::parse_typed(placed.to, settings.default_country);
    const auto assignment = assignment_of(db, workspace, placed, settings);
    const auto day = day_at(settings.zone, placed_at);
    const auto day_text = base::format_day(day);
    count_on(session, workspace, assignment, day);
    db.exec(k_insert_reservation, {id, workspace, assignment, day_text, db::or_null(placed.call_sid),
                                   to.view(), placed_at, nullptr});
    return true;
  };
  try {
    in_part_if(db, workspace, count);
    return counted.value_or(id);
  } catch (const Error& error) {
    if (error.slug() != "db.unique") throw;
  }
  // By another, meanwhile.
  in_part_if(db, workspace, [&] {
    counted = counted_as(db, workspace, placed.call_sid);
    return false;
  });
  if (!counted) throw call_elsewhere(placed.call_sid);
  return *counted;
}

}  // namespace ringctl::limits
