#pragma once
// A database with a workspace and what library calls that write take.

#include <string>

#include "audit/log.hpp"
#include "db/transaction.hpp"
#include "support/database.hpp"
#include "support/fake_clock.hpp"

namespace ringctl::test {

/// One connection with its own ids; `clock` is shared by tests that have several.
struct Actor {
  Actor(std::unique_ptr<db::Connection> opened, const base::Clock& clock, std::string name = "os:alice")
      : connection(std::move(opened)), ids(clock), session{*connection, clock, ids, std::move(name)} {}
  std::unique_ptr<db::Connection> connection;
  base::UuidGenerator ids;
  audit::Session session;
};

struct Estate {
  explicit Estate(db::Engine engine)
      : database(engine), workspace(database.add_workspace("main")), alice(database.connect(), clock) {}

  audit::Session& session() { return alice.session; }
  db::Connection& db() { return *alice.connection; }

  /// `work` in a write transaction on the workspace.
  template <class Work>
  void write(Work&& work) {
    db::in_transaction(db(), db::Scope::of(workspace), work);
  }
  /// `work` in a read transaction on the workspace; what it returns.
  template <class Work>
  auto read(Work&& work) {
    db::Transaction transaction(db(), db::Scope::of(workspace), db::Access::read);
    auto result = work();
    transaction.commit();
    return result;
  }

  FakeClock clock;
  TestDatabase database;
  base::Uuid workspace;
  Actor alice;
};

}  // namespace ringctl::test
