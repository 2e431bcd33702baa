#include "bulk/undo.hpp"

#include "bulk/imports.hpp"
#include "db/lease.hpp"
#include "estate/numbers.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Imports;
using test::Lines;

namespace {

const auto k_number = phone::E164::parse("+12025550101");
const std::string k_sid = "PN0000000000000000000000000000000a";

/// The import's job; it must have made one.
base::Uuid job_of(const ImportReport& report) {
  REQUIRE(report.job);
  return *report.job;
}

/// As journals are that were written before they named the rows.
void forget_objects(Imports& i) { i.exec("UPDATE job_rows SET object_id = NULL", {}); }

/// What a number holds, without its version.
Lines values_of(const Lines& numbers) {
  Lines out;
  for (const auto& line : numbers) out.push_back(line.substr(0, line.rfind(' ')));
  return out;
}

}  // namespace

TEST_CASE("undo removes the numbers a job made and puts back those it changed", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx,US,Old,inactive,voice|fax," + k_sid + "\n+12025550102\n");
  const auto before = values_of(i.numbers());
  const auto job =
      job_of(i.import("phone_number,provider,label,status,capabilities,sid,country_code\n"
                      "+12025550101,twilio,New,active,-,-,-\n+12025550102,,Named,,,,\n+12025550103,,,,,,\n"));
  const auto report = i.undo(job);
  CHECK(report.removed == 1);
  CHECK(report.restored == 2);
  CHECK(report.kept_count == 0);
  CHECK(report.gone == 0);
  CHECK(values_of(i.numbers()) == before);
  CHECK(i.job(job).state == jobs::State::undone);
}

TEST_CASE("undo works on a job that ran in batches", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550102,telnyx\n+12025550104,telnyx\n");
  const auto before = values_of(i.numbers());
  auto options = test::max_errors("1");
  options.batch_rows = 2;
  const auto job = job_of(
      i.import("+12025550101\n+12025550102,twilio\n+12025550103\nnonsense\n+12025550104,twilio\n", options));
  const auto report = i.undo(job);
  CHECK(report.removed == 2);
  CHECK(report.restored == 2);
  CHECK(values_of(i.numbers()) == before);
}

TEST_CASE("undo keeps and lists rows that moved on, made or changed", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n+12025550102,telnyx\n");
  const auto job = job_of(i.import("+12025550101,twilio\n+12025550102,twilio\n+12025550103\n+12025550104\n"));
  i.import("phone_number,label\n+12025550102,Later\n+12025550104,Later\n");
  const auto report = i.undo(job);
  CHECK(report.removed == 1);
  CHECK(report.restored == 1);
  CHECK(test::kept_keys(report) == Lines{"+12025550102", "+12025550104"});
  CHECK(report.kept_count == 2);
  CHECK(report.kept_in_use == 0);
  for (const auto& row : report.kept) CHECK(row.why == Kept::changed);
  CHECK(i.numbers() == Lines{"+12025550101|telnyx|US||active|| v3",
                             "+12025550102|twilio|US|Later|active|| v3",
                             "+12025550104|twilio|US|Later|active|| v2"});
}

TEST_CASE("a job whose rows all moved on is not undone, and stays what it was", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto job = job_of(i.import("+12025550101\n+12025550102\n"));
  i.import("phone_number,label\n+12025550101,Later\n+12025550102,Later\n");
  const auto before = i.numbers();
  CHECK(test::slug_of([&] { i.undo(job); }) == "jobs.all_changed");
  CHECK(i.numbers() == before);
  CHECK(i.job(job).state == jobs::State::finished);
}

TEST_CASE("undo of a job whose rows were deleted says how many are gone", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n");
  const auto job = job_of(i.import("+12025550101,twilio\n+12025550102\n+12025550103\n"));
  i.exec("DELETE FROM phone_numbers WHERE phone_number <> $1", {"+12025550103"});
  const auto report = i.undo(job);
  CHECK(report.removed == 1);
  CHECK(report.restored == 0);
  CHECK(report.gone == 2);
  CHECK(report.kept.empty());
}

TEST_CASE("a number that was deleted and made anew is not the one the job changed", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n");
  const auto job = job_of(i.import("+12025550101,twilio\n"));  // version 2
  i.exec("DELETE FROM phone_numbers WHERE phone_number = $1", {"+12025550101"});
  i.import("phone_number,label\n+12025550101,Anew\n");
  i.import("phone_number,label\n+12025550101,Mine\n");  // version 2 again
  if (GENERATE(false, true)) forget_objects(i);
  CHECK(test::slug_of([&] { i.undo(job); }) == "jobs.all_changed");
  CHECK(i.numbers() == Lines{"+12025550101|twilio|US|Mine|active|| v2"});
}

TEST_CASE("a journal that does not say which rows it changed is undone by their age", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n");
  const auto job = job_of(i.import("+12025550101,twilio\n"));
  forget_objects(i);
  CHECK(i.undo(job).restored == 1);
}

TEST_CASE("a number that a machine made whose clock is ahead is put back", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const test::FakeClock ahead("2026-03-08T18:00:00.000Z");
  test::Actor bob(i.database.connect(), ahead, "os:bob");
  estate::Numbers(bob.session, i.workspace).add(k_number, {.provider = "telnyx"});
  const auto before = values_of(i.numbers());
  CHECK(i.undo(job_of(i.import("+12025550101,twilio\n"))).restored == 1);
  CHECK(values_of(i.numbers()) == before);
}

