#include "records/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "db/bulk_insert.hpp"
#include "jobs/journal.hpp"
#include "records/statements.hpp"

namespace ringctl::records {
namespace {

std::string_view bulk_type(Kind kind) {
  switch (kind) {
    case Kind::integer:
      return "bigint";
    case Kind::flag:
      return "boolean";
    case Kind::moment:
      return "timestamptz";
    case Kind::reference:
      return "uuid";
    case Kind::text:
    case Kind::json:
    case Kind::list:
      break;
  }
  return "text";
}

std::vector<db::BulkColumn> bulk_columns(const Noun& noun, const base::Uuid& workspace, const base::Uuid& job,
                                         base::Instant now) {
  const auto at = base::format_utc(now);
  std::vector<db::BulkColumn> columns{{"id", "uuid"}};
  for (const auto field : stored_fields(noun))
    columns.push_back({noun.column_of(field), bulk_type(noun.fields[field].kind)});
  for (const auto& [column, value] : noun.on_insert)
    columns.push_back({column, "boolean", value ? "1" : "0"});
  columns.push_back({"workspace_id", "uuid", workspace.text()});
  columns.push_back({"job_id", "uuid", job.text()});
  columns.push_back({"created_at", "timestamptz", at});
  columns.push_back({"updated_at", "timestamptz", at});
  return columns;
}

/// $1 and so on are the stored fields, then the time, the workspace, the row and its version.
std::string update_statement(const Noun& noun, bool dormant) {
  std::string sets;
  std::size_t n = 0;
  for (const auto field : stored_fields(noun))
    fmt::format_to(std::back_inserter(sets), "{} = ${}, ", noun.column_of(field), ++n);
  for (const auto& [column, value] : noun.on_update)
    fmt::format_to(std::back_inserter(sets), "{} = {}, ", column, value != dormant ? "TRUE" : "FALSE");
  return fmt::format(
      "UPDATE {} SET {}version = version + 1, updated_at = ${} WHERE workspace_id = ${} AND id = ${} AND version = ${}",
      noun.table, sets, n + 1, n + 2, n + 3, n + 4);
}

std::string key_order(const db::Connection& db, const Noun& noun) {
  std::string order;
  for (std::size_t i = 0; i < noun.key_fields; ++i)
    order.append(expression_of(db, noun.fields[i], noun.column_of(i))).append(" NULLS LAST, ");
  return order + "t.id";
}

std::vector<std::string> first_parts(std::span<const std::string_view> keys) {
  std::vector<std::string> parts;
  for (const auto key : keys) {
    auto part = key_parts(key).front();
    if (parts.empty() || parts.back() != part) parts.push_back(std::move(part));
  }
  return parts;
}

/// A reference to nothing: the first one of the row.
void refuse_unknown_references(const Noun& noun, const std::vector<Ids>& ids, Candidate& candidate) {
  for (std::size_t i = 0; i < noun.fields.size(); ++i) {
    const auto& field = noun.fields[i];
    for (const auto key : references_in(field, candidate.after[i])) {
      if (ids[i].contains(std::string(key))) continue;
      candidate.field = i;
      candidate.finding = {
          fmt::format("unknown_{}", field.target->object),
          fmt::format("{} is no {} of this workspace", base::in_quotes(key), field.target->object)};
      return;
    }
  }
}

}  // namespace

void look_up(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
             std::span<const std::string_view> keys,
             const std::function<void(std::size_t, Record&&)>& found) {
  if (keys.empty()) return;
  const auto array = json_array(first_parts(keys));
  auto rows = db.query(fmt::format("SELECT {} FROM {} t WHERE t.workspace_id = $1 AND {}",
                                   select_list(db, noun), noun.table, in_array(db, noun, 0, "$2")),
                       {workspace, array});
  while (rows.next()) {
    Record record;
    read_record(rows, noun, record);
    const auto key = key_text(noun, record.cells);
    const auto at = std::lower_bound(keys.begin(), keys.end(), key);
    if (at != keys.end() && *at == key) found(static_cast<std::size_t>(at - keys.begin()), std::move(record));
  }
}

namespace {

/// Those of the values that lie in rows of another table.
void find_item_holders(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                       const Holders& holders, std::span<const std::string_view> values,
                       const std::function<void(std::string_view, std::string_view)>& held) {
  const auto array = json_array({values.begin(), values.end()});
  auto rows =
      db.query(fmt::format("SELECT {}, {} FROM {} WHERE t.workspace_id = $1 AND {}", select_list(db, noun),
                           holders.value, holders.from, db.among(holders.value, "$2")),
               {workspace, array});
  Record record;
  while (rows.next()) {
    const int value = read_record(rows, noun, record);
    held(rows.text(value), key_text(noun, record.cells));
  }
}

}  // namespace

void find_holders(db::Connection& db, const base::Uuid& workspace, const Noun& noun, const Unique& unique,
                  std::span<const std::string_view> values,
                  const std::function<void(std::string_view, std::string_view)>& held) {
  if (unique.holders) return find_item_holders(db, workspace, noun, *unique.holders, values, held);
  std::vector<std::string_view> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const auto array = json_array(first_parts(sorted));
  auto rows = db.query(
      fmt::format("SELECT {} FROM {} t WHERE t.workspace_id = $1 AND {} AND ({})", select_list(db, noun),
                  noun.table, in_array(db, noun, unique.fields.front(), "$2"), unique.condition),
      {workspace, array});
  Record record;
  while (rows.next()) {
    read_record(rows, noun, record);
    for (const auto& value : unique_values(unique, record.cells))
      if (std::binary_search(sorted.begin(), sorted.end(), value)) held(value, key_text(noun, record.cells));
  }
}

void hold(db::Connection& db, const base::Uuid& workspace, const Target& target,
          const std::set<std::string>& keys, Hold hold) {
  if (keys.empty() || db.engine() == db::Engine::sqlite) return;
  if (db.text("SELECT current_setting('transaction_read_only')") != "off") return;
  const auto array = json_array({keys.begin(), keys.end()});
  db.query(fmt::format("SELECT id FROM {} WHERE workspace_id = $1 AND {} ORDER BY id FOR {}", target.table,
                       db.among(target.key, "$2"), hold == Hold::as_it_is ? "SHARE" : "NO KEY UPDATE"),
           {workspace, array});
}

std::set<std::string> keys_failing(db::Connection& db, const base::Uuid& workspace, const Target& target,
                                   const std::set<std::string>& keys, std::string_view condition) {
  std::set<std::string> found;
  if (keys.empty()) return found;
  hold(db, workspace, target, keys, Hold::as_it_is);
  const auto array = json_array({keys.begin(), keys.end()});
  auto rows = db.query(fmt::format("SELECT {} FROM {} WHERE workspace_id = $1 AND {} AND NOT ({})",
                                   target.key, target.table, db.among(target.key, "$2"), condition),
                       {workspace, array});
  while (rows.next()) found.emplace(rows.text(0));
  return found;
}

std::int64_t highest(db::Connection& db, const base::Uuid& workspace, const Noun& noun, std::size_t field) {
  const auto sql =
      fmt::format("SELECT max({}) FROM {} WHERE workspace_id = $1", noun.column_of(field), noun.table);
  return db.integer(sql, {workspace}).value_or(0);
}

void inspect(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
             std::span<Candidate> candidates) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& candidate : candidates) rows.push_back(candidate.after);
  const auto ids = resolve_all(db, workspace, noun, rows);
  for (auto& candidate : candidates) refuse_unknown_references(noun, ids, candidate);
  if (noun.inspect) noun.inspect(db, workspace, candidates);
}

