#include "db/sqlite_connection.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "db/placeholders.hpp"
#include "db/rows_impl.hpp"
#include "db/sqlite_error.hpp"

namespace ringctl::db {
namespace {

// The first step is taken by query(), so that it fails where PostgreSQL's does and an INSERT .. RETURNING
// happens whether or not its rows are read.
class SqliteRows final : public Rows::Impl {
 public:
  SqliteRows(SqliteConnection& connection, SqliteConnection::Prepared prepared)
      : connection_(connection),
        prepared_(std::move(prepared)),
        statement_(prepared_.get()),
        columns_(sqlite3_column_count(statement_)) {
    state_ = advance() ? State::first : State::done;
  }

  bool next() override {
    if (state_ == State::done) return false;
    if (state_ == State::first) {
      state_ = State::row;
      return true;
    }
    if (!advance()) state_ = State::done;
    return state_ != State::done;
  }
  int columns() const override { return columns_; }
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view text(int column) const override {
    const void* data = sqlite3_column_text(statement_, column);
    if (data == nullptr) return {};
    return {static_cast<const char*>(data),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  bool boolean(int column) const override { return sqlite3_column_int(statement_, column) != 0; }

 private:
  enum class State { first, row, done };

  bool advance() {
    if (connection_.step(statement_)) return true;
    sqlite3_reset(statement_);  // at once: an unfinished statement holds its snapshot
    return false;
  }

  SqliteConnection& connection_;
  SqliteConnection::Prepared prepared_;
  sqlite3_stmt* statement_;
  int columns_;
  State state_ = State::first;
};

struct Binder {
  sqlite3_stmt* statement;
  int index;
  bool copy;

  int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
  int operator()(bool value) const { return sqlite3_bind_int(statement, index, value ? 1 : 0); }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, index, value); }
  int operator()(double value) const { return sqlite3_bind_double(statement, index, value); }
  int operator()(std::string_view value) const {
    if (value.find('\0') != std::string_view::npos)
      throw Error(Errc::invalid, "db.bad_text", "a text holds a NUL byte, which no database column can");
    // A null pointer would bind NULL.
    return sqlite3_bind_text64(statement, index, value.data() == nullptr ? "" : value.data(), value.size(),
                               copy ? transient() : SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(base::Instant value) const {
    const auto text = base::format_utc(value);
    return sqlite3_bind_text64(statement, index, text.data(), text.size(), transient(), SQLITE_UTF8);
  }

  // SQLITE_TRANSIENT is a C cast of -1.
  static sqlite3_destructor_type transient() {
    return std::bit_cast<sqlite3_destructor_type>(std::intptr_t{-1});
  }
};

}  // namespace

SqliteConnection::Prepared::~Prepared() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
  if (cached_ != nullptr) cached_->in_use = false;
}

SqliteConnection::SqliteConnection(SqliteHandle handle, const std::string& url, std::filesystem::path path,
                                   const OpenOptions& options)
    : Connection(url, options),
      handle_(std::move(handle)),
      path_(std::move(path)),
      name_(path_.empty() ? std::string("the database in memory") : path_.string()) {}

void SqliteConnection::fail(int code) const { throw sqlite_error(handle_.get(), code, name_); }

SqliteStatement SqliteConnection::compile(std::string_view sql, bool persistent) {
  const auto numbered = number_placeholders(sql);
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), numbered.data(), static_cast<int>(numbered.size()),
                                      persistent ? SQLITE_PREPARE_PERSISTENT : 0, &raw, nullptr);
  if (code != SQLITE_OK) fail(code);
  return SqliteStatement(raw);
}

SqliteConnection::Prepared SqliteConnection::prepare(std::string_view sql) {
  if (base::log_enabled(base::LogLevel::trace)) base::log(base::LogLevel::trace, "sql", sql);
  if (auto* cached = cache_.find(sql)) {
    // The same text while an earlier run is still being read: one of its own.
    if (cached->in_use) return Prepared(compile(sql, false));
    return Prepared(*cached);
  }
  auto& cached = cache_.add(sql, Cached{compile(sql, true)}, [](const Cached& old) { return !old.in_use; });
  return Prepared(cached);
}

void SqliteConnection::bind(sqlite3_stmt* statement, int index, const Param& value, bool copy) {
  const int code = std::visit(Binder{statement, index, copy}, value.value());
  if (code != SQLITE_OK) fail(code);
}

void SqliteConnection::bind_all(sqlite3_stmt* statement, std::span<const Param> params, bool copy) {
  if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != params.size())
    throw Error(Errc::failure, "db.parameters",
                fmt::format("a statement takes {} parameters and was given {}",
                            sqlite3_bind_parameter_count(statement), params.size()));
  int index = 0;
  for (const auto& param : params) bind(statement, ++index, param, copy);
}

bool SqliteConnection::step(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  return false;
}

void SqliteConnection::refuse_write(sqlite3_stmt* statement) const {
  if (reading_ && in_transaction() && sqlite3_stmt_readonly(statement) == 0)
    throw Error(Errc::failure, "db.read_transaction", "a statement writes in a transaction that only reads");
}

std::int64_t SqliteConnection::exec(std::string_view sql, std::span<const Param> params) {
  const auto prepared = prepare(sql);
  refuse_write(prepared.get());
  bind_all(prepared.get(), params, false);
  const auto before = sqlite3_total_changes64(handle_.get());
  while (step(prepared.get())) {
  }
  // What DDL and SELECT leave in sqlite3_changes() is the figure of an earlier statement.
  return sqlite3_total_changes64(handle_.get()) == before ? 0 : sqlite3_changes64(handle_.get());
}

void SqliteConnection::exec_script(std::string_view sql) {
  const std::string text(sql);
  if (const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
      code != SQLITE_OK)
    fail(code);
}

Rows SqliteConnection::query(std::string_view sql, std::span<const Param> params) {
  auto prepared = prepare(sql);
  refuse_write(prepared.get());
  bind_all(prepared.get(), params, true);
  return Rows(std::make_unique<SqliteRows>(*this, std::move(prepared)));
}

Rows SqliteConnection::stream(std::string_view sql, std::span<const Param> params) {
  if (!in_transaction()) throw Error(Errc::failure, "db.no_transaction", "a stream needs a transaction");
  return query(sql, params);
}

void SqliteConnection::begin(Access access, const Scope&) {
  reading_ = false;
  exec(access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN");
  reading_ = access == Access::read;
}

void SqliteConnection::commit() {
  reading_ = false;
  exec("COMMIT");
}

void SqliteConnection::rollback() noexcept {
  reading_ = false;
  // A full disk or a failed write has rolled back already.
  if (in_transaction()) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace ringctl::db
