#include "sim/scratch.hpp"

#include <fstream>

#include "db/maintenance.hpp"
#include "db/migrations.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::sim;

namespace {

namespace fs = std::filesystem;

void fill_nothing(db::Connection&) {}

void make_table(db::Connection& connection) { connection.exec_script("CREATE TABLE mine (x integer)"); }

std::int64_t tables_named(db::Connection& connection, std::string_view name) {
  return connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = $1", {name}).value_or(-1);
}

/// Of one run: whether its database is whole.
bool is_current(const fs::path& cache) {
  Scratch scratch({}, cache);
  const auto database = scratch.make("", fill_nothing);
  return db::schema_difference(*database->open()).empty();
}

}  // namespace

TEST_CASE("each database is a copy of its template, and nobody else's", "[sim]") {
  Scratch scratch;
  const auto first = scratch.make("mine", make_table), second = scratch.make("mine", make_table);
  const auto other = scratch.make("other", fill_nothing);
  first->open()->exec("INSERT INTO mine VALUES (1)");
  CHECK(first->open()->integer("SELECT count(*) FROM mine") == 1);
  CHECK(second->open()->integer("SELECT count(*) FROM mine") == 0);
  CHECK(tables_named(*other->open(), "mine") == 0);
  CHECK(db::schema_difference(*other->open()).empty());
}

TEST_CASE("an empty database is kept for the next run, and made anew where it is not whole", "[sim]") {
  const test::TempDir dir;
  const auto cache = dir.path() / "made" / "cache", file = cache / "sim-empty.db";
  CHECK(is_current(cache));
  REQUIRE(fs::exists(file));
  const auto made = fs::last_write_time(file);
  CHECK(is_current(cache));
  CHECK(fs::last_write_time(file) == made);
  {
    Scratch scratch({}, cache);
    scratch.make("mine", make_table);
  }
  CHECK(is_current(cache));  // what a run adds is not kept

  SECTION("of an earlier schema") {
    auto old = db::Connection::open("sqlite:" + file.string());
    old->exec("DELETE FROM schema_migration WHERE number = $1", {db::latest_schema()});
  }
  SECTION("opened by somebody who may write") {
    db::Connection::open("sqlite:" + file.string())->exec("CREATE TABLE mine (x integer)");
  }
  SECTION("damaged") { std::ofstream(file) << "not a database"; }
  SECTION("empty") { std::ofstream(file).close(); }
  CHECK(is_current(cache));
  CHECK(is_current(cache));
}

TEST_CASE("a cache that cannot be written is done without", "[sim]") { CHECK(is_current("/dev/null/cache")); }
