#pragma once
// Where an export of finished calls, or of calls that changed after, stopped. A cursor is good for the
// workspace it was made in, on the database it was made in: one that was restored to an earlier state, or
// another one, refuses it.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

struct Cursor {
  enum class Of { closed, changed };

  base::Uuid workspace;
  std::int64_t closed_seq = 0;  ///< all up to this place were handed out; by changed_seq for Of::changed
  std::string call_sid = {};  ///< the call that had this place then; "" at 0, and where it was purged by then
  Of of = Of::closed;
};

std::string cursor_text(const Cursor&);
/// Throws Errc::invalid [calls.bad_cursor] for what cursor_text() did not write, and for a cursor of the
/// other kind.
Cursor parse_cursor(std::string_view, Cursor::Of = Cursor::Of::closed);
/// Inside a transaction: a cursor for what changes from here on.
Cursor changes_to_come(db::Connection&, const base::Uuid& workspace);
/// Inside a transaction. Throws Errc::conflict [calls.foreign_cursor] unless that place was given here, and
/// to that call: it has it, was purged, or (Of::changed) has a later one.
void require_own(db::Connection&, const base::Uuid& workspace, const Cursor&);

}  // namespace ringctl::calls
