// A piece at a time, oldest first, each in a transaction of its own under the locks of calls and messages
// (legal holds are put and ended under the former), with its row of the audit log: nobody changes or holds a
// message between its being chosen and its being gone, webhooks wait for one piece at most, and what a killed
// run removed is on record.

#include "messages/purge.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "calls/counter.hpp"
#include "db/row_batch.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "messages/counter.hpp"

namespace ringctl::messages {
namespace {

constexpr std::chrono::hours k_youngest{24};

// Conditions on `messages m`; $1 is the workspace, $2 the time.
constexpr std::string_view k_old = "m.workspace_id = $1 AND m.created_at < $2";
/// Twilio was asked, and nobody knows what it said.
constexpr std::string_view k_open = "(m.message_sid IS NULL AND m.status = 'accepted')";
/// The phone of an address, whatever channel it is of.
std::string phone_of(std::string address) {
  for (const auto channel : directory::k_message_channels)
    address = fmt::format("replace({}, '{}', '')", address, channel);
  return address;
}
std::string not_held() {
  return fmt::format(
      "NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.contact_id = m.contact_id AND h.ended_at IS NULL) AND "
      // What stands under a phone alone is of whoever has the phone.
      "NOT (m.contact_id IS NULL AND EXISTS (SELECT 1 FROM contact_phones p JOIN legal_holds h "
      "ON h.contact_id = p.contact_id AND h.ended_at IS NULL WHERE p.workspace_id = m.workspace_id AND "
      "p.phone_number IN ({}, {})))",
      phone_of("m.from_number"), phone_of("m.to_number"));
}
std::string to_go() { return fmt::format("{} AND NOT {} AND {}", k_old, k_open, not_held()); }

/// Condition on `message_events e`: about a message that nobody here has.
constexpr std::string_view k_stray =
    "e.workspace_id = $1 AND e.received_at < $2 AND "
    "NOT EXISTS (SELECT 1 FROM messages m WHERE m.message_sid = e.message_sid) AND "
    "NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = e.message_id)";

template <class Texts>
std::string array_of(const Texts& texts) {
  return db::json_array({texts.begin(), texts.end()});
}

std::vector<std::string> texts(db::Rows rows) {
  std::vector<std::string> all;
  while (rows.next()) all.emplace_back(rows.text(0));
  return all;
}

/// Where a run stands: what was created up to there was looked at.
struct Place {
  base::Instant created_at = {};
  base::Uuid id = base::Uuid::parse("00000000-0000-0000-0000-000000000000");
};

/// Messages that go together.
struct Piece {
  std::vector<std::string> ids, sids;
  std::set<std::string> threads;
};

/// The next messages that go; `place` moves to the last of them.
Piece choose(db::Connection& db, const base::Uuid& workspace, const PurgeOptions& options, Place& place) {
  auto rows =
      db.query(fmt::format("SELECT m.id, m.created_at, m.message_sid, m.thread_id FROM messages m WHERE {} "
                           "AND (m.created_at, m.id) > ($3, $4) ORDER BY m.created_at, m.id LIMIT {}",
                           to_go(), options.piece),
               {workspace, options.before, place.created_at, place.id});
  Piece piece;
  while (rows.next()) {
    place = {rows.instant(1), rows.uuid(0)};
    piece.ids.emplace_back(rows.text(0));
    if (!rows.is_null(2)) piece.sids.emplace_back(rows.text(2));
    piece.threads.emplace(rows.text(3));
  }
  return piece;
}

std::int64_t delete_ids(db::Connection& db, std::string_view table, std::string_view column,
                        const std::string& ids) {
  return db.exec(fmt::format("DELETE FROM {} WHERE {}", table, db::ids_among(db, column, "$1")), {ids});
}

/// By SID: to ask for the workspace as well would tempt SQLite to read all its events.
std::int64_t delete_events(db::Connection& db, const base::Uuid& workspace, const std::string& sids) {
  std::vector<std::string> events;
  auto rows = db.query(
      fmt::format("SELECT id, workspace_id FROM message_events WHERE {}", db.among("message_sid", "$1")),
      {sids});
  while (rows.next())
    if (rows.text(1) == workspace.view()) events.emplace_back(rows.text(0));
  return delete_ids(db, "message_events", "id", array_of(events));
}

/// What the audit log holds of objects from before a time; its chain stays whole, for the digests it is made
/// of are kept.
void scrub_images(db::Connection& db, std::string_view type, const std::string& ids, base::Instant before) {
  db.exec(
      fmt::format(
          "UPDATE audit_images SET object_key = NULL, salt = NULL, before_image = NULL, after_image = NULL "
          "WHERE audit_id IN (SELECT l.id FROM audit_log l WHERE l.object_type = $2 AND l.at < $3 AND {})",
          db::ids_among(db, "l.object_id", "$1")),
      {ids, type, before});
}

/// Past all that is on record.
base::Instant after_now(const audit::Session& session) {
  return session.clock.now() + std::chrono::milliseconds(1);
}

/// Of these conversations, those in which nothing is left; what was done with them goes too.
std::int64_t delete_empty(audit::Session& session, const std::string& threads) {
  auto& db = session.db;
  const auto empty =
      array_of(texts(db.query(fmt::format("SELECT t.id FROM message_threads t WHERE {} AND "
                                          "NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id)",
                                          db::ids_among(db, "t.id", "$1")),
                              {threads})));
  scrub_images(db, "message_thread", empty, after_now(session));
  return delete_ids(db, "message_threads", "id", empty);
}

Purged remove(audit::Session& session, const base::Uuid& workspace, const Piece& piece,
              base::Instant before) {
  auto& db = session.db;
  const auto ids = array_of(piece.ids), threads = array_of(piece.threads);
  Purged purged;
  purged.events = delete_events(db, workspace, array_of(piece.sids));
  purged.notifications = delete_ids(db, "notifications", "message_id", ids);
  purged.messages = delete_ids(db, "messages", "id", ids);  // deliveries go with them
  delete_ids(db, "twilio_effects", "id", ids);              // that Twilio was asked to send them, and to whom
  scrub_images(db, "message", ids, after_now(session));
  scrub_images(db, "message_thread", threads, before);
  purged.threads = delete_empty(session, threads);
  return purged;
}

/// What Twilio told of messages that were never here.
Purged remove_strays(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options) {
  const auto strays = texts(session.db.query(
      fmt::format("SELECT e.id FROM message_events e WHERE {} LIMIT {}", k_stray, options.piece),
      {workspace, options.before}));
  Purged purged;
  purged.events = delete_ids(session.db, "message_events", "id", array_of(strays));
  return purged;
}

void record(audit::Session& session, const base::Uuid& workspace, const Purged& purged) {
  const auto image = nlohmann::json{
      {"before", base::format_utc(purged.before)},
      {"messages", purged.messages},
      {"threads", purged.threads},
      {"notifications", purged.notifications},
      {"events",
       purged.events}}.dump();
  audit::record(
      session, workspace,
      {.action = "messages.purge", .object_type = "messages", .object_key = "messages", .after = image});
}

/// Runs `next` again and again, each time in a transaction, until it removes nothing. It moves the place on.
void purge_pieces(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options,
                  Purged& all, const std::function<Purged(Place&)>& next) {
  Place place;
  for (;;) {
    Purged piece;
    auto reached = place;
    db::in_transaction(session.db, db::Scope::of(workspace), [&] {
      calls::lock_counter(session.db, workspace);
      lock_counter(session.db, workspace);
      reached = place;
      piece = next(reached);
      piece.before = options.before;
      if (piece.messages + piece.events > 0) record(session, workspace, piece);
    });
    place = reached;
    all += piece;
    if (piece.messages + piece.events == 0) return;
    if (options.between) options.between(all);
  }
}

void purge_all(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options,
               Purged& all) {
  purge_pieces(session, workspace, options, all, [&](Place& place) {
    const auto piece = choose(session.db, workspace, options, place);
    return piece.ids.empty() ? Purged{} : remove(session, workspace, piece, options.before);
  });
  purge_pieces(session, workspace, options, all,
               [&](Place&) { return remove_strays(session, workspace, options); });
}

/// Of old messages, those that stay.
void count_staying(db::Connection& db, const base::Uuid& workspace, Purged& purged) {
  const auto count = [&](std::string_view which) {
    return db
        .integer(fmt::format("SELECT count(*) FROM messages m WHERE {} AND {}", k_old, which),
                 {workspace, purged.before})
        .value_or(0);
  };
  purged.open = count(k_open);
  purged.held = count(fmt::format("NOT {} AND NOT ({})", k_open, not_held()));
}

/// What a run would remove.
Purged count(db::Connection& db, const base::Uuid& workspace, base::Instant before) {
  const auto of = [&](const std::string& sql) { return db.integer(sql, {workspace, before}).value_or(0); };
  const auto joined = [&](std::string_view what) {
    return of(fmt::format("SELECT count(*) FROM messages m {} WHERE {}", what, to_go()));
  };
  Purged purged{.before = before};
  purged.messages = joined("");
  purged.notifications = joined("JOIN notifications n ON n.message_id = m.id");
  purged.events =
      joined("JOIN message_events e ON e.message_sid = m.message_sid AND e.workspace_id = m.workspace_id") +
      of(fmt::format("SELECT count(*) FROM message_events e WHERE {}", k_stray));
  purged.threads = of(fmt::format(
      "SELECT count(*) FROM message_threads t WHERE t.id IN (SELECT m.thread_id FROM messages m WHERE {0}) AND "
      "NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id AND NOT ({0}))",
      to_go()));
  return purged;
}

}  // namespace

Purged& Purged::operator+=(const Purged& other) {
  messages += other.messages;
  threads += other.threads;
  notifications += other.notifications;
  events += other.events;
  return *this;
}

Purged purge(audit::Session& session, const base::Uuid& workspace, const PurgeOptions& options) {
  if (options.before > session.clock.now() - k_youngest)
    throw Error(Errc::invalid, "messages.purge_too_young",
                "messages of the last 24 hours are not purged: what became of them may still be on the way",
                "ringctl messages purge --older-than 1d");
  Purged all{.before = options.before};
  if (options.write) purge_all(session, workspace, options, all);
  db::Transaction look(session.db, db::Scope::of(workspace), db::Access::read);
  if (!options.write) all = count(session.db, workspace, options.before);
  count_staying(session.db, workspace, all);
  look.commit();
  return all;
}

}  // namespace ringctl::messages
