#pragma once
// SQLite takes `$1` as a name, numbered by appearance; `?1` is what we mean. Private to this room.

#include <string>
#include <string_view>

namespace ringctl::db {

/// `$n` outside strings, quoted identifiers, comments and names becomes `?n`; all else stays.
std::string number_placeholders(std::string_view sql);

}  // namespace ringctl::db
