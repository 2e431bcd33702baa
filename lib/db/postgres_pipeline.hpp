#pragma once
// Several statements on their way to the server before the first answer is back. Private to this room.

#include <optional>
#include <string>
#include <vector>

#include "db/postgres_connection.hpp"

namespace ringctl::db {

/// The server runs what is sent between two syncs as one transaction and passes over the rest of it once a
/// statement failed. Leaves the connection ready for use, whatever happens.
class PostgresPipeline {
 public:
  /// Nothing else may be on its way. Throws Errc::db_down.
  explicit PostgresPipeline(PostgresConnection&);
  ~PostgresPipeline();
  PostgresPipeline(const PostgresPipeline&) = delete;
  PostgresPipeline& operator=(const PostgresPipeline&) = delete;

  void prepare(const std::string& name, const std::string& sql);
  void run_prepared(const std::string& name, const PackedParams&);
  void run(const std::string& sql, const PackedParams&);
  /// What each that was sent gave, failures among them, in their order. Throws Errc::db_down.
  std::vector<PgResult> finish();

 private:
  void sent(int accepted);
  PgResult next();
  void drain() noexcept;

  PostgresConnection& connection_;
  std::size_t sent_ = 0;
  bool synced_ = false;
};

}  // namespace ringctl::db
