#include "messages/cursor.hpp"

#include <utility>

#include "base/error.hpp"
#include "db/cursor_text.hpp"
#include "messages/messages.hpp"

namespace ringctl::messages {
namespace {

db::CursorKeys keys_of(Cursor::Of of) {
  if (of == Cursor::Of::kept) return {"ringctl_messages_cursor", "message_seq", "message"};
  return {"ringctl_changed_messages_cursor", "changed_seq", "message"};
}

std::optional<std::string> message_at(db::Connection& db, const base::Uuid& workspace, Cursor::Of of,
                                      std::int64_t place) {
  return db.text(of == Cursor::Of::kept
                     ? "SELECT id FROM messages WHERE workspace_id = $1 AND message_seq = $2"
                     : "SELECT id FROM messages WHERE workspace_id = $1 AND changed_seq = $2",
                 {workspace, place});
}

/// What was purged leaves its place empty: the place was given, and the message is nowhere else.
bool was_purged(db::Connection& db, const Cursor& cursor) {
  return cursor.message.empty() || !db.integer("SELECT 1 FROM messages WHERE id = $1", {cursor.message});
}

/// A message that changes again leaves its place for a later one, never for one before.
bool has_moved_on(db::Connection& db, const Cursor& cursor) {
  return db
      .integer("SELECT 1 FROM messages WHERE id = $1 AND changed_seq > $2", {cursor.message, cursor.place})
      .has_value();
}

bool is_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  if (cursor.workspace != workspace) return false;
  if (cursor.place == 0) return cursor.message.empty();
  const auto [kept, changed] = last_places(db, workspace);
  if (cursor.place > (cursor.of == Cursor::Of::kept ? kept : changed)) return false;
  if (const auto here = message_at(db, workspace, cursor.of, cursor.place)) return *here == cursor.message;
  if (was_purged(db, cursor)) return true;
  return cursor.of == Cursor::Of::changed && has_moved_on(db, cursor);
}

}  // namespace

std::string cursor_text(const Cursor& cursor) {
  return db::cursor_text(keys_of(cursor.of), {cursor.workspace, cursor.place, cursor.message});
}

Cursor parse_cursor(std::string_view text, Cursor::Of of) {
  auto at = db::parse_cursor(keys_of(of), text);
  // PostgreSQL refuses to look for an id that is none.
  if (!at || (!at->row.empty() && !base::Uuid::try_parse(at->row)))
    throw Error(Errc::invalid, "messages.bad_cursor",
                of == Cursor::Of::kept ? "the file is no cursor of messages export --since-cursor"
                                       : "the file is no cursor of messages export --changes",
                "name a file that does not exist to begin anew");
  return {.workspace = at->workspace, .place = at->place, .message = std::move(at->row), .of = of};
}

Cursor changes_to_come(db::Connection& db, const base::Uuid& workspace) {
  const auto place = last_places(db, workspace).second;
  return {.workspace = workspace,
          .place = place,
          .message = message_at(db, workspace, Cursor::Of::changed, place).value_or(""),
          .of = Cursor::Of::changed};
}

void require_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  if (!is_own(db, workspace, cursor))
    throw Error(Errc::conflict, "messages.foreign_cursor",
                "the cursor was made on another database or in another workspace",
                "name a file that does not exist to begin anew");
}

}  // namespace ringctl::messages
