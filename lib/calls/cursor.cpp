#include "calls/cursor.hpp"

#include <utility>

#include "base/error.hpp"
#include "calls/calls.hpp"
#include "db/cursor_text.hpp"

namespace ringctl::calls {
namespace {

db::CursorKeys keys_of(Cursor::Of of) {
  if (of == Cursor::Of::closed) return {"ringctl_calls_cursor", "closed_seq", "call_sid"};
  return {"ringctl_changed_calls_cursor", "changed_seq", "call_sid"};
}

/// What was purged leaves its place empty: the place was given, and the call is nowhere else.
bool is_own_place(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  const auto here = db.text("SELECT call_sid FROM calls WHERE workspace_id = $1 AND closed_seq = $2",
                            {workspace, cursor.closed_seq});
  if (here) return *here == cursor.call_sid;
  const auto given =
      db.integer("SELECT closed_seq FROM call_counters WHERE workspace_id = $1", {workspace}).value_or(0);
  return cursor.closed_seq <= given &&
         !db.integer("SELECT 1 FROM calls WHERE call_sid = $1 AND closed_seq IS NOT NULL", {cursor.call_sid});
}

std::optional<std::string> call_at_change(db::Connection& db, const base::Uuid& workspace,
                                          std::int64_t place) {
  return db.text("SELECT call_sid FROM calls WHERE workspace_id = $1 AND changed_seq = $2",
                 {workspace, place});
}

/// A call that changes again leaves its place for a later one, never for one before.
bool is_own_change(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  if (cursor.closed_seq > last_changed(db, workspace)) return false;
  if (const auto here = call_at_change(db, workspace, cursor.closed_seq)) return *here == cursor.call_sid;
  const auto now =
      db.integer("SELECT coalesce(changed_seq, 0) FROM calls WHERE call_sid = $1", {cursor.call_sid});
  return !now || *now > cursor.closed_seq;
}

bool is_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  if (cursor.workspace != workspace) return false;
  if (cursor.closed_seq == 0) return cursor.call_sid.empty();
  return cursor.of == Cursor::Of::closed ? is_own_place(db, workspace, cursor)
                                         : is_own_change(db, workspace, cursor);
}

}  // namespace

std::string cursor_text(const Cursor& cursor) {
  return db::cursor_text(keys_of(cursor.of), {cursor.workspace, cursor.closed_seq, cursor.call_sid});
}

Cursor parse_cursor(std::string_view text, Cursor::Of of) {
  auto at = db::parse_cursor(keys_of(of), text);
  if (!at)
    throw Error(Errc::invalid, "calls.bad_cursor",
                of == Cursor::Of::closed ? "the file is no cursor of calls export --since-cursor"
                                         : "the file is no cursor of calls export --changes",
                "name a file that does not exist to begin anew");
  return {.workspace = at->workspace, .closed_seq = at->place, .call_sid = std::move(at->row), .of = of};
}

Cursor changes_to_come(db::Connection& db, const base::Uuid& workspace) {
  const auto place = last_changed(db, workspace);
  return {.workspace = workspace,
          .closed_seq = place,
          .call_sid = call_at_change(db, workspace, place).value_or(""),
          .of = Cursor::Of::changed};
}

void require_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  if (!is_own(db, workspace, cursor))
    throw Error(Errc::conflict, "calls.foreign_cursor",
                "the cursor was made on another database or in another workspace",
                "name a file that does not exist to begin anew");
}

}  // namespace ringctl::calls
