#include "db/row_batch.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

/// Few sizes, so that there are few statements to prepare.
constexpr std::size_t k_sizes[] = {64, 8, 1};

}  // namespace

void RowBatch::add(std::initializer_list<Param> row) {
  if (row.size() != columns_)
    throw Error(Errc::failure, "db.bad_row", fmt::format("a row of {} values, not {}", row.size(), columns_));
  values_.insert(values_.end(), row);
}

const std::string& RowBatch::statement(std::size_t rows) {
  const auto known = std::find_if(statements_.begin(), statements_.end(),
                                  [&](const auto& statement) { return statement.first == rows; });
  if (known != statements_.end()) return known->second;
  std::string sql(head_);
  sql += " VALUES ";
  std::size_t place = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    sql += row == 0 ? "(" : ", (";
    for (std::size_t column = 0; column < columns_; ++column)
      fmt::format_to(std::back_inserter(sql), FMT_COMPILE("{}${}"), column == 0 ? "" : ", ", ++place);
    sql += ")";
  }
  sql += fmt::format(" {}", tail_);
  return statements_.emplace_back(rows, std::move(sql)).second;
}

void RowBatch::flush(const std::function<void(const Rows&)>& visit) {
  std::span<const Param> rest(values_);
  for (const auto size : k_sizes)
    for (const auto cells = size * columns_; rest.size() >= cells; rest = rest.subspan(cells)) {
      if (!visit) {
        db_.exec(statement(size), rest.first(cells));
        continue;
      }
      auto rows = db_.query(statement(size), rest.first(cells));
      while (rows.next()) visit(rows);
    }
  values_.clear();
}

std::string json_array(const std::vector<std::string_view>& texts) { return nlohmann::json(texts).dump(); }

std::string ids_among(const Connection& db, std::string_view column, std::string_view placeholder) {
  if (db.engine() == Engine::sqlite) return db.among(column, placeholder);
  return fmt::format("{} = ANY (ARRAY(SELECT CAST(value AS uuid) FROM {}))", column,
                     db.text_array(placeholder));
}

}  // namespace ringctl::db
