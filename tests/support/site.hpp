#pragma once
// A fresh machine with a database of its own: the embedded one in its home, or one without a workspace on the
// test server.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/exit_statuses.hpp"
#include "support/process.hpp"

namespace ringctl::test {

/// The exit status and the machine name of the error: "6 numbers.exists". Says so where the command's help
/// does not list that status.
inline std::string failure_of(const ProcessResult& result) {
  const auto open = result.err.rfind("  ["), close = result.err.find(']', open);
  auto status = std::to_string(result.status);
  if (!ended_as_documented(result)) status.append(" (not in the command's help)");
  if (result.status == 0 || open == std::string::npos) return status;
  return status + " " + result.err.substr(open + 3, close - open - 3);
}

class Site {
 public:
  using Arguments = Machine::Arguments;

  /// On PostgreSQL with all tables, unless `schema` says without: copied ones take a fraction of the time
  /// that making them takes. `server`: a PostgreSQL beside the one that tests share; the database there is
  /// empty.
  explicit Site(db::Engine engine, Schema schema = Schema::latest, const std::string& server = {})
      : engine_(engine) {
    if (!server.empty())
      server_.emplace(server);
    else if (engine == db::Engine::postgresql)
      server_.emplace(engine, schema);
  }
  db::Engine engine() const { return engine_; }
  const Machine& machine() const { return machine_; }
  /// "" on SQLite: the default is what is tested.
  std::string url() const { return server_ ? server_->url() : std::string(); }
  std::filesystem::path sqlite_file() const { return machine_.home() / ".local/share/ringctl/ringctl.db"; }

  ProcessResult run(const Arguments& arguments) const {
    ProcessOptions options;
    if (server_) options.environment["RINGCTL_DATABASE_URL"] = url();
    return machine_.run(arguments, options);
  }
  /// Standard output of a command that must succeed.
  std::string ok(const Arguments& arguments) const {
    const auto result = run(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return result.out;
  }
  nlohmann::json json(Arguments arguments) const {
    arguments.insert(arguments.end(), {"-o", "json"});
    return nlohmann::json::parse(ok(arguments));
  }
  /// As failure_of(), "0" if it succeeds.
  std::string failure(const Arguments& arguments) const { return failure_of(run(arguments)); }
  /// SQLite needs none.
  const Site& init() const {
    ok({"init", "--yes", "--zone", "UTC"});
    return *this;
  }
  /// A statement behind ringctl's back.
  void tamper(const std::string& sql) const {
    const auto connection = db::Connection::open(server_ ? url() : "sqlite:" + sqlite_file().string());
    db::Transaction transaction(*connection, db::Scope::through(db::Door::maintenance));
    REQUIRE(connection->exec(sql) > 0);
    transaction.commit();
  }

 private:
  db::Engine engine_;
  Machine machine_;
  std::optional<TestDatabase> server_;
};

inline std::string lines(std::initializer_list<std::string_view> all) {
  std::string text;
  for (const auto line : all) text.append(line).append("\n");
  return text;
}

}  // namespace ringctl::test
