#pragma once
// Parts of the noun `db` that its files share.

#include "cmd/context.hpp"
#include "cmd/registry.hpp"

namespace ringctl::cmd {

void add_db_schema(Noun&);  ///< migrate, status
void add_db_files(Noun&);   ///< check, backup, restore, copy

}  // namespace ringctl::cmd
