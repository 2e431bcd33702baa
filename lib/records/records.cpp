#include "records/records.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "records/change.hpp"
#include "records/rows.hpp"
#include "records/statements.hpp"

namespace ringctl::records {
namespace {

constexpr int k_attempts = 3;

std::string slug(const Noun& noun, std::string_view what) { return fmt::format("{}.{}", noun.noun, what); }

Error unknown(const Noun& noun, std::string_view what) {
  return {Errc::not_found, slug(noun, "unknown"),
          fmt::format("{} is no {} of this workspace", base::in_quotes(what), noun.object),
          fmt::format("ringctl {} list", noun.noun)};
}

/// `ringctl NOUN VERB KEY` for a row, to be copied.
std::string command_for(const Noun& noun, std::string_view verb, const Record& record) {
  auto command = fmt::format("ringctl {} {}", noun.noun, verb);
  for (std::size_t i = 0; i < noun.key_fields; ++i) command += " " + base::for_shell(record.cells[i]);
  return command;
}

/// The command that makes `held` what was wanted; where that is no line to copy, the one that shows it.
std::string command_to_change(const Noun& noun, const Record& held, const Record& wanted) {
  constexpr std::size_t k_longest = 400;
  auto command = command_for(noun, "update", held);
  for (const auto i : differences(held, wanted)) {
    const auto& cell = wanted.cells[i];
    std::string flag(noun.fields[i].name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    fmt::format_to(std::back_inserter(command), " --{} {}", flag, cell.empty() ? "-" : base::for_shell(cell));
  }
  const bool line = command.size() <= k_longest && command.find('\n') == std::string::npos;
  return line ? command : command_for(noun, "show", held);
}

/// The fields that differ, each with what stands there and what was asked for.
Error exists(const Noun& noun, const Record& held, const Record& wanted) {
  const auto key = shown_key(key_text(noun, held.cells));
  const auto fields = differences(held, wanted);
  const bool only_inactive = noun.switched_on && fields == std::vector{*noun.switched_on};
  Error error(Errc::conflict, slug(noun, "exists"),
              only_inactive ? fmt::format("{} exists already, but is not active", key)
                            : fmt::format("{} exists already, with other values", key),
              command_to_change(noun, held, wanted));
  if (only_inactive) return error;
  for (const auto i : fields)
    error.detail(fmt::format(R"({}: "{}", not "{}")", noun.fields[i].name, held.cells[i], wanted.cells[i]));
  return error;
}

void require_version(const Noun& noun, const Record& record, std::optional<std::int64_t> expected) {
  if (!expected || record.version == *expected) return;
  const auto key = shown_key(key_text(noun, record.cells));
  throw Error(Errc::conflict, slug(noun, "stale"),
              fmt::format("{} was changed meanwhile (version {}, not {})", key, record.version, *expected),
              command_for(noun, "show", record));
}

/// What a noun's own rules find unknown is named by their code: "unknown_team".
std::string hint_for(const Field& field, std::string_view code) {
  constexpr std::string_view k_unknown = "unknown_";
  if (field.target) return std::string(field.target->hint);
  return code.starts_with(k_unknown) ? fmt::format("ringctl {}s list", code.substr(k_unknown.size()))
                                     : std::string();
}

void require_sound(db::Connection& db, const base::Uuid& workspace, const Noun& noun, const Record* before,
                   const Record& after) {
  Candidate candidate{before ? before->cells : std::vector<std::string>{}, after.cells};
  inspect(db, workspace, noun, {&candidate, 1});
  if (!candidate.finding) return;
  const auto& field = noun.fields[candidate.field];
  const bool unknown = candidate.finding.code.starts_with("unknown_");
  const auto errc = unknown ? Errc::not_found : candidate.conflict ? Errc::conflict : Errc::invalid;
  throw Error(errc, slug(noun, candidate.finding.code),
              fmt::format("{}: {}", field.name, candidate.finding.message),
              hint_for(field, candidate.finding.code));
}

void insert(audit::Session& session, const base::Uuid& workspace, const Noun& noun, Record& record) {
  const auto ids = resolve_all(session.db, workspace, noun, {&record.cells, 1});
  StoredRow stored(noun, ids);
  std::vector<db::Param> params{record.id, workspace, session.clock.now()};
  std::string columns = "id, workspace_id, created_at, updated_at", values = "$1, $2, $3, $3";
  const auto& cells = stored.of(record.cells);
  const auto fields = stored_fields(noun);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    params.push_back(cells[i]);
    fmt::format_to(std::back_inserter(columns), ", {}", noun.column_of(fields[i]));
    fmt::format_to(std::back_inserter(values), ", ${}", params.size());
  }
  for (const auto& [column, value] : noun.on_insert) {
    fmt::format_to(std::back_inserter(columns), ", {}", column);
    values.append(value ? ", TRUE" : ", FALSE");
  }
  session.db.exec(fmt::format("INSERT INTO {} ({}) VALUES ({})", noun.table, columns, values), params);
  const Written written{record.id, nullptr, &record.cells};
  write_beside(session, workspace, noun, {&written, 1}, ids);
  record.created_at = record.updated_at = session.clock.now();
}

audit::Change audited(const Noun& noun, std::string_view action, const Record& record,
                      const std::string& key) {
  return {.action = action, .object_type = noun.object, .object_id = record.id, .object_key = key};
}

/// Looks through the fields of rows that stream by for what is no matter of SQL: case-folded text, items of
/// lists.
class Search {
 public:
  Search(const Noun& noun, const Filter& filter) {
    for (const auto& hold : filter.holds)
      if (!noun.fields[hold.field].items) holds_.push_back(&hold);
    if (!filter.search.empty()) needle_ = base::fold(filter.search);
  }
  bool active() const { return !needle_.empty() || !holds_.empty(); }
  bool matches(const Record& record) const {
    for (const auto* hold : holds_) {
      const auto items = base::split(record.cells[hold->field], '|');
      if (std::find(items.begin(), items.end(), hold->canonical) == items.end()) return false;
    }
    if (needle_.empty()) return true;
    return std::any_of(record.cells.begin(), record.cells.end(), [&](const std::string& cell) {
      return base::valid_utf8(cell) && base::fold(cell).find(needle_) != std::string::npos;
    });
  }

