#include "calls/call_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "db/row_batch.hpp"

namespace ringctl::calls {
namespace {

constexpr std::size_t k_longest_notes = 20000;

/// Legs and own calls that go on, unless the same user took another call or leg after: then the end of these
/// was lost. Whoever talks is rung little, so there is next to nothing to look through.
constexpr std::string_view k_on_call =
    "SELECT a.user_id, c.call_sid, a.answered_at AS since FROM call_attempts a JOIN calls c ON c.id = a.call_id "
    "WHERE a.workspace_id = $1 AND a.answered_at >= $2 AND a.ended_at IS NULL AND a.user_id IS NOT NULL AND "
    "c.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM call_attempts n WHERE n.user_id = a.user_id AND "
    "n.started_at >= a.started_at AND n.answered_at > a.answered_at) AND NOT EXISTS (SELECT 1 FROM calls o WHERE "
    "o.user_id = a.user_id AND o.started_at > a.answered_at AND o.direction = 'outbound' AND o.refusal IS NULL) "
    "UNION ALL SELECT c.user_id, c.call_sid, c.started_at FROM calls c WHERE c.workspace_id = $1 AND "
    "c.started_at >= $2 AND c.ended_at IS NULL AND c.direction = 'outbound' AND c.user_id IS NOT NULL AND "
    "NOT EXISTS (SELECT 1 FROM call_attempts n WHERE n.user_id = c.user_id AND n.started_at >= c.started_at AND "
    "n.answered_at > c.started_at) AND NOT EXISTS (SELECT 1 FROM calls o WHERE o.user_id = c.user_id AND "
    "o.started_at > c.started_at AND o.direction = 'outbound' AND o.refusal IS NULL) ORDER BY since DESC";

constexpr std::array<std::string_view, 10> k_sortable = {
    "started_at",  "ended_at",  "duration_s",    "status",  "direction",
    "from_number", "to_number", "customer_name", "outcome", "updated_at"};

/// What k_not_held (holds.cpp) calls a contact's, each side by its own index.
constexpr std::string_view k_of_contact =
    "c.id IN (SELECT id FROM calls WHERE contact_id = ${0} "
    "UNION ALL SELECT o.id FROM contact_phones p JOIN calls o ON o.workspace_id = p.workspace_id AND "
    "o.from_number = p.phone_number AND o.contact_id IS NULL WHERE p.contact_id = ${0} "
    "UNION ALL SELECT o.id FROM contact_phones p JOIN calls o ON o.workspace_id = p.workspace_id AND "
    "o.to_number = p.phone_number AND o.contact_id IS NULL WHERE p.contact_id = ${0})";

/// The calls that k_not_held (holds.cpp) is not true of, found from the holds: there are few of those.
constexpr std::string_view k_held =
    "c.id IN (SELECT h.call_id FROM legal_holds h WHERE h.workspace_id = ${0} AND h.ended_at IS NULL "
    "UNION ALL SELECT o.id FROM legal_holds h JOIN calls o ON o.contact_id = h.contact_id "
    "WHERE h.workspace_id = ${0} AND h.ended_at IS NULL "
    "UNION ALL SELECT o.id FROM legal_holds h JOIN contact_phones p ON p.contact_id = h.contact_id "
    "JOIN calls o ON o.workspace_id = p.workspace_id AND o.from_number = p.phone_number AND o.contact_id IS NULL "
    "WHERE h.workspace_id = ${0} AND h.ended_at IS NULL "
    "UNION ALL SELECT o.id FROM legal_holds h JOIN contact_phones p ON p.contact_id = h.contact_id "
    "JOIN calls o ON o.workspace_id = p.workspace_id AND o.to_number = p.phone_number AND o.contact_id IS NULL "
    "WHERE h.workspace_id = ${0} AND h.ended_at IS NULL)";

/// A user, contact or number belongs to one workspace, which the caller found it in: to name the workspace as
/// well would tempt SQLite to an index that says less.
Where where_of(const base::Uuid& workspace, const CallFilter& filter) {
  Where where;
  const auto only = [&](std::string_view condition, const std::optional<base::Uuid>& id) {
    if (id) where.add(condition, *id);
  };
  only("c.user_id = ${}", filter.user);
  only(k_of_contact, filter.contact);
  only("c.number_id = ${}", filter.number);
  if (filter.held) where.add(k_held, workspace);
  if (where.params.empty()) where.add("c.workspace_id = ${}", workspace);
  only("c.team_id = ${}", filter.team);
  if (filter.since) where.add("c.started_at >= ${}", *filter.since);
  if (filter.until) where.add("c.started_at < ${}", *filter.until);
  const auto word = [&](std::string_view condition, const std::string& text) {
    if (!text.empty()) where.add(condition, text);
  };
  word("c.direction = ${}", filter.direction);
  word("c.status = ${}", filter.status);
  word("c.outcome = ${}", filter.outcome);
  return where;
}

std::string order_by(const CallOrder& order) {
  if (std::find(k_sortable.begin(), k_sortable.end(), order.column) == k_sortable.end())
    throw Error(Errc::usage, "calls.bad_sort", fmt::format("calls cannot be sorted by \"{}\"", order.column),
                "ringctl calls list --columns help");
  const std::string_view direction = order.descending ? " DESC" : "";
  if (order.column == "started_at") return fmt::format(" ORDER BY c.started_at{0}, c.id{0}", direction);
  return fmt::format(" ORDER BY c.{}{} NULLS LAST, c.started_at DESC, c.call_sid", order.column, direction);
}

void visit_all(db::Rows rows, const std::function<void(const Call&)>& visit) {
  while (rows.next()) visit(read_call_row(rows));
}

std::optional<Call> find(db::Connection& db, const base::Uuid& workspace, std::string_view condition,
                         const db::Param& value) {
  auto rows = db.query(fmt::format("{}WHERE {}", select_call(true), condition), {value, workspace});
  if (!rows.next()) return std::nullopt;
  return read_call_row(rows);
}

/// As lists show it. Nothing leads there: all calls of the workspace are looked through.
std::optional<Call> find_by_short_sid(db::Connection& db, const base::Uuid& workspace,
                                      std::string_view digits) {
  auto rows =
      db.query(select_call(true) + "WHERE c.workspace_id = $1 AND substr(c.call_sid, 27) = $2 LIMIT 2",
               {workspace, base::ascii_lower(digits)});
  if (!rows.next()) return std::nullopt;
  auto call = read_call_row(rows);
  if (rows.next())
    throw Error(Errc::conflict, "calls.ambiguous", fmt::format("{} names several calls", digits),
                "give the whole SID");
  return call;
}

std::vector<Attempt> read_attempts(db::Connection& db, const base::Uuid& call) {
  auto rows = db.query(
      "SELECT a.leg_sid, u.email, a.party, a.status, a.step, a.wave, a.started_at, a.ringing_at, a.answered_at, "
      "a.ended_at FROM call_attempts a LEFT JOIN users u ON u.id = a.user_id WHERE a.call_id = $1 "
      "ORDER BY a.started_at, a.leg_sid",
      {call});
  std::vector<Attempt> attempts;
  while (rows.next()) {
    const auto answered_at = rows.maybe_instant(8);
    attempts.push_back(
        {.leg_sid = std::string(rows.text(0)),
         .user_email = std::string(rows.text(1)),
         .party = std::string(rows.text(2)),
         .status = std::string(rows.text(3)),
         .step = maybe_integer(rows, 4),
         .wave = maybe_integer(rows, 5),
         .started_at = rows.instant(6),
         .ringing_at = rows.maybe_instant(7),
         // As fold.cpp concludes it for the call.
         .answered_at = answered_at ? std::max(rows.maybe_instant(6), answered_at) : answered_at,
         .ended_at = rows.maybe_instant(9)});
  }
  return attempts;
}

/// By SID: to ask for the workspace as well would tempt SQLite to read all its events in order.
std::vector<KeptEvent> read_events(db::Connection& db, const base::Uuid& workspace, const Call& call) {
  auto rows = db.query(
      "SELECT call_sid, kind, status, form, sequence, received_at, workspace_id FROM call_events WHERE call_sid IN "
      "(SELECT call_sid FROM calls WHERE id = $1 UNION ALL SELECT leg_sid FROM call_attempts WHERE call_id = $1) "
      "ORDER BY received_at, event_key",
      {call.id});
  std::vector<KeptEvent> events;
  while (rows.next()) {
    if (rows.text(6) != workspace.view()) continue;
    events.push_back({.call_sid = std::string(rows.text(0)),
                      .kind = std::string(rows.text(1)),
                      .status = std::string(rows.text(2)),
                      .form = std::string(rows.text(3)),
                      .sequence = maybe_integer(rows, 4),
                      .received_at = rows.instant(5)});
  }
  return events;
}

std::vector<Recording> read_call_recordings(db::Connection& db, const base::Uuid& call) {
  auto rows = db.query(
      "SELECT recording_sid, kind, status, url, duration_s, channels FROM recordings WHERE call_id = $1 "
      "ORDER BY created_at, recording_sid",
      {call});
  std::vector<Recording> recordings;
  while (rows.next())
    recordings.push_back({.recording_sid = std::string(rows.text(0)),
                          .kind = std::string(rows.text(1)),
                          .status = std::string(rows.text(2)),
                          .url = std::string(rows.text(3)),
                          .duration_s = maybe_integer(rows, 4),
                          .channels = maybe_integer(rows, 5)});
  return recordings;
}

}  // namespace

void Where::add(std::string_view condition, const db::Param& value) {
  params.push_back(value);
  sql += fmt::format(fmt::runtime(std::string(sql.empty() ? "" : " AND ").append(condition)), params.size());
}

std::optional<std::int64_t> maybe_integer(const db::Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return rows.integer(column);
}

void require_notes(std::string_view notes, std::string_view noun) {
  if (!base::valid_utf8(notes) || notes.find('\0') != std::string_view::npos)
    throw Error(Errc::invalid, "text.bad_utf8", "the notes are not UTF-8 text");
  if (notes.size() > k_longest_notes)
    throw Error(Errc::invalid, fmt::format("{}.notes_too_long", noun),
                fmt::format("notes of {} bytes; {} are kept at most", notes.size(), k_longest_notes));
}

std::string select_call(bool plan) {
  return fmt::format(
      "SELECT c.id, c.call_sid, c.direction, c.status, c.from_number, c.to_number, p.phone_number, c.contact_id, "
      "c.customer_name, c.user_id, u.name, u.email, c.team_id, t.name, c.routed_by, c.rule_name, c.refusal, {}, "
      "c.outcome, c.notes, r.recording_sid, r.url, c.price, c.price_unit, c.started_at, c.created_at, c.updated_at, "
      "c.answered_at, c.ended_at, c.duration_s, c.closed_seq, c.changed_seq, c.version FROM calls c "
      "LEFT JOIN phone_numbers p ON p.id = c.number_id LEFT JOIN users u ON u.id = c.user_id "
      "LEFT JOIN teams t ON t.id = c.team_id LEFT JOIN recordings r ON r.id = (SELECT x.id FROM recordings x "
      "WHERE x.call_id = c.id ORDER BY x.created_at DESC, x.id DESC LIMIT 1) ",
      plan ? "c.plan" : "NULL");
}

Call read_call_row(const db::Rows& rows) {
  Call call;
  int column = 0;
  call.id = rows.uuid(column++);
  for (auto* text :
       {&call.call_sid,      &call.direction,  &call.status,        &call.from_number, &call.to_number,
        &call.number,        &call.contact_id, &call.customer_name, &call.user_id,     &call.user_name,
        &call.user_email,    &call.team_id,    &call.team,          &call.routed_by,   &call.rule,
        &call.refusal,       &call.plan,       &call.outcome,       &call.notes,       &call.recording_sid,
        &call.recording_url, &call.price,      &call.price_unit})
    *text = rows.text(column++);
  for (auto* at : {&call.started_at, &call.created_at, &call.updated_at}) *at = rows.instant(column++);
  for (auto* at : {&call.answered_at, &call.ended_at}) *at = rows.maybe_instant(column++);
  call.duration_s = maybe_integer(rows, column++);
  call.closed_seq = maybe_integer(rows, column++);
  call.changed_seq = maybe_integer(rows, column++);
  call.version = rows.integer(column);
  if (!call.duration_s && call.ended_at)
    call.duration_s = std::max<std::int64_t>(
        0, std::chrono::floor<std::chrono::seconds>(*call.ended_at - call.started_at).count());
  return call;
}

base::Instant on_call_since(db::Connection& db, const base::Uuid& workspace, base::Instant now) {
  const auto hours = db.integer("SELECT on_call_hours FROM workspaces WHERE id = $1", {workspace});
  return now - std::chrono::hours(hours.value_or(4));
}

void for_each(db::Connection& db, const base::Uuid& workspace, const CallFilter& filter,
              const CallOrder& order, std::int64_t limit, const std::function<void(const Call&)>& visit) {
  const auto where = where_of(workspace, filter);
  auto sql = fmt::format("{}WHERE {}{}", select_call(), where.sql, order_by(order));
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  visit_all(db.stream(sql, where.params), visit);
}

std::int64_t count(db::Connection& db, const base::Uuid& workspace, const CallFilter& filter) {
  const auto where = where_of(workspace, filter);
  auto rows = db.query(fmt::format("SELECT count(*) FROM calls c WHERE {}", where.sql), where.params);
  return rows.next() ? rows.integer(0) : 0;
}

void for_each_closed(db::Connection& db, const base::Uuid& workspace, std::int64_t after, std::int64_t limit,
                     const std::function<void(const Call&)>& visit) {
  auto sql =
      fmt::format("{}WHERE c.workspace_id = $1 AND c.closed_seq > $2 ORDER BY c.closed_seq", select_call());
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  visit_all(db.stream(sql, {workspace, after}), visit);
}

void for_each_of_person(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                        const std::vector<std::string_view>& phones,
                        const std::function<void(const base::Uuid&, std::string_view)>& visit) {
  const auto under = [&](std::string_view column) {
    return fmt::format(
        " UNION ALL SELECT id FROM calls WHERE workspace_id = $1 AND contact_id IS NULL AND {}",
        db.among(column, "$3"));
  };
  const auto array = db::json_array(phones);
  auto rows = db.stream(
      fmt::format(
          "SELECT c.id, c.call_sid FROM calls c WHERE c.id IN (SELECT id FROM calls WHERE contact_id = $2{}{}) "
          "ORDER BY c.started_at, c.id",
          under("from_number"), under("to_number")),
      {workspace, contact, array});
  while (rows.next()) visit(rows.uuid(0), rows.text(1));
}

void for_each_active(db::Connection& db, const base::Uuid& workspace, const CallFilter& filter,
                     base::Instant now, const std::function<void(const Call&)>& visit) {
  auto live = filter;
  const auto since = on_call_since(db, workspace, now);
  live.since = std::max(live.since.value_or(since), since);
  const auto where = where_of(workspace, live);
  visit_all(db.stream(fmt::format("{}WHERE {} AND {} ORDER BY c.started_at DESC, c.id DESC", select_call(),
                                  where.sql, k_is_answered),
                      where.params),
            visit);
}

void for_each_live(db::Connection& db, const base::Uuid& workspace, base::Instant since,
                   const std::function<void(const Call&)>& visit) {
  visit_all(db.stream(fmt::format("{}WHERE c.workspace_id = $1 AND c.started_at >= $2 AND c.ended_at IS NULL "
                                  "ORDER BY c.started_at, c.id",
                                  select_call()),
                      {workspace, since}),
            visit);
}

Call get(db::Connection& db, const base::Uuid& workspace, std::string_view what) {
  constexpr std::size_t k_short_sid = 8;
  std::optional<Call> call;
  if (const auto id = base::Uuid::try_parse(what)) {
    call = find(db, workspace, "c.id = $1 AND c.workspace_id = $2", *id);
  } else if (what.size() == k_short_sid) {
    call = find_by_short_sid(db, workspace, what);
  } else {
    call = find(db, workspace, "c.call_sid = $1 AND c.workspace_id = $2", what);
    if (!call)
      call =
          find(db, workspace,
               "c.id = (SELECT a.call_id FROM call_attempts a WHERE a.leg_sid = $1) AND c.workspace_id = $2",
               what);
  }
  if (!call)
    throw Error(Errc::not_found, "calls.unknown", fmt::format("there is no call {}", what),
                "ringctl calls list");
  return *call;
}

Details get_details(db::Connection& db, const base::Uuid& workspace, std::string_view what) {
  Details details{.call = get(db, workspace, what), .attempts = {}, .events = {}, .recordings = {}};
  details.attempts = read_attempts(db, details.call.id);
  details.events = read_events(db, workspace, details.call);
  details.recordings = read_call_recordings(db, details.call.id);
  return details;
}

std::vector<Busy> on_call(db::Connection& db, const base::Uuid& workspace, base::Instant now) {
  const auto since = on_call_since(db, workspace, now);
  auto rows = db.query(k_on_call, {workspace, since});
  std::vector<Busy> busy;
  while (rows.next()) {
    const auto user = rows.uuid(0);
    if (std::none_of(busy.begin(), busy.end(), [&](const Busy& one) { return one.user == user; }))
      busy.push_back({user, std::string(rows.text(1)), rows.instant(2)});
  }
  return busy;
}

std::vector<std::pair<base::Uuid, base::Instant>> last_ended(db::Connection& db,
                                                             const base::Uuid& workspace) {
  auto rows = db.query(
      "SELECT id, last_call_ended_at FROM users WHERE workspace_id = $1 AND last_call_ended_at IS NOT NULL",
      {workspace});
  std::vector<std::pair<base::Uuid, base::Instant>> all;
  while (rows.next()) all.emplace_back(rows.uuid(0), rows.instant(1));
  return all;
}

}  // namespace ringctl::calls
