#pragma once
// One face over SQLite and PostgreSQL. SQL is written once, with $1, $2...; `db` rewrites them to ?1 for
// SQLite. House rules: parameters whose type PostgreSQL cannot infer are cast; booleans compare `= TRUE`;
// text orders by the binary collation on both (columns are declared COLLATE "C"); NULLS LAST is written out;
// no LIKE for search.

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace ringctl::db {

struct Scope;        // transaction.hpp
struct ScopedReads;  // transaction.hpp

enum class Engine { sqlite, postgresql };
std::string_view engine_name(Engine);

/// A value to bind. Text is not copied: it must outlive the call. Instants bind as format_utc text on SQLite
/// and timestamptz on PostgreSQL.
class Param {
 public:
  using Variant = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, base::Instant>;
  Param(std::nullptr_t) {}                                          // NOLINT(google-explicit-constructor)
  Param(bool v) : value_(v) {}                                      // NOLINT(google-explicit-constructor)
  Param(int v) : value_(std::int64_t{v}) {}                         // NOLINT(google-explicit-constructor)
  Param(std::int64_t v) : value_(v) {}                              // NOLINT(google-explicit-constructor)
  Param(std::uint64_t v) : value_(static_cast<std::int64_t>(v)) {}  // NOLINT(google-explicit-constructor)
  Param(double v) : value_(v) {}                                    // NOLINT(google-explicit-constructor)
  Param(std::string_view v) : value_(v) {}                          // NOLINT(google-explicit-constructor)
  Param(const std::string& v) : value_(std::string_view(v)) {}      // NOLINT(google-explicit-constructor)
  Param(const char* v) : value_(std::string_view(v)) {}             // NOLINT(google-explicit-constructor)
  Param(const base::Uuid& v) : value_(v.view()) {}                  // NOLINT(google-explicit-constructor)
  Param(base::Instant v) : value_(v) {}                             // NOLINT(google-explicit-constructor)
  template <class T>
  Param(const std::optional<T>& v) {  // NOLINT(google-explicit-constructor)
    if (v) *this = Param(*v);
  }
  const Variant& value() const { return value_; }

 private:
  Variant value_;
};
/// Text of which "" means not set.
inline Param or_null(std::string_view text) { return text.empty() ? Param(nullptr) : Param(text); }

/// Rows of a query, read forward once. Views live until the next call of next(). Must not outlive the
/// Connection; a stream() must not be read after its transaction.
class Rows {
 public:
  class Impl;  // one per engine
  explicit Rows(std::unique_ptr<Impl>);
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();

  /// False after the last row.
  bool next();
  /// Last: of a stream() the rest is not waited for. Its transaction can only be rolled back then.
  void stop() noexcept;
  int columns() const;
  bool is_null(int column) const;
  std::string_view text(int column) const;                  ///< "" for NULL
  std::optional<std::string> maybe_text(int column) const;  ///< nullopt for NULL
  std::int64_t integer(int column) const;
  bool boolean(int column) const;
  base::Instant instant(int column) const;
  std::optional<base::Instant> maybe_instant(int column) const;
  base::Uuid uuid(int column) const;

 private:
  std::unique_ptr<Impl> impl_;
};

/// A statement that reads, for read_together(). Texts are not copied: they must outlive that call.
struct Read {
  std::string_view sql;
  std::vector<Param> params = {};
};

enum class Access { read, write };

struct OpenOptions {
  bool create = false;  ///< SQLite: make the file (0600) and its folder (0700) when missing
  bool read_only = false;
  bool synchronous = true;       ///< SQLite: FULL; false: OFF, for scratch databases
  bool named_statements = true;  ///< PostgreSQL: switch off behind a pooler in transaction mode
  std::chrono::milliseconds busy_timeout{5000};
  std::chrono::milliseconds connect_timeout{10000};
  std::string application_name = "ringctl";
};

/// One database connection, used by one thread. Statements are prepared once and cached.
/// A text with a NUL byte is refused: Errc::invalid [db.bad_text]. Errors thrown by every call:
/// Errc::db_down, db_busy (after the busy timeout), db_corrupt, output (disk full), schema (missing table),
/// conflict [db.unique] for a unique violation, failure for the rest. No message carries SQL or bound values;
/// `--trace` logs the statements.
class Connection {
 public:
  /// `url`: "sqlite:PATH" or "postgresql://..." / "postgres://...". "sqlite::memory:" is a database of this
  /// connection's own; one of "sqlite::memory:NAME" (letters, digits, _) belongs to all connections of this
  /// process that name it, and goes with the last.
  /// Throws Errc::config [db.missing] when an SQLite file is not there and create is off,
  /// [db.not_a_database], [db.read_only]; Errc::usage [db.bad_url]; Errc::auth [db.auth]; Errc::db_down.
  static std::unique_ptr<Connection> open(const std::string& url, const OpenOptions& = {});
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual Engine engine() const = 0;
  /// The URL without its password, for messages.
  const std::string& url() const { return url_; }
  /// What open() was given: for a second connection, never for a message.
  const std::string& url_with_password() const { return url_with_password_; }
  /// How it was opened.
  const OpenOptions& options() const { return options_; }

  /// Runs a statement; the number of rows it changed.
  std::int64_t exec(std::string_view sql, std::initializer_list<Param> params = {});
  virtual std::int64_t exec(std::string_view sql, std::span<const Param> params) = 0;
  /// Several statements without parameters, separated by ';' (migrations).
  virtual void exec_script(std::string_view sql) = 0;
  /// A result that fits in memory (PostgreSQL buffers it whole).
  Rows query(std::string_view sql, std::initializer_list<Param> params = {});
  virtual Rows query(std::string_view sql, std::span<const Param> params) = 0;
  /// A result of any size in constant memory. Inside a transaction only; several may be open at once.
  Rows stream(std::string_view sql, std::initializer_list<Param> params = {});
  virtual Rows stream(std::string_view sql, std::span<const Param> params) = 0;
  /// First column of the first row, or nullopt if there is none or it is NULL.
  std::optional<std::int64_t> integer(std::string_view sql, std::initializer_list<Param> params = {});
  std::optional<std::string> text(std::string_view sql, std::initializer_list<Param> params = {});

  virtual bool in_transaction() const = 0;

  /// Table expression with one text column that unpacks a JSON array of texts bound as `placeholder`:
  /// `phone_number IN (SELECT value FROM json_each($1))` or its PostgreSQL twin.
  std::string text_array(std::string_view placeholder) const;
  /// Condition: a text column holds one of the texts of such an array. In the form for which each engine can
  /// look them up in an index.
  std::string among(std::string_view column, std::string_view placeholder) const;
  /// Aggregate expression: the JSON array of a text in all rows, in their order. No rows: NULL or an empty
  /// array.
  std::string json_list(std::string_view text) const;

 protected:
  Connection(std::string url, OpenOptions);
  friend class Transaction;
  friend void read_together(Connection&, std::span<const ScopedReads>,
                            const std::function<void(std::span<Rows>)>&);
  /// Rows that hold their own, if the engine has a quicker way than one statement after the other.
  virtual std::optional<std::vector<Rows>> read_at_once(std::span<const ScopedReads>);
  virtual void begin(Access, const Scope&) = 0;
  virtual void rescope(const Scope&) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

 private:
  std::string url_, url_with_password_;
  OpenOptions options_;
};

}  // namespace ringctl::db
