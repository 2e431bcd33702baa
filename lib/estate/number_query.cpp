// Reading numbers: one by name, many by filter. Statements are built from fixed pieces; values are bound.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "estate/capabilities.hpp"
#include "estate/number_fields.hpp"
#include "estate/number_row.hpp"
#include "estate/number_search.hpp"
#include "estate/numbers.hpp"

namespace ringctl::estate {
namespace {

constexpr std::array<std::string_view, 22> k_sortable = {
    "phone_number", "provider",       "country_code", "label",        "status",   "capabilities",
    "sid",          "webhook_status", "trunk_sid",    "assistant_id", "sms_mode", "record_policy",
    "version",      "created_at",     "updated_at",   "id",           "job_id",   "assigned_to",
    "account_sid",  "missing_since",  "release_at",   "configured_at"};
constexpr std::array<std::string_view, 12> k_nullable = {
    "country_code",  "label",       "capabilities", "sid",           "trunk_sid",  "assistant_id",
    "record_policy", "assigned_to", "account_sid",  "missing_since", "release_at", "configured_at"};
constexpr std::size_t k_candidates = 10;  ///< listed when a label is ambiguous

struct Where {
  std::string sql = "workspace_id = $1";
  std::vector<db::Param> params;
};

Where where_of(const base::Uuid& workspace, const NumberFilter& filter) {
  Where where;
  where.params.emplace_back(workspace);
  const auto add = [&](std::string_view column, const std::optional<std::string>& value) {
    if (!value) return;
    where.params.emplace_back(*value);
    where.sql += fmt::format(" AND {} = ${}", column, where.params.size());
  };
  add("status", filter.status);
  add("provider", filter.provider);
  add("country_code", filter.country);
  if (filter.assistant) {
    where.params.emplace_back(*filter.assistant);
    where.sql += fmt::format(" AND assistant_id = ${}", where.params.size());
  }
  if (filter.assigned) where.sql += fmt::format(" AND {}{}", *filter.assigned ? "" : "NOT ", k_is_assigned);
  return where;
}

/// NULLS LAST only where there can be any: it would keep the engines from reading the index in order.
std::string order_by(const NumberOrder& order) {
  if (std::find(k_sortable.begin(), k_sortable.end(), order.column) == k_sortable.end())
    throw Error(Errc::usage, "numbers.bad_sort",
                fmt::format("numbers cannot be sorted by \"{}\"", order.column),
                "ringctl numbers list --columns help");
  const bool nullable = order.column == "job_id" ||
                        std::find(k_nullable.begin(), k_nullable.end(), order.column) != k_nullable.end();
  auto sql = fmt::format(" ORDER BY {}{}{}", order.column, order.descending ? " DESC" : "",
                         nullable ? " NULLS LAST" : "");
  if (order.column != "phone_number") sql += ", phone_number";
  return sql;
}

std::optional<phone::E164> as_number(std::string_view what, std::string_view default_country) {
  std::error_code ignored;
  if (const auto strict = phone::E164::try_parse(what, ignored)) return strict;
  const auto text = base::trim(what);
  const bool international = !text.empty() && text.front() == '+';
  if (!international && default_country.empty()) return std::nullopt;
  return phone::try_parse_typed(text, international ? std::string_view() : default_country, ignored);
}

bool is_sid(std::string_view what) {
  std::string canonical;
  base::Finding finding;
  return canonical_sid(what, canonical, finding);
}

Error ambiguous(std::string_view label, const std::vector<std::string>& numbers) {
  const bool more = numbers.size() > k_candidates;
  Error error(Errc::conflict, "numbers.ambiguous", fmt::format("several numbers are labelled \"{}\"", label),
              fmt::format("ringctl numbers list --label {}", base::for_shell(label)));
  for (std::size_t i = 0; i < std::min(numbers.size(), k_candidates); ++i) error.detail(numbers[i]);
  if (more) error.detail("…");
  return error;
}

}  // namespace

std::span<const std::string_view> Numbers::sortable_columns() { return k_sortable; }

std::optional<Number> Numbers::find(std::string_view what) {
  auto& db = session_.db;
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  const auto by = [&](std::string_view column, std::string_view value) {
    std::optional<Number> found;
    std::vector<std::string> numbers;
    auto rows = db.query(fmt::format("SELECT {} FROM phone_numbers WHERE workspace_id = $1 AND {} = $2 "
                                     "ORDER BY phone_number LIMIT {}",
                                     k_selected_columns, column, k_candidates + 1),
                         {workspace_, value});
    while (rows.next()) {
      read_number(rows, found.emplace());
      numbers.push_back(found->phone_number);
    }
    if (numbers.size() > 1) throw ambiguous(what, numbers);
    return found;
  };
  std::optional<Number> found;
  if (const auto number = as_number(what, {})) found = by("phone_number", number->view());
  if (!found && is_sid(what)) found = by("sid", what);
  if (!found && !what.empty()) found = by("label", what);
  // Last, so that "411" the label is never taken for a number of the default country.
  if (!found && !default_country_.empty())
    if (const auto number = as_number(what, default_country_)) found = by("phone_number", number->view());
  transaction.commit();
  return found;
}

Number Numbers::get(std::string_view what) {
  auto found = find(what);
  if (!found)
    throw Error(Errc::not_found, "numbers.unknown",
                fmt::format("no number, SID or label \"{}\" in this workspace", what),
                "ringctl numbers list");
  return std::move(*found);
}

std::int64_t Numbers::count(const NumberFilter& filter) {
  auto& db = session_.db;
  const auto where = where_of(workspace_, filter);
  NumberSearch search(filter);
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  std::int64_t total = 0;
  if (!search.active()) {
    auto rows = db.query(fmt::format("SELECT count(*) FROM phone_numbers WHERE {}", where.sql), where.params);
    if (rows.next()) total = rows.integer(0);
  } else {
    auto rows = db.stream(
        fmt::format("SELECT phone_number, label, sid, provider FROM phone_numbers WHERE {}", where.sql),
        where.params);
    while (rows.next())
      if (search.matches(rows.text(0), rows.text(1), rows.text(2), rows.text(3))) ++total;
  }
  transaction.commit();
  return total;
}

void Numbers::for_each(const NumberFilter& filter, const NumberOrder& order, std::int64_t limit,
                       const std::function<void(const Number&)>& visit) {
  auto& db = session_.db;
  const auto where = where_of(workspace_, filter);
  NumberSearch search(filter);
  auto sql =
      fmt::format("SELECT {} FROM phone_numbers WHERE {}{}", k_selected_columns, where.sql, order_by(order));
  if (limit > 0 && !search.active()) sql += fmt::format(" LIMIT {}", limit);
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  {
    Number number;
    std::int64_t shown = 0;
    auto rows = db.stream(sql, where.params);
    while (rows.next()) {
      if (search.active() && !search.matches(rows.text(1), rows.text(4), rows.text(7), rows.text(2)))
        continue;
      read_number(rows, number);
      visit(number);
      if (++shown == limit && search.active()) return rows.stop();
    }
  }
  transaction.commit();
}

void Numbers::for_each_importable(const NumberFilter& filter,
                                  const std::function<void(const ImportableNumber&)>& visit) {
  auto& db = session_.db;
  const auto where = where_of(workspace_, filter);
  NumberSearch search(filter);
  std::optional<db::Transaction> transaction;
  if (!db.in_transaction()) transaction.emplace(db, db::Scope::of(workspace_), db::Access::read);
  {
    auto rows = db.stream(
        fmt::format("SELECT phone_number, provider, country_code, label, status, capabilities, sid, "
                    "record_policy, sms_mode FROM phone_numbers WHERE {} ORDER BY phone_number",
                    where.sql),
        where.params);
    while (rows.next()) {
      const ImportableNumber number{.phone_number = rows.text(0),
                                    .provider = rows.text(1),
                                    .country_code = rows.text(2),
                                    .label = rows.text(3),
                                    .status = rows.text(4),
                                    .capabilities = capabilities_text(capabilities_from_json(rows.text(5))),
                                    .sid = rows.text(6),
                                    .record_policy = rows.text(7),
                                    .sms_mode = rows.text(8)};
      if (search.active() && !search.matches(number.phone_number, number.label, number.sid, number.provider))
        continue;
      visit(number);
    }
  }
  if (transaction) transaction->commit();
}

}  // namespace ringctl::estate
