#pragma once
// Connection over the SQLite C library. Private to this room.

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "db/connection.hpp"
#include "db/statement_cache.hpp"

namespace ringctl::db {

/// Marks a file as ours: "RING" in its header.
inline constexpr std::int64_t k_application_id = 0x52494e47;

struct SqliteDeleter {
  void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using SqliteHandle = std::unique_ptr<sqlite3, SqliteDeleter>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, SqliteDeleter>;

/// "sqlite:PATH" -> absolute path whose folders hold no symbolic link; empty for ":memory:". Throws
/// Errc::usage.
std::filesystem::path sqlite_path(const std::string& url);

/// With the folders above it, 0700, where they are missing. Throws Errc::config [db.cannot_create].
void make_folder(const std::filesystem::path& folder);

class SqliteConnection final : public Connection {
 public:
  struct Cached {
    SqliteStatement statement;
    bool in_use = false;
  };
  /// A statement for one run: reset, and given back to the cache, at the end.
  class Prepared {
   public:
    explicit Prepared(Cached& cached) : cached_(&cached), statement_(cached.statement.get()) {
      cached.in_use = true;
    }
    explicit Prepared(SqliteStatement own) : own_(std::move(own)), statement_(own_.get()) {}
    Prepared(Prepared&& other) noexcept
        : own_(std::move(other.own_)),
          cached_(std::exchange(other.cached_, nullptr)),
          statement_(std::exchange(other.statement_, nullptr)) {}
    Prepared& operator=(Prepared&&) = delete;
    ~Prepared();
    sqlite3_stmt* get() const { return statement_; }

   private:
    SqliteStatement own_;
    Cached* cached_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
  };

  static std::unique_ptr<SqliteConnection> open(const std::string& url, const OpenOptions&);
  SqliteConnection(SqliteHandle, const std::string& url, std::filesystem::path, const OpenOptions&);

  using Connection::exec;
  using Connection::query;
  using Connection::stream;
  Engine engine() const override { return Engine::sqlite; }
  std::int64_t exec(std::string_view sql, std::span<const Param> params) override;
  void exec_script(std::string_view sql) override;
  Rows query(std::string_view sql, std::span<const Param> params) override;
  Rows stream(std::string_view sql, std::span<const Param> params) override;
  bool in_transaction() const override { return sqlite3_get_autocommit(handle_.get()) == 0; }

  sqlite3* handle() const { return handle_.get(); }
  /// Empty for a database in memory.
  const std::filesystem::path& path() const { return path_; }
  /// The database as messages call it.
  const std::string& name() const { return name_; }
  /// Prepares `sql` outside the cache, or throws.
  SqliteStatement compile(std::string_view sql, bool persistent);
  /// Binds `value` as ?`index`. With `copy` the text may go away before the statement is done.
  void bind(sqlite3_stmt*, int index, const Param& value, bool copy);
  /// One step; true: a row. Throws on failure.
  bool step(sqlite3_stmt*);
  [[noreturn]] void fail(int code) const;

 protected:
  void begin(Access, const Scope&) override;
  void rescope(const Scope&) override {}  // no policies here: statements name the workspace
  void commit() override;
  void rollback() noexcept override;

 private:
  Prepared prepare(std::string_view sql);
  void bind_all(sqlite3_stmt*, std::span<const Param> params, bool copy);
  void refuse_write(sqlite3_stmt*) const;

  SqliteHandle handle_;
  std::filesystem::path path_;
  std::string name_;
  StatementCache<Cached> cache_{128};
  bool reading_ = false;  // inside a Transaction of Access::read
};

}  // namespace ringctl::db
