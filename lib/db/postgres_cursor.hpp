#pragma once
// Rows of any number in constant memory. Private to this room.

#include <string>
#include <string_view>

#include "db/postgres_connection.hpp"
#include "db/rows_impl.hpp"

namespace ringctl::db {

std::string_view pg_text(const PGresult*, int row, int column);  ///< "" for NULL
std::int64_t pg_integer(std::string_view);                       ///< 0 if it is none

/// Reads one batch while the next is on its way.
class PostgresCursor final : public Rows::Impl, private PgPending {
 public:
  /// `name` is a cursor of the connection's open transaction.
  PostgresCursor(PostgresConnection&, std::string name);
  ~PostgresCursor() override;

  bool next() override;
  int columns() const override { return PQnfields(batch_.get()); }
  bool is_null(int column) const override { return PQgetisnull(batch_.get(), row_, column) == 1; }
  std::string_view text(int column) const override { return pg_text(batch_.get(), row_, column); }
  std::int64_t integer(int column) const override { return pg_integer(text(column)); }
  bool boolean(int column) const override { return text(column) == "t"; }

 private:
  void settle() override;  // the batch that was asked for becomes next_
  void abandon() noexcept override;
  void ask();
  bool next_batch();

  PostgresConnection& connection_;
  std::string name_, fetch_;
  std::uint64_t transaction_;
  PgResult batch_, next_;
  int row_ = -1, rows_ = 0;
  bool ended_ = false;  // the last batch has come
};

}  // namespace ringctl::db
