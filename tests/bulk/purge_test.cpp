#include "bulk/purge.hpp"

#include <stdexcept>

#include "bulk/imports.hpp"
#include "bulk/merge.hpp"
#include "db/lease.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Lines;

namespace {

/// Three jobs of long ago: one made two numbers, two changed both; and one of today.
struct Archive : test::Imports {
  explicit Archive(db::Engine engine) : Imports(engine) {
    old = {made("+12025550101\n+12025550102\n"), made("phone_number,label\n+12025550101,A\n+12025550102,A\n"),
           made("phone_number,label\n+12025550101,B\n+12025550102,B\n")};
    clock.advance(std::chrono::hours(24 * 100));
    young = made("phone_number,label\n+12025550101,C\n");
  }
  base::Uuid made(std::string_view text) { return import(text).job.value(); }
  PurgeOptions options(bool write = true) const {
    return {.before = clock.now() - std::chrono::hours(24 * 90), .write = write};
  }
  Purged purge(const PurgeOptions& how) { return purge_jobs(session(), workspace, how); }
  std::int64_t purges_on_record() {
    return read([&] {
      return db().integer("SELECT count(*) FROM audit_log WHERE action = 'jobs.purge'").value_or(0);
    });
  }
  std::vector<base::Uuid> old;
  base::Uuid young;
};

}  // namespace

TEST_CASE("old jobs go with their journals; what they wrote, and younger jobs, stay", "[bulk]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto numbers = a.numbers();
  const auto purged = a.purge(a.options());
  CHECK(purged.jobs == 3);
  CHECK(purged.rows == 4);
  CHECK(purged.unfinished == 0);
  CHECK(purged.open == 0);
  CHECK(a.numbers() == numbers);
  CHECK(a.count("jobs") == 1);
  CHECK(a.count("job_rows") == 1);
  for (const auto& job : a.old) CHECK(test::slug_of([&] { a.undo(job); }) == "jobs.unknown");
  CHECK(a.undo(a.young).restored == 1);
  CHECK(a.purges_on_record() == 1);
  CHECK_FALSE(a.audit_verdict().broken_at);
  CHECK(a.purge(a.options()).jobs == 0);
  CHECK(a.purges_on_record() == 1);
}

TEST_CASE("a dry run of a purge counts and changes nothing", "[bulk]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto sizes = a.sizes();
  const auto plan = a.purge(a.options(false));
  CHECK(plan.jobs == 3);
  CHECK(plan.rows == 4);
  CHECK(a.sizes() == sizes);
}

TEST_CASE("a purge that was stopped leaves no job that is undone in part, and the next one ends it",
          "[bulk]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto numbers = a.numbers();
  auto options = a.options();
  options.piece = 2;  // the first job and one row of the second
  std::vector<std::int64_t> pieces;
  options.between = [&](const Purged& so_far) {
    pieces.push_back(so_far.rows);
    throw std::runtime_error("stopped");
  };
  CHECK_THROWS_AS(a.purge(options), std::runtime_error);
  CHECK(pieces == std::vector<std::int64_t>{1});
  CHECK(a.count("jobs") == 3);
  CHECK(test::slug_of([&] { a.undo(a.old[1]); }) == "jobs.purged");
  CHECK(a.numbers() == numbers);
  options.between = [&](const Purged& so_far) { pieces.push_back(so_far.rows); };
  const auto rest = a.purge(options);
  CHECK(rest.jobs == 2);
  CHECK(rest.rows == 3);
  CHECK(a.count("jobs") == 1);
  CHECK(a.purges_on_record() == std::ssize(pieces));
}