 private:
  std::vector<const Filter::Equals*> holds_;
  std::string needle_;
};

/// The rest of a statement after its columns.
std::string from_where(const db::Connection& db, const Noun& noun, const Filter& filter,
                       std::vector<db::Param>& params) {
  auto sql = fmt::format(" FROM {} t WHERE t.workspace_id = $1", noun.table);
  if (!filter.all) sql += fmt::format(" AND ({})", noun.shown);
  for (const auto& [field, text] : filter.equals) sql += " AND " + equals(db, noun, field, text, params);
  for (const auto& [field, item] : filter.holds)
    if (const auto* items = noun.fields[field].items) sql += " AND " + has_item(*items, item, params);
  return sql;
}

std::string order_by(const db::Connection& db, const Noun& noun, const Order& order, std::string_view today) {
  std::string sql = " ORDER BY ";
  const auto add = [&](const std::string& expression, bool descending) {
    fmt::format_to(std::back_inserter(sql), "{}{} NULLS LAST, ", expression, descending ? " DESC" : "");
  };
  const auto field = std::find_if(noun.fields.begin(), noun.fields.end(),
                                  [&](const Field& f) { return f.name == order.column; });
  const auto extra = std::find_if(noun.extras.begin(), noun.extras.end(),
                                  [&](const Extra& e) { return e.name == order.column; });
  if (field != noun.fields.end())
    add(expression_of(db, *field, field->column.empty() ? field->name : field->column), order.descending);
  else if (extra != noun.extras.end())
    add(expression_of(*extra, today), order.descending);
  else if (!order.column.empty())
    add("t." + order.column, order.descending);  // one of the columns every noun has; checked by the caller
  for (std::size_t i = 0; i < noun.key_fields; ++i)
    add(expression_of(db, noun.fields[i], noun.column_of(i)), order.column.empty() && order.descending);
  return sql + "t.id";
}

}  // namespace

std::vector<base::Finding> warnings_of(const Noun& noun, const Change& change, const Reading& reading) {
  std::vector<base::Finding> warnings;
  changed(noun, blank(noun), change, reading, warnings);
  return warnings;
}

namespace {

Error taken(db::Connection& db, const base::Uuid& workspace, const Noun& noun, const Unique& unique,
            std::string_view value, std::string_view holder, const Record& wanted) {
  if (!unique.taken)
    return {Errc::conflict, slug(noun, unique.code),
            fmt::format("{} {} is that of {}", noun.fields[field_of(unique, wanted.cells, value)].name,
                        shown_key(value), shown_key(holder))};
  const auto key = key_parts(holder);
  const auto held = read_by_key(db, workspace, noun, key, false);
  return {Errc::conflict, slug(noun, unique.code), unique.taken(value, held ? held->cells : key),
          unique.way_out ? unique.way_out(value, wanted.cells) : std::string()};
}

}  // namespace

void require_free(db::Connection& db, const base::Uuid& workspace, const Noun& noun, const Record* before,
                  const Record& after) {
  const auto own = before ? key_text(noun, before->cells) : std::string();
  for (const auto& unique : noun.uniques) {
    const auto values = unique_values(unique, after.cells);
    const std::vector<std::string_view> views(values.begin(), values.end());
    if (values.empty()) continue;
    std::optional<std::pair<std::string, std::string>> clash;
    find_holders(db, workspace, noun, unique, views, [&](std::string_view value, std::string_view holder) {
      if (holder != own && !clash) clash.emplace(value, holder);
    });
    if (clash) throw taken(db, workspace, noun, unique, clash->first, clash->second, after);
  }
}

void require_writable(db::Connection& db, const base::Uuid& workspace, const Noun& noun, const Record* before,
                      const Record& after) {
  require_sound(db, workspace, noun, before, after);
  require_free(db, workspace, noun, before, after);
}

void read_where(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                const std::vector<Filter::Equals>& fields, bool lock,
                const std::function<void(Record&&)>& visit) {
  const Filter filter{.equals = fields, .all = true};
  std::vector<db::Param> params{workspace};
  if (lock) {
    auto sql = fmt::format("UPDATE {} AS t SET version = version WHERE t.workspace_id = $1", noun.table);
    for (const auto& [field, text] : fields) sql += " AND " + equals(db, noun, field, text, params);
    db.exec(sql, params);
    params.erase(params.begin() + 1, params.end());
  }
  const auto sql = fmt::format("SELECT {}{}{}", select_list(db, noun), from_where(db, noun, filter, params),
                               order_by(db, noun, {}, {}));
  auto rows = db.query(sql, params);
  while (rows.next()) {
    Record record;
    read_record(rows, noun, record);
    visit(std::move(record));
  }
}

void write_new(audit::Session& session, const base::Uuid& workspace, const Noun& noun, Record& record) {
  record.id = session.ids.next();
  insert(session, workspace, noun, record);
  const auto action = slug(noun, "add");
  const auto key = shown_key(key_text(noun, record.cells));
  auto entry = audited(noun, action, record, key);
  entry.after = image_of(noun, record.cells);
  audit::record(session, workspace, entry);
}

namespace {

std::optional<Record> read_one(db::Connection& db, const Noun& noun, std::string_view where,
                               const std::vector<db::Param>& params, bool lock) {
  // An update that changes nothing locks the row, on both engines.
  if (lock) db.exec(fmt::format("UPDATE {} AS t SET version = version WHERE {}", noun.table, where), params);
  auto rows =
      db.query(fmt::format("SELECT {} FROM {} t WHERE {}", select_list(db, noun), noun.table, where), params);
  std::optional<Record> record;
  while (rows.next()) read_record(rows, noun, record.emplace());
  return record;
}

}  // namespace

std::optional<Record> read_by_key(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                                  std::span<const std::string> key, bool lock) {
  std::vector<db::Param> params{workspace};
  std::string where = "t.workspace_id = $1";
  for (std::size_t i = 0; i < noun.key_fields; ++i) {
    if (key[i].empty()) return std::nullopt;  // rows without a key are known by their id alone
    where += " AND " + equals(db, noun, i, key[i], params);
  }
  return read_one(db, noun, where, params, lock);
}

std::optional<Record> read_by_id(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                                 const base::Uuid& id, bool lock) {
  return read_one(db, noun, "t.workspace_id = $1 AND t.id = $2", {workspace, id}, lock);
}

void write_change(audit::Session& session, const base::Uuid& workspace, const Noun& noun,
                  const Record& before, Record& after, std::string_view verb) {
  const RowUpdate update{before.id, before.version, &before.cells, after.cells};
  if (update_rows(session, workspace, noun, {&update, 1}) != 1)
    throw Error(Errc::failure, slug(noun, "lost_lock"),
                fmt::format("{} changed although it was locked", shown_key(key_text(noun, before.cells))));
  after.version = before.version + 1;
  const auto action = slug(noun, verb);
  const auto key = shown_key(key_text(noun, after.cells));
  auto entry = audited(noun, action, after, key);
  entry.before = image_of(noun, before.cells);
  entry.after = image_of(noun, after.cells);
  audit::record(session, workspace, entry);
}

/// One change: decided, and written unless it is only planned. Another writer may come between the look and
/// the write; then it is decided anew.
class Records::Work {
 public:
  explicit Work(Records& records) : r_(records) {}

