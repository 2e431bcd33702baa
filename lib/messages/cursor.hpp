#pragma once
// Where an export of messages, or of messages that changed, stopped. As calls/cursor.hpp: good for the
// workspace and database it was made in, refused by another and by one that was restored to an earlier state.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::messages {

struct Cursor {
  enum class Of { kept, changed };
  base::Uuid workspace;
  std::int64_t place = 0;    ///< message_seq, or changed_seq, of what was handed out last
  std::string message = {};  ///< id of the message that had this place then; "" at 0
  Of of = Of::kept;
};

std::string cursor_text(const Cursor&);
/// Throws Errc::invalid [messages.bad_cursor].
Cursor parse_cursor(std::string_view, Cursor::Of);
/// Inside a transaction: a cursor for what changes from here on.
Cursor changes_to_come(db::Connection&, const base::Uuid& workspace);
/// Inside a transaction. Throws Errc::conflict [messages.foreign_cursor].
void require_own(db::Connection&, const base::Uuid& workspace, const Cursor&);

}  // namespace ringctl::messages