TEST_CASE("an import that can be gone on with is kept, however old", "[bulk]") {
  test::Imports i(GENERATE(from_range(test::engines())));
  auto options = test::max_errors("0");
  options.batch_rows = 2;
  options.intake.path = i.file(test::many_numbers(6));
  i.progress = [](const Progress& progress) {
    if (progress.phase == "writing") throw std::runtime_error("killed");
  };
  CHECK_THROWS_AS(i.run(options), std::runtime_error);
  i.progress = [](const Progress&) {};
  i.clock.advance(std::chrono::hours(24 * 100));
  const auto purged =
      purge_jobs(i.session(), i.workspace, {.before = i.clock.now() - std::chrono::hours(48)});
  CHECK(purged.jobs == 0);
  CHECK(purged.unfinished == 1);
  CHECK(i.run(options).resumed);
  CHECK(i.numbers().size() == 6);
}

TEST_CASE("an import of standard input that was cut off cannot be gone on with, and goes", "[bulk]") {
  test::Imports i(GENERATE(from_range(test::engines())));
  i.exec(
      "INSERT INTO jobs (id, workspace_id, kind, state, actor, input_name, options, counts, created_at, updated_at) "
      "VALUES ($1, $2, 'numbers.import', 'running', 'os:ann', '-', '{}', '{}', $3, $3)",
      {i.session().ids.next(), i.workspace, i.clock.now()});
  i.clock.advance(std::chrono::hours(24 * 100));
  const auto purged =
      purge_jobs(i.session(), i.workspace, {.before = i.clock.now() - std::chrono::hours(48)});
  CHECK(purged.jobs == 1);
  CHECK(purged.unfinished == 0);
}

TEST_CASE("what an old job did at Twilio goes with it, piece by piece", "[bulk]") {
  Archive a(GENERATE(from_range(test::engines())));
  for (int line = 1; line <= 7; ++line)
    a.exec(
        "INSERT INTO twilio_effects (id, workspace_id, job_id, line, kind, effect_key, account_sid, request, state, "
        "actor, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, 'number.configure', 'x', 'AC', '{}', 'done', 'os:ann', $5, $5)",
        {a.session().ids.next(), a.workspace, a.old[0], line, a.clock.now()});
  auto options = a.options();
  options.piece = 3;
  std::int64_t seen = 0;
  options.between = [&](const Purged& so_far) {
    CHECK(so_far.acts - seen <= 3);
    seen = so_far.acts;
  };
  CHECK(a.purge(a.options(false)).acts == 7);
  const auto purged = a.purge(options);
  CHECK(purged.acts == 7);
  CHECK(purged.jobs == 3);
}

TEST_CASE("jobs of the last two days are not purged", "[bulk]") {
  test::Imports i(test::engines().front());
  CHECK(test::slug_of([&] {
          purge_jobs(i.session(), i.workspace, {.before = i.clock.now() - std::chrono::hours(47)});
        }) == "jobs.purge_too_young");
}

TEST_CASE("a purge waits for no import or undo: the bulk lock is held", "[bulk]") {
  Archive a(GENERATE(from_range(test::engines())));
  test::Actor bob(a.database.connect(), a.clock, "os:bob");
  auto lease = db::Lease::acquire(bob.session.db, a.clock, std::string(k_bulk_lease), a.workspace,
                                  k_bulk_lease_ttl, std::chrono::milliseconds(0));
  CHECK(test::slug_of([&] { a.purge(a.options()); }) == "lock.held");
  CHECK(a.purge(a.options(false)).jobs == 3);
  lease.release();
}

TEST_CASE("a purge reaches no job of another workspace", "[bulk]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto other = a.database.add_workspace("other");
  CHECK(purge_jobs(a.session(), other, a.options()).jobs == 0);
  CHECK(a.count("jobs") == 4);
}

TEST_CASE("what an undo needs of a job that was purged counts as changed, and is kept", "[bulk][undo]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto first = a.made("phone_number,label\n+12025550102,D\n");
  const auto second = a.made("phone_number,label\n+12025550102,E\n");
  CHECK(a.undo(second).restored == 1);
  a.exec("DELETE FROM jobs WHERE id = $1", {second});
  CHECK(test::slug_of([&] { a.undo(first); }) == "jobs.all_changed");
}
