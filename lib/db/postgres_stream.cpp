#include "db/postgres_stream.hpp"

#include <array>
#include <exception>
#include <utility>

#include "base/error.hpp"

namespace ringctl::db {

PostgresStream::PostgresStream(PostgresConnection& connection)
    : connection_(connection), transaction_(connection.transaction()) {
  connection_.set_pending(this);
  try {
    ahead_ = receive();
  } catch (...) {
    connection_.set_pending(nullptr);
    finish();
    throw;
  }
}

PostgresStream::~PostgresStream() {
  // Left before its end. When an exception did it the transaction goes too, and the rest need not be waited
  // for.
  if (std::uncaught_exceptions() > 0) stop();
  if (connection_.pending() != this) return;
  connection_.set_pending(nullptr);
  finish();
}

void PostgresStream::stop() noexcept {
  if (connection_.pending() != this) return;
  connection_.set_pending(nullptr);
  abandon();
}

bool PostgresStream::next() {
  if (connection_.transaction() != transaction_ ||
      (connection_.pending() != this && !connection_.in_transaction()))
    throw Error(Errc::failure, "db.no_transaction", "a stream was read after its transaction");
  row_ = std::exchange(ahead_, nullptr);
  if (!row_ && connection_.pending() == this) row_ = receive();
  return row_ != nullptr || spill_.next(values_);
}

/// The next row; nothing after the last.
PgResult PostgresStream::receive() {
  connection_.await_answer();
  PgResult result(PQgetResult(connection_.handle()));
  columns_ = PQnfields(result.get());
  if (PQresultStatus(result.get()) == PGRES_SINGLE_TUPLE) return result;
  connection_.set_pending(nullptr);
  finish();
  connection_.checked(std::move(result));
  return nullptr;
}

// What is being read stays as it is; what comes after it goes aside.
void PostgresStream::settle() {
  if (const auto ahead = std::exchange(ahead_, nullptr)) keep(ahead.get());
  for (;;) {
    connection_.await_answer();
    PgResult result(PQgetResult(connection_.handle()));
    if (PQresultStatus(result.get()) != PGRES_SINGLE_TUPLE) {
      finish();
      connection_.checked(std::move(result));
      return;
    }
    keep(result.get());
  }
}

void PostgresStream::keep(const PGresult* row) {
  RowSpill::Values values(static_cast<std::size_t>(columns_));
  for (int column = 0; column < columns_; ++column)
    if (PQgetisnull(row, 0, column) == 0) values[static_cast<std::size_t>(column)] = pg_text(row, 0, column);
  spill_.add(values);
}

void PostgresStream::abandon() noexcept {
  if (auto* cancel = PQgetCancel(connection_.handle())) {
    std::array<char, 256> ignored{};
    PQcancel(cancel, ignored.data(), static_cast<int>(ignored.size()));
    PQfreeCancel(cancel);
  }
  finish();
}

void PostgresStream::finish() noexcept {
  while (PgResult(PQgetResult(connection_.handle()))) {
  }
}

}  // namespace ringctl::db
