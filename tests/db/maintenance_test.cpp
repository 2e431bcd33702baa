#include "db/maintenance.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "db/migrations.hpp"
#include "db/transaction.hpp"
#include "support/catch.hpp"
#include "support/clock.hpp"
#include "support/database.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::db;
using test::Schema;
using test::slug_of;
using test::TestDatabase;

namespace fs = std::filesystem;

namespace {

const std::string k_awkward = "tab\tquote'\"back\\slash\nline \U0001F4DE \\N";

/// Two workspaces with rows in several tables, NULLs beside empty texts.
void fill(TestDatabase& database, int numbers = 50) {
  const test::FixedClock clock;
  base::UuidGenerator ids(clock);
  auto& connection = database.connection();
  for (const auto* name : {"one", "two"}) {
    const auto workspace = database.add_workspace(name);
    const auto job = ids.next();
    const auto audit = ids.next();
    const auto at = clock.now() + std::chrono::milliseconds(7);
    in_transaction(connection, Scope::of(workspace), [&] {
      connection.exec(
          "INSERT INTO jobs (id, workspace_id, kind, state, actor, input_name, options, counts, position, created_at, "
          "updated_at) VALUES ($1, $2, 'numbers.import', 'finished', $3, '', '{}', '{}', NULL, $4, $4)",
          {job, workspace, k_awkward, at});
      for (int i = 0; i < numbers; ++i)
        connection.exec(
            "INSERT INTO phone_numbers (id, workspace_id, phone_number, label, provider, status, job_id, created_at, "
            "updated_at) VALUES ($1, $2, $3, $4, 'twilio', 'active', $5, $6, $6)",
            {ids.next(), workspace, "+44207946" + std::to_string((name[0] == 'o' ? 1000 : 5000) + i),
             i % 3 == 0   ? Param(nullptr)
             : i % 3 == 1 ? Param("")
                          : Param(k_awkward),
             job, at});
      for (int line = 1; line <= 12; ++line)
        connection.exec(
            "INSERT INTO job_rows (job_id, workspace_id, line, row_key, verdict, message) "
            "VALUES ($1, $2, $3, $4, 'invalid', $5)",
            {job, workspace, line, k_awkward, line % 2 == 0 ? Param("") : Param(nullptr)});
      connection.exec(
          "INSERT INTO audit_log (id, workspace_id, seq, at, actor, action, object_type, previous_hash, hash) "
          "VALUES ($1, $2, 1, $3, 'a', 'b', 'c', '', $4)",
          {audit, workspace, at, audit});
      connection.exec("INSERT INTO audit_images (audit_id, workspace_id, after_image) VALUES ($1, $2, $3)",
                      {audit, workspace, k_awkward});
      connection.exec("INSERT INTO audit_heads (workspace_id, seq, hash) VALUES ($1, 1, $2)",
                      {workspace, audit});
    });
  }
}

std::int64_t numbers_in(Connection& connection) {
  const Transaction transaction(connection, Scope::through(Door::maintenance), Access::read);
  return connection.integer("SELECT count(*) FROM phone_numbers").value();
}

bool sound(Connection& connection) {
  const auto findings = check(connection);
  return std::all_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.ok; });
}