TEST_CASE("a number that a machine made anew whose clock is behind is kept", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n");
  const auto job = job_of(i.import("+12025550101,twilio\n"));  // version 2
  const test::FakeClock behind("2026-03-08T06:00:00.000Z");
  test::Actor bob(i.database.connect(), behind, "os:bob");
  estate::Numbers numbers(bob.session, i.workspace);
  numbers.remove(k_number);
  numbers.add(k_number, {});
  numbers.update(k_number, {.label = "Mine"});  // version 2 again
  CHECK(test::slug_of([&] { i.undo(job); }) == "jobs.all_changed");
  CHECK(i.numbers() == Lines{"+12025550101|twilio|US|Mine|active|| v2"});
}

TEST_CASE("a number whose old SID another number has by now is kept as it is", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const bool elsewhere = GENERATE(false, true);
  const auto other = i.database.add_workspace("other");
  i.import("phone_number,sid\n+12025550101," + k_sid + "\n");
  const auto job = job_of(i.import("phone_number,sid\n+12025550101,-\n+12025550102,\n"));
  ImportOptions options;
  options.intake.path = i.file("phone_number,sid\n+12025550109," + k_sid + "\n", "later.csv");
  REQUIRE(i.run(options, elsewhere ? other : i.workspace).outcome == Errc::ok);
  const auto report = i.undo(job);
  CHECK(test::kept_keys(report) == Lines{"+12025550101"});
  CHECK(report.kept.front().why == Kept::blocked);
  CHECK(report.restored == 0);
  CHECK(report.removed == 1);
}

TEST_CASE("what an undo kept for a later job's sake goes once that one is undone, and is not counted twice",
          "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto first = job_of(i.import("+12025550101\n+12025550102\n"));
  const auto second = job_of(i.import("phone_number,label\n+12025550101,A\n"));
  const auto partly = i.undo(first);
  CHECK(partly.removed == 1);
  CHECK(test::kept_keys(partly) == Lines{"+12025550101"});
  CHECK(test::slug_of([&] { i.undo(first); }) == "jobs.all_changed");
  i.undo(second);
  const auto rest = i.undo(first);
  CHECK(rest.removed == 1);
  CHECK(rest.gone == 0);
  CHECK(rest.kept.empty());
  CHECK(i.numbers().empty());
  CHECK(test::slug_of([&] { i.undo(first); }) == "jobs.already_undone");
}

TEST_CASE("a job is undone once", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto job = job_of(i.import("+12025550101\n"));
  i.undo(job);
  CHECK(test::slug_of([&] { i.undo(job); }) == "jobs.already_undone");
}

TEST_CASE("a job that changed nothing cannot be undone", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101\n");
  const auto job = job_of(i.import("+12025550101\n"));
  CHECK(test::slug_of([&] { i.undo(job); }) == "jobs.nothing_to_undo");
}

TEST_CASE("undo of a job that does not exist names it", "[bulk][undo]") {
  Imports i(test::engines().front());
  CHECK(test::slug_of([&] { i.undo(base::Uuid()); }) == "jobs.unknown");
}

TEST_CASE("a dry run of undo counts and changes nothing", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n");
  const auto job = job_of(i.import("+12025550101,twilio\n+12025550102\n"));
  const auto before = i.numbers();
  const auto sizes = i.sizes();
  const auto plan = i.undo(job, true);
  CHECK(plan.removed == 1);
  CHECK(plan.restored == 1);
  CHECK(i.numbers() == before);
  CHECK(i.sizes() == sizes);
  CHECK(i.undo(job).removed == 1);
}

TEST_CASE("after an undo the same file is imported anew, and may be undone again", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto text = "+12025550101\n+12025550102\n";
  i.undo(job_of(i.import(text, test::max_errors("0"))));
  const auto again = i.import(text, test::max_errors("0"));
  CHECK_FALSE(again.resumed);
  CHECK(test::text_of(again.counts) == "rows 2 new 2");
  CHECK(i.undo(job_of(again)).removed == 2);
}

TEST_CASE("undo reaches no row of another workspace", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto other = i.database.add_workspace("other");
  ImportOptions options;
  options.intake.path = i.file("+12025550109\n", "theirs.csv");
  const auto theirs = job_of(i.run(options, other));
  CHECK(test::slug_of([&] { i.undo(theirs); }) == "jobs.unknown");
  CHECK(i.numbers(other).size() == 1);
}

TEST_CASE("undo is audited and the chain holds", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.undo(job_of(i.import("+12025550101\n")));
  const auto verdict = i.audit_verdict();
  CHECK(verdict.rows == 2);
  CHECK_FALSE(verdict.broken_at);
}

TEST_CASE("undo waits for no running import: the bulk lock is held", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto job = job_of(i.import("+12025550101\n"));
  test::Actor bob(i.database.connect(), i.clock, "os:bob");
  auto lease = db::Lease::acquire(bob.session.db, i.clock, "import or undo", i.workspace,
                                  std::chrono::minutes(1), std::chrono::milliseconds(0));
  CHECK(test::slug_of([&] { i.undo(job); }) == "lock.held");
  CHECK(i.numbers().size() == 1);
  lease.release();
}

TEST_CASE("a job of thousands of new and changed rows is undone whole", "[bulk][undo]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import(test::many_numbers(5000));
  const auto before = values_of(i.numbers());
  std::string text = "phone_number,provider,label\n";
  for (std::size_t n = 2000; n < 8000; ++n) text += test::number_at(n) + ",,changed\n";
  const auto report = i.undo(job_of(i.import(text)));
  CHECK(report.restored == 3000);
  CHECK(report.removed == 3000);
  CHECK(values_of(i.numbers()) == before);
}
