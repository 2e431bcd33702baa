#include "db/connection.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "db/postgres_connection.hpp"
#include "db/rows_impl.hpp"
#include "db/sqlite_connection.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

std::span<const Param> as_span(std::initializer_list<Param> params) {
  return {params.begin(), params.size()};
}

}  // namespace

std::string_view engine_name(Engine engine) { return engine == Engine::sqlite ? "sqlite" : "postgresql"; }

Rows::Rows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

bool Rows::next() { return impl_->next(); }
void Rows::stop() noexcept { impl_->stop(); }
int Rows::columns() const { return impl_->columns(); }
bool Rows::is_null(int column) const { return impl_->is_null(column); }
std::string_view Rows::text(int column) const { return impl_->text(column); }
std::int64_t Rows::integer(int column) const { return impl_->integer(column); }
bool Rows::boolean(int column) const { return impl_->boolean(column); }
base::Instant Rows::instant(int column) const { return base::parse_utc(impl_->text(column)); }
base::Uuid Rows::uuid(int column) const { return base::Uuid::parse(impl_->text(column)); }

std::optional<std::string> Rows::maybe_text(int column) const {
  if (impl_->is_null(column)) return std::nullopt;
  return std::string(impl_->text(column));
}

std::optional<base::Instant> Rows::maybe_instant(int column) const {
  if (impl_->is_null(column)) return std::nullopt;
  return instant(column);
}

Connection::Connection(std::string url, OpenOptions options)
    : url_(base::redact_url(url)), url_with_password_(std::move(url)), options_(std::move(options)) {}

std::unique_ptr<Connection> Connection::open(const std::string& url, const OpenOptions& options) {
  if (url.starts_with("sqlite:")) return SqliteConnection::open(url, options);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return PostgresConnection::open(url, options);
  throw Error(Errc::usage, "db.bad_url",
              fmt::format("\"{}\" is not a database URL (expected sqlite:PATH or postgresql://HOST/NAME)",
                          base::redact_url(url)));
}

std::optional<std::vector<Rows>> Connection::read_at_once(std::span<const ScopedReads>) {
  return std::nullopt;
}

std::int64_t Connection::exec(std::string_view sql, std::initializer_list<Param> params) {
  return exec(sql, as_span(params));
}

Rows Connection::query(std::string_view sql, std::initializer_list<Param> params) {
  return query(sql, as_span(params));
}

Rows Connection::stream(std::string_view sql, std::initializer_list<Param> params) {
  return stream(sql, as_span(params));
}

std::optional<std::int64_t> Connection::integer(std::string_view sql, std::initializer_list<Param> params) {
  auto rows = query(sql, as_span(params));
  if (!rows.next() || rows.is_null(0)) return std::nullopt;
  return rows.integer(0);
}

std::optional<std::string> Connection::text(std::string_view sql, std::initializer_list<Param> params) {
  auto rows = query(sql, as_span(params));
  if (!rows.next()) return std::nullopt;
  return rows.maybe_text(0);
}

std::string Connection::text_array(std::string_view placeholder) const {
  return engine() == Engine::sqlite ? fmt::format("json_each({})", placeholder)
                                    : fmt::format("json_array_elements_text({}::json)", placeholder);
}

std::string Connection::among(std::string_view column, std::string_view placeholder) const {
  const auto values = fmt::format("(SELECT value FROM {})", text_array(placeholder));
  return engine() == Engine::sqlite ? fmt::format("{} IN {}", column, values)
                                    : fmt::format("{} = ANY (ARRAY{})", column, values);
}

std::string Connection::json_list(std::string_view text) const {
  return engine() == Engine::sqlite ? fmt::format("json_group_array({})", text)
                                    : fmt::format("json_agg({})::text", text);
}

}  // namespace ringctl::db