struct Insert::Impl {
  audit::Session& session;
  base::Uuid workspace;
  const Noun& noun;
  db::BulkInsert rows;
  std::unique_ptr<Beside> beside;

  /// The rows must be there before what refers to them.
  void write_beside(std::span<const Written> written, const std::vector<Ids>& ids) {
    if (!beside) return;
    rows.flush();
    beside->write(written, ids);
  }
};

Insert::Insert(audit::Session& session, const base::Uuid& workspace, const base::Uuid& job, const Noun& noun)
    : impl_(new Impl{session, workspace, noun,
                     db::BulkInsert(session.db, std::string(noun.table),
                                    bulk_columns(noun, workspace, job, session.clock.now())),
                     noun.beside ? noun.beside(session, workspace) : nullptr}) {}

Insert::~Insert() = default;

void Insert::add(std::span<const std::vector<std::string>> rows) {
  const auto ids = resolve_all(impl_->session.db, impl_->workspace, impl_->noun, rows);
  StoredRow stored(impl_->noun, ids);
  std::vector<db::Param> row;
  std::vector<Written> written;
  for (const auto& cells : rows) {
    const auto id = impl_->session.ids.next();
    const auto& values = stored.of(cells);
    row.assign(1, id);
    row.insert(row.end(), values.begin(), values.end());
    impl_->rows.add(row);
    written.push_back({id, nullptr, &cells});
  }
  impl_->write_beside(written, ids);
}

