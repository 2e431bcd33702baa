// What comes between the sections of an estate that is being applied: what was applied is said, and the same
// command again completes it.
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

/// Statements behind ringctl's back.
void run_all(const Site& site, std::initializer_list<const char*> statements) {
  const auto url = site.url().empty() ? "sqlite:" + site.sqlite_file().string() : site.url();
  const auto connection = db::Connection::open(url);
  db::Transaction transaction(*connection, db::Scope::through(db::Door::maintenance));
  for (const auto* sql : statements) connection->exec(sql);
  transaction.commit();
}

/// From now on writing down the job of an import does this as well; a plan writes none.
void when_a_job_begins(const Site& site, const std::string& kind, const std::string& what) {
  if (site.engine() == db::Engine::sqlite)
    return run_all(site, {("CREATE TRIGGER meanwhile AFTER INSERT ON jobs WHEN NEW.kind = '" + kind +
                           "' BEGIN " + what + "; END")
                              .c_str()});
  run_all(site, {("CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN " + what +
                  "; RETURN NEW; END'")
                     .c_str(),
                 ("CREATE TRIGGER meanwhile AFTER INSERT ON jobs FOR EACH ROW WHEN (NEW.kind = '" + kind +
                  "') EXECUTE FUNCTION meanwhile()")
                     .c_str()});
}
void nothing_comes_between(const Site& site) {
  const bool sqlite = site.engine() == db::Engine::sqlite;
  run_all(site, {sqlite ? "DROP TRIGGER meanwhile" : "DROP TRIGGER meanwhile ON jobs"});
}

/// "numbers teams users": of the jobs there are, oldest first.
std::string applied(const Site& site) {
  std::string kinds;
  const auto jobs = site.json({"jobs", "list", "--sort", "job"});
  for (const auto& job : jobs) {
    const auto kind = job.at("kind").get<std::string>();
    kinds += (kinds.empty() ? "" : " ") + kind.substr(0, kind.find('.'));
  }
  return kinds;
}

bool says(const test::ProcessResult& result, const std::string& what) {
  INFO(result.err);
  return result.err.find(what) != std::string::npos;
}

constexpr const char* k_office = R"({"schema": 1,
"numbers": [{"phone_number": "+12025550123"}],
"users": [{"email": "ann@example.com"}],
"assignments": [{"phone_number": "+12025550123", "agent": "ann@example.com"}],
"extensions": [{"extension": "101", "user": "ann@example.com"}]})";

}  // namespace

TEST_CASE(
    "where an estate stops between two sections, the first ones stay and are named, and the same command "
    "again applies the rest",
    "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.machine().file("estate.json", k_office);
  when_a_job_begins(
      site, "assignments.import",
      site.engine() == db::Engine::sqlite ? "SELECT RAISE(ABORT, 'no room')" : "RAISE EXCEPTION ''no room''");
  const auto stopped = site.run({"apply", "-f", "estate.json"});
  CHECK(stopped.status != 0);
  CHECK(says(stopped, "\n  numbers were applied: ringctl jobs undo "));
  CHECK(says(stopped, "\n  users were applied: ringctl jobs undo "));
  CHECK(says(stopped, "\n  the same file again applies the rest\n"));
  CHECK_FALSE(says(stopped, "assignments were applied"));
  CHECK(applied(site) == "numbers users");
  nothing_comes_between(site);
  site.ok({"apply", "-f", "estate.json"});
  CHECK(applied(site) == "numbers users assignments extensions");
  site.ok({"apply", "-f", "estate.json", "-n", "--exit-code"});
}

TEST_CASE(
    "where another writer comes between the plan of an estate and its section, that one is refused and the "
    "same command again plans anew",
    "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.ok({"users", "add", "ann@example.com"});
  site.machine().file("estate.json", k_office);
  when_a_job_begins(site, "numbers.import", "UPDATE users SET is_active = FALSE");
  const auto refused = site.run({"apply", "-f", "estate.json"});
  CHECK(test::failure_of(refused) == "6 apply.moved_on");
  CHECK(
      says(refused, "assignments in estate.json: 1 of its rows are refused now: another writer was faster"));
  CHECK(says(refused, "item 1, agent: ann@example.com is not active"));
  CHECK(says(refused, "numbers were applied: ringctl jobs undo "));
  CHECK(says(refused, "hint: run the same command again"));
  CHECK(applied(site) == "numbers");
  nothing_comes_between(site);
  CHECK(site.failure({"apply", "-f", "estate.json"}) == "7 apply.invalid_rows");
  site.ok({"users", "update", "ann@example.com", "--is-active", "yes"});
  site.ok({"apply", "-f", "estate.json"});
  CHECK(applied(site) == "numbers assignments extensions");
}
