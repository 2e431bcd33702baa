#include "calls/rooms.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/mask.hpp"

namespace ringctl::calls {
namespace {

constexpr std::string_view k_select_room =
    "SELECT id, call_id, parent_sid, room, conference_sid, agent_sid, customer_sid, consult_sid, consult_to, "
    "recorded, ended_at, version FROM call_rooms WHERE workspace_id = $1 AND ";

constexpr std::string_view k_select_monitor =
    "SELECT id, call_id, user_id, mode, leg_sid, started_at, ended_at FROM call_monitors WHERE workspace_id = $1 AND ";

Room read_room(const db::Rows& rows) {
  Room room;
  room.id = rows.uuid(0);
  room.call = rows.uuid(1);
  int column = 2;
  for (auto* text : {&room.parent_sid, &room.room, &room.conference_sid, &room.agent_sid, &room.customer_sid,
                     &room.consult_sid, &room.consult_to})
    *text = rows.text(column++);
  room.recorded = rows.boolean(column++);
  room.ended_at = rows.maybe_instant(column++);
  room.version = rows.integer(column);
  return room;
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

/// Who is consulted may be anybody: their number is no part of the audit log.
std::string image_of(const Room& room) {
  return nlohmann::json{
      {"room", room.room},
      {"conference_sid", text_or_null(room.conference_sid)},
      {"agent_sid", text_or_null(room.agent_sid)},
      {"customer_sid", text_or_null(room.customer_sid)},
      {"consult_sid", text_or_null(room.consult_sid)},
      {"consult_to", text_or_null(room.consult_to.empty() ? "" : base::masked_party(room.consult_to))},
      {"ended_at", room.ended_at ? nlohmann::json(base::format_utc(*room.ended_at)) : nlohmann::json()}}
      .dump();
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action, const Room& room,
            const std::optional<std::string>& before, const std::optional<std::string>& after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "call",
                 .object_id = room.call,
                 .object_key = room.parent_sid,
                 .before = before,
                 .after = after});
}

std::optional<Room> find_by(db::Connection& db, const base::Uuid& workspace, std::string_view column,
                            const base::Uuid& id) {
  auto rows = db.query(fmt::format("{}{} = $2", k_select_room, column), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return read_room(rows);
}

Room opened_again(audit::Session& session, const base::Uuid& workspace, Room room, const Room& wanted) {
  room.agent_sid = wanted.agent_sid;
  room.customer_sid = wanted.customer_sid;
  room.conference_sid = room.consult_sid = room.consult_to = {};
  room.recorded = wanted.recorded;
  room.ended_at.reset();
  save_room(session, workspace, room);
  return room;
}

Mode mode_of(std::string_view name) {
  for (const auto mode : {Mode::listen, Mode::whisper, Mode::barge})
    if (mode_name(mode) == name) return mode;
  throw Error(Errc::db_corrupt, "calls.bad_mode", fmt::format("somebody listens in by \"{}\"", name));
}

Monitor read_monitor(const db::Rows& rows) {
  return {.id = rows.uuid(0),
          .call = rows.uuid(1),
          .user = rows.uuid(2),
          .mode = mode_of(rows.text(3)),
          .leg_sid = std::string(rows.text(4)),
          .started_at = rows.instant(5),
          .ended_at = rows.maybe_instant(6)};
}

std::string image_of(db::Connection& db, const Monitor& monitor) {
  const auto email = db.text("SELECT email FROM users WHERE id = $1", {monitor.user});
  return nlohmann::json{{"user", email ? nlohmann::json(*email) : nlohmann::json()},
                        {"mode", mode_name(monitor.mode)},
                        {"leg_sid", monitor.leg_sid}}
      .dump();
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const Monitor& monitor, const std::optional<std::string>& before,
            const std::optional<std::string>& after) {
  const auto sid = session.db.text("SELECT call_sid FROM calls WHERE id = $1", {monitor.call});
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "call",
                 .object_id = monitor.call,
                 .object_key = sid ? std::string_view(*sid) : monitor.call.view(),
                 .before = before,
                 .after = after});
}

