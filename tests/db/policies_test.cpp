// Two workspaces in one PostgreSQL database: what a statement that forgot its WHERE gets to see.

#include <array>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::slug_of;

namespace {

struct TwoTenants {
  TwoTenants()
      : database(Engine::postgresql),
        ours(database.add_workspace("ours")),
        theirs(database.add_workspace("theirs")) {
    add(ours, "+12025550100");
    add(ours, "+12025550101");
    add(theirs, "+12025550102");
  }
  Connection& connection() { return database.connection(); }
  void insert(const base::Uuid& workspace, const std::string& number) {
    connection().exec(
        "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
        {ids.next(), workspace, number, clock.now()});
  }
  void add(const base::Uuid& workspace, const std::string& number) {
    in_transaction(connection(), Scope::of(workspace), [&] { insert(workspace, number); });
  }
  std::int64_t seen(const Scope& scope, std::string_view table = "phone_numbers") {
    const Transaction transaction(connection(), scope, Access::read);
    return connection().integer("SELECT count(*) FROM " + std::string(table)).value();
  }

  test::FixedClock clock;
  base::UuidGenerator ids{clock};
  test::TestDatabase database;
  base::Uuid ours, theirs;
};

}  // namespace

TEST_CASE("a statement without WHERE sees only its own workspace", "[db][postgresql]") {
  TwoTenants tenants;
  CHECK(tenants.seen(Scope::of(tenants.ours)) == 2);
  CHECK(tenants.seen(Scope::of(tenants.theirs)) == 1);
  CHECK(tenants.seen(Scope::of(tenants.ours), "workspaces") == 1);
  CHECK(tenants.seen(Scope::of(tenants.ours), "phone_number") == 2);
}

TEST_CASE("without a workspace no tenant row is seen, in a transaction or out of one", "[db][postgresql]") {
  TwoTenants tenants;
  CHECK(tenants.seen(Scope{}) == 0);
  CHECK(tenants.seen(Scope{}, "workspaces") == 0);
  CHECK(tenants.connection().integer("SELECT count(*) FROM ringctl.phone_numbers") == 0);
}

TEST_CASE("what one transaction may see does not outlive it", "[db][postgresql]") {
  TwoTenants tenants;
  CHECK(tenants.seen(Scope::through(Door::maintenance)) == 3);
  CHECK(tenants.seen(Scope{}) == 0);
}

TEST_CASE("rows of another workspace can be neither written, changed nor deleted", "[db][postgresql]") {
  TwoTenants tenants;
  {
    const Transaction transaction(tenants.connection(), Scope::of(tenants.ours));
    CHECK(slug_of([&] { tenants.insert(tenants.theirs, "+12025550103"); }) == "db.not_allowed");
  }
  {
    Transaction transaction(tenants.connection(), Scope::of(tenants.ours));
    CHECK(tenants.connection().exec("DELETE FROM phone_numbers WHERE workspace_id = $1", {tenants.theirs}) ==
          0);
    CHECK(tenants.connection().exec("UPDATE phone_numbers SET label = 'x'") == 2);
    transaction.commit();
  }
  const Transaction transaction(tenants.connection(), Scope::of(tenants.ours));
  CHECK(slug_of([&] {
          tenants.connection().exec("UPDATE phone_numbers SET workspace_id = $1", {tenants.theirs});
        }) == "db.not_allowed");
}

TEST_CASE("a number belongs to a workspace that exists, and keeps it from being deleted",
          "[db][postgresql]") {
  TwoTenants tenants;
  const auto nobody = tenants.ids.next();
  CHECK(slug_of([&] { tenants.add(nobody, "+12025550103"); }) == "db.not_allowed");
  const auto through_the_back = [&] {
    in_transaction(tenants.connection(), Scope::through(Door::maintenance),
                   [&] { tenants.insert(nobody, "+12025550103"); });
  };
  CHECK(slug_of(through_the_back) == "db.not_allowed");
  const auto remove = [&](const base::Uuid& workspace) {
    in_transaction(tenants.connection(), Scope::of(workspace), [&] {
      tenants.connection().exec("DELETE FROM audit_heads WHERE workspace_id = $1", {workspace});
      tenants.connection().exec("DELETE FROM workspaces WHERE id = $1", {workspace});
    });
  };
  CHECK(slug_of([&] { remove(tenants.theirs); }) == "db.foreign_key");
  in_transaction(tenants.connection(), Scope::of(tenants.theirs),
                 [&] { tenants.connection().exec("DELETE FROM phone_numbers"); });
  CHECK_NOTHROW(remove(tenants.theirs));
}

TEST_CASE("a number that another workspace holds is a conflict", "[db][postgresql]") {
  TwoTenants tenants;
  CHECK(slug_of([&] { tenants.add(tenants.ours, "+12025550102"); }) == "db.unique");
}

TEST_CASE("the number_holder door reads numbers and does not write", "[db][postgresql]") {
  TwoTenants tenants;
  const auto scope = Scope::through(Door::number_holder);
  CHECK(tenants.seen(scope) == 3);
  CHECK(tenants.seen(scope, "workspaces") == 0);
  CHECK(tenants.seen(scope, "audit_log") == 0);
  const Transaction transaction(tenants.connection(), scope);
  CHECK(tenants.connection().exec("UPDATE phone_numbers SET label = 'x'") == 0);
  CHECK(tenants.connection().exec("DELETE FROM phone_numbers") == 0);
  CHECK(slug_of([&] { tenants.insert(tenants.ours, "+12025550103"); }) == "db.not_allowed");
}

TEST_CASE("the workspaces door opens workspaces and nothing else", "[db][postgresql]") {
  TwoTenants tenants;
  CHECK(tenants.seen(Scope::through(Door::workspaces), "workspaces") == 2);
  CHECK(tenants.seen(Scope::through(Door::workspaces)) == 0);
}

TEST_CASE("the workspaces door reads workspaces and changes none", "[db][postgresql]") {
  TwoTenants tenants;
  const Transaction transaction(tenants.connection(), Scope::through(Door::workspaces));
  CHECK(tenants.connection().exec("UPDATE workspaces SET name = name || 'x'") == 0);
  CHECK(tenants.connection().exec("DELETE FROM workspaces") == 0);
}

TEST_CASE("a transaction may go on with another workspace's rows", "[db][postgresql]") {
  TwoTenants tenants;
  Transaction transaction(tenants.connection(), Scope::of(tenants.ours));
  CHECK(tenants.connection().integer("SELECT count(*) FROM phone_numbers") == 2);
  transaction.rescope(Scope::of(tenants.theirs));
  CHECK(tenants.connection().integer("SELECT count(*) FROM phone_numbers") == 1);
}

TEST_CASE("every tenant table is closed without a workspace", "[db][postgresql]") {
  TwoTenants tenants;
  for (const auto* table :
       {"workspaces", "phone_numbers", "jobs", "job_rows", "audit_log", "audit_images", "audit_heads"}) {
    CAPTURE(table);
    CHECK(tenants.seen(Scope{}, table) == 0);
  }
}
