#include "db/bulk_insert.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "db/bulk_insert_impl.hpp"

namespace ringctl::db {
namespace {

void require_write_transaction(Connection& connection) {
  if (!connection.in_transaction())
    throw Error(Errc::failure, "db.no_transaction", "a bulk insert needs a transaction");
}

}  // namespace

BulkInsert::BulkInsert(Connection& connection, const std::string& table,
                       const std::vector<BulkColumn>& columns)
    : values_(static_cast<std::size_t>(std::count_if(
          columns.begin(), columns.end(), [](const BulkColumn& column) { return !column.same; }))) {
  require_write_transaction(connection);
  impl_ = connection.engine() == Engine::sqlite
              ? Impl::make(static_cast<SqliteConnection&>(connection), table, columns, values_)
              : Impl::make(static_cast<PostgresConnection&>(connection), table, columns);
}

BulkInsert::~BulkInsert() = default;

void BulkInsert::add(std::span<const Param> row) {
  if (row.size() != values_)
    throw Error(Errc::failure, "db.parameters",
                fmt::format("a bulk insert of {} values a row was given {}", values_, row.size()));
  impl_->add(row);
}

void BulkInsert::flush() { impl_->flush(); }

}  // namespace ringctl::db
