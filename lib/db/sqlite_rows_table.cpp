#include "db/sqlite_rows_table.hpp"

#include <fmt/format.h>

#include <new>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

struct RowsCursor : sqlite3_vtab_cursor {
  const RowBuffer* buffer = nullptr;
  std::size_t row = 0, rows = 0;
};

// The hidden column that takes the argument comes after all that hold data.
constexpr int k_source = RowBuffer::k_most_columns;

int connect(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** table, char**) {
  std::string schema = "CREATE TABLE x(";
  for (int i = 0; i < RowBuffer::k_most_columns; ++i) schema += fmt::format("c{}, ", i);
  schema += "source HIDDEN)";
  if (const int code = sqlite3_declare_vtab(db, schema.c_str()); code != SQLITE_OK) return code;
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);  // never from a view or trigger that came in a file
  *table = new (std::nothrow) sqlite3_vtab{};
  return *table == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete table;
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* info) {
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.iColumn != k_source || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ ||
        constraint.usable == 0)
      continue;
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    info->estimatedCost = 1;
    return SQLITE_OK;
  }
  return SQLITE_CONSTRAINT;  // no rows without a buffer
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  *cursor = new (std::nothrow) RowsCursor{};
  return *cursor == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<RowsCursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int, const char*, int count, sqlite3_value** arguments) {
  auto* cursor = static_cast<RowsCursor*>(base);
  cursor->buffer = count == 1
                       ? static_cast<const RowBuffer*>(sqlite3_value_pointer(arguments[0], k_row_buffer_type))
                       : nullptr;
  cursor->row = 0;
  cursor->rows = cursor->buffer == nullptr ? 0 : cursor->buffer->rows();
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<RowsCursor*>(cursor)->row;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* base) {
  const auto* cursor = static_cast<RowsCursor*>(base);
  return cursor->row >= cursor->rows ? 1 : 0;
}

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  const auto* cursor = static_cast<RowsCursor*>(base);
  if (index < k_source) cursor->buffer->result(context, cursor->row, static_cast<std::size_t>(index));
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* base, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(static_cast<RowsCursor*>(base)->row);
  return SQLITE_OK;
}

const sqlite3_module k_module = [] {
  sqlite3_module module{};  // no xCreate: the table is there by its name alone, and in no schema
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open_cursor;
  module.xClose = close_cursor;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = row_id;
  return module;
}();

}  // namespace

RowBuffer::Cell RowBuffer::text_cell(std::string_view text) {
  Cell cell{Kind::text, static_cast<std::uint32_t>(text.size()), {}};
  cell.offset = texts_.size();
  texts_.append(text);
  return cell;
}

RowBuffer::Cell RowBuffer::make_cell(const Param& param) {
  const auto& value = param.value();
  Cell cell{Kind::null, 0, {}};
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (text->find('\0') != std::string_view::npos)
      throw Error(Errc::invalid, "db.bad_text", "a text holds a NUL byte, which no database column can");
    return text_cell(*text);
  }
  if (const auto* instant = std::get_if<base::Instant>(&value)) {
    if (*instant != last_instant_) last_instant_text_ = base::format_utc(last_instant_ = *instant);
    return text_cell(last_instant_text_);
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    cell.kind = Kind::integer;
    cell.integer = *number;
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    cell.kind = Kind::integer;
    cell.integer = *flag ? 1 : 0;
  } else if (const auto* real = std::get_if<double>(&value)) {
    cell.kind = Kind::real;
    cell.real = *real;
  }
  return cell;
}

void RowBuffer::add(std::span<const Param> row) {
  const auto begin = cells_.size();
  try {
    for (const auto& param : row) cells_.push_back(make_cell(param));
  } catch (...) {
    cells_.resize(begin);  // no part of a row that is refused
    throw;
  }
}

void RowBuffer::clear() {
  cells_.clear();
  texts_.clear();
}

void RowBuffer::result(sqlite3_context* context, std::size_t row, std::size_t column) const {
  if (column >= columns_) return;
  const auto& cell = cells_[row * columns_ + column];
  switch (cell.kind) {
    case Kind::null:
      return sqlite3_result_null(context);
    case Kind::integer:
      return sqlite3_result_int64(context, cell.integer);
    case Kind::real:
      return sqlite3_result_double(context, cell.real);
    case Kind::text:
      return sqlite3_result_text64(context, texts_.data() + cell.offset, cell.size, SQLITE_STATIC,
                                   SQLITE_UTF8);
  }
}

int register_rows_table(sqlite3* db) {
  return sqlite3_create_module_v2(db, k_row_buffer_type, &k_module, nullptr, nullptr);
}

}  // namespace ringctl::db
