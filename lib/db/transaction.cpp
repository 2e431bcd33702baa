#include "db/transaction.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

// One name for all: a savepoint hides the one of the same name outside it until it ends, on both engines.
constexpr std::string_view k_begin_part = "SAVEPOINT ringctl_part";
constexpr std::string_view k_keep_part = "RELEASE SAVEPOINT ringctl_part";
constexpr std::string_view k_undo_part = "ROLLBACK TO SAVEPOINT ringctl_part; RELEASE SAVEPOINT ringctl_part";

// Half of the delay to all of it, so that two that collided do not collide again.
std::chrono::milliseconds jittered(std::chrono::milliseconds delay) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(delay.count() / 2, delay.count())(random));
}

void attempt(Connection& connection, const Scope& scope, const std::function<bool()>& work) {
  Transaction transaction(connection, scope);
  if (work()) transaction.commit();
}

}  // namespace

Transaction::Transaction(Connection& connection, const Scope& scope, Access access)
    : connection_(connection) {
  if (connection_.in_transaction())
    throw Error(Errc::failure, "db.nested_transaction", "a transaction was begun inside another");
  try {
    connection_.begin(access, scope);
  } catch (...) {
    connection_.rollback();  // BEGIN may have worked and a setting after it failed
    throw;
  }
}

Transaction::~Transaction() { rollback(); }

void Transaction::rescope(const Scope& scope) { connection_.rescope(scope); }

void Transaction::commit() {
  try {
    connection_.commit();
  } catch (...) {
    rollback();
    throw;
  }
  open_ = false;
}

void Transaction::rollback() {
  if (!open_) return;
  open_ = false;
  connection_.rollback();
}

Savepoint::Savepoint(Connection& connection) : connection_(connection) {
  if (!connection_.in_transaction())  // SQLite would begin a transaction and commit it with the part
    throw Error(Errc::failure, "db.no_transaction", "a savepoint needs a transaction");
  connection_.exec_script(k_begin_part);
}

Savepoint::~Savepoint() {
  if (!open_) return;
  try {
    connection_.exec_script(k_undo_part);
  } catch (const std::exception&) {
    // The transaction is gone, and the part with it; whoever goes on with it hears so.
  }
}

void Savepoint::release() {
  connection_.exec_script(k_keep_part);
  open_ = false;
}

void read_together(Connection& connection, const Scope& scope, std::span<const Read> reads,
                   const std::function<void(std::span<Rows>)>& use) {
  const ScopedReads all{scope, reads};
  read_together(connection, {&all, 1}, use);
}

void read_together(Connection& connection, std::span<const ScopedReads> groups,
                   const std::function<void(std::span<Rows>)>& use) {
  if (connection.in_transaction())
    throw Error(Errc::failure, "db.nested_transaction", "a transaction was begun inside another");
  if (groups.empty()) return use({});
  if (auto rows = connection.read_at_once(groups)) return use(*rows);
  Transaction transaction(connection, groups.front().scope, Access::read);
  {
    std::vector<Rows> rows;
    for (const auto& group : groups) {
      if (&group != &groups.front()) transaction.rescope(group.scope);
      for (const auto& read : group.reads) rows.push_back(connection.query(read.sql, read.params));
    }
    use(rows);
  }
  transaction.commit();
}

void in_transaction(Connection& connection, const Scope& scope, const std::function<void()>& work,
                    const RetryOptions& options) {
  const auto always = [&] {
    work();
    return true;
  };
  in_transaction_if(connection, scope, always, options);
}

void in_transaction_if(Connection& connection, const Scope& scope, const std::function<bool()>& work,
                       const RetryOptions& options) {
  constexpr std::chrono::milliseconds k_longest{500};
  std::optional<std::chrono::steady_clock::time_point> last;
  auto delay = options.first_delay;
  for (int tried = 1;; ++tried) {
    try {
      return attempt(connection, scope, work);
    } catch (const Error& error) {
      if (error.errc() != Errc::db_busy || tried >= options.attempts) throw;
      const auto now = std::chrono::steady_clock::now();
      if (now >= last.value_or(now + options.patience)) throw;
      if (!last) last = now + options.patience;
    }
    const auto pause = jittered(delay);
    options.sleep ? options.sleep(pause) : std::this_thread::sleep_for(pause);
    delay = std::min(delay * 2, k_longest);
  }
}

}  // namespace ringctl::db
