#include "sim/scratch.hpp"

#include <sys/stat.h>

#include <chrono>

#include "base/digest.hpp"
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

/// A folder of its own that is not there yet, and what runs keep in it.
struct Cache {
  /// Of one run: whether its database is whole.
  bool run() const {
    Scratch scratch({}, folder);
    const auto database = scratch.make("", fill_nothing);
    const auto connection = database->open();
    return db::schema_difference(*connection).empty() && connection->text("PRAGMA quick_check") == "ok" &&
           connection->integer("SELECT count(*) FROM workspaces") == 0;
  }
  /// Whether a run that finds this file takes another's place for it.
  bool is_made_anew() const {
    const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
    fs::last_write_time(file, long_ago);
    const auto before = fs::last_write_time(file);
    REQUIRE(run());
    return fs::last_write_time(file) != before;
  }
  std::string text() const { return test::read_text(file); }
  void write(std::string_view text) const { test::write_text(file, text); }

  test::TempDir dir;
  fs::path folder = dir.path() / "made" / "cache", file = folder / "sim-empty.image";
};

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

TEST_CASE("databases of two runs in one process are not the same", "[sim]") {
  Scratch one, other;
  const auto mine = one.make("", make_table), theirs = other.make("", fill_nothing);
  CHECK(mine->url() != theirs->url());
  CHECK(tables_named(*mine->open(), "mine") == 1);
  CHECK(tables_named(*theirs->open(), "mine") == 0);
}

TEST_CASE("an empty database is kept for the next run, for this user alone, without what a run adds",
          "[sim]") {
  const Cache cache;
  CHECK(cache.run());
  REQUIRE(fs::exists(cache.file));
  CHECK(fs::status(cache.file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(fs::status(cache.folder).permissions() == fs::perms::owner_all);
  CHECK_FALSE(cache.is_made_anew());
  {
    Scratch scratch({}, cache.folder);
    scratch.make("mine", make_table);
  }
  CHECK_FALSE(cache.is_made_anew());
}

TEST_CASE("a kept database that is not as it was made reaches no run, and is made anew", "[sim][slow]") {
  const Cache cache;
  REQUIRE(cache.run());
  const auto kept = cache.text();
  const auto altered = [&](std::size_t at) {
    auto text = kept;
    text[at] = static_cast<char>(text[at] ^ 1);
    return text;
  };
  SECTION("a bit of its seal") { cache.write(altered(0)); }
  SECTION("a bit of its header") { cache.write(altered(64 + 60)); }
  SECTION("a bit in its middle") { cache.write(altered(kept.size() / 2)); }
  SECTION("its last bit") { cache.write(altered(kept.size() - 1)); }
  SECTION("cut at a page") { cache.write(kept.substr(0, kept.size() - 4096)); }
  SECTION("cut in its seal") { cache.write(kept.substr(0, 10)); }
  SECTION("empty") { cache.write({}); }
  SECTION("with more behind it") { cache.write(kept + '\0'); }
  SECTION("larger than any") { fs::resize_file(cache.file, std::uintmax_t{1} << 30U); }
  SECTION("another's file") { cache.write("not a database"); }
  SECTION("a database without a seal") { cache.write(kept.substr(64)); }
  SECTION("of an earlier schema, as its ringctl sealed it") {
    const auto known = db::sqlite_migrations();
    base::Digest seal;
    for (const auto& migration : known.first(known.size() - 1)) seal.update(migration.sql);
    cache.write(seal.update(kept.substr(64)).hex() + kept.substr(64));
  }
  SECTION("a sound database with a table more, under the old seal") {
    Scratch scratch({}, cache.folder);
    const auto database = scratch.make("", fill_nothing);
    const auto connection = database->open();
    connection->exec_script("CREATE TABLE mine (x integer)");
    cache.write(kept.substr(0, 64) + db::image_of(*connection));
  }
  CHECK(cache.is_made_anew());
  CHECK(cache.text().size() == kept.size());
  CHECK_FALSE(cache.is_made_anew());
}

TEST_CASE("a cache that cannot be written, or is no file, is done without", "[sim]") {
  Cache cache;
  SECTION("below a device") {
    cache.folder = "/dev/null/cache";
    CHECK(cache.run());
  }
  SECTION("a folder by that name") {
    fs::create_directories(cache.file / "kept");
    CHECK(cache.run());
    CHECK(fs::exists(cache.file / "kept"));
  }
  SECTION("a pipe, which nobody writes to") {
    fs::create_directories(cache.folder);
    REQUIRE(::mkfifo(cache.file.c_str(), 0600) == 0);
    CHECK(cache.run());
    CHECK(fs::is_fifo(cache.file));
  }
}
