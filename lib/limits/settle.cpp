// The new state is decided from the row as it was read; the counter moves first and the reservation only if
// it is still as it was read, else all is undone and read anew. So counters are locked before reservations,
// as everywhere.

#include "limits/settle.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <utility>

#include "base/error.hpp"
#include "limits/part.hpp"

namespace ringctl::limits {
namespace {

constexpr int k_rounds = 64;

constexpr std::array<std::pair<std::string_view, CallStatus>, 10> k_statuses{
    {{"queued", CallStatus::queued},
     {"initiated", CallStatus::initiated},
     {"ringing", CallStatus::ringing},
     {"in-progress", CallStatus::in_progress},
     {"answered", CallStatus::in_progress},
     {"completed", CallStatus::completed},
     {"busy", CallStatus::busy},
     {"failed", CallStatus::failed},
     {"no-answer", CallStatus::no_answer},
     {"canceled", CallStatus::canceled}}};

constexpr std::array<State, 4> k_states{State::open, State::counted, State::refunded, State::expired};

bool is_refunded(State state) { return state == State::refunded || state == State::expired; }

struct Reservation {
  base::Uuid id, assignment;
  std::string day, call_sid;
  State state = State::open;
  bool connected = false;
  bool waits = false;  ///< for its call, until it expires
};

/// What a status makes of a reservation.
Reservation after(Reservation reservation, CallStatus status, Policy policy) {
  auto& [id, assignment, day, call_sid, state, connected, waits] = reservation;
  waits = false;
  switch (status) {
    case CallStatus::queued:
    case CallStatus::initiated:
    case CallStatus::ringing:
      if (state == State::expired) state = State::open;
      break;
    case CallStatus::in_progress:
      connected = true;
      if (is_refunded(state)) state = state == State::expired ? State::open : State::counted;
      break;
    case CallStatus::completed:
      connected = true;
      state = State::counted;
      break;
    case CallStatus::busy:
    case CallStatus::failed:
    case CallStatus::no_answer:
    case CallStatus::canceled:
      if (state == State::open || state == State::expired)
        state = policy == Policy::connected && !connected ? State::refunded : State::counted;
      break;
  }
  return reservation;
}

constexpr std::string_view k_read =
    "SELECT id, assignment_id, day, call_sid, state, connected, expires_at FROM reservations WHERE workspace_id = $1 "
    "AND ";

std::optional<Reservation> read(db::Connection& db, const base::Uuid& workspace, std::string_view column,
                                const db::Param& value) {
  auto rows = db.query(fmt::format("{}{} = $2", k_read, column), {workspace, value});
  if (!rows.next()) return std::nullopt;
  return Reservation{.id = rows.uuid(0),
                     .assignment = rows.uuid(1),
                     .day = std::string(rows.text(2)),
                     .call_sid = std::string(rows.text(3)),
                     .state = state_of(rows.text(4)),
                     .connected = rows.boolean(5),
                     .waits = !rows.is_null(6)};
}

/// In a write transaction. False if somebody else changed the reservation since it was read.
bool write(audit::Session& session, const Reservation& before, const Reservation& now) {
  auto& db = session.db;
  const int refunded = int{is_refunded(now.state)} - int{is_refunded(before.state)};
  const int connected = int{now.connected} - int{before.connected};
  if (refunded != 0 || connected != 0)
    db.exec(
        "UPDATE daily_usage SET refunded = refunded + CAST($3 AS bigint), connected = connected + CAST($4 AS bigint) "
        "WHERE assignment_id = $1 AND day = $2",
        {now.assignment, now.day, refunded, connected});
  const bool final = now.state != State::open;
  return db.exec(
             "UPDATE reservations SET state = $2, connected = $3, call_sid = $4, "
             "expires_at = CASE WHEN CAST($5 AS boolean) = TRUE THEN expires_at END, "
             "settled_at = CASE WHEN CAST($6 AS boolean) = TRUE THEN coalesce(settled_at, $7) END "
             "WHERE id = $1 AND state = $8 AND connected = $9 AND coalesce(call_sid, '') = $10",
             {now.id, state_name(now.state), now.connected, db::or_null(now.call_sid), now.waits, final,
              session.clock.now(), state_name(before.state), before.connected, before.call_sid}) == 1;
}

bool same(const Reservation& a, const Reservation& b) {
  return a.state == b.state && a.connected == b.connected && a.call_sid == b.call_sid && a.waits == b.waits;
}

using Find = std::function<std::optional<Reservation>()>;
using Change = std::function<Reservation(const Reservation&)>;

std::optional<Settled> change(audit::Session& session, const base::Uuid& workspace, const Find& find,
                              const Change& decide) {
  for (int round = 0; round < k_rounds; ++round) {
    std::optional<Settled> settled;
    bool moved_on = false;
    in_part_if(session.db, workspace, [&] {
      settled.reset();
      moved_on = false;
      const auto before = find();
      if (!before) return false;
      const auto now = decide(*before);
      settled = Settled{now.id, base::parse_day(now.day), now.state, now.connected, !same(*before, now)};
      if (!settled->changed) return false;
      moved_on = !write(session, *before, now);
      return !moved_on;
    });
    if (!moved_on) return settled;
  }
  throw Error(Errc::db_busy, "limits.contended",
              "a reservation changed again and again while it was settled");
}

std::optional<Settled> settle_by(audit::Session& session, const base::Uuid& workspace,
                                 std::string_view column, const db::Param& value, CallStatus status) {
  return change(
      session, workspace, [&] { return read(session.db, workspace, column, value); },
      [&](const Reservation& before) {
        return after(before, status, read_settings(session.db, workspace).policy);
      });
}

std::optional<Settled> give_back_by(audit::Session& session, const base::Uuid& workspace,
                                    std::string_view column, const db::Param& value) {
  return change(
      session, workspace, [&] { return read(session.db, workspace, column, value); },
      [](Reservation now) {
        if (now.state != State::open || now.connected) return now;
        now.state = State::refunded;
        now.waits = false;
        return now;
      });
}

}  // namespace

std::optional<CallStatus> try_parse_call_status(std::string_view text) {
  for (const auto& [word, status] : k_statuses)
    if (word == text) return status;
  return std::nullopt;
}

std::string_view state_name(State state) {
  switch (state) {
    case State::open:
      return "open";
    case State::counted:
      return "counted";
    case State::refunded:
      return "refunded";
    case State::expired:
      return "expired";
  }
  return "";
}

State state_of(std::string_view name) {
  for (const auto state : k_states)
    if (state_name(state) == name) return state;
  throw Error(Errc::db_corrupt, "limits.bad_state", fmt::format("a reservation has the state \"{}\"", name));
}

std::optional<Settled> settle(audit::Session& session, const base::Uuid& workspace,
                              const base::Uuid& reservation, CallStatus status) {
  return settle_by(session, workspace, "id", reservation, status);
}

std::optional<Settled> settle(audit::Session& session, const base::Uuid& workspace, std::string_view call_sid,
                              CallStatus status) {
  return settle_by(session, workspace, "call_sid", call_sid, status);
}

std::optional<Settled> give_back(audit::Session& session, const base::Uuid& workspace,
                                 const base::Uuid& reservation) {
  return give_back_by(session, workspace, "id", reservation);
}

std::optional<Settled> give_back(audit::Session& session, const base::Uuid& workspace,
                                 std::string_view call_sid) {
  return give_back_by(session, workspace, "call_sid", call_sid);
}

Settled attach(audit::Session& session, const base::Uuid& workspace, const base::Uuid& reservation,
               const std::string& call_sid) {
  const auto other_call = [&](std::string_view what) {
    return Error(Errc::conflict, "limits.other_call",
                 fmt::format("reservation {} {}", reservation.text(), what));
  };
  const auto attached = [&](const Reservation& before) {
    if (!before.call_sid.empty() && before.call_sid != call_sid) throw other_call("has another call");
    auto now = after(before, CallStatus::initiated, Policy::attempts);
    now.call_sid = call_sid;
    return now;
  };
  std::optional<Settled> settled;
  try {
    settled = change(
        session, workspace, [&] { return read(session.db, workspace, "id", reservation); }, attached);
  } catch (const Error& error) {
    if (error.slug() != "db.unique") throw;
    throw other_call(fmt::format("cannot have call {}, which has a reservation of its own", call_sid));
  }
  if (!settled)
    throw Error(Errc::not_found, "limits.unknown_reservation",
                fmt::format("there is no reservation {}", reservation.text()));
  return *settled;
}

}  // namespace ringctl::limits
