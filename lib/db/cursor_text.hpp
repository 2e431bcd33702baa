#pragma once
// What an export's cursor file holds: a workspace, a place in one of its sequences, and the row that had this
// place. {"ringctl_calls_cursor":1,"workspace":"0174...","closed_seq":41,"call_sid":"CA..."}

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.hpp"

namespace ringctl::db {

/// The keys of one kind of cursor; `kind` is its own, so that none is taken for another.
struct CursorKeys {
  const char *kind, *place, *row;
};

struct CursorPlace {
  base::Uuid workspace;
  std::int64_t place = 0;  ///< never below 0
  std::string row = {};    ///< "" where there was none
};

/// One line.
std::string cursor_text(const CursorKeys&, const CursorPlace&);
/// nullopt for what cursor_text() did not write with these keys.
std::optional<CursorPlace> parse_cursor(const CursorKeys&, std::string_view);

}  // namespace ringctl::db
