#include "jobs/journal.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using test::Estate;

namespace {

struct Journal : Estate {
  explicit Journal(db::Engine engine) : Estate(engine), journal(db(), clock, workspace) {}

  jobs::Job job(std::string kind = "numbers.import", std::string digest = "d1") {
    jobs::Job made;
    made.id = alice.ids.next();
    made.kind = std::move(kind);
    made.actor = "os:alice";
    made.input_name = "numbers.csv";
    made.input_digest = std::move(digest);
    made.options = R"({"atomic":true})";
    return made;
  }
  jobs::Job insert(jobs::Job made) {
    write([&] { journal.insert(made); });
    return made;
  }
  std::vector<jobs::JobRow> rows(const base::Uuid& id) {
    return read([&] {
      std::vector<jobs::JobRow> found;
      journal.for_each_row(id, [&](const jobs::JobRow& row) { found.push_back(row); });
      return found;
    });
  }
  jobs::Job get(std::string_view id) {
    return read([&] { return journal.get(id); });
  }

  jobs::Journal journal;
};

}  // namespace

TEST_CASE("counts survive their JSON text", "[jobs]") {
  const jobs::Counts counts{9, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(jobs::counts_from_json(jobs::to_json(counts)) == counts);
  CHECK(
      jobs::to_json(jobs::Counts{}) ==
      R"({"conflict":0,"created":0,"duplicate":0,"invalid":0,"rows":0,"same":0,"skipped":0,"updated":0,"warnings":0})");
}

TEST_CASE("counts written by a version with fewer of them are read", "[jobs]") {
  CHECK(jobs::counts_from_json(R"({"rows":3})").rows == 3);
}

TEST_CASE("a job is read back as it was written", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  auto job = j.insert(j.job());
  j.clock.advance(std::chrono::seconds(5));
  job.state = jobs::State::finished;
  job.counts.created = 40;
  job.position = "+12025550123";
  job.finished_at = j.clock.now();
  j.write([&] { j.journal.save(job); });

  const auto found = j.get(job.id.view());

  CHECK(found.id == job.id);
  CHECK(found.kind == "numbers.import");
  CHECK(found.state == jobs::State::finished);
  CHECK(found.counts == job.counts);
  CHECK(found.position == "+12025550123");
  CHECK(found.input_digest == "d1");
  CHECK(found.options == R"({"atomic":true})");
  CHECK(found.created_at == job.created_at);
  CHECK(found.updated_at == j.clock.now());
  CHECK(found.finished_at == j.clock.now());
}

TEST_CASE("a job is found by its last eight digits, in any case", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  const auto job = j.insert(j.job());
  CHECK(j.get(job.id.short_id()).id == job.id);
  auto upper = job.id.short_id();
  for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  CHECK(j.get(upper).id == job.id);
}

TEST_CASE("a job that is not there is not found", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  for (const auto* id : {"deadbeef", "x", "", "%", "01890000-0000-7000-8000-000000000001"})
    CHECK(test::slug_of([&] { j.get(id); }) == "jobs.unknown");
}

TEST_CASE("two jobs with the same last digits are listed as candidates", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  auto one = j.job(), two = j.job();
  one.id = base::Uuid::parse("01890000-0000-7000-8000-0000deadbeef");
  two.id = base::Uuid::parse("01890000-0000-7000-8000-0001deadbeef");
  j.insert(one);
  j.insert(two);
  const auto error = test::error_of([&] { j.get("deadbeef"); });
  REQUIRE(error);
  CHECK(error->slug() == "jobs.ambiguous");
  CHECK(error->details().size() == 2);
}

TEST_CASE("of what read standard input only a running job of the same kind is unfinished", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  j.insert(j.job("numbers.import", "d1"));
  const auto unfinished = [&](std::string_view kind) {
    return j.read([&] { return j.journal.find_unfinished_of_stdin(kind); });
  };
  CHECK_FALSE(unfinished("numbers.import"));
  auto job = j.insert(j.job("numbers.import", ""));
  REQUIRE(unfinished("numbers.import"));
  CHECK(unfinished("numbers.import")->id == job.id);
  CHECK_FALSE(unfinished("users.import"));
  job.state = jobs::State::failed;
  j.write([&] { j.journal.save(job); });
  CHECK_FALSE(unfinished("numbers.import"));
}

TEST_CASE("only a running job of the same kind and input is unfinished", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  auto job = j.insert(j.job());
  const auto unfinished = [&](std::string_view kind, std::string_view digest) {
    return j.read([&] { return j.journal.find_unfinished(kind, digest).has_value(); });
  };
  CHECK(unfinished("numbers.import", "d1"));
  CHECK_FALSE(unfinished("numbers.import", "d2"));
  CHECK_FALSE(unfinished("users.import", "d1"));
  job.state = jobs::State::finished;
  j.write([&] { j.journal.save(job); });
  CHECK_FALSE(unfinished("numbers.import", "d1"));
}

TEST_CASE("standard input has no digest and is never unfinished", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  j.insert(j.job("numbers.import", ""));
  CHECK_FALSE(j.read([&] { return j.journal.find_unfinished("numbers.import", "").has_value(); }));
}

TEST_CASE("jobs are listed newest first and counted", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  const auto first = j.insert(j.job());
  j.clock.advance(std::chrono::seconds(1));
  const auto second = j.insert(j.job());
  const auto all = j.read([&] { return j.journal.list(0); });
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == second.id);
  CHECK(all[1].id == first.id);
  CHECK(j.read([&] { return j.journal.list(1); }).size() == 1);
  CHECK(j.read([&] { return j.journal.count(); }) == 2);
}

TEST_CASE("rows come back in the order of the input", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  const auto job = j.insert(j.job());
  // Few rows go one by one, many through bulk load; both must read the same.
  const auto many = GENERATE(3, 200);
  const auto object = j.alice.ids.next();
  std::vector<jobs::JobRow> rows;
  for (int line = many; line >= 1; --line)
    rows.push_back({.line = line,
                    .key = "+12025550123",
                    .verdict = "update",
                    .code = "",
                    .message = "tab\there, \"quotes\" and \\ backslash",
                    .before_image = R"({"label":"é"})",
                    .version_after = 2,
                    .object_id = object});
  rows.push_back({.line = many + 1,
                  .key = "x",
                  .verdict = "invalid",
                  .code = "bad",
                  .message = "m",
                  .before_image = {}});
  j.write([&] { j.journal.add_rows(job.id, rows); });

  const auto found = j.rows(job.id);

  REQUIRE(found.size() == rows.size());
  CHECK(found.front().line == 1);
  CHECK(found.front().message == "tab\there, \"quotes\" and \\ backslash");
  CHECK(found.front().before_image == R"({"label":"é"})");
  CHECK(found.front().version_after == 2);
  CHECK(found.front().object_id == object);
  CHECK(found.back().verdict == "invalid");
  CHECK_FALSE(found.back().before_image);
  CHECK(found.back().version_after == 0);
  CHECK_FALSE(found.back().object_id);
}

TEST_CASE("jobs of another workspace are not seen", "[jobs]") {
  Journal j(GENERATE(from_range(test::engines())));
  const auto job = j.insert(j.job());
  const auto other = j.database.add_workspace("other");
  db::Transaction transaction(j.db(), db::Scope::of(other), db::Access::read);
  jobs::Journal theirs(j.db(), j.clock, other);
  CHECK(theirs.count() == 0);
  CHECK(theirs.list(0).empty());
  CHECK(test::slug_of([&] { theirs.get(job.id.view()); }) == "jobs.unknown");
}
