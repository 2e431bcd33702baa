#include "db/postgres_connection.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "db/postgres_error.hpp"
#include "db/postgres_pipeline.hpp"
#include "db/postgres_stream.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

class PostgresRows final : public Rows::Impl {
 public:
  explicit PostgresRows(PgResult result) : result_(std::move(result)), rows_(PQntuples(result_.get())) {}

  bool next() override { return ++row_ < rows_; }
  int columns() const override { return PQnfields(result_.get()); }
  bool is_null(int column) const override { return PQgetisnull(result_.get(), row_, column) == 1; }
  std::string_view text(int column) const override { return pg_text(result_.get(), row_, column); }
  std::int64_t integer(int column) const override { return pg_integer(text(column)); }
  bool boolean(int column) const override { return text(column) == "t"; }

 private:
  PgResult result_;
  int rows_;
  int row_ = -1;
};

struct Packer {
  std::string& out;

  template <class Number>
  void number(Number value) const {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
  }
  void operator()(std::monostate) const {}
  void operator()(bool value) const { out.push_back(value ? 't' : 'f'); }
  void operator()(std::int64_t value) const { number(value); }
  void operator()(double value) const { number(value); }
  void operator()(std::string_view value) const {
    if (value.find('\0') != std::string_view::npos)
      throw Error(Errc::invalid, "db.bad_text", "a text holds a NUL byte, which no database column can");
    out.append(value);
  }
  void operator()(base::Instant value) const { out.append(base::format_utc(value)); }
};

// What begin() sets, for statements that have no BEGIN of their own; and that they are planned once, for
// under row policies that costs more than the few rows they find, and by an index, for tables may be small at
// that time.
constexpr std::string_view k_scope =
    "SELECT set_config('search_path', 'ringctl', TRUE), set_config('timezone', 'UTC', TRUE), "
    "set_config('datestyle', 'ISO', TRUE), set_config('ringctl.workspace', COALESCE($1, ''), TRUE), "
    "set_config('ringctl.door', $2, TRUE), set_config('plan_cache_mode', 'force_generic_plan', TRUE), "
    "set_config('enable_seqscan', 'off', TRUE)";
// The same for other reads of the same transaction.
constexpr std::string_view k_next_scope =
    "SELECT set_config('ringctl.workspace', COALESCE($1, ''), TRUE), set_config('ringctl.door', $2, TRUE)";

// Neither can hold a quote: an id is hexadecimal, a door's name is ours.
std::string scope_settings(const Scope& scope) {
  return fmt::format("SET LOCAL ringctl.workspace = '{}'; SET LOCAL ringctl.door = '{}'",
                     scope.workspace ? scope.workspace->view() : std::string_view(), door_name(scope.door));
}

}  // namespace

std::string_view pg_text(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}

std::int64_t pg_integer(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const char* const* PackedParams::pack(std::span<const Param> params) {
  buffer_.clear();
  offsets_.clear();
  pointers_.clear();
  for (const auto& param : params) {
    const bool null = std::holds_alternative<std::monostate>(param.value());
    offsets_.push_back(null ? std::string::npos : buffer_.size());
    std::visit(Packer{buffer_}, param.value());
    buffer_.push_back('\0');
  }
  for (const auto offset : offsets_)
    pointers_.push_back(offset == std::string::npos ? nullptr : buffer_.data() + offset);
  return pointers_.data();
}

PostgresConnection::PostgresConnection(PgHandle handle, const std::string& url, const OpenOptions& options)
    : Connection(url, options), handle_(std::move(handle)) {}

PostgresConnection::~PostgresConnection() = default;

void PostgresConnection::fail(const PGresult* result) const {
  if (base::log_enabled(base::LogLevel::trace))
    base::log(base::LogLevel::trace, "sql.failed", PQerrorMessage(handle()));
  throw postgres_error(handle(), result, name());
}

PgResult PostgresConnection::checked(PgResult result) const {
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_EMPTY_QUERY:
      return result;
    default:
      fail(result.get());
  }
}

void PostgresConnection::settle() {
  if (pending_ != nullptr) std::exchange(pending_, nullptr)->settle();
}

void PostgresConnection::answer_within(std::chrono::milliseconds limit) {
  patience_ = limit;
  // Else sending much to a server that reads nothing would wait where we cannot look at the time.
  PQsetnonblocking(handle(), limit > std::chrono::milliseconds(0) ? 1 : 0);
}

