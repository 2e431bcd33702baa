// A whole estate from one database into another. Values travel as canonical text (instants as format_utc
// writes them, booleans as 1 and 0), and the checksum is over that text, so it does not depend on the engine.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "db/bulk_insert.hpp"
#include "db/bulk_mode.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

constexpr TableInfo k_tables[] = {
    {"workspaces", "id"},
    {"jobs", "id"},
    {"job_rows", "job_id, line, row_key"},
    {"phone_numbers", "id"},
    {"teams", "id"},
    {"users", "id"},
    {"contacts", "id"},
    {"contact_phones", "workspace_id, phone_number"},
    {"contact_assignments", "contact_id, user_id"},
    {"agent_phone_numbers", "id"},
    {"daily_usage", "assignment_id, day"},
    {"reservations", "id"},
    {"resets", "workspace_id, day"},
    {"user_extensions", "id"},
    {"opt_outs", "id"},
    {"routing_rules", "id"},
    {"calls", "id"},
    {"call_attempts", "id"},
    {"call_events", "id"},
    {"recordings", "id"},
    {"callbacks", "id"},
    {"call_counters", "workspace_id"},
    {"legal_holds", "id"},
    {"message_counters", "workspace_id"},
    {"message_threads", "id"},
    {"messages", "id"},
    {"message_events", "id"},
    {"notifications", "id"},
    {"message_turns", "number_id"},
    {"message_hooks", "workspace_id"},
    {"message_deliveries", "id"},
    {"message_stops", "workspace_id, phone_number, ours"},
    {"recording_deletions", "recording_sid"},
    // After calls, attempts and recordings: each of their rows that comes takes its day away.
    {"call_days", "workspace_id, day"},
    {"call_tallies", "workspace_id, dimension, day"},
    {"api_tokens", "id"},
    {"twilio_accounts", "id"},
    {"twilio_effects", "id"},
    {"call_rooms", "id"},
    {"call_monitors", "id"},
    {"trunks", "id"},
    {"assistants", "id"},
    {"audit_log", "id"},
    {"audit_images", "audit_id"},
    {"audit_heads", "workspace_id"},
};

enum class Kind { text, uuid, integer, boolean, instant, day };

struct Column {
  std::string name;
  Kind kind;
};

std::string_view staging_type(Kind kind) {
  switch (kind) {
    case Kind::text:
      return "text";
    case Kind::uuid:
      return "uuid";
    case Kind::integer:
      return "bigint";
    case Kind::boolean:
      return "boolean";
    case Kind::instant:
      return "timestamptz";
    case Kind::day:
      return "date";
  }
  return "text";
}

Kind kind_of(std::string_view type, std::string_view table, std::string_view column) {
  if (type == "text" || type == "TEXT") return Kind::text;
  if (type == "bigint" || type == "INTEGER") return Kind::integer;
  if (type == "uuid") return Kind::uuid;
  if (type == "boolean") return Kind::boolean;
  if (type.starts_with("timestamp")) return Kind::instant;
  if (type == "date") return Kind::day;
  throw Error(Errc::failure, "db.copy_type",
              fmt::format("{}.{} has a type that copy does not know", table, column));
}

/// Ordered by name.
std::vector<Column> columns_of(Connection& connection, std::string_view table) {
  constexpr std::string_view k_sqlite = "SELECT name, type FROM pragma_table_info($1) ORDER BY name";
  constexpr std::string_view k_postgresql =
      "SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
      "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'ringctl' AND c.relname = $1 AND a.attnum > 0 "
      "AND NOT a.attisdropped ORDER BY a.attname COLLATE \"C\"";
  std::vector<Column> columns;
  auto rows = connection.query(connection.engine() == Engine::sqlite ? k_sqlite : k_postgresql, {table});
  while (rows.next())
    columns.push_back({std::string(rows.text(0)), kind_of(rows.text(1), table, rows.text(0))});
  return columns;
}

/// PostgreSQL's types say more; where both sides are SQLite, text and integers are all there is.
std::vector<Column> common_columns(Connection& from, Connection& to, std::string_view table) {
  auto there = columns_of(from, table);
  auto here = columns_of(to, table);
  if (!std::ranges::equal(there, here, {}, &Column::name, &Column::name))
    throw Error(Errc::schema, "schema.changed",
                fmt::format("{} has other columns in {} than in {}", table, from.url(), to.url()));
  return from.engine() == Engine::postgresql ? there : here;
}

std::string select_statement(const TableInfo& table, const std::vector<Column>& columns) {
  std::string names;
  for (const auto& column : columns) {
    if (!names.empty()) names += ", ";
    names += column.name;
  }
  return fmt::format("SELECT {} FROM {} ORDER BY {}", names, table.name, table.order_by);
}

