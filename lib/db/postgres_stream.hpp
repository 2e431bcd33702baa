#pragma once
// Rows of any number in constant memory, one by one as they come from the server. When another statement
// wants the connection meanwhile, those still on their way are put aside first. (Cursors would need no
// putting aside, but FETCH gathers each batch in a table of its own on the server: half as fast again.)
// Private to this room.

#include <string_view>

#include "db/postgres_connection.hpp"
#include "db/row_spill.hpp"
#include "db/rows_impl.hpp"

namespace ringctl::db {

std::string_view pg_text(const PGresult*, int row, int column);  ///< "" for NULL
std::int64_t pg_integer(std::string_view);                       ///< 0 if it is none

class PostgresStream final : public Rows::Impl, private PgPending {
 public:
  /// The statement has been sent, in single-row mode. Throws what it failed with.
  explicit PostgresStream(PostgresConnection&);
  ~PostgresStream() override;

  bool next() override;
  void stop() noexcept override;
  int columns() const override { return columns_; }
  bool is_null(int column) const override {
    return row_ ? PQgetisnull(row_.get(), 0, column) == 1 : !put_aside(column);
  }
  std::string_view text(int column) const override {
    return row_ ? pg_text(row_.get(), 0, column) : put_aside(column).value_or(std::string_view());
  }
  std::int64_t integer(int column) const override { return pg_integer(text(column)); }
  bool boolean(int column) const override { return text(column) == "t"; }

 private:
  void settle() override;
  void abandon() noexcept override;
  const std::optional<std::string_view>& put_aside(int column) const {
    return values_[static_cast<std::size_t>(column)];
  }
  PgResult receive();
  void keep(const PGresult*);
  void finish() noexcept;

  PostgresConnection& connection_;
  std::uint64_t transaction_;
  PgResult row_, ahead_;  // the row that is read; the one after it, if it has come
  RowSpill spill_;
  RowSpill::Values values_;  // the row that is read, if it was put aside
  int columns_ = 0;
};

}  // namespace ringctl::db