void PostgresConnection::await_answer() {
  if (patience_ == std::chrono::milliseconds(0)) return;
  const auto until = std::chrono::steady_clock::now() + patience_;
  for (;;) {
    const int unsent = PQflush(handle());
    if (unsent < 0 || (unsent == 0 && PQisBusy(handle()) == 0)) return;  // what is wrong, the result says
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd socket{PQsocket(handle()), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = left > 0 ? ::poll(&socket, 1, static_cast<int>(left)) : 0;
    if (ready == 0) {
      give_up();
      fail_unanswered();
    }
    if (ready > 0 && (socket.revents & ~POLLOUT) != 0 && PQconsumeInput(handle()) == 0) return;
  }
}

/// Closed under libpq's hands, so that it too knows the connection as lost: nothing that comes later may be
/// taken for the answer to another question, and nobody waits to roll back.
void PostgresConnection::give_up() {
  gave_up_ = true;
  ::shutdown(PQsocket(handle()), SHUT_RDWR);
  while (PQconsumeInput(handle()) == 1) continue;
}

void PostgresConnection::fail_unanswered() const {
  throw Error(Errc::db_down, "db.no_answer",
              fmt::format("{} did not answer within {} ms", name(), patience_.count()));
}

/// As PQexec: the last of several results, or the one that begins a COPY.
PgResult PostgresConnection::answer_to(int sent) {
  PgResult last;
  if (gave_up_) fail_unanswered();
  while (sent == 1) {
    await_answer();
    PgResult next(PQgetResult(handle()));
    if (!next) break;
    last = std::move(next);
    const auto status = PQresultStatus(last.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || PQstatus(handle()) == CONNECTION_BAD) break;
  }
  return last;
}

PgResult PostgresConnection::command(const std::string& sql) {
  settle();
  return checked(
      ask([&] { return PQexec(handle(), sql.c_str()); }, [&] { return PQsendQuery(handle(), sql.c_str()); }));
}

PgResult PostgresConnection::run(std::string_view sql, std::span<const Param> params) {
  settle();
  if (base::log_enabled(base::LogLevel::trace)) base::log(base::LogLevel::trace, "sql", sql);
  const auto* values = packed_.pack(params);
  const std::string text(sql);
  // Named only when it comes a second time: naming costs a round trip of its own.
  const bool seen = cache_.find(sql) != nullptr;
  if (auto* known = cached(sql); known != nullptr && seen)
    return run_named(*known, text, values, packed_.count());
  return checked(ask(
      [&] {
        return PQexecParams(handle(), text.c_str(), packed_.count(), nullptr, values, nullptr, nullptr, 0);
      },
      [&] {
        return PQsendQueryParams(handle(), text.c_str(), packed_.count(), nullptr, values, nullptr, nullptr,
                                 0);
      }));
}

PostgresConnection::Cached* PostgresConnection::cached(std::string_view sql) {
  if (!options().named_statements) return nullptr;
  if (auto* known = cache_.find(sql)) return known;
  // The name follows from the text: should a pooler hand us another session's connection, a name that
  // exists there stands for the same statement, never for a different one.
  return &cache_.add(sql, Cached{fmt::format("r{:.31}", base::sha256_hex(sql))}, [this](const Cached& old) {
    if (old.prepared) command("DEALLOCATE " + old.name);
    return true;
  });
}

PgResult PostgresConnection::run_named(Cached& cached, const std::string& sql, const char* const* values,
                                       int count) {
  if (!cached.prepared) {
    checked(ask([&] { return PQprepare(handle(), cached.name.c_str(), sql.c_str(), 0, nullptr); },
                [&] { return PQsendPrepare(handle(), cached.name.c_str(), sql.c_str(), 0, nullptr); }));
    cached.prepared = true;
  }
  return checked(
      ask([&] { return PQexecPrepared(handle(), cached.name.c_str(), count, values, nullptr, nullptr, 0); },
          [&] {
            return PQsendQueryPrepared(handle(), cached.name.c_str(), count, values, nullptr, nullptr, 0);
          }));
}

std::int64_t PostgresConnection::exec(std::string_view sql, std::span<const Param> params) {
  const auto result = run(sql, params);
  // A SELECT reports the rows it found as if it had touched them.
  if (std::string_view(PQcmdStatus(result.get())).starts_with("SELECT")) return 0;
  return pg_integer(PQcmdTuples(result.get()));
}

void PostgresConnection::exec_script(std::string_view sql) { command(std::string(sql)); }

Rows PostgresConnection::query(std::string_view sql, std::span<const Param> params) {
  return Rows(std::make_unique<PostgresRows>(run(sql, params)));
}

Rows PostgresConnection::stream(std::string_view sql, std::span<const Param> params) {
  if (!in_transaction()) throw Error(Errc::failure, "db.no_transaction", "a stream needs a transaction");
  settle();
  if (base::log_enabled(base::LogLevel::trace)) base::log(base::LogLevel::trace, "sql", sql);
  const auto* values = packed_.pack(params);
  const std::string text(sql);
  if (PQsendQueryParams(handle(), text.c_str(), packed_.count(), nullptr, values, nullptr, nullptr, 0) == 0)
    fail(nullptr);
  PQsetSingleRowMode(handle());
  return Rows(std::make_unique<PostgresStream>(*this));
}

bool PostgresConnection::in_transaction() const {
  if (gave_up_) return false;
  const auto status = PQtransactionStatus(handle());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void PostgresConnection::begin(Access access, const Scope& scope) {
  ++transaction_;
  // One round trip. Everything is LOCAL, so that nothing of ours stays on a pooled connection. Our statements
  // take less time than to compile them does, even those of a report's day.
  command(
      fmt::format("BEGIN ISOLATION LEVEL {}; SET LOCAL search_path = ringctl; SET LOCAL timezone = 'UTC'; "
                  "SET LOCAL datestyle = 'ISO'; SET LOCAL jit = off; SET LOCAL lock_timeout = {}; {}",
                  access == Access::write ? "READ COMMITTED READ WRITE" : "REPEATABLE READ READ ONLY",
                  options().busy_timeout.count(), scope_settings(scope)));
}

std::optional<std::vector<Rows>> PostgresConnection::read_at_once(std::span<const ScopedReads> groups) {
  if (gave_up_) fail_unanswered();
  settle();
  std::vector<Read> scopes;
  scopes.reserve(groups.size());
  for (const auto& group : groups)
    scopes.push_back(
        {scopes.empty() ? k_scope : k_next_scope, {group.scope.workspace, door_name(group.scope.door)}});
  const auto all = to_send(groups, scopes);
  PostgresPipeline pipeline(*this);
  for (const auto& [read, sets_scope, place, prepares, params] : all) {
    if (base::log_enabled(base::LogLevel::trace)) base::log(base::LogLevel::trace, "sql", read->sql);
    if (prepares) pipeline.prepare(place->name, std::string(read->sql));
    place == nullptr ? pipeline.run(std::string(read->sql), params)
                     : pipeline.run_prepared(place->name, params);
  }
  return rows_of(all, pipeline.finish());
}

/// Each scope before its reads. A text that no database can hold is refused before anything is sent, for the
/// server keeps the names of statements even if we do not hear of it. Places are taken now: a statement that
/// leaves to make room for another is taken back at the server.
std::vector<PostgresConnection::Sent> PostgresConnection::to_send(std::span<const ScopedReads> groups,
                                                                  std::span<const Read> scopes) {
  std::vector<Sent> all;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    all.push_back({&scopes[i], true});
    for (const auto& read : groups[i].reads) all.push_back({&read, false});
  }
  for (auto& one : all) one.params.pack(one.read->params);
  for (auto& one : all) one.place = cached(one.read->sql);
  for (auto at = all.begin(); at != all.end(); ++at) {
    const auto is_same = [&](const Sent& before) { return before.place == at->place; };
    at->prepares = at->place != nullptr && !at->place->prepared && std::none_of(all.begin(), at, is_same);
  }
  return all;
}

/// Throws as the first that failed.
std::vector<Rows> PostgresConnection::rows_of(std::span<const Sent> all,
                                              std::vector<PgResult> results) const {
  std::vector<Rows> rows;
  auto next = results.begin();
  for (const auto& one : all) {
    if (one.prepares) {
      checked(std::move(*next++));
      one.place->prepared = true;  // the name stays known to the server even if what comes after it fails
    }
    auto result = checked(std::move(*next++));
    if (!one.sets_scope) rows.emplace_back(std::make_unique<PostgresRows>(std::move(result)));
  }
  return rows;
}

void PostgresConnection::rescope(const Scope& scope) { command(scope_settings(scope)); }

void PostgresConnection::commit() {
  settle();
  const auto result =
      ask([&] { return PQexec(handle(), "COMMIT"); }, [&] { return PQsendQuery(handle(), "COMMIT"); });
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    if (PQstatus(handle()) == CONNECTION_BAD)
      throw Error(
          Errc::db_down, "db.commit_unknown",
          fmt::format("the connection to {} was lost during a commit: it may or may not have happened",
                      name()));
    fail(result.get());
  }
  // A transaction in which a statement failed answers COMMIT with ROLLBACK.
  if (std::string_view(PQcmdStatus(result.get())) != "COMMIT")
    throw Error(Errc::failure, "db.rolled_back", fmt::format("{} rolled back instead of committing", name()));
}

void PostgresConnection::rollback() noexcept {
  if (auto* pending = std::exchange(pending_, nullptr)) pending->abandon();
  if (!in_transaction()) return;
  try {
    ask([&] { return PQexec(handle(), "ROLLBACK"); }, [&] { return PQsendQuery(handle(), "ROLLBACK"); });
  } catch (const Error&) {
    // It does not answer, and undoes what has no connection any more.
  }
}

}  // namespace ringctl::db
