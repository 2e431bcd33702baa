#include "jobs/old_jobs.hpp"

#include "jobs/effects.hpp"
#include "jobs/journal.hpp"
#include "support/catch.hpp"
#include "support/session.hpp"

using namespace ringctl;
using jobs::State;

namespace {

/// Jobs that end as they are made, an hour apart.
struct Archive : test::Estate {
  using Estate::Estate;

  base::Uuid job(State state, std::int64_t rows = 0) {
    clock.advance(std::chrono::hours(1));
    jobs::Job made;
    made.id = alice.ids.next();
    made.kind = "numbers.import";
    made.state = state;
    made.actor = "os:alice";
    made.input_name = "numbers.csv";
    made.input_digest = "sha256";
    made.options = R"({"atomic":true})";
    write([&] {
      jobs::Journal journal(db(), clock, workspace);
      journal.insert(made);
      std::vector<jobs::JobRow> journalled;
      for (std::int64_t line = 1; line <= rows; ++line)
        journalled.push_back({.line = line, .key = "+12025550101", .verdict = "invalid"});
      journal.add_rows(made.id, journalled);
    });
    return made.id;
  }
  void asked_for(const base::Uuid& job, jobs::EffectState state) {
    write([&] {
      jobs::Effect effect;
      effect.id = alice.ids.next();
      effect.job = job;
      effect.kind = "number.buy";
      effect.key = "+12025550101";
      effect.account_sid = "AC0123456789abcdef0123456789abcdef";
      effect.state = state;
      effect.actor = "os:alice";
      jobs::Effects(db(), clock, workspace).insert(effect);
    });
  }
  std::vector<base::Uuid> old(std::int64_t most = 100) {
    return read([&] { return jobs::find_old(db(), workspace, clock.now(), most); });
  }
  jobs::Job get(const base::Uuid& id) {
    return read([&] { return jobs::Journal(db(), clock, workspace).get(id.view()); });
  }
};

}  // namespace

TEST_CASE("old jobs are those that are over, oldest first, and not as young as the time", "[jobs]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto undone = a.job(State::undone), finished = a.job(State::finished, 2);
  a.job(State::running, 3);
  const auto failed = a.job(State::failed);
  a.clock.advance(std::chrono::milliseconds(1));
  CHECK(a.old() == std::vector{undone, finished, failed});
  CHECK(a.old(2) == std::vector{undone, finished});
  const auto counts = a.read([&] { return jobs::count_old(a.db(), a.workspace, a.clock.now()); });
  CHECK(counts.jobs == 3);
  CHECK(counts.rows == 2);
  CHECK(counts.unfinished == 1);
  CHECK(counts.open == 0);
  const auto failed_at = a.get(failed).updated_at;
  CHECK(a.read([&] { return jobs::count_old(a.db(), a.workspace, failed_at).jobs; }) == 2);
}

TEST_CASE("a job with an act at Twilio that nobody knows the outcome of is not old", "[jobs]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto state = GENERATE(jobs::EffectState::intent, jobs::EffectState::sent, jobs::EffectState::unknown,
                              jobs::EffectState::done);
  const bool settled = state == jobs::EffectState::done;
  a.asked_for(a.job(State::finished), state);
  a.clock.advance(std::chrono::hours(1));
  CHECK(a.old().empty() != settled);
  const auto counts = a.read([&] { return jobs::count_old(a.db(), a.workspace, a.clock.now()); });
  CHECK(counts.jobs == (settled ? 1 : 0));
  CHECK(counts.open == (settled ? 0 : 1));
}

TEST_CASE("rows of a job go a few at a time, from the first of them on it is purged, and its age stays",
          "[jobs]") {
  Archive a(GENERATE(from_range(test::engines())));
  const auto id = a.job(State::finished, 5);
  const auto untouched = a.job(State::finished, 5);
  const auto before = a.get(id);
  CHECK_FALSE(before.purged());
  const auto remove = [&](const base::Uuid& job, std::int64_t most) {
    std::int64_t removed = 0;
    a.write([&] { removed = jobs::remove_rows(a.db(), a.workspace, job, most); });
    return removed;
  };
  CHECK(remove(id, 3) == 3);
  CHECK(a.get(id).purged());
  CHECK(a.get(id).updated_at == before.updated_at);
  CHECK(remove(id, 3) == 2);
  CHECK(remove(id, 3) == 0);
  CHECK_FALSE(a.get(untouched).purged());
  a.write([&] { jobs::remove_job(a.db(), a.workspace, id); });
  CHECK(a.read([&] { return jobs::Journal(a.db(), a.clock, a.workspace).list(0); }).size() == 1);
  CHECK(a.read([&] { return a.db().integer("SELECT count(*) FROM job_rows"); }) == 5);
}
