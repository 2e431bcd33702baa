#pragma once
// Databases for tests: a file in a temporary folder, or a database of its own on the server that
// RINGCTL_TEST_POSTGRES names (a role that may create databases and that row policies bind). Gone with the
// fixture.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "support/temp_dir.hpp"

namespace ringctl::test {

/// SQLite, and PostgreSQL unless the tests shall do without: GENERATE(from_range(engines())).
std::vector<db::Engine> engines();

enum class Schema { latest, none };

class TestDatabase {
 public:
  explicit TestDatabase(db::Engine, Schema = Schema::latest);
  /// An empty one on another PostgreSQL than the tests share.
  explicit TestDatabase(std::string server);
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  db::Engine engine() const { return engine_; }
  const std::string& url() const { return url_; }
  /// SQLite: the file; empty on PostgreSQL.
  const std::filesystem::path& path() const { return path_; }
  /// One connection that the fixture keeps, opened when first asked for.
  db::Connection& connection();
  /// Another one. SQLite connections of fixtures do not flush to disk unless `options` say so.
  std::unique_ptr<db::Connection> connect() const;
  std::unique_ptr<db::Connection> connect(const db::OpenOptions& options) const;
  /// Inserts a workspace (zone UTC) and returns its id.
  base::Uuid add_workspace(std::string_view name = "default");

 private:
  db::Engine engine_;
  TempDir dir_;
  std::filesystem::path path_;
  std::string server_, name_, url_;
  std::unique_ptr<db::Connection> connection_;
};

/// What connect() opens with.
db::OpenOptions test_options();

}  // namespace ringctl::test
