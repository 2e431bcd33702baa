#include "base/error.hpp"
#include "db/samples.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Samples;
using test::slug_of;

namespace {

constexpr std::string_view k_label = "SELECT label FROM samples WHERE id = $1";

std::string labels(std::span<Rows> rows) {
  std::string all;
  for (auto& of_one : rows) {
    while (of_one.next()) all.append(of_one.text(0)).push_back(' ');
    all.push_back('|');
  }
  return all;
}

std::string read(Connection& connection, std::initializer_list<Read> reads) {
  std::string all;
  const std::vector<Read> list(reads);
  read_together(connection, Scope{}, list, [&](std::span<Rows> rows) { all = labels(rows); });
  return all;
}

}  // namespace

TEST_CASE("what is read together comes in the order of the reads, each time", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  samples.fill(3);
  auto& connection = samples.connection();
  for (int time = 0; time < 3; ++time) {
    CHECK(read(connection,
               {{k_label, {2}}, {"SELECT label FROM samples ORDER BY id"}, {k_label, {7}}, {k_label, {1}}}) ==
          "row 2 |row 1 row 2 row 3 ||row 1 |");
    CHECK(read(connection, {}).empty());
    CHECK_FALSE(connection.in_transaction());
  }
}

TEST_CASE("a read that fails fails all that are read together, and the connection goes on", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  samples.fill(2);
  auto& connection = samples.connection();
  for (int time = 0; time < 2; ++time) {
    CHECK(slug_of([&] {
            read(connection, {{k_label, {1}}, {"SELECT label FROM nowhere"}, {k_label, {2}}});
          }) == "schema.missing_table");
    CHECK(slug_of([&] {
            read(connection, {{k_label, {1}}, {k_label, {std::string_view("1\0", 2)}}});
          }) == "db.bad_text");
    CHECK_FALSE(connection.in_transaction());
    CHECK(read(connection, {{k_label, {1}}}) == "row 1 |");
    CHECK(connection.text(k_label, {2}) == "row 2");
  }
}

TEST_CASE("reads in a transaction are not read together", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  const Transaction transaction(samples.connection(), Scope{});
  CHECK(slug_of([&] { read(samples.connection(), {{k_label, {1}}}); }) == "db.nested_transaction");
}

TEST_CASE("what is read together is the workspace's alone, and what opened it does not stay",
          "[db][policies][postgresql]") {
  Samples samples(Engine::postgresql);
  auto& connection = samples.connection();
  const test::FixedClock clock;
  const auto workspace = base::UuidGenerator(clock).next();
  const auto seen = [&](const Scope& scope) {
    const std::vector<Read> reads{{"SELECT current_setting('ringctl.workspace')"},
                                  {"SELECT current_setting('ringctl.door')"}};
    std::string all;
    read_together(connection, scope, reads, [&](std::span<Rows> rows) { all = labels(rows); });
    return all;
  };
  CHECK(seen(Scope::of(workspace)) == workspace.text() + " | |");
  CHECK(seen(Scope::through(Door::number_holder)) ==
        " |" + std::string(door_name(Door::number_holder)) + " |");
  CHECK(connection.text("SELECT current_setting('ringctl.workspace', TRUE)").value_or("").empty());
}

TEST_CASE("reads of several scopes go together, each in its own", "[db][policies][postgresql]") {
  Samples samples(Engine::postgresql);
  auto& connection = samples.connection();
  const auto one = samples.database.add_workspace("one"), two = samples.database.add_workspace("two");
  const std::vector<Read> names{{"SELECT name FROM workspaces ORDER BY name"}};
  const std::vector<Read> twice{names[0], {"SELECT current_setting('ringctl.workspace')"}};
  const std::vector<ScopedReads> groups{{Scope::of(one), names},
                                        {Scope::of(two), twice},
                                        {Scope{}, names},
                                        {Scope::through(Door::workspaces), names}};
  for (int time = 0; time < 2; ++time) {
    std::string all;
    read_together(connection, groups, [&](std::span<Rows> rows) { all = labels(rows); });
    CHECK(all == "one |two |" + two.text() + " ||one two |");
  }
  CHECK(connection.text("SELECT current_setting('plan_cache_mode')") == "auto");
}

TEST_CASE("nothing to read in any scope is no question", "[db]") {
  Samples samples(GENERATE(from_range(test::engines())));
  int used = 0;
  read_together(samples.connection(), std::vector<ScopedReads>{}, [&](std::span<Rows> rows) {
    CHECK(rows.empty());
    ++used;
  });
  CHECK(used == 1);
}

TEST_CASE("reads go together without names for statements, too", "[db][postgresql]") {
  Samples samples(Engine::postgresql);
  samples.fill(1);
  auto options = samples.connection().options();
  options.named_statements = false;
  const auto other = Connection::open(samples.connection().url_with_password(), options);
  for (int time = 0; time < 2; ++time)
    CHECK(read(*other, {{"SELECT label FROM ringctl.samples WHERE id = $1", {1}}}) == "row 1 |");
  CHECK(other->integer("SELECT count(*) FROM pg_prepared_statements") == 0);
}