std::string action_of(Mode mode) { return fmt::format("calls.{}", mode_name(mode)); }

Monitor get_monitor(db::Connection& db, const base::Uuid& workspace, const base::Uuid& id) {
  auto rows = db.query(fmt::format("{}id = $2", k_select_monitor), {workspace, id});
  if (!rows.next()) throw Error(Errc::not_found, "calls.not_monitored", "nobody listens in there any more");
  return read_monitor(rows);
}

}  // namespace

Room open_room(audit::Session& session, const base::Uuid& workspace, const Room& wanted) {
  auto& db = session.db;
  auto room = wanted;
  room.id = session.ids.next();
  room.version = 1;
  const auto made = db.exec(
      "INSERT INTO call_rooms (id, workspace_id, call_id, parent_sid, room, conference_sid, agent_sid, "
      "customer_sid, recorded, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, "
      "$10) ON CONFLICT (parent_sid) DO NOTHING",
      {room.id, workspace, room.call, room.parent_sid, room.room, db::or_null(room.conference_sid),
       db::or_null(room.agent_sid), db::or_null(room.customer_sid), room.recorded, session.clock.now()});
  if (made == 0) {
    const auto standing = find_by(db, workspace, "call_id", room.call);
    if (!standing)
      throw Error(Errc::conflict, "calls.elsewhere",
                  fmt::format("call {} is not this workspace's", room.parent_sid));
    return standing->ended_at ? opened_again(session, workspace, *standing, wanted) : *standing;
  }
  record(session, workspace, "calls.move", room, std::nullopt, image_of(room));
  return room;
}

void save_room(audit::Session& session, const base::Uuid& workspace, Room& room) {
  auto& db = session.db;
  const auto before = find_by(db, workspace, "id", room.id);
  const auto saved = db.exec(
      "UPDATE call_rooms SET conference_sid = $3, agent_sid = $4, customer_sid = $5, consult_sid = $6, "
      "consult_to = $7, recorded = $8, ended_at = $9, version = version + 1, updated_at = $10 "
      "WHERE workspace_id = $1 AND id = $2 AND version = $11",
      {workspace, room.id, db::or_null(room.conference_sid), db::or_null(room.agent_sid),
       db::or_null(room.customer_sid), db::or_null(room.consult_sid), db::or_null(room.consult_to),
       room.recorded, room.ended_at, session.clock.now(), room.version});
  if (!before || saved == 0)
    throw Error(Errc::conflict, "calls.stale", fmt::format("call {} was moved meanwhile", room.parent_sid),
                fmt::format("ringctl calls show {}", room.parent_sid));
  ++room.version;
  record(session, workspace, "calls.move", room, image_of(*before), image_of(room));
}

std::optional<Room> find_room(db::Connection& db, const base::Uuid& workspace, const base::Uuid& call) {
  auto room = find_by(db, workspace, "call_id", call);
  if (room && room->ended_at) return std::nullopt;
  return room;
}

void drop_room(audit::Session& session, const base::Uuid& workspace, const base::Uuid& id) {
  const auto room = find_by(session.db, workspace, "id", id);
  if (!room) return;
  session.db.exec("DELETE FROM call_rooms WHERE workspace_id = $1 AND id = $2", {workspace, id});
  record(session, workspace, "calls.move", *room, image_of(*room), std::nullopt);
}

std::int64_t close_rooms(audit::Session& session, const base::Uuid& workspace) {
  std::int64_t closed = 0;
  for (const auto* table : {"call_rooms", "call_monitors"})
    closed += session.db.exec(
        fmt::format(
            "UPDATE {0} SET ended_at = $2, version = version + 1, updated_at = $2 WHERE workspace_id = $1 AND "
            "ended_at IS NULL AND EXISTS (SELECT 1 FROM calls c WHERE c.id = {0}.call_id AND "
            "c.ended_at IS NOT NULL)",
            table),
        {workspace, session.clock.now()});
  return closed;
}

