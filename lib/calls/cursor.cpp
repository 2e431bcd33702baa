#include "calls/cursor.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "calls/calls.hpp"

namespace ringctl::calls {
namespace {

constexpr int k_version = 1;

/// Named by what it is, so that neither kind is taken for the other.
const char* name_of(Cursor::Of of) {
  return of == Cursor::Of::closed ? "ringctl_calls_cursor" : "ringctl_changed_calls_cursor";
}
const char* place_name(Cursor::Of of) { return of == Cursor::Of::closed ? "closed_seq" : "changed_seq"; }

Error bad(Cursor::Of of) {
  return {Errc::invalid, "calls.bad_cursor",
          of == Cursor::Of::closed ? "the file is no cursor of calls export --since-cursor"
                                   : "the file is no cursor of calls export --changes",
          "name a file that does not exist to begin anew"};
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
  return nlohmann::json{{name_of(cursor.of), k_version},
                        {"workspace", cursor.workspace.view()},
                        {place_name(cursor.of), cursor.closed_seq},
                        {"call_sid", cursor.call_sid}}
             .dump() +
         "\n";
}

Cursor parse_cursor(std::string_view text, Cursor::Of of) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw bad(of);
  try {
    if (json.at(name_of(of)).get<int>() != k_version) throw bad(of);
    const auto workspace = base::Uuid::try_parse(json.at("workspace").get<std::string>());
    Cursor cursor{.workspace = workspace.value_or(base::Uuid()),
                  .closed_seq = json.at(place_name(of)).get<std::int64_t>(),
                  .call_sid = json.at("call_sid").get<std::string>(),
                  .of = of};
    if (!workspace || cursor.closed_seq < 0) throw bad(of);
    return cursor;
  } catch (const nlohmann::json::exception&) {
    throw bad(of);
  }
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
