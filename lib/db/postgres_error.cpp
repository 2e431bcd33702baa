#include "db/postgres_error.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/text.hpp"

namespace ringctl::db {
namespace {

std::string_view field(const PGresult* result, int which) {
  const char* text = result == nullptr ? nullptr : PQresultErrorField(result, which);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// libpq's message, its lines joined, without the "FATAL:" in front.
std::string one_line(std::string_view message) {
  std::string out;
  for (const auto line : base::split(message, '\n')) {
    const auto text = base::trim(line);
    if (text.empty()) continue;
    if (!out.empty()) out += "; ";
    out += text;
  }
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Error connection_lost(const std::string& name, std::string_view why) {
  return {Errc::db_down, "db.connection_lost",
          why.empty() ? fmt::format("the connection to {} was lost", name)
                      : fmt::format("the connection to {} was lost: {}", name, why)};
}

Error constraint_error(std::string_view state, const PGresult* result, const std::string& name) {
  const auto constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  if (state == "23505")
    return {Errc::conflict, "db.unique",
            fmt::format("a row with the same key exists in {} ({})", name, constraint)};
  if (state == "23503")
    return {Errc::conflict, "db.foreign_key",
            fmt::format("a row refers to one that is not in {} ({})", name, constraint)};
  if (state == "23502")
    return {Errc::invalid, "db.not_null",
            fmt::format("{}.{} must have a value in {}", field(result, PG_DIAG_TABLE_NAME),
                        field(result, PG_DIAG_COLUMN_NAME), name)};
  if (state == "23514")
    return {Errc::invalid, "db.check", fmt::format("a value is not allowed in {} ({})", name, constraint)};
  return {Errc::invalid, "db.constraint", fmt::format("a rule of {} was broken ({})", name, constraint)};
}

Error busy(const std::string& name, std::string_view why) {
  return {Errc::db_busy, "db.busy", fmt::format("{} is busy: {}", name, why)};
}

// Names and tokens of our own statements may be quoted (class 42), what a value was may not (class 22).
Error by_class(std::string_view state, const PGresult* result, const std::string& name) {
  const auto group = state.substr(0, 2);
  const auto message = one_line(field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (group == "08") return connection_lost(name, message);
  if (group == "28") return {Errc::auth, "db.auth", fmt::format("{} refused the login: {}", name, message)};
  if (group == "23") return constraint_error(state, result, name);
  if (group == "22")
    return {Errc::invalid, "db.bad_value",
            fmt::format("a value has the wrong type or form for {} (SQLSTATE {})", name, state)};
  if (group == "53")
    return {Errc::db_down, "db.no_resources", fmt::format("{} has no room: {}", name, message)};
  if (group == "58")
    return {Errc::output, "db.io_error", fmt::format("{} cannot read or write: {}", name, message)};
  if (group == "XX" && state != "XX000")
    return {Errc::db_corrupt, "db.corrupt", fmt::format("{} is damaged: {}", name, message),
            "ringctl db check"};
  return {Errc::failure, "db.statement",
          fmt::format("a statement failed in {}: {} (SQLSTATE {})", name, message, state)};
}

}  // namespace

Error postgres_error(const PGconn* connection, const PGresult* result, const std::string& name) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  if (state.empty()) {
    // Not the server's word: libpq's own, and nearly always a connection that is gone.
    const auto why = one_line(PQerrorMessage(connection));
    if (PQstatus(connection) == CONNECTION_BAD) return connection_lost(name, why);
    return {Errc::failure, "db.statement", fmt::format("a statement failed in {}: {}", name, why)};
  }
  if (state == "40001") return busy(name, "another transaction changed the same rows");
  if (state == "40P01") return busy(name, "a deadlock with another transaction");
  if (state == "55P03") return busy(name, "a lock was not to be had in time");
  if (state.starts_with("57P"))
    return connection_lost(name, one_line(field(result, PG_DIAG_MESSAGE_PRIMARY)));
  if (state == "57014")
    return {Errc::timeout, "db.statement_timeout",
            fmt::format("{} ended a statement that took too long", name)};
  if (state == "53100") return {Errc::output, "db.disk_full", fmt::format("no space left for {}", name)};
  if (state == "42501")
    return {Errc::auth, "db.not_allowed",
            fmt::format("{} does not let this role or workspace do that", name)};
  // Table, schema, column, function: those that a newer program asks for.
  if (state == "42P01" || state == "3F000" || state == "42703" || state == "42883")
    return {Errc::schema, "schema.missing_table",
            fmt::format("{} lacks a table or column this command needs", name), "ringctl db migrate"};
  if (state == "25006")
    return {Errc::config, "db.read_only", fmt::format("{} is read-only (a standby?)", name)};
  if (state == "26000" || state == "42P05")
    return {
        Errc::config, "db.pooled_statements",
        fmt::format("{} loses named statements: a pooler in transaction mode stands in front of it", name),
        "ringctl config set named_statements false"};
  if (state == "22021" || state == "22P05")
    return {Errc::invalid, "db.bad_text", fmt::format("a text is not UTF-8, which {} cannot hold", name)};
  return by_class(state, result, name);
}

Error postgres_connect_error(const PGconn* connection, const std::string& name) {
  // There is no SQLSTATE for a connection that was never made, only text.
  const auto why =
      connection == nullptr ? std::string("out of memory") : one_line(PQerrorMessage(connection));
  if (contains(why, "invalid URI") || contains(why, "invalid connection option") ||
      contains(why, "invalid integer value") || (contains(why, "invalid ") && contains(why, " value:")))
    return {Errc::usage, "db.bad_url", fmt::format("\"{}\" is not a PostgreSQL URL", name)};
  if (contains(why, "database \"") && contains(why, "does not exist"))
    return {Errc::config, "db.missing", fmt::format("there is no database at {}: {}", name, why)};
  if (contains(why, "authentication failed") || contains(why, "no pg_hba.conf entry") ||
      contains(why, "no password supplied") ||
      (contains(why, "role \"") && contains(why, "does not exist")) ||
      contains(why, "permission denied for database") ||
      (connection != nullptr && PQconnectionNeedsPassword(connection) == 1))
    return {Errc::auth, "db.auth", fmt::format("{} refused the login: {}", name, why)};
  return {Errc::db_down, "db.unreachable", fmt::format("cannot reach {}: {}", name, why)};
}

}  // namespace ringctl::db
