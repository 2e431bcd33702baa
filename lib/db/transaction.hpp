#pragma once
// Transactions, and what they may see. Every statement runs in one: on PostgreSQL it names the workspace
// whose rows the policies let through (SET LOCAL, safe behind pgbouncer); without it no tenant row is seen.

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "db/doors.hpp"

namespace ringctl::db {

/// What the row policies let through. SQLite has no policies: statements name the workspace as well.
struct Scope {
  std::optional<base::Uuid> workspace;
  Door door = Door::none;

  static Scope of(const base::Uuid& workspace, Door door = Door::none) { return {workspace, door}; }
  static Scope through(Door door) { return {std::nullopt, door}; }
};

/// BEGIN IMMEDIATE (write) or BEGIN (read) on SQLite; READ COMMITTED (write) or REPEATABLE READ, READ ONLY
/// (read) on PostgreSQL. Rolls back unless committed. Not nested.
class Transaction {
 public:
  Transaction(Connection&, const Scope&, Access = Access::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  /// Other rows for the statements that follow, within the same transaction.
  void rescope(const Scope&);
  void commit();
  void rollback();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// A part of a transaction that can be undone alone. Undone unless released; nested ones end in reverse
/// order.
class Savepoint {
 public:
  explicit Savepoint(Connection&);
  ~Savepoint();
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  void release();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// What is to be read in one scope. The reads must outlive it.
struct ScopedReads {
  Scope scope;
  std::span<const Read> reads;
};

/// Reads that need nothing of each other, in one transaction: on PostgreSQL one round trip, and each sees
/// what was committed when its turn came. The rows come in the order of the reads, for `use` alone. For reads
/// that find a few rows by an index: they are planned once, for any values.
void read_together(Connection&, std::span<const ScopedReads>,
                   const std::function<void(std::span<Rows>)>& use);
void read_together(Connection&, const Scope&, std::span<const Read> reads,
                   const std::function<void(std::span<Rows>)>& use);

/// How to wait between attempts; empty sleeps. Tests pass one that advances their clock.
using Sleep = std::function<void(std::chrono::milliseconds)>;

struct RetryOptions {
  int attempts = 8;                          ///< then Errc::db_busy [db.busy]
  std::chrono::milliseconds first_delay{5};  ///< doubled with jitter, 500 ms at most
  Sleep sleep = {};
  /// Counted from the first failure, for work may be long; each attempt may wait out the busy timeout itself.
  std::chrono::milliseconds patience{5000};
};

/// Runs `work` in a write transaction and commits; on a serialization failure, a deadlock or a busy database
/// the whole is run again, within `attempts` and `patience`. `work` must be repeatable.
void in_transaction(Connection&, const Scope&, const std::function<void()>& work, const RetryOptions& = {});
/// The same for work that tells by false that nothing of it shall stay.
void in_transaction_if(Connection&, const Scope&, const std::function<bool()>& work,
                       const RetryOptions& = {});

}  // namespace ringctl::db
