// `ringctl db` and `ringctl doctor` as people and scripts run them.
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <future>
#include <map>

#include "db/maintenance.hpp"
#include "support/sample_estate.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

std::string status_of(const nlohmann::json& report, std::string_view check) {
  for (const auto& row : report)
    if (row["check"] == check) return row["status"];
  return "not looked at";
}

/// Of a file that is not whole yet; 0 if there is none.
std::uintmax_t draft_size(const std::filesystem::path& folder) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().find(".tmp-") != std::string::npos) {
      const auto size = entry.file_size(gone);
      return gone ? 0 : size;
    }
  return 0;
}

}  // namespace

TEST_CASE("status tells an empty database from a current one", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  if (site.engine() == db::Engine::sqlite) {
    CHECK(site.failure({"db", "status"}) == "10 db.missing");
  } else {
    CHECK(site.json({"db", "status"})["state"] == "empty");
  }
  CHECK(site.json({"db", "migrate"})["changed"] == true);
  CHECK(site.json({"db", "migrate"})["changed"] == false);
  const auto status = site.json({"db", "status"});
  CHECK(status["state"] == "current");
  CHECK(status["schema"] == status["latest_schema"]);
  CHECK(status["pending"] == 0);
}

TEST_CASE("a schema that does not exist cannot be migrated to", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  CHECK(site.failure({"db", "migrate", "--to", "999"}) == "2 usage.bad_value");
  CHECK(site.failure({"db", "migrate", "--to", "0"}) == "2 usage.bad_value");
}

TEST_CASE("a sound database passes its checks, silently if asked to", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  for (const auto& check : site.json({"db", "check"})) {
    INFO(check.dump());
    CHECK(check["ok"] == true);
  }
  const auto quiet = site.run({"db", "check", "-q"});
  CHECK(quiet.status == 0);
  CHECK(quiet.out.empty());
  CHECK(quiet.err.empty());
}

TEST_CASE("a mutilated schema is neither current nor sound", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  {
    const auto connection = db::Connection::open(
        site.engine() == db::Engine::sqlite ? "sqlite:" + site.sqlite_file().string() : site.url());
    db::Transaction transaction(*connection, db::Scope::through(db::Door::maintenance));
    connection->exec_script(site.engine() == db::Engine::sqlite
                                ? "DROP TABLE audit_images; DROP TABLE audit_log"
                                : "DROP TABLE audit_log CASCADE");
    transaction.commit();
  }
  const auto status = site.run({"db", "status", "-o", "json"});
  CHECK(status.status == 0);
  CHECK(nlohmann::json::parse(status.out)["state"] == "changed");
  CHECK(status.err.find("is missing") != std::string::npos);
  CHECK(site.failure({"db", "check"}) == "8 db.check_failed");
  CHECK(site.failure({"doctor", "db"}) == "8 doctor.failed");
}

TEST_CASE("a database newer than this ringctl is refused", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const std::string at = site.engine() == db::Engine::sqlite ? "'2026-01-01T00:00:00.000Z'" : "now()";
  site.tamper(
      "INSERT INTO schema_migration (number, name, checksum, applied_at) VALUES (999, 'later', 'x', " + at +
      ")");
  CHECK(site.failure({"numbers", "list"}) == "12 schema.too_new");
  CHECK(site.failure({"db", "migrate"}) == "12 schema.too_new");
  CHECK(site.json({"db", "status"})["state"] == "newer");
}

TEST_CASE("a backup is restored, and what it replaces is kept", "[system][slow]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  site.ok({"db", "backup", "before.db"});
  CHECK(site.failure({"db", "backup", "before.db"}) == "2 usage.confirmation_needed");
  site.ok({"numbers", "add", "+12025550124"});

  CHECK(site.failure({"db", "restore", "before.db"}) == "2 usage.confirmation_needed");
  CHECK(site.failure({"db", "restore", "not-there.db", "--yes"}) == "2 input.not_found");
  CHECK(site.run({"db", "restore", "before.db", "-n"}).status == 0);
  CHECK(site.json({"numbers", "list"}).size() == 2);
  site.ok({"db", "restore", "before.db", "--yes"});
  CHECK(site.json({"numbers", "list"}).size() == 1);
  CHECK(site.json({"numbers", "list", "-d", "sqlite:" + site.sqlite_file().string() + ".before-restore"})
            .size() == 2);
}

