// Nouns that are described, through the bulk engine.
#include "bulk/records.hpp"

#include "bulk/imports.hpp"
#include "directory/opt_outs.hpp"
#include "directory/people.hpp"
#include "estate/assignments.hpp"
#include "records/records.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Lines;

namespace {

struct People : test::Imports {
  explicit People(db::Engine engine) : Imports(engine) {
    load(directory::teams_noun(), "name\nSales\nSupport\n");
    load(directory::users_noun(),
         "email,team\nann@example.com,Sales\nbob@example.com,Sales\ncleo@example.com,\n");
    adapter = numbers_adapter();
    import("+12025550101,twilio\n+12025550102,twilio\n+12025550103,twilio\n");
  }
  ImportReport load(const records::Noun& noun, std::string_view text, const ImportOptions& options = {}) {
    adapter = records_adapter(noun);
    return import(text, options);
  }
  Lines rows(const records::Noun& noun) {
    Lines out;
    records::Records(session(), workspace, noun).for_each({}, {}, 0, [&](const records::Record& record) {
      std::string line;
      for (const auto& cell : record.cells) line += (line.empty() ? "" : "|") + cell;
      out.push_back(line);
    });
    return out;
  }
};

}  // namespace

TEST_CASE("a reference to nothing is invalid, by its line, and the rest goes in where errors are allowed",
          "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto* const text =
      "email,team\ndan@example.com,Sales\neve@example.com,Nights\nfay@example.com,Support\n";
  const auto refused = p.load(directory::users_noun(), text);
  CHECK(refused.outcome == Errc::invalid);
  CHECK(test::texts_of(refused.problems) ==
        Lines{"unknown_team: line 3, team: \"Nights\" is no team of this workspace"});
  CHECK(p.rows(directory::users_noun()).size() == 3);
  const auto partial = p.load(directory::users_noun(), text, test::max_errors("1"));
  CHECK(test::text_of(partial.counts) == "rows 3 new 2 invalid 1");
  CHECK(partial.outcome == Errc::partial);
  CHECK(p.job_rows(*partial.job) == Lines{"3 invalid unknown_team"});
}

TEST_CASE("a number is assigned to one agent, within a file and against what is there", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& noun = estate::assignments_noun();
  const auto twice =
      p.load(noun, "phone_number,agent\n+12025550101,ann@example.com\n+12025550101,bob@example.com\n");
  CHECK(test::texts_of(twice.problems) ==
        Lines{"not_unique: line 3, phone_number: \"+12025550101\" stands on line 2 as well"});
  CHECK(test::text_of(
            p.load(noun, "phone_number,agent,daily_limit\n+12025550101,ann@example.com,5\n").counts) ==
        "rows 1 new 1");
  const auto taken = p.load(noun, "phone_number,agent\n+12025550101,bob@example.com\n");
  CHECK(taken.outcome == Errc::conflict);
  CHECK(
      test::texts_of(taken.problems) ==
      Lines{
          "number_taken: line 2, phone_number: +12025550101 is assigned to ann@example.com; ringctl assignments move +12025550101 bob@example.com"});
  CHECK(
      test::text_of(p.load(noun, "phone_number,agent,is_active\n+12025550101,bob@example.com,no\n").counts) ==
      "rows 1 new 1");
  CHECK(p.rows(noun) ==
        Lines{"+12025550101|ann@example.com|5||no|yes", "+12025550101|bob@example.com|100||no|no"});
}

TEST_CASE("an agent or a number that is not active cannot go live, and may stay as it was", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& noun = estate::assignments_noun();
  p.load(noun, "phone_number,agent\n+12025550101,ann@example.com\n");
  p.exec("UPDATE users SET is_active = FALSE WHERE email = 'ann@example.com'", {});
  p.exec("UPDATE phone_numbers SET status = 'inactive' WHERE phone_number = '+12025550103'", {});
  CHECK(test::text_of(
            p.load(noun, "phone_number,agent,daily_limit\n+12025550101,ann@example.com,7\n").counts) ==
        "rows 1 updated 1");
  CHECK(test::texts_of(p.load(noun, "phone_number,agent\n+12025550102,ann@example.com\n").problems) ==
        Lines{"agent_inactive: line 2, agent: ann@example.com is not active"});
  CHECK(test::texts_of(p.load(noun, "phone_number,agent\n+12025550103,bob@example.com\n").problems) ==
        Lines{"number_inactive: line 2, phone_number: +12025550103 is not active"});
}

