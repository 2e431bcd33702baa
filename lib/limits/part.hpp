#pragma once
// A piece of work that is a transaction, or part of one. Private to this room.

#include <functional>

#include "db/transaction.hpp"

namespace ringctl::limits {

/// Inside the caller's transaction if there is one, and then as a part that can be undone alone; else in one
/// of its own. False from `work`: nothing of it stays.
inline void in_part_if(db::Connection& db, const base::Uuid& workspace, const std::function<bool()>& work) {
  if (!db.in_transaction()) return db::in_transaction_if(db, db::Scope::of(workspace), work);
  db::Savepoint part(db);
  if (work()) part.release();
}

}  // namespace ringctl::limits