TEST_CASE("a restore names whoever works on the database", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  site.ok({"db", "backup", "before.db"});
  site.tamper(
      "INSERT INTO leases (name, scope, token, holder, host, since, expires, machine) "
      "VALUES ('bulk', 'x', 't', 'pid 1', 'pbx1', '2026-03-08T07:59:58.123Z', '2999-01-01T00:00:00.000Z', '')");
  for (const auto* flag : {"-n", "--yes"}) {
    const auto refused = site.run({"db", "restore", "before.db", flag});
    CHECK(refused.status == 11);
    CHECK(refused.err ==
          "ringctl: another ringctl is running \"bulk\" (pid 1 on pbx1, since 2026-03-08T07:59:58.123Z)"
          "  [lock.held]\n  hint: add --lock-wait 10m\n");
  }
  site.tamper("DELETE FROM leases");
  site.ok({"db", "restore", "before.db", "--yes"});
}

namespace {

/// And was not waited for yet.
bool has_ended(int pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

}  // namespace

TEST_CASE("an interrupted backup ends with the signal's status and leaves the old one alone",
          "[system][slow]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  site.ok({"db", "backup", "estate.db"});
  const auto signal = GENERATE(SIGINT, SIGTERM);
  test::ProcessOptions options;
  options.meanwhile = [&](int pid) {
    while (!has_ended(pid) && draft_size(site.machine().home()) < 1 << 20) ::poll(nullptr, 0, 1);
    ::kill(pid, signal);
  };
  std::string before;
  test::ProcessResult result;
  result.status = 0;
  // Big enough that the signal comes first. Where it did not, bigger.
  for (int megabytes = 64; result.status == 0; megabytes *= 2) {
    REQUIRE(megabytes <= 1024);
    db::Connection::open("sqlite:" + site.sqlite_file().string())
        ->exec_script(fmt::format("DROP TABLE IF EXISTS ballast; CREATE TABLE ballast AS SELECT "
                                  "zeroblob({}000000) AS bytes",
                                  megabytes));
    before = test::read_text(site.machine().home() / "estate.db");
    result = site.machine().run({"db", "backup", "estate.db", "--yes"}, options);
  }
  INFO(result.err);
  CHECK(result.status == 128 + signal);
  CHECK_FALSE(result.killed);
  CHECK(test::read_text(site.machine().home() / "estate.db") == before);
  CHECK(draft_size(site.machine().home()) == 0);
}

TEST_CASE("a plan of a restore is refused as the run would be", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  site.machine().file("junk.db", "no database");
  for (const auto& file : {std::string("junk.db"), std::string("."), site.sqlite_file().string()}) {
    INFO(file);
    const auto run = site.failure({"db", "restore", file, "--yes"});
    CHECK(run != "0");
    CHECK(site.failure({"db", "restore", file, "-n"}) == run);
  }
}

TEST_CASE("a backup is restored on a machine that has no database yet", "[system]") {
  const Site from(db::Engine::sqlite), to(db::Engine::sqlite);
  from.ok({"numbers", "add", "+12025550123"});
  const auto file = (from.machine().home() / "backup.db").string();
  from.ok({"db", "backup", file});
  to.ok({"db", "restore", file, "--yes"});
  CHECK(to.json({"numbers", "list"}).size() == 1);
}

TEST_CASE("a place where no backup can go is refused in clear words, in a plan as well", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  const std::vector<std::pair<std::string, std::string>> places = {
      {"", "2 usage.empty_value"},
      {std::string(300, 'x'), "40 output.write_failed"},
      {".", "2 db.bad_path"},
      {"nowhere/x.db", "40 output.write_failed"},
      {site.sqlite_file().string(), "2 db.backup_onto_itself"}};
  for (const auto& [place, failure] : places) {
    INFO(place);
    CHECK(site.failure({"db", "backup", place, "--yes"}) == failure);
    CHECK(site.failure({"db", "backup", place, "-n"}) == failure);
  }
}

TEST_CASE("no output takes the place of the database or the configuration", "[system][slow]") {
  const Site site(db::Engine::sqlite);
  const auto& m = site.machine();
  const auto input = m.file("in.csv", "phone_number\n+12025550124\nx\n").string();
  const auto refused = [&](const std::string& file) {
    INFO(file);
    CHECK(site.failure({"numbers", "export", "--out", file}) == "2 usage.own_file");
    CHECK(site.failure({"numbers", "import", input, "--max-errors", "1", "--rejects", file}) ==
          "2 usage.own_file");
    CHECK(site.failure({"version", "--out", file}) == "2 usage.own_file");
  };
  // The first import would make the database where its rejects go.
  refused(site.sqlite_file().string());
  site.ok({"numbers", "add", "+12025550123"});
  const auto config = m.file(".config/ringctl/config.toml", "schema = 1\n");
  const auto secrets = m.file(".config/ringctl/credentials.toml", "[defaults]\napi_key = \"SK1\"\n");
  REQUIRE(::chmod(secrets.c_str(), 0600) == 0);
  std::filesystem::create_symlink(site.sqlite_file(), m.home() / "link.csv");
  std::filesystem::create_hard_link(site.sqlite_file(), m.home() / "twin.csv");
  for (const auto* ending : {"", "-wal", "-shm"}) refused(site.sqlite_file().string() + ending);
  for (const auto* name : {"link.csv", "twin.csv", "./.local/share/../share/ringctl/ringctl.db"})
    refused(name);
  refused(config.string());
  refused(secrets.string());
  CHECK(site.failure({"db", "backup", config.string(), "--yes"}) == "2 usage.own_file");
  CHECK(test::read_text(config) == "schema = 1\n");
  std::filesystem::remove(m.home() / "twin.csv");
  CHECK(site.json({"numbers", "list"}).size() == 1);
}

TEST_CASE("the name of a file that is not UTF-8 is worked with or refused", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const std::string odd = "odd\xff.csv";
  std::filesystem::copy_file(site.machine().file("plain.csv", "phone_number\n+12025550123\n"),
                             site.machine().home() / odd);
  const auto refused = site.run({"numbers", "import", odd});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("odd\\xff.csv") != std::string::npos);
  CHECK(site.failure({"numbers", "import", "plain.csv", "--rejects", odd}) == "2 usage.not_utf8");
  site.ok({"numbers", "export", "--out", odd});
  CHECK(site.failure({"config", "path", "--config", "\xff"}) == "10 config.not_found");
  if (site.engine() == db::Engine::sqlite)
    CHECK(site.run({"db", "backup", "b\xff.db"}).err.ends_with("b\\xff.db\n"));
}