TEST_CASE("an assignment and a place in the pool are one row, and neither disturbs the other", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& voice = estate::assignments_noun();
  const auto& pool = estate::pools_noun();
  p.load(pool, "phone_number,user\n+12025550101,ann@example.com\n+12025550101,bob@example.com\n");
  CHECK(p.rows(voice).empty());
  const auto assigned = p.load(voice, "phone_number,agent,daily_limit\n+12025550101,ann@example.com,9\n");
  CHECK(test::text_of(assigned.counts) == "rows 1 updated 1");
  CHECK(p.rows(pool) == Lines{"+12025550101|ann@example.com|yes|no", "+12025550101|bob@example.com|yes|no"});
  p.load(pool, "phone_number,user,sms_access_enabled\n+12025550101,ann@example.com,no\n");
  CHECK(p.rows(voice) == Lines{"+12025550101|ann@example.com|9||no|yes"});
  CHECK(p.count("agent_phone_numbers") == 2);
}

TEST_CASE("an import of people is undone: what it made goes, what it changed is as before", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& noun = directory::users_noun();
  const auto before = p.rows(noun);
  const auto report =
      p.load(noun, "email,name,team\nann@example.com,Ann,Support\nzoe@example.com,Zoe,\nyan@example.com,,\n");
  CHECK(test::text_of(report.counts) == "rows 3 new 2 updated 1");
  p.load(estate::extensions_noun(), "extension,user\n101,yan@example.com\n");
  p.adapter = records_adapter(noun);
  const auto undone = p.undo(*report.job);
  CHECK(undone.removed == 1);
  CHECK(undone.restored == 1);
  CHECK(test::kept_keys(undone) == Lines{"yan@example.com"});
  CHECK(undone.kept.front().why == Kept::in_use);
  CHECK(undone.kept_in_use == 1);
  const auto after = p.rows(noun);
  CHECK(after.size() == before.size() + 1);
  CHECK(std::includes(after.begin(), after.end(), before.begin(), before.end()));
}

TEST_CASE("an undo of assignments leaves a member of the pool without one, and the other way round",
          "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& voice = estate::assignments_noun();
  const auto& pool = estate::pools_noun();
  const std::string row = "phone_number,user\n+12025550101,ann@example.com\n";
  const bool pool_first = GENERATE(true, false);
  const auto &first = pool_first ? pool : voice, &second = pool_first ? voice : pool;
  p.load(first, row);
  const auto before = p.rows(first);
  for (int time = 0; time < 2; ++time) {
    const auto report = p.load(second, row);
    CHECK(test::text_of(report.counts) == "rows 1 updated 1");
    CHECK(p.rows(second).size() == 1);
    CHECK(p.undo(*report.job).restored == 1);
    CHECK(p.rows(second).empty());
    CHECK(p.rows(first) == before);
  }
}

TEST_CASE("an undo lists the rows that it keeps by their keys", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& pool = estate::pools_noun();
  const auto made = p.load(pool,
                           "phone_number,user\n+12025550102,bob@example.com\n+12025550103,ann@example.com\n"
                           "+12025550101,cleo@example.com\n+12025550102,ann@example.com\n");
  p.load(pool,
         "phone_number,user,is_primary\n+12025550102,bob@example.com,yes\n+12025550101,cleo@example.com,yes\n"
         "+12025550102,ann@example.com,yes\n");
  const auto undone = p.undo(*made.job);
  CHECK(undone.removed == 1);
  Lines kept;
  for (const auto& key : test::kept_keys(undone)) kept.push_back(records::shown_key(key));
  CHECK(kept == Lines{"+12025550101 cleo@example.com", "+12025550102 ann@example.com",
                      "+12025550102 bob@example.com"});
}

