#include "support/call_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "csv/reader.hpp"
#include "db/bulk_insert.hpp"
#include "db/bulk_mode.hpp"
#include "db/transaction.hpp"

namespace ringctl::test {
namespace {

constexpr std::int64_t k_rows_at_once = 100'000;
constexpr std::string_view k_made_at = "2020-09-13T12:26:40.000Z";  ///< people and numbers, all of them

enum class Empty { null, text };
struct Column {
  std::string_view name;
  std::string_view type = "text";
  Empty empty = Empty::null;  ///< what a cell without text stands for
};
struct Table {
  std::string_view file, name;
  std::vector<Column> columns;
};

const Table k_calls{"calls.csv",
                    "calls",
                    {{"id", "uuid"},
                     {"call_sid"},
                     {"direction"},
                     {"status"},
                     {"from_number", "text", Empty::text},
                     {"to_number", "text", Empty::text},
                     {"number_id", "uuid"},
                     {"customer_name"},
                     {"user_id", "uuid"},
                     {"team_id", "uuid"},
                     {"routed_by"},
                     {"rule_name"},
                     {"refusal"},
                     {"started_at", "timestamptz"},
                     {"answered_at", "timestamptz"},
                     {"ended_at", "timestamptz"},
                     {"duration_s", "bigint"},
                     {"outcome"},
                     {"notes"},
                     {"price"},
                     {"price_unit"},
                     {"closed_seq", "bigint"},
                     {"created_at", "timestamptz"},
                     {"updated_at", "timestamptz"}}};
const Table k_attempts{"attempts.csv",
                       "call_attempts",
                       {{"id", "uuid"},
                        {"call_id", "uuid"},
                        {"leg_sid"},
                        {"user_id", "uuid"},
                        {"party", "text", Empty::text},
                        {"status"},
                        {"started_at", "timestamptz"},
                        {"ringing_at", "timestamptz"},
                        {"answered_at", "timestamptz"},
                        {"ended_at", "timestamptz"},
                        {"updated_at", "timestamptz"}}};
const Table k_recordings{"recordings.csv",
                         "recordings",
                         {{"id", "uuid"},
                          {"recording_sid"},
                          {"call_id", "uuid"},
                          {"kind"},
                          {"status"},
                          {"duration_s", "bigint"},
                          {"created_at", "timestamptz"},
                          {"updated_at", "timestamptz"}}};

/// A file of the log, past its first line, which must name these columns.
class LogFile {
 public:
  LogFile(const std::filesystem::path& path, const std::vector<std::string_view>& columns)
      : name_(path.string()),
        source_(csv::Source::open(name_)),
        reader_(csv::Reader::open(source_, {csv::Format::csv, ','})) {
    const auto* names = next();
    const auto same = [](const csv::Field& field, std::string_view column) { return field.text == column; };
    if (names == nullptr || !std::equal(names->begin(), names->end(), columns.begin(), columns.end(), same))
      throw std::runtime_error(name_ + " has other columns than are loaded");
  }
  /// nullptr at the end. Valid until the next call.
  const std::vector<csv::Field>* next() {
    if (!reader_->next(record_)) return nullptr;
    if (!record_.error.empty())
      throw std::runtime_error(fmt::format("{}, line {}: {}", name_, record_.line, record_.error));
    return &record_.fields;
  }

