// Opening a PostgreSQL connection: time limits so that a dead peer is noticed, and what the server must be.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "db/postgres_connection.hpp"
#include "db/postgres_error.hpp"

namespace ringctl::db {
namespace {

constexpr int k_oldest_server = 150000;  // views with security_invoker

void log_notice(void*, const char* message) { base::log(base::LogLevel::debug, "db.notice", message); }

// What stands before "dbname" is a default that the URL may override; what stands after it is not.
PgHandle connect(const std::string& url, const OpenOptions& options) {
  const auto seconds = std::max<std::int64_t>(2, options.connect_timeout.count() / 1000);
  const auto connect_timeout = std::to_string(seconds);
  const char* const keys[] = {"connect_timeout",
                              "tcp_user_timeout",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "fallback_application_name",
                              "dbname",
                              "client_encoding",
                              nullptr};
  const char* const values[] = {connect_timeout.c_str(),          "15000",     "10",   "5",    "3",
                                options.application_name.c_str(), url.c_str(), "UTF8", nullptr};
  return PgHandle(PQconnectdbParams(keys, values, 1));
}

void require_usable(PGconn* connection, const std::string& name) {
  if (PQserverVersion(connection) < k_oldest_server)
    throw Error(
        Errc::config, "db.server_too_old",
        fmt::format("{} runs PostgreSQL {}, older than 15", name, PQserverVersion(connection) / 10000));
  const char* encoding = PQparameterStatus(connection, "server_encoding");
  if (encoding != nullptr && std::string_view(encoding) != "UTF8")
    throw Error(Errc::config, "db.encoding", fmt::format("{} holds text as {}, not UTF8", name, encoding));
}

/// libpq quotes the part of a URL that it cannot read, which may be the password: it is not asked to connect
/// then.
void require_readable_url(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parts(
      PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  bool good = parts != nullptr;
  for (const auto* part = parts.get(); good && part->keyword != nullptr; ++part)
    if (part->val != nullptr && std::string_view(part->keyword) == "host")
      good = std::string_view(part->val).find('@') == std::string_view::npos;
  if (good) return;
  throw Error(Errc::usage, "db.bad_url", fmt::format("\"{}\" is not a PostgreSQL URL", base::redact_url(url)),
              "write @ : / % and # in a user name or password as %40 %3A %2F %25 %23");
}

}  // namespace

std::unique_ptr<PostgresConnection> PostgresConnection::open(const std::string& url,
                                                             const OpenOptions& options) {
  require_readable_url(url);
  auto handle = connect(url, options);
  auto connection = std::make_unique<PostgresConnection>(std::move(handle), url, options);
  if (PQstatus(connection->handle()) != CONNECTION_OK)
    throw postgres_connect_error(connection->handle(), connection->name());
  PQsetNoticeProcessor(connection->handle(), log_notice, nullptr);
  require_usable(connection->handle(), connection->name());
  return connection;
}

}  // namespace ringctl::db