  Plan run(bool write, const std::function<Plan(bool lock)>& decide) {
    auto& db = r_.session_.db;
    if (!write) {
      db::Transaction transaction(db, db::Scope::of(r_.workspace_), db::Access::read);
      return decide(false);
    }
    for (int attempt = 1;; ++attempt) {
      Plan plan;
      try {
        db::in_transaction(db, db::Scope::of(r_.workspace_), [&] {
          plan = decide(true);
          apply(plan);
        });
        return plan;
      } catch (const Error& error) {
        if (error.slug() != "db.unique" || attempt == k_attempts) throw;
      }
    }
  }

  Plan planned(std::optional<Record> before, Record after, std::vector<base::Finding> warnings) const {
    Plan plan{std::move(before), std::move(after), std::move(warnings), {}};
    const auto differing =
        plan.before ? differences(*plan.before, plan.after) : differences(blank_cells(), plan.after);
    for (const auto i : differing) plan.changed.push_back(r_.noun_.fields[i].name);
    if (plan.before && plan.changed.empty()) return plan;
    const auto* held = plan.before ? &*plan.before : nullptr;
    if (held) require_free_key(*held, plan.after);
    require_writable(r_.session_.db, r_.workspace_, r_.noun_, held, plan.after);
    return plan;
  }