std::optional<Finding> failing(Connection& connection) {
  for (const auto& finding : check(connection))
    if (!finding.ok) return finding;
  return std::nullopt;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("every table of the schema is known to copy, but for locks and migrations", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  const bool sqlite = database.engine() == Engine::sqlite;
  std::set<std::string> known{"leases", "schema_migration"};
  for (const auto& table : tables()) known.emplace(table.name);
  std::set<std::string> there;
  auto rows = database.connection().query(
      sqlite ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
             : "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE n.nspname = 'ringctl' AND c.relkind = 'r'");
  while (rows.next()) there.emplace(rows.text(0));
  CHECK(known == there);
}

TEST_CASE("a fresh database passes every check", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  fill(database);
  const auto findings = check(database.connection());
  CHECK(findings.size() >= 3);
  std::set<std::string> ids;
  for (const auto& finding : findings) CHECK(ids.insert(finding.id).second);
  for (const auto& finding : findings) {
    CAPTURE(finding.id, finding.evidence);
    CHECK(finding.ok);
    CHECK_FALSE(finding.evidence.empty());
  }
}

TEST_CASE("a server without standbys says so, and a file has no such thing", "[db]") {
  test::TestDatabase database(GENERATE(from_range(test::engines())));
  const auto found = replication(database.connection());
  REQUIRE(found.has_value() == (database.connection().engine() == Engine::postgresql));
  if (!found) return;
  CHECK_FALSE(found->is_standby);
  CHECK(found->standbys == 0);
  CHECK(found->behind == std::nullopt);
}

TEST_CASE("check finds a database that is not migrated", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  const auto finding = failing(database.connection());
  REQUIRE(finding);
  CHECK(finding->id == "schema");
  CHECK(finding->fix == (database.engine() == Engine::sqlite ? "ringctl init" : "ringctl init --yes"));
}

TEST_CASE("check names the first thing of the schema that is missing, altered or foreign", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())));
  const bool sqlite = database.engine() == Engine::sqlite;
  auto& connection = database.connection();
  CHECK(schema_difference(connection).empty());
  std::string difference;
  const auto alter = [&](const std::string& sql, std::string what) {
    Transaction transaction(connection, Scope::through(Door::maintenance));
    connection.exec_script(sql);
    transaction.commit();
    difference = std::move(what);
  };
  SECTION("a table taken away") {
    alter(sqlite ? "DROP TABLE audit_images" : "DROP TABLE audit_images CASCADE",
          "table audit_images is missing");
  }
  SECTION("a table of another hand") {
    alter("CREATE TABLE zoo (id integer)", "table zoo does not belong to it");
  }
  SECTION("an index taken away") {
    alter("DROP INDEX idx_jobs_workspace", "index idx_jobs_workspace is missing");
  }
  SECTION("a view of another hand") {
    alter("CREATE VIEW zoo AS SELECT 1 AS one", "view zoo does not belong to it");
  }
  SECTION("a trigger on the numbers") {
    alter(sqlite ? "CREATE TRIGGER zoo AFTER INSERT ON phone_numbers BEGIN DELETE FROM jobs; END"
                 : "CREATE FUNCTION zoo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
                   "CREATE TRIGGER zoo AFTER INSERT ON phone_numbers FOR EACH ROW EXECUTE FUNCTION zoo()",
          "trigger zoo on phone_numbers does not belong to it");
  }
  SECTION("what only one engine can") {
    if (sqlite)
      alter("ALTER TABLE jobs ADD COLUMN zoo TEXT", "table jobs is not as it was made");
    else
      alter("CREATE POLICY zoo ON jobs FOR SELECT USING (true)", "policy zoo on jobs does not belong to it");
  }
  CHECK(schema_difference(connection) == difference);
  const auto finding = failing(connection);
  REQUIRE(finding);
  CHECK(finding->id == "schema");
  CHECK(finding->evidence.ends_with(", but " + difference));
}

TEST_CASE("every schema there was has the objects its migrations say", "[db]") {
  TestDatabase database(GENERATE(from_range(test::engines())), Schema::none);
  const test::FixedClock clock;
  for (int schema = 1; schema <= latest_schema(); ++schema) {
    migrate(database.connection(), clock, schema);
    CAPTURE(schema);
    CHECK(schema_difference(database.connection()).empty());
  }
}

TEST_CASE("check finds rows that refer to nothing", "[db]") {
  TestDatabase database(Engine::sqlite);
  fill(database);
  database.connection().exec_script("PRAGMA foreign_keys=OFF; DELETE FROM jobs; PRAGMA foreign_keys=ON");
  const auto finding = failing(database.connection());
  REQUIRE(finding);
  CHECK(finding->id == "foreign_keys");
}

TEST_CASE("check finds a table whose policies do not bind its owner, or that has none", "[db][postgresql]") {
  const auto* change =
      GENERATE("ALTER TABLE ringctl.jobs NO FORCE ROW LEVEL SECURITY",
               "ALTER TABLE ringctl.jobs DISABLE ROW LEVEL SECURITY", "DROP POLICY tenant ON ringctl.jobs");
  TestDatabase database(Engine::postgresql);
  database.connection().exec_script(change);
  const auto finding = failing(database.connection());
  REQUIRE(finding);
  CHECK(finding->id == "policies");
  CHECK(finding->evidence.find("jobs") != std::string::npos);
}

