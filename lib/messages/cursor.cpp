#include "messages/cursor.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "messages/messages.hpp"

namespace ringctl::messages {
namespace {

constexpr int k_version = 1;

/// Named by what it is, so that neither kind is taken for the other.
const char* name_of(Cursor::Of of) {
  return of == Cursor::Of::kept ? "ringctl_messages_cursor" : "ringctl_changed_messages_cursor";
}
const char* place_name(Cursor::Of of) { return of == Cursor::Of::kept ? "message_seq" : "changed_seq"; }

Error bad(Cursor::Of of) {
  return {Errc::invalid, "messages.bad_cursor",
          of == Cursor::Of::kept ? "the file is no cursor of messages export --since-cursor"
                                 : "the file is no cursor of messages export --changes",
          "name a file that does not exist to begin anew"};
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
  return nlohmann::json{{name_of(cursor.of), k_version},
                        {"workspace", cursor.workspace.view()},
                        {place_name(cursor.of), cursor.place},
                        {"message", cursor.message}}
             .dump() +
         "\n";
}

Cursor parse_cursor(std::string_view text, Cursor::Of of) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw bad(of);
  try {
    if (json.at(name_of(of)).get<int>() != k_version) throw bad(of);
    const auto workspace = base::Uuid::try_parse(json.at("workspace").get<std::string>());
    const auto message = json.at("message").get<std::string>();
    const auto id = base::Uuid::try_parse(message);
    Cursor cursor{.workspace = workspace.value_or(base::Uuid()),
                  .place = json.at(place_name(of)).get<std::int64_t>(),
                  .message = id ? id->text() : std::string(),
                  .of = of};
    if (!workspace || cursor.place < 0 || (!id && !message.empty())) throw bad(of);
    return cursor;
  } catch (const nlohmann::json::exception&) {
    throw bad(of);
  }
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