TEST_CASE("a check of a damaged database says how to mend it, not to check it", "[system]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123"});
  const auto overwrite = [&](std::streamoff from) {
    std::fstream file(site.sqlite_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(from);
    file << std::string(3 * 4096, 'x');
  };
  overwrite(5 * 4096);
  const auto pages = site.run({"db", "check"});
  CHECK(pages.status == 8);
  CHECK(pages.err.find("hint: ringctl db restore FILE") != std::string::npos);
  overwrite(100);
  const auto header = site.run({"db", "check"});
  CHECK(header.status == 32);
  CHECK(header.err.find("hint: ringctl db restore FILE") != std::string::npos);
}

TEST_CASE("a migration waits for another process as long as it is told", "[system][slow]") {
  for (const auto engine : test::engines()) {
    if (engine == db::Engine::sqlite) continue;
    const Site site(engine, test::Schema::none);
    const auto holder = db::Connection::open(site.url());
    std::optional<db::Transaction> held;
    held.emplace(*holder, db::Scope::through(db::Door::maintenance));
    holder->query("SELECT pg_advisory_xact_lock(5930246217110593097)");
    CHECK(site.failure({"db", "migrate"}) == "11 lock.held");
    auto waiting = std::async(std::launch::async, [&] {
      return site.failure({"db", "migrate", "--lock-wait", "1m"});
    });
    CHECK(waiting.wait_for(std::chrono::seconds(7)) == std::future_status::timeout);
    held.reset();
    CHECK(waiting.get() == "0");
  }
}

TEST_CASE("a backup is for SQLite", "[system]") {
  for (const auto engine : test::engines()) {
    if (engine == db::Engine::sqlite) continue;
    const Site site(engine);
    site.init();
    CHECK(site.failure({"db", "backup", "x.db"}) == "2 db.backup_engine");
  }
}