 private:
  /// A row that takes another key must not take that of another row.
  void require_free_key(const Record& before, const Record& after) const {
    const auto key = key_text(r_.noun_, after.cells);
    if (key == key_text(r_.noun_, before.cells)) return;
    if (const auto held = read_by_key(r_.session_.db, r_.workspace_, r_.noun_, after.cells, false))
      throw Error(Errc::conflict, slug(r_.noun_, "exists"), fmt::format("{} exists already", shown_key(key)),
                  command_for(r_.noun_, "show", *held));
  }
  Record blank_cells() const {
    Record none;
    none.cells.resize(r_.noun_.fields.size());
    return none;
  }
  void apply(Plan& plan) {
    if (!plan.before) return write_new(r_.session_, r_.workspace_, r_.noun_, plan.after);
    if (!plan.changed.empty()) write_change(r_.session_, r_.workspace_, r_.noun_, *plan.before, plan.after);
  }
  Records& r_;
};

Change Records::switching_on(Change change) const {
  if (noun_.switched_on) change.insert(change.begin(), {*noun_.switched_on, "yes"});
  return change;
}

Plan Records::add(const Change& given, bool write) {
  const auto change = switching_on(given);
  const auto key = key_of(noun_, change, reading_);
  Work work(*this);
  return work.run(write, [&](bool lock) {
    std::vector<base::Finding> warnings;
    auto held = read_by_key(session_.db, workspace_, noun_, key, lock);
    auto after = changed(noun_, held ? *held : blank(noun_), change, reading_, warnings);
    if (held && !differences(*held, after).empty()) throw exists(noun_, *held, after);
    return work.planned(std::move(held), std::move(after), std::move(warnings));
  });
}

Plan Records::update(std::string_view key, const Change& change, bool write,
                     std::optional<std::int64_t> expected_version) {
  return update(
      key, [&](const Record&) { return change; }, write, expected_version);
}

Plan Records::update(std::string_view key, const std::function<Change(const Record&)>& decide, bool write,
                     std::optional<std::int64_t> expected_version) {
  const auto found = get(key);
  Work work(*this);
  return work.run(write, [&](bool lock) {
    std::vector<base::Finding> warnings;
    auto held = read_by_id(session_.db, workspace_, noun_, found.id, lock);
    if (!held) throw unknown(noun_, key);
    if (noun_.hidden_is_gone && !held->shown)
      throw Error(Errc::conflict, slug(noun_, "erased"),
                  fmt::format("{} {} was erased", noun_.object, found.id.text()));
    require_version(noun_, *held, expected_version);
    auto after = changed(noun_, *held, decide(*held), reading_, warnings);
    return work.planned(std::move(held), std::move(after), std::move(warnings));
  });
}

Plan Records::put(const Change& given, bool write) {
  const auto change = switching_on(given);
  const auto key = key_of(noun_, change, reading_);
  Work work(*this);
  return work.run(write, [&](bool lock) {
    std::vector<base::Finding> warnings;
    auto held = read_by_key(session_.db, workspace_, noun_, key, lock);
    auto after = changed(noun_, held ? *held : blank(noun_), change, reading_, warnings);
    return work.planned(std::move(held), std::move(after), std::move(warnings));
  });
}

void Records::remove(std::string_view key, bool write) {
  const auto found = get(key);
  auto& db = session_.db;
  db::in_transaction_if(db, db::Scope::of(workspace_), [&] {
    const auto removed =
        db.exec(fmt::format("DELETE FROM {} AS t WHERE t.workspace_id = $1 AND t.id = $2 AND NOT ({})",
                            noun_.table, noun_.in_use),
                {workspace_, found.id});
    if (removed == 0)
      throw Error(
          Errc::conflict, slug(noun_, "in_use"),
          fmt::format("{} cannot be deleted: others refer to it", shown_key(key_text(noun_, found.cells))));
    const auto action = slug(noun_, "delete");
    const auto shown = shown_key(key_text(noun_, found.cells));
    auto entry = audited(noun_, action, found, shown);
    entry.before = image_of(noun_, found.cells);
    audit::record(session_, workspace_, entry);
    return write;
  });
}

std::optional<Record> Records::find(std::string_view what) {
  std::vector<std::string> key;
  const auto parts = noun_.key_fields == 1 ? std::vector{what} : base::split(what, ' ');
  base::Finding finding;
  for (std::size_t i = 0; i < noun_.key_fields && i < parts.size(); ++i)
    if (!noun_.fields[i].canonical(parts[i], reading_, key.emplace_back(), finding)) break;
  auto& db = session_.db;
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  std::optional<Record> found;
  const auto read_one = [&](std::string_view condition, const db::Param& value) {
    auto rows = db.query(fmt::format("SELECT {} FROM {} t WHERE t.workspace_id = $1 AND {}",
                                     select_list(db, noun_, reading_.today), noun_.table, condition),
                         {workspace_, value});
    while (rows.next()) read_record(rows, noun_, found.emplace());
  };
  if (key.size() == noun_.key_fields && !key.back().empty())
    found = read_by_key(db, workspace_, noun_, key, false);
  if (!found && !noun_.also_known_by.empty() && !key.back().empty())
    read_one(noun_.also_known_by, key.front());
  if (const auto id = base::Uuid::try_parse(what); !found && id) read_one("t.id = $2", *id);
  transaction.commit();
  return found;
}

Record Records::get(std::string_view what) {
  auto found = find(what);
  if (!found) throw unknown(noun_, what);
  return std::move(*found);
}

void Records::require_known(const Filter& filter) {
  auto& db = session_.db;
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  for (const auto* part : {&filter.equals, &filter.holds})
    for (const auto& [place, key] : *part) {
      const auto* target = noun_.fields[place].target;
      if (!target || key.empty()) continue;
      const auto sql =
          fmt::format("SELECT 1 FROM {} WHERE workspace_id = $1 AND {} = $2", target->table, target->key);
      if (!db.integer(sql, {workspace_, key}))
        throw Error(Errc::not_found, slug(noun_, fmt::format("unknown_{}", target->object)),
                    fmt::format("{}: {} is no {} of this workspace", noun_.fields[place].name,
                                base::in_quotes(key), target->object),
                    std::string(target->hint));
    }
  transaction.commit();
}

std::int64_t Records::count(const Filter& filter) {
  if (Search(noun_, filter).active()) {
    std::int64_t total = 0;
    for_each(filter, {}, 0, [&](const Record&) { ++total; });
    return total;
  }
  auto& db = session_.db;
  std::vector<db::Param> params{workspace_};
  const auto sql = "SELECT count(*)" + from_where(db, noun_, filter, params);
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  auto rows = db.query(sql, params);
  std::int64_t total = 0;
  while (rows.next()) total = rows.integer(0);
  transaction.commit();
  return total;
}

void Records::for_each(const Filter& filter, const Order& order, std::int64_t limit,
                       const std::function<void(const Record&)>& visit) {
  auto& db = session_.db;
  const Search search(noun_, filter);
  std::vector<db::Param> params{workspace_};
  auto sql = fmt::format("SELECT {}{}{}", select_list(db, noun_, reading_.today),
                         from_where(db, noun_, filter, params), order_by(db, noun_, order, reading_.today));
  if (limit > 0 && !search.active()) sql += fmt::format(" LIMIT {}", limit);
  std::optional<db::Transaction> transaction;
  if (!db.in_transaction()) transaction.emplace(db, db::Scope::of(workspace_), db::Access::read);
  {
    Record record;
    std::int64_t shown = 0;
    auto rows = db.stream(sql, params);
    while (rows.next()) {
      read_record(rows, noun_, record);
      if (search.active() && !search.matches(record)) continue;
      visit(record);
      if (++shown != limit || !search.active()) continue;
      if (transaction) return rows.stop();
      break;
    }
  }
  if (transaction) transaction->commit();
}

}  // namespace ringctl::records