void Insert::finish() {
  impl_->rows.flush();
  if (impl_->beside) impl_->beside->finish();
}

void write_beside(audit::Session& session, const base::Uuid& workspace, const Noun& noun,
                  std::span<const Written> written, const std::vector<Ids>& ids) {
  if (!noun.beside) return;
  const auto beside = noun.beside(session, workspace);
  beside->write(written, ids);
  beside->finish();
}

std::int64_t update_rows(audit::Session& session, const base::Uuid& workspace, const Noun& noun,
                         std::span<const RowUpdate> updates) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& update : updates) rows.push_back(update.cells);
  const auto ids = resolve_all(session.db, workspace, noun, rows);
  const auto sql = update_statement(noun, false);
  StoredRow stored(noun, ids);
  std::vector<db::Param> params;
  std::vector<Written> written;
  for (const auto& update : updates) {
    params = stored.of(update.cells);
    params.insert(params.end(), {session.clock.now(), workspace, update.id, update.version});
    const auto changed = session.db.exec(update.dormant ? update_statement(noun, true) : sql, params);
    if (changed == 1) written.push_back({update.id, update.before, &update.cells});
  }
  write_beside(session, workspace, noun, written, ids);
  return std::ssize(written);
}

std::optional<base::Uuid> made_by(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                                  std::string_view key) {
  std::optional<base::Uuid> job;
  look_up(db, workspace, noun, {&key, 1}, [&](std::size_t, Record&& record) {
    if (!record.job_id.empty()) job = base::Uuid::parse(record.job_id);
  });
  return job;
}

std::int64_t delete_made_by(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                            const base::Uuid& job, const KeptRows& kept) {
  const auto as_made = jobs::version_as_made("t.id", key_expression(db, noun));
  const auto remove = [&](const std::string& which) {
    return db.exec(
        fmt::format("DELETE FROM {} AS t WHERE t.workspace_id = $1 AND t.job_id = $2 AND {} AND NOT ({})",
                    noun.table, which, noun.in_use),
        {workspace, job});
  };
  // Most are in their first version, of which nothing is to be looked up.
  const auto removed =
      remove("t.version = 1") + remove(fmt::format("t.version > 1 AND t.version = {}", as_made));
  auto rows = db.stream(
      fmt::format(
          "SELECT {}, t.version = {} FROM {} t WHERE t.workspace_id = $1 AND t.job_id = $2 AND ({}) ORDER BY {}",
          select_list(db, noun), as_made, noun.table, noun.shown, key_order(db, noun)),
      {workspace, job});
  Record record;
  while (rows.next()) {
    const int is_as_made = read_record(rows, noun, record);
    kept(key_text(noun, record.cells), rows.boolean(is_as_made));  // then it is in use
  }
  return removed;
}

Restored restore(audit::Session& session, const base::Uuid& workspace, const Noun& noun,
                 const Replaced& row) {
  std::optional<Record> held;
  look_up(session.db, workspace, noun, {&row.key, 1},
          [&](std::size_t, Record&& record) { held = std::move(record); });
  if (!held) return Restored::gone;
  if (held->version != row.version || !row.is_row(held->id)) return Restored::moved_on;
  Candidate candidate{held->cells, row.cells};
  inspect(session.db, workspace, noun, {&candidate, 1});
  if (candidate.finding) return Restored::blocked;
  bool taken = false;
  for (const auto& unique : noun.uniques) {
    const auto values = unique_values(unique, row.cells);
    const std::vector<std::string_view> views(values.begin(), values.end());
    if (values.empty()) continue;
    find_holders(session.db, workspace, noun, unique, views,
                 [&](std::string_view, std::string_view holder) { taken |= holder != row.key; });
  }
  if (taken) return Restored::blocked;
  const RowUpdate update{held->id, row.version, &held->cells, row.cells, row.dormant};
  return update_rows(session, workspace, noun, {&update, 1}) == 1 ? Restored::done : Restored::moved_on;
}

}  // namespace ringctl::records
