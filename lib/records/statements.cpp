#include "records/statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "records/values.hpp"

namespace ringctl::records {
namespace {

constexpr int k_first_field = 6;

}  // namespace

std::string expression_of(const db::Connection& db, const Field& field, std::string_view column) {
  if (field.items)
    return fmt::format("(SELECT {} FROM (SELECT {} AS item FROM {} AND {} = t.id ORDER BY {}) i)",
                       db.json_list("i.item"), field.items->item, field.items->from, field.items->owner,
                       field.items->order);
  if (!field.expression.empty()) return std::string(field.expression);
  if (field.kind != Kind::reference) return fmt::format("t.{}", column);
  return fmt::format("(SELECT r.{} FROM {} r WHERE r.id = t.{})", field.target->key, field.target->table,
                     column);
}

std::string expression_of(const Extra& extra, std::string_view today) {
  std::string expression(extra.expression);
  const auto at = expression.find(k_today);
  if (at == std::string::npos) return expression;
  if (today.empty()) return "NULL";
  return expression.replace(at, k_today.size(),
                            fmt::format("'{}'", base::format_day(base::parse_day(today))));
}

std::string key_expression(const db::Connection& db, const Noun& noun) {
  const auto separator = key_text(std::vector<std::string>(2), 2);  // of two empty parts
  auto key = expression_of(db, noun.fields[0], noun.column_of(0));
  for (std::size_t i = 1; i < noun.key_fields; ++i)
    fmt::format_to(std::back_inserter(key), " || '{}' || {}", separator,
                   expression_of(db, noun.fields[i], noun.column_of(i)));
  return noun.key_fields == 1 ? key : fmt::format("({})", key);
}

std::string select_list(const db::Connection& db, const Noun& noun, std::string_view today) {
  auto list = fmt::format("t.id, t.version, t.job_id, t.created_at, t.updated_at, ({})", noun.shown);
  for (std::size_t i = 0; i < noun.fields.size(); ++i)
    list.append(", ").append(expression_of(db, noun.fields[i], noun.column_of(i)));
  for (const auto& extra : noun.extras) list.append(", ").append(expression_of(extra, today));
  return list;
}

int read_record(const db::Rows& row, const Noun& noun, Record& out) {
  out.id = row.uuid(0);
  out.version = row.integer(1);
  out.job_id = row.text(2);
  out.created_at = row.instant(3);
  out.updated_at = row.instant(4);
  out.shown = row.boolean(5);
  int column = k_first_field;
  out.cells.resize(noun.fields.size());
  for (std::size_t i = 0; i < noun.fields.size(); ++i)
    out.cells[i] = read_value(row, column++, noun.fields[i].kind);
  out.extras.resize(noun.extras.size());
  for (std::size_t i = 0; i < noun.extras.size(); ++i)
    out.extras[i] = read_value(row, column++, noun.extras[i].kind);
  return column;
}

std::string equals(const db::Connection& db, const Noun& noun, std::size_t field, std::string_view canonical,
                   std::vector<db::Param>& params) {
  const auto& described = noun.fields[field];
  const auto column = noun.column_of(field);
  if (canonical.empty()) return fmt::format("t.{} IS NULL", column);
  if (described.kind == Kind::flag)
    return fmt::format("{} = {}", expression_of(db, described, column),
                       canonical == "yes" ? "TRUE" : "FALSE");
  if (described.kind == Kind::integer) {
    params.emplace_back(base::parse_int(canonical).value_or(-1));
    return fmt::format("t.{} = ${}", column, params.size());
  }
  params.emplace_back(canonical);
  if (described.kind == Kind::reference)
    return fmt::format("t.{} = (SELECT id FROM {} WHERE workspace_id = $1 AND {} = ${})", column,
                       described.target->table, described.target->key, params.size());
  return fmt::format("t.{} = ${}", column, params.size());
}

std::string has_item(const Items& items, std::string_view canonical, std::vector<db::Param>& params) {
  if (canonical.empty())
    return fmt::format("NOT EXISTS (SELECT 1 FROM {} AND {} = t.id)", items.from, items.owner);
  params.emplace_back(canonical);
  return fmt::format("t.id IN (SELECT {} FROM {} AND {} = ${})", items.owner, items.from, items.item,
                     params.size());
}

std::string in_array(db::Connection& db, const Noun& noun, std::size_t field, std::string_view placeholder) {
  const auto& described = noun.fields[field];
  if (described.kind != Kind::reference)
    return db.among(fmt::format("t.{}", noun.column_of(field)), placeholder);
  return fmt::format("t.{} IN (SELECT id FROM {} WHERE workspace_id = $1 AND {})", noun.column_of(field),
                     described.target->table, db.among(described.target->key, placeholder));
}

std::string json_array(const std::vector<std::string>& texts) {
  nlohmann::json array = nlohmann::json::array();
  for (const auto& text : texts) array.push_back(text);
  return array.dump();
}

Ids resolve(db::Connection& db, const base::Uuid& workspace, const Target& target,
            const std::vector<std::string>& keys) {
  Ids ids;
  if (keys.empty()) return ids;
  const auto array = json_array(keys);
  auto rows = db.query(fmt::format("SELECT {}, id FROM {} WHERE workspace_id = $1 AND {}", target.key,
                                   target.table, db.among(target.key, "$2")),
                       {workspace, array});
  while (rows.next()) ids.emplace(rows.text(0), rows.text(1));
  return ids;
}

std::vector<std::string_view> references_in(const Field& field, std::string_view canonical) {
  if (!field.target || canonical.empty()) return {};
  if (field.kind != Kind::list) return {canonical};
  return base::split(canonical, '|');
}

std::vector<Ids> resolve_all(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                             std::span<const std::vector<std::string>> rows) {
  std::vector<Ids> all(noun.fields.size());
  for (std::size_t i = 0; i < noun.fields.size(); ++i) {
    if (!noun.fields[i].target) continue;
    std::vector<std::string> keys;
    for (const auto& row : rows)
      for (const auto key : references_in(noun.fields[i], row[i])) keys.emplace_back(key);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    all[i] = resolve(db, workspace, *noun.fields[i].target, keys);
  }
  return all;
}

std::vector<std::size_t> stored_fields(const Noun& noun) {
  std::vector<std::size_t> fields;
  for (std::size_t i = 0; i < noun.fields.size(); ++i)
    if (!noun.fields[i].items) fields.push_back(i);
  return fields;
}

StoredRow::StoredRow(const Noun& noun, const std::vector<Ids>& ids)
    : noun_(noun), ids_(ids), fields_(stored_fields(noun)), texts_(noun.fields.size()) {}

const std::vector<db::Param>& StoredRow::of(std::span<const std::string> cells) {
  params_.clear();
  for (const auto field : fields_) params_.push_back(stored(field, cells[field]));
  return params_;
}

db::Param StoredRow::stored(std::size_t field, const std::string& text) {
  if (text.empty()) return nullptr;
  auto& kept = texts_[field];
  switch (noun_.fields[field].kind) {
    case Kind::flag:
      return text == "yes";
    case Kind::integer:
      return base::parse_int(text).value();
    case Kind::moment:
      return base::parse_utc(text);
    case Kind::list:
      kept = stored_list(text);
      return kept;
    case Kind::reference:
      kept = ids_[field].at(text);
      return kept;
    case Kind::text:
    case Kind::json:
      break;
  }
  kept = text;
  return kept;
}

}  // namespace ringctl::records