 private:
  std::string name_;
  csv::Source source_;
  std::unique_ptr<csv::Reader> reader_;
  csv::Record record_;
};

std::int64_t integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error(fmt::format("{} is no integer", text));
  return value;
}

db::Param param_of(const Column& column, std::string_view text) {
  if (text.empty() && column.empty == Empty::null) return nullptr;
  if (column.type == "bigint") return integer_of(text);
  return text;
}

std::int64_t load(db::Connection& db, const base::Uuid& workspace, const std::filesystem::path& folder,
                  const Table& table) {
  std::vector<std::string_view> names;
  std::vector<db::BulkColumn> columns{{"workspace_id", "uuid", workspace.text()}};
  for (const auto& column : table.columns) {
    names.push_back(column.name);
    columns.push_back({column.name, column.type});
  }
  LogFile file(folder / table.file, names);
  std::int64_t rows = 0;
  std::vector<db::Param> row(table.columns.size(), nullptr);
  const auto* fields = file.next();
  while (fields != nullptr) {
    db::Transaction transaction(db, db::Scope::of(workspace));
    db::BulkInsert bulk(db, std::string(table.name), columns);
    for (std::int64_t n = 0; n < k_rows_at_once && fields != nullptr; ++n, ++rows, fields = file.next()) {
      if (fields->size() != row.size())
        throw std::runtime_error(
            fmt::format("{}: row {} has {} cells", table.file, rows + 1, fields->size()));
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = param_of(table.columns[i], (*fields)[i].text);
      bulk.add(row);
    }
    bulk.flush();
    transaction.commit();
  }
  return rows;
}

struct Thing {
  std::string kind, id, key, name, team;
  bool active = true;
};

std::vector<Thing> read_estate(const std::filesystem::path& folder) {
  LogFile file(folder / "estate.csv", {"kind", "id", "key", "name", "team_id", "is_active"});
  std::vector<Thing> things;
  while (const auto* fields = file.next()) {
    const auto text = [&](std::size_t i) { return std::string((*fields)[i].text); };
    things.push_back({text(0), text(1), text(2), text(3), text(4), text(5) == "1"});
  }
  if (things.empty() || things.front().kind != "workspace")
    throw std::runtime_error("estate.csv does not begin with a workspace");
  return things;
}

void add(db::Connection& db, const base::Uuid& workspace, const Thing& thing) {
  if (thing.kind == "team")
    db.exec(
        "INSERT INTO teams (id, workspace_id, name, is_active, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $5)",
        {thing.id, workspace, thing.key, thing.active, k_made_at});
  else if (thing.kind == "user")
    db.exec(
        "INSERT INTO users (id, workspace_id, email, name, role, team_id, ring_on, availability, is_active, "
        "created_at, updated_at) VALUES ($1, $2, $3, $4, 'agent', $5, 'client', 'online', $6, $7, $7)",
        {thing.id, workspace, thing.key, thing.name, db::or_null(thing.team), thing.active, k_made_at});
  else if (thing.kind == "number")
    db.exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, label, provider, status, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, 'twilio', $5, $6, $6)",
        {thing.id, workspace, thing.key, thing.name, thing.active ? "active" : "inactive", k_made_at});
  else
    throw std::runtime_error("estate.csv holds a " + thing.kind);
}

void add_estate(db::Connection& db, const base::Uuid& workspace, const std::vector<Thing>& things) {
  db::Transaction transaction(db, db::Scope::of(workspace));
  const auto& own = things.front();
  db.exec("INSERT INTO workspaces (id, name, timezone, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
          {workspace, own.key, own.name, k_made_at});
  for (const auto& thing : std::span(things).subspan(1)) add(db, workspace, thing);
  transaction.commit();
}

/// Where the next call that ends finds its place.
void set_counter(db::Connection& db, const base::Uuid& workspace) {
  db::Transaction transaction(db, db::Scope::of(workspace));
  const auto last = db.integer("SELECT max(closed_seq) FROM calls WHERE workspace_id = $1", {workspace});
  db.exec("INSERT INTO call_counters (workspace_id, closed_seq) VALUES ($1, $2)",
          {workspace, last.value_or(0)});
  transaction.commit();
}

}  // namespace

LoadedLog load_call_log(db::Connection& db, const std::filesystem::path& folder) {
  const auto things = read_estate(folder);
  LoadedLog loaded{base::Uuid::parse(things.front().id)};
  const db::BulkMode bulk_mode(db);
  add_estate(db, loaded.workspace, things);
  loaded.calls = load(db, loaded.workspace, folder, k_calls);
  loaded.attempts = load(db, loaded.workspace, folder, k_attempts);
  loaded.recordings = load(db, loaded.workspace, folder, k_recordings);
  set_counter(db, loaded.workspace);
  // A server does so by itself, but not before the next statement.
  if (db.engine() == db::Engine::postgresql)
    db.exec_script("ANALYZE ringctl.calls, ringctl.call_attempts, ringctl.recordings");
  return loaded;
}

}  // namespace ringctl::test
