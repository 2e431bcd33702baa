// Opening SQLite files: new ones, foreign ones, damaged ones, ones we may not touch.

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "db/connection.hpp"
#include "db/migrations.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::error_of;
using test::read_text;
using test::slug_of;
using test::write_text;

namespace fs = std::filesystem;

namespace {

std::string open_failure(const fs::path& path, const OpenOptions& options = {}) {
  return slug_of([&] { Connection::open("sqlite:" + path.string(), options); });
}

OpenOptions creating() {
  OpenOptions options;
  options.create = true;
  return options;
}

OpenOptions reading() {
  OpenOptions options;
  options.read_only = true;
  return options;
}

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

/// A migrated database without a log beside it.
fs::path sound_database(const test::TempDir& dir) {
  auto path = dir / "sound.db";
  const auto connection = Connection::open("sqlite:" + path.string(), creating());
  const test::FixedClock clock;
  migrate(*connection, clock);
  return path;
}

/// Opens, looks at every table, and says how that failed; "" if it did not.
std::string use_failure(const fs::path& path) {
  return slug_of([&] {
    const auto connection = Connection::open("sqlite:" + path.string());
    require_current_schema(*connection);
    connection->integer("SELECT count(*) FROM phone_numbers");
    auto check = connection->query("PRAGMA quick_check");
    if (check.next() && check.text(0) != "ok")
      throw Error(Errc::db_corrupt, "db.corrupt", "found by quick_check");
  });
}

void raw(const fs::path& path, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

/// Runs as a user that is not root, to whom file modes mean something.
class Unprivileged {
 public:
  Unprivileged() {
    if (::geteuid() == 0) REQUIRE(::seteuid(65534) == 0);
  }
  ~Unprivileged() {
    if (::getuid() == 0) (void)!::seteuid(0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
};

/// A folder that the unprivileged user owns, with a sound database in it.
struct OwnedFolder {
  OwnedFolder() : path(dir / "owned") {
    fs::permissions(dir.path(), fs::perms(0755));
    fs::create_directory(path);
    if (::geteuid() == 0) REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    const Unprivileged user;
    const test::FixedClock clock;
    migrate(*Connection::open("sqlite:" + (path / "x.db").string(), creating()), clock);
  }
  ~OwnedFolder() { fs::permissions(path, fs::perms(0755)); }
  test::TempDir dir;
  fs::path path;
};

}  // namespace

TEST_CASE("a missing database is an error unless it may be made", "[db]") {
  const test::TempDir dir;
  const auto path = dir / "new/deeper/ringctl.db";
  CHECK(open_failure(path) == "db.missing");
  CHECK_FALSE(fs::exists(path.parent_path()));
  CHECK(open_failure(path, creating()).empty());
  CHECK(open_failure(path).empty());
}

TEST_CASE("what is made is for its owner alone, the log beside it too", "[db]") {
  const test::TempDir dir;
  const auto path = dir / "new/ringctl.db";
  const auto before = ::umask(0);
  const auto connection = Connection::open("sqlite:" + path.string(), creating());
  connection->exec_script("CREATE TABLE t (x INTEGER)");
  ::umask(before);
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(path.parent_path()) == 0700);
  CHECK(mode_of(path.string() + "-wal") == 0600);
  CHECK(mode_of(path.string() + "-shm") == 0600);
}

TEST_CASE("a connection runs with the settings that keep data safe", "[db]") {
  test::TempDir dir;
  const auto connection = Connection::open("sqlite:" + (dir / "x.db").string(), creating());
  CHECK(connection->text("PRAGMA journal_mode") == "wal");
  CHECK(connection->integer("PRAGMA synchronous") == 2);
  CHECK(connection->integer("PRAGMA foreign_keys") == 1);
  CHECK(connection->integer("PRAGMA trusted_schema") == 0);
  CHECK(connection->integer("PRAGMA busy_timeout") == 5000);
  // Defensive: the schema cannot be written by hand.
  connection->exec_script("CREATE TABLE t (x INTEGER); PRAGMA writable_schema=ON");
  CHECK_THROWS_AS(connection->exec("UPDATE sqlite_schema SET sql = 'x'"), Error);
  // A name in double quotes is never taken for text.
  CHECK_THROWS_AS(connection->query("SELECT \"no such column\""), Error);
}

TEST_CASE("a file of length zero is new where one may be made, and no database elsewhere", "[db]") {
  const test::TempDir dir;
  write_text(dir / "empty.db", "");
  CHECK(open_failure(dir / "empty.db") == "db.not_a_database");
  CHECK(open_failure(dir / "empty.db", creating()).empty());
}

TEST_CASE("a text file, short or long, is not a database and stays as it is", "[db]") {
  const test::TempDir dir;
  for (const std::size_t size : {1U, 99U, 100U, 511U, 5000U}) {
    const std::string text(size, 'x');
    write_text(dir / "notes.txt", text);
    CHECK(open_failure(dir / "notes.txt", creating()) == "db.not_a_database");
    CHECK(read_text(dir / "notes.txt") == text);
  }
}

TEST_CASE("a database of another program is refused and not changed", "[db]") {
  const test::TempDir dir;
  raw(dir / "marked.db", "PRAGMA application_id=4711; CREATE TABLE notes (x)");
  raw(dir / "unmarked.db", "CREATE TABLE notes (x)");
  for (const auto* name : {"marked.db", "unmarked.db"}) {
    const auto before = read_text(dir / name);
    CHECK(open_failure(dir / name, creating()) == "db.wrong_application");
    CHECK(read_text(dir / name) == before);
  }
}

TEST_CASE("a folder, a symbolic link and a device are not opened", "[db]") {
  const test::TempDir dir;
  const auto sound = sound_database(dir);
  fs::create_symlink(sound, dir / "link.db");
  fs::create_symlink(dir / "nowhere.db", dir / "dangling.db");
  fs::create_directory(dir / "folder.db");
  CHECK(open_failure(dir / "link.db") == "db.symlink");
  CHECK(open_failure(dir / "dangling.db", creating()) == "db.symlink");
  CHECK_FALSE(fs::exists(dir / "nowhere.db"));
  CHECK(open_failure(dir / "folder.db", creating()) == "db.not_a_database");
  CHECK(open_failure("/dev/null", creating()) == "db.not_a_database");
}

TEST_CASE("links among the folders are followed", "[db]") {
  const test::TempDir dir;
  sound_database(dir);
  fs::create_directory_symlink(dir.path(), dir / "home");
  CHECK(open_failure(dir / "home/sound.db").empty());
}

TEST_CASE("a file that is read-only, or in a folder that is, says so", "[db]") {
  const OwnedFolder owned;
  const Unprivileged user;
  fs::permissions(owned.path / "x.db", fs::perms(0400));
  CHECK(open_failure(owned.path / "x.db") == "db.read_only");
  CHECK(open_failure(owned.path / "x.db", reading()).empty());
  fs::permissions(owned.path / "x.db", fs::perms(0600));
  fs::permissions(owned.path, fs::perms(0500));
  CHECK(open_failure(owned.path / "x.db") == "db.read_only");
  CHECK(open_failure(owned.path / "new.db", creating()) == "db.cannot_create");
  CHECK(open_failure(owned.path / "new/x.db", creating()) == "db.cannot_create");
  fs::permissions(owned.path, fs::perms(0700));
  fs::permissions(owned.path / "x.db", fs::perms(0000));
  CHECK(open_failure(owned.path / "x.db") == "db.unreadable");
}

TEST_CASE("a read-only connection reads and refuses to write", "[db]") {
  const test::TempDir dir;
  const auto connection = Connection::open("sqlite:" + sound_database(dir).string(), reading());
  CHECK(connection->integer("SELECT count(*) FROM workspaces") == 0);
  CHECK(slug_of([&] { connection->exec("DELETE FROM leases"); }) == "db.read_only");
}

TEST_CASE("a database cut off at any page is never taken for a sound one", "[db]") {
  const test::TempDir dir;
  const auto sound = sound_database(dir);
  const auto bytes = read_text(sound);
  const auto cut = dir / "cut.db";
  for (std::size_t size = 4096; size < bytes.size(); size += 4096) {
    write_text(cut, bytes.substr(0, size));
    const auto failure = use_failure(cut);
    CAPTURE(size);
    CHECK((failure == "db.corrupt" || failure == "db.not_a_database"));
  }
}

TEST_CASE("flipped bytes crash nothing and are told apart from programming errors", "[db]") {
  const test::TempDir dir;
  const auto bytes = read_text(sound_database(dir));
  const auto damaged = dir / "damaged.db";
  // A prime stride touches every page at changing offsets, the header's fields among them.
  for (std::size_t at = 0; at < bytes.size(); at += 1021) {
    auto copy = bytes;
    copy[at] = static_cast<char>(copy[at] ^ 0x55);
    fs::remove(damaged.string() + "-wal");
    fs::remove(damaged.string() + "-shm");
    write_text(damaged, copy);
    const auto error = error_of([&] {
      const auto failure = use_failure(damaged);
      if (!failure.empty() && failure != "db.corrupt" && failure != "db.not_a_database" &&
          failure != "db.wrong_application" && !failure.starts_with("schema.") && failure != "db.read_only")
        throw Error(Errc::failure, "test.unexpected", failure);
    });
    CAPTURE(at, error ? error->message() : "");
    CHECK_FALSE(error);
  }
}

TEST_CASE("a database in memory needs no file", "[db]") {
  const auto connection = Connection::open("sqlite::memory:");
  const test::FixedClock clock;
  migrate(*connection, clock);
  CHECK_NOTHROW(require_current_schema(*connection));
}

TEST_CASE("a database in memory with a name is shared by those who name it, and gone with the last", "[db]") {
  const std::string url = "sqlite::memory:shared_by_two";
  const test::FixedClock clock;
  auto first = Connection::open(url);
  migrate(*first, clock);
  auto second = Connection::open(url);
  CHECK_NOTHROW(require_current_schema(*second));
  CHECK_THROWS(require_current_schema(*Connection::open("sqlite::memory:another")));
  first.reset();
  CHECK_NOTHROW(require_current_schema(*second));
  second.reset();
  CHECK_THROWS(require_current_schema(*Connection::open(url)));
  CHECK_THROWS_AS(Connection::open("sqlite::memory:a?mode=ro"), Error);
}

TEST_CASE("a database on a full device fails as output, and is sound afterwards", "[db]") {
  // A limit on file size stands for the full disk: the write fails in the same place.
  const test::TempDir dir;
  const auto path = sound_database(dir);
  const auto connection = Connection::open("sqlite:" + path.string());
  const auto pages = connection->integer("PRAGMA page_count").value();
  connection->exec_script("PRAGMA max_page_count=" + std::to_string(pages + 2));
  const auto fill = [&] {
    connection->exec(
        "INSERT INTO leases (name, scope, token, holder, host, since, expires) VALUES "
        "('x', '', hex(zeroblob(100000)), '', '', '', '')");
  };
  const auto error = error_of(fill);
  REQUIRE(error);
  CHECK(error->errc() == Errc::output);
  CHECK(connection->integer("SELECT count(*) FROM leases") == 0);
  CHECK(connection->text("PRAGMA quick_check") == "ok");
}