TEST_CASE("the commands printed for PostgreSQL dump an estate and restore it row by row", "[system][slow]") {
  for (const auto engine : test::engines()) {
    if (engine == db::Engine::sqlite) continue;
    const Site site(engine), other(engine, test::Schema::none);
    if (test::run_in_shell(site.machine(), "command -v pg_dump pg_restore").status != 0) return;
    site.init();
    site.ok({"workspaces", "add", "second", "--timezone", "UTC"});
    site.ok({"numbers", "add", "+12025550123", "--label", "École", "-w", "default"});
    site.ok({"numbers", "add", "+12025550124", "-w", "second"});
    const auto run_hint = [&](const Site& of, const std::string& verb) {
      const auto refused = of.run({"db", verb, "it's.dump"});
      CHECK(refused.status == 2);
      const auto at = refused.err.find("hint: ");
      REQUIRE(at != std::string::npos);
      auto command = refused.err.substr(at + 6, refused.err.find('\n', at) - at - 6);
      command = command.substr(0, command.find("   ("));
      const auto done = test::run_in_shell(site.machine(), command);
      INFO(command << "\n" << done.err);
      CHECK(done.status == 0);
    };
    run_hint(site, "backup");
    std::filesystem::copy(site.machine().home() / "it's.dump", other.machine().home());
    run_hint(other, "restore");

    const auto counts = [](const Site& of) {
      const auto connection = db::Connection::open(of.url());
      const db::Transaction transaction(*connection, db::Scope::through(db::Door::maintenance),
                                        db::Access::read);
      std::map<std::string, std::int64_t> rows;
      for (const auto& table : db::tables())
        rows[std::string(table.name)] =
            connection->integer(fmt::format("SELECT count(*) FROM {}", table.name)).value();
      return rows;
    };
    CHECK(counts(site)["phone_numbers"] == 2);
    CHECK(counts(site) == counts(other));
    other.ok({"db", "check"});
    CHECK(other.json({"audit", "verify", "-w", "second"})["ok"] == true);
    CHECK(site.ok({"numbers", "export", "-w", "default"}) ==
          other.ok({"numbers", "export", "-w", "default"}));
  }
}

TEST_CASE("an estate copied to another database exports the same bytes, and its audit log holds",
          "[system][slow]") {
  const Site site(db::Engine::sqlite);
  site.ok({"numbers", "add", "+12025550123", "--label", "École"});
  site.ok({"numbers", "add", "+442079460123", "--capabilities", "voice"});
  const auto exported = site.ok({"numbers", "export", "-o", "csv"});

  for (const auto engine : test::engines()) {
    const Site other(engine);
    const auto url =
        engine == db::Engine::sqlite ? "sqlite:" + (site.machine().home() / "copy.db").string() : other.url();
    site.ok({"db", "copy", url});
    CHECK(site.ok({"numbers", "export", "-o", "csv", "-d", url}) == exported);
    CHECK(site.json({"audit", "verify", "-d", url})["rows"] == 3);
    CHECK(site.failure({"db", "copy", url}) == "6 db.not_empty");
    // And back, saying nothing.
    const auto back =
        "sqlite:" + (site.machine().home() / ("back-" + std::string(db::engine_name(engine)))).string();
    const auto silent = site.run({"db", "copy", back, "-d", url, "-q"});
    CHECK(silent.status == 0);
    CHECK(silent.out.empty());
    CHECK(silent.err.empty());
    CHECK(site.ok({"numbers", "export", "-o", "csv", "-d", back}) == exported);
  }
}

TEST_CASE("a database in memory is refused by whatever name and way, and a file so called is none",
          "[system][slow]") {
  const Site site(db::Engine::sqlite);
  site.init();
  const Site::Arguments add = {"numbers", "add", "+12025550123"};
  for (const std::string url : {"sqlite::memory:", "sqlite::memory:mine", "sqlite::memory:?cache=shared"}) {
    INFO(url);
    auto by_flag = add;
    by_flag.insert(by_flag.end(), {"--database", url});
    CHECK(site.failure(by_flag) == "2 usage.bad_value");
    CHECK(site.failure({"sim", "run", "--database", url, "any.json"}).starts_with("2 "));
    CHECK(site.failure({"db", "copy", url}) == "2 db.bad_url");
    CHECK(site.failure({"config", "set", "database", url}) == "7 config.bad_value");
    test::ProcessOptions named;
    named.environment["RINGCTL_DATABASE_URL"] = url;
    const auto result = site.machine().run(add, named);
    INFO(result.err);
    CHECK(result.err.find("what is in memory is gone with the command") != std::string::npos);
    CHECK(result.err.find("config.bad_value") != std::string::npos);
  }
  const auto file = site.machine().home() / ":memory:";
  auto by_path = add;
  by_path.insert(by_path.end(), {"--database", "sqlite:./:memory:"});
  site.ok(by_path);
  CHECK(std::filesystem::exists(file));
  CHECK(site.json({"numbers", "list", "--database", "sqlite:" + file.string()}).size() == 1);
}

