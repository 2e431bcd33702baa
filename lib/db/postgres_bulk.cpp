// Rows go by COPY into a temporary table (the policies do not let COPY into ours) and from there by INSERT ..
// SELECT, chunk by chunk, so that the staging table stays within the session's buffers. Neither is waited
// for: the caller makes rows while the server stores those before.

#include <fmt/format.h>

#include "base/error.hpp"
#include "db/bulk_insert_impl.hpp"
#include "db/copy_text.hpp"

namespace ringctl::db {
namespace {

constexpr std::size_t k_send = 128 * 1024;        // bytes handed to libpq at once
constexpr std::size_t k_most_buffered = 8 << 20;  // bytes held while the server is at the chunk before
constexpr std::size_t k_chunk = 6 << 20;          // bytes of COPY text in one INSERT .. SELECT

/// The staging table holds what differs from row to row; the rest comes in as parameters.
std::string staged_columns(const std::vector<BulkColumn>& columns) {
  std::string definitions;
  for (const auto& column : columns)
    if (!column.same)
      definitions += fmt::format("{}{} {}", definitions.empty() ? "" : ", ", column.name, column.type);
  return definitions;
}

std::string merge_statement(const std::string& table, const std::vector<BulkColumn>& columns,
                            const std::string& staging) {
  std::string names, sources;
  int parameters = 0;
  for (const auto& column : columns) {
    const auto* const comma = names.empty() ? "" : ", ";
    names += fmt::format("{}{}", comma, column.name);
    sources += column.same ? fmt::format("{}${}::{}", comma, ++parameters, column.type)
                           : fmt::format("{}{}", comma, column.name);
  }
  // Rows come out of the staging table in the order in which they went in.
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", table, names, sources, staging);
}

class PostgresBulk final : public BulkInsert::Impl, private PgPending {
 public:
  PostgresBulk(PostgresConnection& connection, const std::string& table,
               const std::vector<BulkColumn>& columns)
      : connection_(connection) {
    static thread_local std::uint64_t count = 0;
    const auto staging = fmt::format("pg_temp.ringctl_staging_{}", ++count);
    copy_ = fmt::format("COPY {} FROM STDIN", staging);
    merge_ = merge_statement(table, columns, staging);
    for (const auto& column : columns)
      if (column.same) same_.push_back(*column.same);
    truncate_ = "TRUNCATE " + staging;
    connection.command(
        fmt::format("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP", staging, staged_columns(columns)));
  }
  ~PostgresBulk() override {
    if (connection_.pending() != this) return;
    connection_.set_pending(nullptr);
    abandon();
  }

  void add(std::span<const Param> row) override {
    rows_.add(row);
    if (rows_.buffer().size() >= k_send) send_if_ready();
  }

  void flush() override {
    if (!rows_.buffer().empty()) send();
    if (staged_ > 0) merge();
    connection_.settle();
  }

 private:
  enum class State { idle, copying, merging };

  void send_if_ready() {
    if (state_ == State::merging && rows_.buffer().size() < k_most_buffered && server_is_busy()) return;
    send();
    if (staged_ >= k_chunk) merge();
  }

  bool server_is_busy() {
    if (PQconsumeInput(connection_.handle()) == 0) connection_.fail(nullptr);
    return PQisBusy(connection_.handle()) == 1;
  }

  void send() {
    if (state_ != State::copying) {
      connection_.settle();
      if (merged_) connection_.command(truncate_);
      merged_ = false;
      connection_.command(copy_);
      connection_.set_pending(this);
      state_ = State::copying;
    }
    auto& buffer = rows_.buffer();
    if (PQputCopyData(connection_.handle(), buffer.data(), static_cast<int>(buffer.size())) != 1)
      connection_.fail(nullptr);
    staged_ += buffer.size();
    buffer.clear();
  }

  void merge() {
    connection_.settle();
    std::vector<const char*> values;
    for (const auto& text : same_) values.push_back(text.c_str());
    if (PQsendQueryParams(connection_.handle(), merge_.c_str(), static_cast<int>(values.size()), nullptr,
                          values.data(), nullptr, nullptr, 0) == 0)
      connection_.fail(nullptr);
    connection_.set_pending(this);
    state_ = State::merging;
    staged_ = 0;
    merged_ = true;
  }

  // Another statement wants the connection, or we do.
  void settle() override {
    const auto was = std::exchange(state_, State::idle);
    if (was == State::copying && PQputCopyEnd(connection_.handle(), nullptr) != 1) connection_.fail(nullptr);
    PgResult result(PQgetResult(connection_.handle()));
    while (PgResult(PQgetResult(connection_.handle()))) {
    }
    connection_.checked(std::move(result));
    if (was == State::merging) forget_plans();
  }

  /// The table grew: what was planned for an empty one would read all of it for every look-up.
  void forget_plans() { PgResult(PQexec(connection_.handle(), "DISCARD PLANS")); }

  void abandon() noexcept override {
    if (std::exchange(state_, State::idle) == State::copying) PQputCopyEnd(connection_.handle(), "abandoned");
    while (PgResult(PQgetResult(connection_.handle()))) {
    }
  }

  PostgresConnection& connection_;
  std::string copy_, merge_, truncate_;
  std::vector<std::string> same_;
  CopyText rows_;
  State state_ = State::idle;
  std::size_t staged_ = 0;  // bytes in the staging table that are not merged yet
  bool merged_ = false;     // the staging table holds rows that are
};

}  // namespace

std::unique_ptr<BulkInsert::Impl> BulkInsert::Impl::make(PostgresConnection& connection,
                                                         const std::string& table,
                                                         const std::vector<BulkColumn>& columns) {
  return std::make_unique<PostgresBulk>(connection, table, columns);
}

}  // namespace ringctl::db
