#include "db/sqlite_error.hpp"

#include <fmt/format.h>

#include <string_view>

namespace ringctl::db {
namespace {

// "UNIQUE constraint failed: phone_numbers.phone_number" -> "phone_numbers.phone_number"
std::string_view after_colon(std::string_view message) {
  const auto at = message.find(": ");
  return at == std::string_view::npos ? std::string_view() : message.substr(at + 2);
}

Error constraint_error(int code, std::string_view message, const std::string& name) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return {Errc::conflict, "db.unique",
              fmt::format("a row with the same {} exists in {}", after_colon(message), name)};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Errc::conflict, "db.foreign_key", fmt::format("a row refers to one that is not in {}", name)};
    case SQLITE_CONSTRAINT_NOTNULL:
      return {Errc::invalid, "db.not_null",
              fmt::format("{} must have a value in {}", after_colon(message), name)};
    case SQLITE_CONSTRAINT_CHECK:
      return {Errc::invalid, "db.check", fmt::format("a value is not allowed in {}", name)};
    case SQLITE_CONSTRAINT_DATATYPE:
      return {Errc::invalid, "db.bad_value", fmt::format("a value has the wrong type for {}", name)};
    default:
      return {Errc::invalid, "db.constraint",
              fmt::format("a rule of {} was broken ({})", name, sqlite3_errstr(code))};
  }
}

Error statement_error(std::string_view message, const std::string& name) {
  if (message.starts_with("no such table") || message.starts_with("no such view") ||
      message.starts_with("no such column") ||
      message.find(" has no column named ") != std::string_view::npos)
    return {Errc::schema, "schema.missing_table",
            fmt::format("{} lacks a table or column this command needs", name), "ringctl db migrate"};
  return {Errc::failure, "db.statement", fmt::format("a statement failed in {}: {}", name, message)};
}

}  // namespace

Error sqlite_error(sqlite3* db, int code, const std::string& name) {
  const std::string_view message = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
      return {Errc::db_busy, "db.busy", fmt::format("{} is locked by another process", name)};
    case SQLITE_FULL:
      return {Errc::output, "db.disk_full", fmt::format("no space left for {}", name)};
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_CORRUPTFS) break;
      return {Errc::output, "db.io_error",
              fmt::format("cannot read or write {}: {}", name, sqlite3_errstr(code))};
    case SQLITE_NOTADB:
      return {Errc::config, "db.not_a_database", fmt::format("{} is not an SQLite database", name)};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {Errc::config, "db.read_only", fmt::format("{} is read-only", name)};
    case SQLITE_CANTOPEN:
      return {Errc::config, "db.cannot_open",
              fmt::format("cannot open {}: the file or its folder does not allow it", name)};
    case SQLITE_CONSTRAINT:
      return constraint_error(code, message, name);
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return {Errc::invalid, "db.bad_value", fmt::format("a value has the wrong type or size for {}", name)};
    case SQLITE_CORRUPT:
      break;
    case SQLITE_ERROR:
      return statement_error(message, name);
    default:
      return {Errc::failure, "db.failed", fmt::format("{}: {}", name, sqlite3_errstr(code))};
  }
  return {Errc::db_corrupt, "db.corrupt", fmt::format("{} is damaged", name), "ringctl db check"};
}

}  // namespace ringctl::db