TEST_CASE("a password on the command line is refused and not repeated", "[system]") {
  const Site site(db::Engine::sqlite);
  site.init();
  for (const auto* url : {"postgresql://u:canary@h/db", "postgresql://h/db?user=u&password=canary"}) {
    const auto result = site.run({"db", "copy", url});
    CHECK(result.status == 2);
    CHECK(result.err.find("db.password_in_argv") != std::string::npos);
    CHECK(result.err.find("canary") == std::string::npos);
  }
}

TEST_CASE("doctor finds nothing wrong with a machine that works", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const auto report = site.json({"doctor"});
  for (const auto& row : report) {
    INFO(row.dump());
    const bool of_age = row["check"] == "data.zones" || row["check"] == "data.phones";
    CHECK((of_age || row["status"] == "ok"));
  }
  CHECK(status_of(report, "data.zones") != "not looked at");
  CHECK(status_of(report, "data.phones") != "not looked at");
  CHECK(status_of(report, "db.days") == "ok");
  CHECK(status_of(report, "db.replication") ==
        (site.engine() == db::Engine::postgresql ? "ok" : "not looked at"));
  CHECK(status_of(report, "config.files") == "ok");
  CHECK(status_of(report, "db.reach") == "ok");
  CHECK(status_of(report, "db.schema") == "ok");
}

TEST_CASE("doctor looks at what it is asked to look at", "[system]") {
  const Site site(db::Engine::sqlite);
  CHECK(status_of(site.json({"doctor", "config"}), "db.reach") == "not looked at");
  CHECK(status_of(site.json({"doctor", "db"}), "config.files") == "not looked at");
  CHECK(site.run({"doctor", "plumbing"}).status == 2);
}

TEST_CASE("a database that is not there yet is a warning, an empty one a failure", "[system]") {
  const Site site(GENERATE(from_range(test::engines())), test::Schema::none);
  const auto result = site.run({"doctor", "-o", "json"});
  const auto report = nlohmann::json::parse(result.out);
  if (site.engine() == db::Engine::sqlite) {
    CHECK(result.status == 0);
    CHECK(status_of(report, "db.reach") == "warn");
  } else {
    CHECK(result.status == 8);
    CHECK(status_of(report, "db.schema") == "fail");
  }
}

TEST_CASE("secrets that others can read fail, and --fix closes them", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto file =
      site.machine().file(".config/ringctl/credentials.toml", "[profiles.prod]\napi_key = \"SKcanary\"\n");
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  CHECK(site.run({"numbers", "list"}).status == 10);

  const auto before = site.run({"doctor", "-o", "json"});
  CHECK(before.status == 8);
  CHECK(status_of(nlohmann::json::parse(before.out), "config.secrets") == "fail");
  CHECK(before.out.find("canary") == std::string::npos);
  CHECK(site.run({"doctor", "--fix", "-n"}).status == 8);

  CHECK(status_of(site.json({"doctor", "--fix"}), "config.secrets") == "ok");
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::mask) ==
        static_cast<std::filesystem::perms>(0600));
}

TEST_CASE("files that secrets are read from are looked at, and closed, as credentials.toml is", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto& m = site.machine();
  std::vector<std::filesystem::path> files = {
      m.file(".config/ringctl/credentials.toml", "[defaults]\nauth_token_file = \"token.txt\"\n"),
      m.file(".config/ringctl/secrets.key", std::string(64, '0')),
      m.file(".config/ringctl/token.txt", "12345\n"), m.file("api secret", "an example of a secret\n")};
  test::ProcessOptions options;
  options.environment["TWILIO_API_SECRET_FILE"] = files[3].string();
  const auto look = [&](test::Machine::Arguments flags) {
    flags.insert(flags.begin(), {"doctor", "config", "-o", "json"});
    return m.run(flags, options);
  };
  const auto failures = [](const std::string& report) {
    int failed = 0;
    for (const auto& row : nlohmann::json::parse(report))
      if (row["check"] == "config.secrets" && row["status"] == "fail") ++failed;
    return failed;
  };
  REQUIRE(::chmod(files[0].c_str(), 0600) == 0);
  for (std::size_t i = 1; i < files.size(); ++i) REQUIRE(::chmod(files[i].c_str(), 0644) == 0);
  const auto open = look({});
  CHECK(open.status == 8);
  CHECK(failures(open.out) == 3);
  CHECK(open.err.find("ringctl doctor --fix") != std::string::npos);

  const auto fixed = look({"--fix"});
  CHECK(fixed.status == 0);
  CHECK(fixed.err.find("fixed: chmod 600 '" + files[3].string() + "'\n") != std::string::npos);
  for (const auto& file : files)
    CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::mask) ==
          static_cast<std::filesystem::perms>(0600));

  std::filesystem::remove(files[2]);
  CHECK(failures(look({}).out) == 1);
}

