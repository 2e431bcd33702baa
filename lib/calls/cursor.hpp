#pragma once
// Where an export of finished calls stopped. A cursor is good for the workspace it was made in, on the
// database it was made in: one that was restored to an earlier state, or another one, refuses it.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::calls {

struct Cursor {
  base::Uuid workspace;
  std::int64_t closed_seq = 0;  ///< all calls up to this place were handed out
  std::string call_sid = {};    ///< the call that has this place; "" at 0
};

std::string cursor_text(const Cursor&);
/// Throws Errc::invalid [calls.bad_cursor] for what cursor_text() did not write.
Cursor parse_cursor(std::string_view);
/// Inside a transaction. Throws Errc::conflict [calls.foreign_cursor] unless that call has that place here.
void require_own(db::Connection&, const base::Uuid& workspace, const Cursor&);

}  // namespace ringctl::calls
