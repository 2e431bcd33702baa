#pragma once
// Where an export of the audit log stopped: the sequence number and hash of the last row that was handed out. The
// hash tells a log that is another one, or was restored to an earlier state, from the same one grown longer.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::audit {

struct Cursor {
  base::Uuid workspace;
  std::int64_t seq = 0;   ///< all rows up to this one were handed out
  std::string hash = {};  ///< of that row; "" at 0
};

std::string cursor_text(const Cursor&);
/// Throws Errc::invalid [audit.bad_cursor] for what cursor_text() did not write.
Cursor parse_cursor(std::string_view);
/// Inside a transaction. Throws Errc::conflict [audit.foreign_cursor] unless that row has that hash here.
void require_own(db::Connection&, const base::Uuid& workspace, const Cursor&);

}  // namespace ringctl::audit
