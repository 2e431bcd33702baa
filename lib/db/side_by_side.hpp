#pragma once
// Reading that is cut into pieces, over several connections that all see the same.

#include <cstddef>
#include <functional>

#include "db/transaction.hpp"

namespace ringctl::db {

/// Calls `work` once for each of `pieces` pieces, in no order; `reader` is inside a read transaction.
/// PostgreSQL: on `most` connections at a time, each on a thread of its own, whose transactions see what the
/// reader's sees, with `scope`; on fewer where no more are let in within seconds (each step of that has two).
/// SQLite, whose connections cannot share what they see, and `most` of one: one piece after the other on
/// `reader`. What `work` throws first is thrown on, and no other piece is begun.
void read_side_by_side(Connection& reader, const Scope& scope, std::size_t pieces, std::size_t most,
                       const std::function<void(Connection&, std::size_t piece)>& work);

}  // namespace ringctl::db