std::optional<std::string> find_call_of_conference(db::Connection& db, const base::Uuid& workspace,
                                                   std::string_view conference_sid) {
  // By its index alone: to ask for the workspace as well would tempt SQLite to another one.
  auto rows =
      db.query("SELECT parent_sid, workspace_id FROM call_rooms WHERE conference_sid = $1", {conference_sid});
  while (rows.next())
    if (rows.text(1) == workspace.view()) return std::string(rows.text(0));
  return std::nullopt;
}

db::Read room_read(const base::Uuid& workspace, std::string_view parent_sid) {
  return {
      "SELECT room, recorded FROM call_rooms WHERE parent_sid = $1 AND workspace_id = $2 AND ended_at IS NULL",
      {parent_sid, workspace}};
}

RoomOfLeg room_of(db::Rows& rows) {
  if (!rows.next()) return {};
  return {std::string(rows.text(0)), rows.boolean(1)};
}

std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::listen:
      return "listen";
    case Mode::whisper:
      return "whisper";
    case Mode::barge:
      return "barge";
  }
  return "";
}

std::optional<Monitor> find_monitor(db::Connection& db, const base::Uuid& workspace, const base::Uuid& call,
                                    const base::Uuid& user) {
  auto rows = db.query(fmt::format("{}call_id = $2 AND user_id = $3 AND ended_at IS NULL", k_select_monitor),
                       {workspace, call, user});
  if (!rows.next()) return std::nullopt;
  return read_monitor(rows);
}

std::vector<Monitor> monitors_of(db::Connection& db, const base::Uuid& workspace, const base::Uuid& call) {
  auto rows =
      db.query(fmt::format("{}call_id = $2 AND ended_at IS NULL ORDER BY started_at, id", k_select_monitor),
               {workspace, call});
  std::vector<Monitor> monitors;
  while (rows.next()) monitors.push_back(read_monitor(rows));
  return monitors;
}

void start_monitor(audit::Session& session, const base::Uuid& workspace, Monitor& monitor) {
  auto& db = session.db;
  monitor.id = session.ids.next();
  monitor.started_at = session.clock.now();
  const auto made = db.exec(
      "INSERT INTO call_monitors (id, workspace_id, call_id, user_id, mode, leg_sid, started_at, version, "
      "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $7) "
      "ON CONFLICT (call_id, user_id) WHERE ended_at IS NULL DO NOTHING",
      {monitor.id, workspace, monitor.call, monitor.user, mode_name(monitor.mode), monitor.leg_sid,
       monitor.started_at});
  if (made == 0)
    throw Error(Errc::conflict, "calls.monitored", "they listen in already, from another leg",
                "ringctl calls stop CALL --as USER");
  record(session, workspace, action_of(monitor.mode), monitor, std::nullopt, image_of(db, monitor));
}

void change_monitor(audit::Session& session, const base::Uuid& workspace, const base::Uuid& id, Mode mode) {
  const auto before = get_monitor(session.db, workspace, id);
  if (before.mode == mode) return;
  auto after = before;
  after.mode = mode;
  session.db.exec(
      "UPDATE call_monitors SET mode = $3, version = version + 1, updated_at = $4 WHERE workspace_id = $1 AND id = $2",
      {workspace, id, mode_name(mode), session.clock.now()});
  record(session, workspace, action_of(mode), before, image_of(session.db, before),
         image_of(session.db, after));
}

void end_monitor(audit::Session& session, const base::Uuid& workspace, const base::Uuid& id) {
  const auto before = get_monitor(session.db, workspace, id);
  if (before.ended_at) return;
  session.db.exec(
      "UPDATE call_monitors SET ended_at = $3, version = version + 1, updated_at = $3 "
      "WHERE workspace_id = $1 AND id = $2",
      {workspace, id, session.clock.now()});
  record(session, workspace, "calls.stop", before, image_of(session.db, before), std::nullopt);
}

}  // namespace ringctl::calls