TEST_CASE("check finds text that is not in byte order and keys that are not validated", "[db][postgresql]") {
  TestDatabase database(Engine::postgresql);
  auto& connection = database.connection();
  connection.exec_script("ALTER TABLE ringctl.leases ADD COLUMN note text COLLATE \"default\"");
  CHECK(failing(connection)->id == "collation");
  connection.exec_script(
      "ALTER TABLE ringctl.leases DROP COLUMN note; ALTER TABLE ringctl.jobs DROP CONSTRAINT "
      "jobs_workspace_id_fkey, ADD CONSTRAINT later FOREIGN KEY (workspace_id) REFERENCES "
      "ringctl.workspaces NOT VALID");
  CHECK(failing(connection)->id == "foreign_keys");
}

TEST_CASE("a backup holds what was committed when it was taken, in one file for its owner", "[db]") {
  TestDatabase database(Engine::sqlite);
  fill(database);
  const test::TempDir dir;
  const auto writer = database.connect();
  Transaction unfinished(*writer, Scope{});
  writer->exec("DELETE FROM phone_numbers");
  backup(database.connection(), dir / "backup.db");
  unfinished.commit();
  CHECK(files_in(dir.path()) == std::vector<fs::path>{"backup.db"});
  struct stat info {};
  REQUIRE(::stat((dir / "backup.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  OpenOptions options;
  options.read_only = true;
  const auto copy = Connection::open("sqlite:" + (dir / "backup.db").string(), options);
  CHECK(numbers_in(*copy) == 100);
  CHECK(sound(*copy));
  CHECK(copy->text("PRAGMA journal_mode") == "delete");
}

TEST_CASE("a backup replaces the one before it, and never the database itself", "[db]") {
  TestDatabase database(Engine::sqlite);
  const test::TempDir dir;
  backup(database.connection(), dir / "backup.db");
  fill(database);
  backup(database.connection(), dir / "backup.db");
  CHECK(numbers_in(*Connection::open("sqlite:" + (dir / "backup.db").string())) == 100);
  CHECK(slug_of([&] { backup(database.connection(), database.path()); }) == "db.backup_onto_itself");
  CHECK(slug_of([&] { backup(database.connection(), dir / "nowhere/backup.db"); }) == "output.write_failed");
}

TEST_CASE("a damaged database takes no good backup's place", "[db]") {
  TestDatabase database(Engine::sqlite);
  fill(database);
  const test::TempDir dir;
  const auto good = dir / "backup.db", live = dir / "live.db";
  backup(database.connection(), good);
  backup(database.connection(), live);
  const auto before = test::read_text(good);
  auto pages = before;
  pages.replace(5 * 4096, 3 * 4096, std::string(3 * 4096, 'x'));
  test::write_text(live, pages);
  const auto connection = Connection::open("sqlite:" + live.string());
  const auto error = test::error_of([&] { backup(*connection, good); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::db_corrupt);
  CHECK(error->message().find("live.db is damaged: quick_check: ") != std::string::npos);
  CHECK(test::read_text(good) == before);
  CHECK(slug_of([&] { backup(*connection, dir / "new.db"); }) == "db.corrupt");
  auto files = files_in(dir.path());
  std::erase_if(files, [](const fs::path& file) { return file.string().starts_with("live.db-"); });
  CHECK(files == std::vector<fs::path>{"backup.db", "live.db"});
}

TEST_CASE("a backup that is stopped leaves nothing but the old one", "[db]") {
  TestDatabase database(Engine::sqlite);
  const test::TempDir dir;
  backup(database.connection(), dir / "backup.db");
  fill(database);
  const auto before = test::read_text(dir / "backup.db");
  for (const auto& [status, errc] : {std::pair(130, Errc::interrupted), std::pair(143, Errc::terminated)}) {
    base::CancelToken cancel;
    cancel.cancel(status);
    const auto error = test::error_of([&] { backup(database.connection(), dir / "backup.db", &cancel); });
    REQUIRE(error);
    CHECK(error->errc() == errc);
    CHECK(files_in(dir.path()) == std::vector<fs::path>{"backup.db"});
    CHECK(test::read_text(dir / "backup.db") == before);
  }
}

TEST_CASE("a backup sweeps what a killed one left, and nothing else", "[db]") {
  TestDatabase database(Engine::sqlite);
  const test::TempDir dir;
  for (const auto* name : {"backup.db.tmp-0123456789ab", "backup.db.tmp-0123456789ab-journal"})
    test::write_text(dir / name, "half");
  const std::vector<fs::path> others = {"backup.db.tmp-0123456789aZ", "backup.db.tmp-1",
                                        "other.db.tmp-0123456789ab"};
  for (const auto& name : others) test::write_text(dir.path() / name, "mine");
  const auto written = dir / "backup.db.tmp-fedcba987654";
  test::write_text(written, "half");
  const base::Fd held(::open(written.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(::flock(held.get(), LOCK_EX) == 0);
  backup(database.connection(), dir / "backup.db");
  CHECK(files_in(dir.path()) ==
        std::vector<fs::path>{"backup.db", others[0], others[1], "backup.db.tmp-fedcba987654", others[2]});
}

TEST_CASE("the image of a database makes another what it was, whatever that held before", "[db]") {
  TestDatabase database(Engine::sqlite), other(Engine::sqlite);
  fill(database);
  fill(other, 3);
  const auto in_memory = Connection::open("sqlite::memory:imaged"),
             target = Connection::open("sqlite::memory:");
  const test::FixedClock clock;
  migrate(*in_memory, clock);
  copy(database.connection(), *in_memory, [](std::int64_t) {});
  const auto image = image_of(*in_memory);
  for (auto* const to : {target.get(), &other.connection()}) {
    load_image(image, *to);
    CHECK(to->integer("SELECT count(*) FROM phone_numbers") == 100);
    CHECK(schema_difference(*to).empty());
    CHECK(to->text("PRAGMA quick_check") == "ok");
    to->exec("DELETE FROM job_rows");  // theirs alone
  }
  CHECK(in_memory->integer("SELECT count(*) FROM job_rows") == 24);
  CHECK(slug_of([&] { load_image(std::string(8192, 'x'), *target); }) == "db.not_a_database");
  CHECK(target->integer("SELECT count(*) FROM phone_numbers") == 100);
}

TEST_CASE("a restored database is the backup, and the old one is kept", "[db]") {
  TestDatabase database(Engine::sqlite);
  const test::TempDir dir;
  fill(database);
  const auto url = "sqlite:" + (dir / "ringctl.db").string();
  const auto kept = "sqlite:" + (dir / "ringctl.db.before-restore").string();
  backup(database.connection(), dir / "backup.db");
  restore(dir / "backup.db", url);
  CHECK(numbers_in(*Connection::open(url)) == 100);
  in_transaction(*Connection::open(url), Scope{}, [] {});
  {
    const auto connection = Connection::open(url);
    in_transaction(*connection, Scope{}, [&] { connection->exec("DELETE FROM phone_numbers"); });
  }
  restore(dir / "backup.db", url);
  CHECK(numbers_in(*Connection::open(url)) == 100);
  CHECK(sound(*Connection::open(url)));
  CHECK(numbers_in(*Connection::open(kept)) == 0);
}

TEST_CASE("a database that another process has open is not replaced", "[db]") {
  TestDatabase database(Engine::sqlite);
  const test::TempDir dir;
  backup(database.connection(), dir / "backup.db");
  fill(database);
  const Transaction reading(database.connection(), Scope{}, Access::read);
  CHECK(database.connection().integer("SELECT count(*) FROM phone_numbers") == 100);
  CHECK(slug_of([&] { restore(dir / "backup.db", database.url()); }) == "db.busy");
  CHECK(files_in(database.path().parent_path()).size() == 3);
}

TEST_CASE("a damaged database can be replaced, a damaged backup replaces nothing", "[db]") {
  TestDatabase database(Engine::sqlite);
  fill(database);
  const test::TempDir dir;
  backup(database.connection(), dir / "backup.db");
  test::write_text(dir / "broken.db", std::string(20000, 'x'));
  restore(dir / "backup.db", "sqlite:" + (dir / "broken.db").string());
  CHECK(numbers_in(*Connection::open("sqlite:" + (dir / "broken.db").string())) == 100);
  CHECK(test::read_text(dir / "broken.db.before-restore") == std::string(20000, 'x'));

  auto bytes = test::read_text(dir / "backup.db");
  for (std::size_t page = 4; page * 4096 < bytes.size(); page += 2)
    bytes.replace(page * 4096, 200, std::string(200, '\x55'));
  test::write_text(dir / "damaged.db", bytes);
  const auto refused =
      test::error_of([&] { restore(dir / "damaged.db", "sqlite:" + (dir / "broken.db").string()); });
  REQUIRE(refused);
  CHECK(refused->slug() == "db.corrupt");
  CHECK(refused->message().find("damaged.db is damaged") != std::string::npos);
  CHECK(refused->message().ends_with("; the database was left as it was"));
  CHECK(refused->hint() == "restore another backup");
  CHECK(numbers_in(*Connection::open("sqlite:" + (dir / "broken.db").string())) == 100);
}

TEST_CASE("backup and restore are refused for PostgreSQL with the tool that does it", "[db][postgresql]") {
  TestDatabase database(Engine::postgresql);
  CHECK(slug_of([&] { backup(database.connection(), "x.db"); }) == "db.backup_engine");
  CHECK(slug_of([&] { restore("x.db", database.url()); }) == "db.backup_engine");
}

TEST_CASE("an estate copied between any two engines arrives row by row", "[db]") {
  TestDatabase from(GENERATE(from_range(test::engines())));
  TestDatabase to(GENERATE(from_range(test::engines())));
  fill(from, 700);
  std::vector<std::int64_t> told;
  const auto counts =
      copy(from.connection(), to.connection(), [&](std::int64_t rows) { told.push_back(rows); });
  REQUIRE(counts.size() == tables().size());
  // Within a table as well: the largest one may take minutes.
  CHECK(told.size() > counts.size());
  CHECK(std::is_sorted(told.begin(), told.end()));
  std::int64_t rows = 0;
  for (const auto& count : counts) rows += count.rows;
  CHECK(rows == 2 + 2 + 24 + 1400 + 2 + 2 + 2);
  CHECK(told.back() == rows);
  const Transaction transaction(to.connection(), Scope::through(Door::maintenance), Access::read);
  auto& connection = to.connection();
  CHECK(connection.integer("SELECT count(*) FROM phone_numbers WHERE label IS NULL") == 468);
  CHECK(connection.integer("SELECT count(*) FROM phone_numbers WHERE label = ''") == 466);
  CHECK(connection.integer("SELECT count(*) FROM phone_numbers WHERE label = $1", {k_awkward}) == 466);
  CHECK(connection.integer("SELECT count(*) FROM workspaces WHERE is_active = TRUE") == 2);
  auto at = connection.query("SELECT created_at FROM jobs");
  REQUIRE(at.next());
  CHECK(base::format_utc(at.instant(0)).ends_with(".007Z"));
}

TEST_CASE("the same estate has the same checksums on both engines", "[db][postgresql]") {
  TestDatabase first(Engine::sqlite), second(Engine::postgresql), third(Engine::sqlite);
  fill(first);
  const auto there = copy(first.connection(), second.connection(), {});
  const auto back = copy(second.connection(), third.connection(), {});
  for (std::size_t i = 0; i < there.size(); ++i) {
    CHECK(there[i].rows == back[i].rows);
    CHECK(there[i].checksum == back[i].checksum);
  }
}

TEST_CASE("copy refuses a target that has rows or an old schema, and leaves it alone", "[db]") {
  TestDatabase from(Engine::sqlite);
  TestDatabase to(GENERATE(from_range(test::engines())));
  fill(from);
  to.add_workspace("there before");
  CHECK(slug_of([&] { copy(from.connection(), to.connection(), {}); }) == "db.not_empty");
  CHECK(numbers_in(to.connection()) == 0);
  TestDatabase bare(to.engine(), Schema::none);
  CHECK(slug_of([&] { copy(from.connection(), bare.connection(), {}); }) == "schema.too_old");
}

TEST_CASE("what cannot be copied is an error, and nothing of it arrives", "[db][postgresql]") {
  TestDatabase from(Engine::sqlite), to(Engine::postgresql);
  fill(from);
  in_transaction(from.connection(), Scope{}, [&] {
    from.connection().exec(
        "UPDATE phone_numbers SET label = CAST(x'ff' AS TEXT) WHERE phone_number = '+442079461007'");
  });
  CHECK_THROWS_AS(copy(from.connection(), to.connection(), {}), Error);
  CHECK(numbers_in(to.connection()) == 0);
  CHECK(slug_of([&] { from.connection().integer("SELECT 1"); }).empty());
}
