#pragma once
// Connection over libpq: text parameters and results, statements named once they are used twice. Private to
// this room.

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "db/connection.hpp"
#include "db/statement_cache.hpp"

namespace ringctl::db {

struct PgDeleter {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using PgHandle = std::unique_ptr<PGconn, PgDeleter>;
using PgResult = std::unique_ptr<PGresult, PgDeleter>;

/// Parameters as libpq takes them: one buffer of NUL-terminated texts.
class PackedParams {
 public:
  /// Valid until the next call.
  const char* const* pack(std::span<const Param> params);
  const char* const* values() const { return pointers_.data(); }
  int count() const { return static_cast<int>(pointers_.size()); }

 private:
  std::string buffer_;
  std::vector<std::size_t> offsets_;  // npos: NULL
  std::vector<const char*> pointers_;
};

/// Something that has the connection's attention: a batch on its way, a COPY going on. It is told to finish
/// before the connection does anything else.
class PgPending {
 public:
  /// Throws if the server refused it.
  virtual void settle() = 0;
  /// The same for a transaction that is being thrown away.
  virtual void abandon() noexcept = 0;

 protected:
  ~PgPending() = default;
};

class PostgresConnection final : public Connection {
 public:
  static std::unique_ptr<PostgresConnection> open(const std::string& url, const OpenOptions&);
  PostgresConnection(PgHandle, const std::string& url, const OpenOptions&);
  ~PostgresConnection() override;

  using Connection::exec;
  using Connection::query;
  using Connection::stream;
  Engine engine() const override { return Engine::postgresql; }
  std::int64_t exec(std::string_view sql, std::span<const Param> params) override;
  void exec_script(std::string_view sql) override;
  Rows query(std::string_view sql, std::span<const Param> params) override;
  Rows stream(std::string_view sql, std::span<const Param> params) override;
  bool in_transaction() const override;

  PGconn* handle() const { return handle_.get(); }
  const std::string& name() const { return url(); }
  /// Runs `sql` as it is, without parameters; the last result. Throws on failure.
  PgResult command(const std::string& sql);
  /// Lets what is pending finish, so that the connection may be used.
  void settle();
  void set_pending(PgPending* pending) { pending_ = pending; }
  const PgPending* pending() const { return pending_; }
  /// patience.hpp
  void answer_within(std::chrono::milliseconds limit);
  /// Returns when the next result can be taken without waiting, or at once if nobody is impatient; throws
  /// when it took too long.
  void await_answer();
  bool gave_up() const { return gave_up_; }
  /// Tells one transaction from the next.
  std::uint64_t transaction() const { return transaction_; }
  /// Throws unless the result is a success.
  PgResult checked(PgResult) const;
  [[noreturn]] void fail(const PGresult*) const;

 protected:
  std::optional<std::vector<Rows>> read_at_once(std::span<const ScopedReads>) override;
  void begin(Access, const Scope&) override;
  void rescope(const Scope&) override;
  void commit() override;
  void rollback() noexcept override;

 private:
  struct Cached {
    std::string name;
    bool prepared = false;
  };
  /// One of several statements that are sent together.
  struct Sent {
    const Read* read;
    bool sets_scope;  ///< its rows are nobody's
    Cached* place = nullptr;
    bool prepares = false;  ///< its name comes to be with it
    PackedParams params = {};
  };
  std::vector<Sent> to_send(std::span<const ScopedReads>, std::span<const Read> scopes);
  std::vector<Rows> rows_of(std::span<const Sent>, std::vector<PgResult>) const;
  /// The statement's place among the named ones; null where none are named.
  Cached* cached(std::string_view sql);
  /// The last result, by whichever of two ways of asking the same: libpq waits in `whole`, we wait after
  /// `send`.
  template <class Whole, class Send>
  PgResult ask(Whole&& whole, Send&& send) {
    if (patience_ == std::chrono::milliseconds(0)) return PgResult(whole());
    return answer_to(send());
  }
  PgResult answer_to(int sent);
  void give_up();
  [[noreturn]] void fail_unanswered() const;
  PgResult run(std::string_view sql, std::span<const Param> params);
  PgResult run_named(Cached&, const std::string& sql, const char* const* values, int count);

  PgHandle handle_;
  StatementCache<Cached> cache_{128};
  PackedParams packed_;
  PgPending* pending_ = nullptr;
  std::uint64_t transaction_ = 0;
  std::chrono::milliseconds patience_{0};  ///< 0: without end
  bool gave_up_ = false;
};

}  // namespace ringctl::db
