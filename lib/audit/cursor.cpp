#include "audit/cursor.hpp"

#include <utility>

#include "base/error.hpp"
#include "db/cursor_text.hpp"

namespace ringctl::audit {
namespace {

constexpr db::CursorKeys k_keys = {"ringctl_audit_cursor", "seq", "hash"};

std::string hash_of_row(db::Connection& db, const base::Uuid& workspace, std::int64_t seq) {
  return db.text("SELECT hash FROM audit_log WHERE workspace_id = $1 AND seq = $2", {workspace, seq})
      .value_or("");
}

}  // namespace

std::string cursor_text(const Cursor& cursor) {
  return db::cursor_text(k_keys, {cursor.workspace, cursor.seq, cursor.hash});
}

Cursor parse_cursor(std::string_view text) {
  auto at = db::parse_cursor(k_keys, text);
  // A row has a hash, and what stands before the first one has none.
  if (!at || (at->place == 0) != at->row.empty())
    throw Error(Errc::invalid, "audit.bad_cursor", "the file is no cursor of audit export",
                "name a file that does not exist to begin anew");
  return {.workspace = at->workspace, .seq = at->place, .hash = std::move(at->row)};
}

void require_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  const auto here = cursor.seq == 0 ? std::string() : hash_of_row(db, workspace, cursor.seq);
  if (cursor.workspace != workspace || here != cursor.hash)
    throw Error(Errc::conflict, "audit.foreign_cursor",
                "the cursor was made on another database or in another workspace",
                "name a file that does not exist to begin anew");
}

}  // namespace ringctl::audit