TEST_CASE("doctor tells once of a file of secrets that reading the configuration met as well", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto& m = site.machine();
  const auto settings = m.file(".config/ringctl/config.toml",
                               "schema = 1\n[defaults]\ndatabase = \"postgresql://u:canary@127.0.0.1/db\"\n");
  REQUIRE(::chmod(settings.c_str(), 0644) == 0);
  test::ProcessOptions options;
  options.environment["RINGCTL_DATABASE_URL_FILE"] = (m.home() / "absent").string();
  const auto failed = [&](test::Machine::Arguments flags) {
    flags.insert(flags.begin(), {"doctor", "config", "-o", "json"});
    const auto result = m.run(flags, options);
    CHECK(result.out.find("canary") == std::string::npos);
    std::vector<std::string> evidence;
    for (const auto& row : nlohmann::json::parse(result.out))
      if (row["status"] == "fail") evidence.push_back(row["evidence"].get<std::string>());
    return evidence;
  };
  const auto before = failed({});
  REQUIRE(before.size() == 2);
  CHECK(before[0] == settings.string() + " is readable by others (mode 0644)");
  CHECK(before[1].find("absent: No such file") != std::string::npos);
  CHECK(failed({"--fix"}).size() == 1);
  options.environment.erase("RINGCTL_DATABASE_URL_FILE");
  CHECK(failed({}).empty());
}

TEST_CASE("doctor runs although the configuration cannot be read", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file(".config/ringctl/config.toml", "schema = 1\n[defaults\n");
  const auto result = site.run({"doctor", "-o", "json"});
  CHECK(result.status == 8);
  CHECK(status_of(nlohmann::json::parse(result.out), "config.files") == "fail");
}

TEST_CASE("doctor lists every failure of the configuration once, and looks at the database all the same",
          "[system]") {
  const Site site(db::Engine::sqlite);
  const auto& m = site.machine();
  site.ok({"numbers", "add", "+12025550123", "-d", "sqlite:other.db"});
  m.file(".config/ringctl/config.toml",
         "schema = 1\n[defaults]\ndatabase = \"sqlite:" + (m.home() / "other.db").string() +
             "\"\ntimezon = \"UTC\"\nlimit = \"x\"\n[serve]\nlisten = \"foo\"\n");
  const auto secrets = m.file(".config/ringctl/credentials.toml", "[defaults]\napi_key = \"SK1\"\n");
  REQUIRE(::chmod(secrets.c_str(), 0644) == 0);

  const auto result = site.run({"doctor", "-o", "json"});
  CHECK(result.status == 8);
  std::vector<std::string> failures;
  const auto report = nlohmann::json::parse(result.out);
  for (const auto& row : report)
    if (row["status"] == "fail")
      failures.push_back(row["check"].get<std::string>() + ": " + row["evidence"].get<std::string>());
  REQUIRE(failures.size() == 4);
  CHECK(failures[0].find("config.secrets: ") == 0);
  CHECK(failures[1].find("limit must be a whole number") != std::string::npos);
  CHECK(failures[2].ends_with("unknown key \"timezon\"; did you mean: timezone"));
  CHECK(failures[3].find("serve.listen must be HOST:PORT") != std::string::npos);
  CHECK(status_of(report, "db.integrity") == "ok");
  CHECK(status_of(report, "config.database") == "warn");

  const auto fixed = site.run({"doctor", "--fix", "-o", "json"});
  CHECK(fixed.status == 8);
  CHECK(fixed.err.find("fixed: chmod 600 " + secrets.string()) == 0);
  CHECK(status_of(nlohmann::json::parse(fixed.out), "config.secrets") == "ok");
}

TEST_CASE("the doctor fails by what remains, not by what it mended", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto secrets =
      site.machine().file(".config/ringctl/credentials.toml", "[defaults]\napi_key = \"SK1\"\n");
  REQUIRE(::chmod(secrets.c_str(), 0644) == 0);
  CHECK(site.run({"doctor", "--fix", "--delimiter", "xx"}).status == 2);
  CHECK(site.run({"numbers", "list"}).err.find("config.secret_permissions") != std::string::npos);
  site.ok({"doctor", "--fix"});
}