/// Reads a table in key order, row by row, as canonical text.
class TableReader {
 public:
  TableReader(Connection& connection, const TableInfo& table, const std::vector<Column>& columns)
      : columns_(columns),
        rows_(connection.stream(select_statement(table, columns))),
        values_(columns.size()) {}

  bool next() {
    if (!rows_.next()) return false;
    ++count_;
    for (std::size_t i = 0; i < columns_.size(); ++i) read(i);
    if (pending_.size() >= 65536) digest_pending();
    return true;
  }
  /// The row as values to bind; good until the next one.
  void bind(std::vector<Param>& row) const {
    row.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (rows_.is_null(static_cast<int>(i)))
        row.emplace_back(nullptr);
      else if (columns_[i].kind == Kind::integer)
        row.emplace_back(rows_.integer(static_cast<int>(i)));
      else if (columns_[i].kind == Kind::boolean)
        row.emplace_back(rows_.boolean(static_cast<int>(i)));
      else
        row.emplace_back(values_[i]);
    }
  }
  CopyCount summary(const TableInfo& table) {
    digest_pending();
    return {std::string(table.name), count_, digest_.hex()};
  }

 private:
  void read(std::size_t i) {
    const auto column = static_cast<int>(i);
    if (rows_.is_null(column)) {
      pending_ += "-,";
      return;
    }
    auto& value = values_[i];
    switch (columns_[i].kind) {
      case Kind::boolean:
        value.assign(1, rows_.boolean(column) ? '1' : '0');
        break;
      case Kind::instant:
        value = base::format_utc(rows_.instant(column));
        break;
      default:
        value = rows_.text(column);
    }
    // With its length in front no value can pass for two others.
    fmt::format_to(std::back_inserter(pending_), "{}:{},", value.size(), value);
  }
  void digest_pending() {
    digest_.update(pending_);
    pending_.clear();
  }

  const std::vector<Column>& columns_;
  Rows rows_;
  std::vector<std::string> values_;
  std::string pending_;
  base::Digest digest_;
  std::int64_t count_ = 0;
};

/// Tells how far a copy has come, also while it reads back what arrived.
class Told {
 public:
  explicit Told(const std::function<void(std::int64_t rows)>& progress) : progress_(progress) {}
  void copied() {
    ++rows_;
    moved();
  }
  void moved() {
    if (++moved_ % 1000 == 0) tell();
  }
  void tell() const {
    if (progress_) progress_(rows_);
  }

 private:
  const std::function<void(std::int64_t rows)>& progress_;
  std::int64_t rows_ = 0, moved_ = 0;
};

CopyCount copy_table(Connection& from, Connection& to, const TableInfo& table,
                     const std::vector<Column>& columns, Told& told) {
  std::vector<BulkColumn> targets;
  targets.reserve(columns.size());
  for (const auto& column : columns) targets.push_back({column.name, staging_type(column.kind)});
  BulkInsert bulk(to, std::string(table.name), targets);
  TableReader reader(from, table, columns);
  std::vector<Param> row;
  while (reader.next()) {
    reader.bind(row);
    bulk.add(row);
    told.copied();
  }
  bulk.flush();
  return reader.summary(table);
}

CopyCount read_table(Connection& connection, const TableInfo& table, const std::vector<Column>& columns,
                     Told& told) {
  TableReader reader(connection, table, columns);
  while (reader.next()) told.moved();
  return reader.summary(table);
}

void require_empty(Connection& connection) {
  for (const auto& table : tables())
    if (connection.integer(fmt::format("SELECT 1 FROM {} LIMIT 1", table.name)))
      throw Error(Errc::conflict, "db.not_empty",
                  fmt::format("{} is not empty: it has {}", connection.url(), table.name));
}

}  // namespace

std::span<const TableInfo> tables() { return k_tables; }

std::vector<CopyCount> copy(Connection& from, Connection& to,
                            const std::function<void(std::int64_t rows)>& progress) {
  require_current_schema(from);
  require_current_schema(to);
  const BulkMode bulk_mode(to);
  Transaction reading(from, Scope::through(Door::maintenance), Access::read);
  Transaction writing(to, Scope::through(Door::maintenance));
  require_empty(to);
  Told told(progress);
  std::vector<CopyCount> counts;
  for (const auto& table : tables()) {
    const auto columns = common_columns(from, to, table.name);
    counts.push_back(copy_table(from, to, table, columns, told));
    const auto arrived = read_table(to, table, columns, told);
    if (arrived.rows != counts.back().rows || arrived.checksum != counts.back().checksum)
      throw Error(Errc::db_corrupt, "db.copy_differs",
                  fmt::format("{} did not arrive as it was sent: {} of {} rows", table.name, arrived.rows,
                              counts.back().rows));
    told.tell();
  }
  writing.commit();
  return counts;
}

}  // namespace ringctl::db
