#include "db/postgres_cursor.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

// About what the socket's buffers hold, so that the server can put a whole batch away and begin the next one.
constexpr int k_batch = 1000;

}  // namespace

PostgresCursor::PostgresCursor(PostgresConnection& connection, std::string name)
    : connection_(connection), name_(std::move(name)), fetch_(fmt::format("FETCH {} FROM {}", k_batch, name_)),
      transaction_(connection.transaction()) {
  ask();
}

PostgresCursor::~PostgresCursor() {
  if (connection_.pending() == this) {
    connection_.set_pending(nullptr);
    abandon();
  }
  // Within a transaction that goes on; its end closes what is left.
  if (connection_.transaction() != transaction_ || !connection_.in_transaction()) return;
  try {
    connection_.command("CLOSE " + name_);
  } catch (const std::exception&) {
    // A failed transaction has nothing to close, and the next statement says what failed.
  }
}

bool PostgresCursor::next() {
  if (++row_ < rows_) return true;
  return next_batch();
}

bool PostgresCursor::next_batch() {
  if (connection_.pending() == this) connection_.settle();
  if (!next_) return false;
  batch_ = std::move(next_);
  row_ = 0;
  rows_ = PQntuples(batch_.get());
  ended_ = rows_ < k_batch;
  if (!ended_) ask();
  return rows_ > 0;
}

void PostgresCursor::ask() {
  if (connection_.transaction() != transaction_ || !connection_.in_transaction())
    throw Error(Errc::failure, "db.no_transaction", "a stream was read after its transaction");
  connection_.settle();
  if (PQsendQuery(connection_.handle(), fetch_.c_str()) == 0) connection_.fail(nullptr);
  connection_.set_pending(this);
}

void PostgresCursor::settle() {
  PgResult result(PQgetResult(connection_.handle()));
  while (PgResult(PQgetResult(connection_.handle()))) {
  }
  next_ = connection_.checked(std::move(result));
}

void PostgresCursor::abandon() noexcept {
  while (PgResult(PQgetResult(connection_.handle()))) {
  }
}

}  // namespace ringctl::db
