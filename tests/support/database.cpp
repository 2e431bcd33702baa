#include "support/database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <span>
#include <stdexcept>

#include "base/digest.hpp"
#include "db/migrations.hpp"
#include "db/transaction.hpp"
#include "support/clock.hpp"
#include "support/eventually.hpp"

namespace ringctl::test {
namespace {

namespace fs = std::filesystem;

const char* given_url() { return std::getenv("RINGCTL_TEST_POSTGRES"); }

std::string server_url() {
  const char* url = given_url();
  if (url == nullptr || *url == '\0')
    throw std::runtime_error(
        "set RINGCTL_TEST_POSTGRES to a server's URL (tests/run.sh does), or to nothing to do without");
  return url;
}

// postgresql://ringctl@host/postgres?x=y -> the same with another database.
std::string with_database(const std::string& url, const std::string& name) {
  const auto authority = url.find("://") + 3;
  const auto query = std::min(url.find('?', authority), url.size());
  const auto path = std::min(url.find('/', authority), query);
  return url.substr(0, path) + "/" + name + url.substr(query);
}

std::string schema_digest(std::span<const db::Migration> migrations) {
  base::Digest digest;
  for (const auto& migration : migrations) digest.update(migration.sql);
  return digest.hex().substr(0, 12);
}

// Each test runs as a process of its own under ctest, so the migrated template is kept on the server for all
// of them; its name follows from the schema.
const std::string& template_database() {
  static const std::string name = [] {
    auto wanted = "ringctl_template_" + schema_digest(db::postgresql_migrations());
    const auto admin = db::Connection::open(server_url());
    admin->query("SELECT pg_advisory_lock(727467)");
    if (!admin->integer("SELECT 1 FROM pg_database WHERE datname = $1", {wanted})) {
      const auto draft = fmt::format("{}_{}", wanted, ::getpid());
      admin->exec("CREATE DATABASE " + draft);
      const FixedClock clock;
      db::migrate(*db::Connection::open(with_database(server_url(), draft)), clock);
      admin->exec(fmt::format("ALTER DATABASE {} RENAME TO {}", draft, wanted));
    }
    admin->query("SELECT pg_advisory_unlock(727467)");
    return wanted;
  }();
  return name;
}

std::string create_database(const std::string& server, Schema schema) {
  static int count = 0;
  auto name = fmt::format("ringctl_test_{}_{}", ::getpid(), ++count);
  const auto admin = db::Connection::open(server);
  admin->exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  // As files: page by page through the log takes four times as long.
  admin->exec(fmt::format("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name,
                          schema == Schema::latest ? template_database() : "template0"));
  return name;
}

// A migrated file, kept beside those of the tests for all of their processes, as PostgreSQL's template is.
fs::path template_file() {
  auto wanted = fs::temp_directory_path() /
                fmt::format("ringctl_template_{}.db", schema_digest(db::sqlite_migrations()));
  if (fs::exists(wanted)) return wanted;
  const TempDir dir;
  const auto draft = dir / "draft.db";
  const FixedClock clock;
  db::migrate(*db::Connection::open("sqlite:" + draft.string(), test_options()), clock);
  fs::rename(draft, wanted);
  return wanted;
}

}  // namespace

// Throws nothing: a generator that throws takes the test program down with it. A test that comes to the
// missing server says so.
std::vector<db::Engine> engines() {
  const char* url = given_url();
  const bool without = url != nullptr && *url == '\0';
  return without ? std::vector{db::Engine::sqlite} : std::vector{db::Engine::sqlite, db::Engine::postgresql};
}

db::OpenOptions test_options() {
  db::OpenOptions options;
  options.create = true;
  options.synchronous = false;
  // Many that write at once are not many too many only because the machine has other things to do.
  options.busy_timeout = k_patience;
  return options;
}

TestDatabase::TestDatabase(db::Engine engine, Schema schema) : engine_(engine) {
  if (engine == db::Engine::postgresql) {
    server_ = server_url();
    name_ = create_database(server_, schema);
    url_ = with_database(server_, name_);
    return;
  }
  path_ = dir_ / "ringctl.db";
  url_ = "sqlite:" + path_.string();
  if (schema == Schema::latest) fs::copy_file(template_file(), path_);
}

TestDatabase::TestDatabase(std::string server)
    : engine_(db::Engine::postgresql),
      server_(std::move(server)),
      name_(create_database(server_, Schema::none)),
      url_(with_database(server_, name_)) {}

TestDatabase::~TestDatabase() {
  connection_.reset();
  if (name_.empty()) return;
  try {
    // Not by force: that may not end an autovacuum worker, which the plain form does.
    db::Connection::open(server_)->exec("DROP DATABASE IF EXISTS " + name_);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cannot drop {}: {}\n", name_, error.what());
  }
}

db::Connection& TestDatabase::connection() {
  if (!connection_) connection_ = connect();
  return *connection_;
}

std::unique_ptr<db::Connection> TestDatabase::connect() const { return connect(test_options()); }

std::unique_ptr<db::Connection> TestDatabase::connect(const db::OpenOptions& options) const {
  return db::Connection::open(url_, options);
}

base::Uuid TestDatabase::add_workspace(std::string_view name) {
  const FixedClock clock;
  const auto id = base::UuidGenerator(clock).next();
  db::Transaction transaction(connection(), db::Scope::of(id));
  connection().exec(
      "INSERT INTO workspaces (id, name, timezone, created_at, updated_at) VALUES ($1, $2, 'UTC', $3, $3)",
      {id, name, clock.now()});
  transaction.commit();
  return id;
}

}  // namespace ringctl::test
