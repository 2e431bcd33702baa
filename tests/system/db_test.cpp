// `ringctl db` and `ringctl doctor` as people and scripts run them.
#include <sys/stat.h>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

std::string status_of(const nlohmann::json& report, std::string_view check) {
  for (const auto& row : report)
    if (row["check"] == check) return row["status"];
  return "not looked at";
}

}  // namespace

TEST_CASE("status tells an empty database from a current one", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
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
  const Site site(GENERATE(from_range(test::engines())));
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

TEST_CASE("a backup is restored, and what it replaces is kept", "[system]") {
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

TEST_CASE("a backup is for SQLite", "[system]") {
  for (const auto engine : test::engines()) {
    if (engine == db::Engine::sqlite) continue;
    const Site site(engine);
    site.init();
    CHECK(site.failure({"db", "backup", "x.db"}) == "2 db.not_sqlite");
  }
}

TEST_CASE("an estate copied to another database exports the same bytes, and its audit log holds",
          "[system]") {
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
    // And back.
    const auto back =
        "sqlite:" + (site.machine().home() / ("back-" + std::string(db::engine_name(engine)))).string();
    site.ok({"db", "copy", back, "-d", url});
    CHECK(site.ok({"numbers", "export", "-o", "csv", "-d", back}) == exported);
  }
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
    CHECK(row["status"] == "ok");
  }
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
  const Site site(GENERATE(from_range(test::engines())));
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

TEST_CASE("doctor runs although the configuration cannot be read", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file(".config/ringctl/config.toml", "schema = 1\n[defaults\n");
  const auto result = site.run({"doctor", "-o", "json"});
  CHECK(result.status == 8);
  CHECK(status_of(nlohmann::json::parse(result.out), "config.files") == "fail");
}
