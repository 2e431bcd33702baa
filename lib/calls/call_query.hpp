#pragma once
// How a call is read. Private to this room.

#include <optional>
#include <string>
#include <vector>

#include "calls/calls.hpp"

namespace ringctl::calls {

/// Conditions that hold together, and what they are about.
struct Where {
  std::string sql = {};
  std::vector<db::Param> params = {};
  /// "c.status = ${}"
  void add(std::string_view condition, const db::Param& value);
};

std::optional<std::int64_t> maybe_integer(const db::Rows&, int column);

/// Throws Errc::invalid [text.bad_utf8], or [calls.notes_too_long] for the noun "calls".
void require_notes(std::string_view notes, std::string_view noun);

/// SELECT of all columns of calls c, up to the WHERE. `plan`: also that, which is long.
std::string select_call(bool plan = false);
/// Returns the column after its own.
Call read_call_row(const db::Rows&);

/// Of calls.
inline constexpr std::string_view k_is_answered =
    "c.ended_at IS NULL AND (c.direction = 'outbound' OR EXISTS (SELECT 1 FROM call_attempts a "
    "WHERE a.call_id = c.id AND a.answered_at IS NOT NULL AND a.ended_at IS NULL))";

/// Since when a live call may have begun.
base::Instant on_call_since(db::Connection&, const base::Uuid& workspace, base::Instant now);

}  // namespace ringctl::calls