TEST_CASE("a person whom a machine added whose clock is ahead is as before once the import is undone",
          "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& noun = directory::users_noun();
  const test::FakeClock ahead("2026-03-08T18:00:00.000Z");
  test::Actor bob(p.database.connect(), ahead, "os:bob");
  records::Records(bob.session, p.workspace, noun).add({{directory::k_user_email, "zoe@example.com"}});
  const auto before = p.rows(noun);
  const auto report = p.load(noun, "email,name\nzoe@example.com,Zoe\n");
  CHECK(p.undo(*report.job).restored == 1);
  CHECK(p.rows(noun) == before);
}

TEST_CASE(
    "an undo of numbers keeps those on which an extension works alone, or whose messages somebody receives",
    "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  p.adapter = numbers_adapter();
  const auto made = p.import("+12025550111\n+12025550112\n+12025550113\n");
  p.load(estate::extensions_noun(), "extension,user,phone_number\n101,ann@example.com,+12025550111\n");
  p.load(estate::pools_noun(), "phone_number,user\n+12025550112,ann@example.com\n");
  p.adapter = numbers_adapter();
  const auto undone = p.undo(*made.job);
  CHECK(undone.removed == 1);
  CHECK(undone.kept_in_use == 2);
  CHECK(test::kept_keys(undone) == Lines{"+12025550111", "+12025550112"});
  CHECK(p.rows(estate::extensions_noun()) == Lines{"101|ann@example.com|+12025550111|yes"});
}

TEST_CASE("a restored assignment does not take a number that somebody else has by now", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  const auto& noun = estate::assignments_noun();
  p.load(noun, "phone_number,agent\n+12025550101,ann@example.com\n");
  const auto ended = p.load(noun, "phone_number,agent,is_active\n+12025550101,ann@example.com,no\n");
  p.load(noun, "phone_number,agent\n+12025550101,bob@example.com\n");
  p.adapter = records_adapter(noun);
  CHECK(test::slug_of([&] { p.undo(*ended.job); }) == "jobs.all_changed");
}

TEST_CASE("a killed import of people goes on, and remembers what the database refused", "[bulk]") {
  People p(GENERATE(from_range(test::engines())));
  std::string text = "email,team\n";
  for (int i = 100; i < 200; ++i)
    text += "u" + std::to_string(i) + "@example.com," + (i % 10 == 0 ? "Nobody" : "Sales") + "\n";
  auto options = test::max_errors("20");
  options.batch_rows = 7;
  options.intake.path = p.file(text);
  p.adapter = records_adapter(directory::users_noun());
  p.progress = [&](const Progress& progress) {
    if (progress.phase == "writing" && progress.done >= 50) throw std::runtime_error("killed");
  };
  CHECK_THROWS_AS(p.run(options), std::runtime_error);
  p.progress = [](const Progress&) {};
  const auto report = p.run(options);
  CHECK(report.resumed);
  CHECK(test::text_of(report.counts) == "rows 100 new 90 invalid 10");
  CHECK(p.job_rows(*report.job).size() == 10);
  CHECK(p.rows(directory::users_noun()).size() == 93);
}

TEST_CASE("a header is known by its key even where any text could be one", "[bulk]") {
  People p(test::engines().front());
  CHECK(test::text_of(p.load(directory::teams_noun(), "Name,supervisor\nNight,ann@example.com\n").counts) ==
        "rows 1 new 1");
  CHECK(test::text_of(p.load(directory::teams_noun(), "Dawn\nDusk\n").counts) == "rows 2 new 2");
  CHECK(test::text_of(p.load(directory::opt_outs_noun(), "+16265550101,sms\n").counts) == "rows 1 new 1");
}
