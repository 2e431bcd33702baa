#include "db/postgres_pipeline.hpp"

#include "base/error.hpp"

namespace ringctl::db {

PostgresPipeline::PostgresPipeline(PostgresConnection& connection) : connection_(connection) {
  if (PQenterPipelineMode(connection_.handle()) == 0) connection_.fail(nullptr);
}

PostgresPipeline::~PostgresPipeline() {
  drain();
  PQexitPipelineMode(connection_.handle());
}

void PostgresPipeline::sent(int accepted) {
  if (accepted == 0) connection_.fail(nullptr);
  ++sent_;
}

void PostgresPipeline::prepare(const std::string& name, const std::string& sql) {
  sent(PQsendPrepare(connection_.handle(), name.c_str(), sql.c_str(), 0, nullptr));
}

void PostgresPipeline::run_prepared(const std::string& name, const PackedParams& params) {
  sent(PQsendQueryPrepared(connection_.handle(), name.c_str(), params.count(), params.values(), nullptr,
                           nullptr, 0));
}

void PostgresPipeline::run(const std::string& sql, const PackedParams& params) {
  sent(PQsendQueryParams(connection_.handle(), sql.c_str(), params.count(), nullptr, params.values(), nullptr,
                         nullptr, 0));
}

std::vector<PgResult> PostgresPipeline::finish() {
  if (PQpipelineSync(connection_.handle()) == 0) connection_.fail(nullptr);
  synced_ = true;
  std::vector<PgResult> results;
  for (; sent_ > 0; --sent_) results.push_back(next());
  return results;
}

/// The answer to one statement; a null pointer ends it.
PgResult PostgresPipeline::next() {
  PgResult first;
  for (;;) {
    connection_.await_answer();
    PgResult result(PQgetResult(connection_.handle()));
    if (!result) return first;
    if (!first) first = std::move(result);
  }
}

/// Reads to the sync, which the server answers even after a failure.
void PostgresPipeline::drain() noexcept {
  auto* const handle = connection_.handle();
  if (!synced_) PQpipelineSync(handle);
  try {
    while (PQstatus(handle) == CONNECTION_OK && !connection_.gave_up()) {
      connection_.await_answer();
      const PgResult result(PQgetResult(handle));
      if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) return;
    }
  } catch (const Error&) {
    // It does not answer, and the connection is closed.
  }
}

}  // namespace ringctl::db
