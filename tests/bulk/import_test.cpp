// What an import does to a database: verdicts, counts, all or nothing, batches.

#include "bulk/import.hpp"

#include "bulk/imports.hpp"
#include "db/lease.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Imports;
using test::Lines;

namespace {

const std::string k_a = "PN0000000000000000000000000000000a", k_b = "PN0000000000000000000000000000000b";

}  // namespace

TEST_CASE("new numbers are written with their defaults", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto report =
      i.import("+12025550101\n+442079460001,telnyx,GB,Sales,inactive,sms|voice," + k_a + "\n");
  CHECK(report.outcome == Errc::ok);
  CHECK(test::text_of(report.counts) == "rows 2 new 2");
  CHECK(i.numbers() ==
        Lines{"+12025550101|twilio|US||active|| v1",
              "+442079460001|telnyx|GB|Sales|inactive|{\"sms\":true,\"voice\":true}|" + k_a + " v1"});
}

TEST_CASE("the same file again finds everything the same and writes no number", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto text =
      "phone_number,provider,country_code,label,status,capabilities,sid\n"
      "+12025550101,,,,,,\n+12025550102,-,-,-,-,-,-\n+442079460001,telnyx,UK,x,inactive,MMS|voice," +
      k_a + "\n";
  REQUIRE(test::text_of(i.import(text).counts) == "rows 3 new 3 warnings 1");
  const auto before = i.numbers();
  CHECK(test::text_of(i.import(text).counts) == "rows 3 same 3 warnings 1");
  CHECK(i.numbers() == before);
}

TEST_CASE(
    "an update changes the columns that are there, leaves the empty ones and clears those with a hyphen",
    "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx,US,Sales,inactive,voice|sms," + k_a +
           "\n+12025550102,telnyx,US,Old,active,fax\n");
  const auto report =
      i.import("phone_number,label,capabilities,sid,status\n+12025550101,New,,-,\n+12025550102,,-,,-\n");
  CHECK(test::text_of(report.counts) == "rows 2 updated 2");
  CHECK(i.numbers() == Lines{"+12025550101|telnyx|US|New|inactive|{\"sms\":true,\"voice\":true}| v2",
                             "+12025550102|telnyx|US|Old|active|| v2"});
}

TEST_CASE("new, changed and equal rows in one file are told apart", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n+12025550102,telnyx\n");
  const auto report = i.import("+12025550103,telnyx\n+12025550102,twilio\n+12025550101,telnyx\n");
  CHECK(test::text_of(report.counts) == "rows 3 new 1 updated 1 same 1");
}

TEST_CASE("the flag --on-conflict skip leaves rows that exist with other values", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n");
  const auto report = i.import("+12025550101,twilio\n+12025550102,twilio\n", test::with(OnConflict::skip));
  CHECK(report.outcome == Errc::ok);
  CHECK(test::text_of(report.counts) == "rows 2 new 1 skipped 1");
  CHECK(i.numbers() == Lines{"+12025550101|telnyx|US||active|| v1", "+12025550102|twilio|US||active|| v1"});
}

TEST_CASE("the flag --on-conflict fail refuses the file and says what differs", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx,US,Sales\n");
  const auto sizes = i.sizes();
  const auto report = i.import("phone_number,provider,label\n+12025550102,,\n+12025550101,twilio,-\n",
                               test::with(OnConflict::fail));
  CHECK(report.outcome == Errc::conflict);
  CHECK_FALSE(report.job);
  CHECK(
      test::texts_of(report.problems) ==
      Lines{
          "exists: line 3: +12025550101 exists: provider is \"telnyx\", not \"twilio\", label is \"Sales\", not \"\""});
  CHECK(i.sizes() == sizes);
}

TEST_CASE("a file refused as a whole leaves no number, no job and no audit row", "[bulk][import]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const auto* bad =
      GENERATE("+1202555\n", "+12025550101,twilio\n", "+12025550103,BAD WORD\n", "+12025550104,twilio,CA\n");
  Imports i(engine);
  i.import("+12025550109,telnyx\n");
  const auto sizes = i.sizes();
  const auto before = i.numbers();
  const auto report = i.import(std::string("+12025550101,telnyx\n+12025550109,twilio\n") + bad);
  CHECK(report.outcome == Errc::invalid);
  CHECK_FALSE(report.job);
  CHECK(i.sizes() == sizes);
  CHECK(i.numbers() == before);
}

TEST_CASE("every problem of a refused file is found, in line order", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto other = i.database.add_workspace("other");
  ImportOptions options;
  options.intake.path = i.file("+12025550109\n", "other.csv");
  i.run(options, other);
  const auto report = i.import("+12025550109,telnyx\n+12025550101,telnyx\n555-0100\n+12025550101,twilio\n");
  CHECK(report.outcome == Errc::invalid);
  CHECK(test::text_of(report.counts) == "rows 4 new 1 duplicate 1 conflict 1 invalid 1");
  REQUIRE(report.problems.size() == 3);
  CHECK(report.problems[0].code == "held_elsewhere");
  CHECK(report.problems[1].code == "no_country_code");
  CHECK(report.problems[2].code == "duplicate");
  CHECK(i.numbers(i.workspace).empty());
}

TEST_CASE("a dry run writes nothing and predicts what the import does", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550101,telnyx\n+12025550102,telnyx\n");
  const auto sizes = i.sizes();
  const auto text = "+12025550101,twilio\n+12025550102,telnyx\n+12025550103\n";
  const auto plan = i.import(text, test::dry_run());
  CHECK(plan.dry_run);
  CHECK_FALSE(plan.job);
  CHECK(i.sizes() == sizes);
  const auto done = i.import(text);
  CHECK(done.counts == plan.counts);
  CHECK(done.outcome == plan.outcome);
}

TEST_CASE("the same row twice is skipped with a warning that names the first line", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto report = i.import("+12025550101,telnyx\n+12025550102\n(202) 555-0101,telnyx\n", [] {
    ImportOptions options;
    options.intake.reading.default_country = "US";
    return options;
  }());
  CHECK(report.outcome == Errc::ok);
  CHECK(test::text_of(report.counts) == "rows 3 new 2 skipped 1 warnings 1");
  CHECK(test::texts_of(report.warnings) ==
        Lines{"duplicate: line 3, phone_number: +12025550101 stands on line 1 already"});
}

TEST_CASE("a row's own country reads its number, before the default country does", "[bulk][import]") {
  Imports i(test::engines().front());
  const auto* text = GENERATE(
      "phone_number,country\n020 7946 0001,GB\n(202) 555-0101,us\n(202) 555-0102,\n020 7946 0002,uk\n",
      "country,phone_number\nGB,020 7946 0001\nus,(202) 555-0101\n-,(202) 555-0102\nuk,020 7946 0002\n",
      "020 7946 0001,,GB\n(202) 555-0101,,us\n(202) 555-0102\n020 7946 0002,,uk\n");
  ImportOptions options;
  options.intake.reading.default_country = "US";
  const auto report = i.import(text, options);
  CHECK(report.outcome == Errc::ok);
  CHECK(i.numbers() == Lines{"+12025550101|twilio|US||active|| v1", "+12025550102|twilio|US||active|| v1",
                             "+442079460001|twilio|GB||active|| v1", "+442079460002|twilio|GB||active|| v1"});
}

TEST_CASE("a country that is none, or not the number's, is refused as ever", "[bulk][import]") {
  Imports i(test::engines().front());
  const auto report = i.import(
      "phone_number,country\n020 7946 0001,GB\n020 7946 0002,XX\n+442079460003,US\n020 7946 0004,\n");
  CHECK(test::text_of(report.counts) == "rows 4 new 1 invalid 3");
  REQUIRE(report.problems.size() == 3);
  CHECK(report.problems[0].line == 3);
  CHECK(report.problems[1].code == "country_mismatch");
  CHECK(report.problems[2].code == "no_country_code");
}

TEST_CASE("a number without its area code is refused, whatever the country", "[bulk][import]") {
  Imports i(test::engines().front());
  ImportOptions options;
  options.intake.reading.default_country = "US";
  CHECK(test::texts_of(i.import("phone_number\n5550100\n", options).problems) ==
        Lines{"bad_number: line 2, phone_number: \"5550100\" is too short for a number of its country"});
  CHECK(i.numbers().empty());
}

TEST_CASE("the same number with other values is invalid and names the first line", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto report = i.import("+12025550101,telnyx\n+12025550101\n+12025550101,telnyx\n");
  CHECK(report.outcome == Errc::invalid);
  CHECK(test::text_of(report.counts) == "rows 3 new 1 skipped 1 duplicate 1 warnings 1");
  CHECK(test::texts_of(report.problems) ==
        Lines{"duplicate: line 2, phone_number: +12025550101 stands on line 1 already with other values"});
}

TEST_CASE("duplicates behind the last new row still refuse the file", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  auto options = ImportOptions{};
  options.batch_rows = 1;
  CHECK(i.import("+12025550101,telnyx\n+12025550102\n+12025550102,telnyx\n", options).outcome ==
        Errc::invalid);
  CHECK(i.numbers().empty());
}

TEST_CASE("the flag --max-errors lets good rows in and counts the rest", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550109,telnyx\n");
  auto options = test::max_errors("3");
  options.on_conflict = OnConflict::fail;
  const auto report = i.import(
      "+12025550101\nnonsense\n+12025550102,telnyx\n+12025550102,twilio\n+12025550109,twilio\n", options);
  CHECK(report.outcome == Errc::partial);
  CHECK(test::text_of(report.counts) == "rows 5 new 2 duplicate 1 conflict 1 invalid 1");
  REQUIRE(report.job);
  CHECK(i.job_rows(*report.job) ==
        Lines{"2 invalid bad_number", "4 duplicate duplicate", "5 conflict exists"});
  CHECK(i.job(*report.job).state == jobs::State::finished);
  CHECK(i.job(*report.job).counts == report.counts);
  CHECK(i.numbers().size() == 3);
}

TEST_CASE("more invalid rows than allowed are seen before anything is written", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto* allowance = GENERATE("1", "49%");
  const auto sizes = i.sizes();
  const auto report =
      i.import("+12025550101\nnonsense\nrubbish\n+12025550102\n", test::max_errors(allowance));
  CHECK(report.outcome == Errc::invalid);
  CHECK_FALSE(report.job);
  CHECK_FALSE(report.stopped_midway);
  CHECK(i.sizes() == sizes);
}

TEST_CASE("a percentage is of the rows of the file", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto report = i.import("+12025550101\nnonsense\nrubbish\n+12025550102\n", test::max_errors("50%"));
  CHECK(report.outcome == Errc::partial);
  CHECK(i.numbers().size() == 2);
}

TEST_CASE("a run that meets too many conflicts on the way stops, and says what was written",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550103,telnyx\n+12025550104,telnyx\n");
  auto options = test::max_errors("1");
  options.on_conflict = OnConflict::fail;
  options.batch_rows = 2;
  const auto report = i.import(
      "+12025550101\n+12025550102\n+12025550103,twilio\n+12025550104,twilio\n+12025550105\n", options);
  CHECK(report.outcome == Errc::invalid);
  CHECK(report.stopped_midway);
  CHECK(test::text_of(report.counts) == "rows 5 new 2 conflict 2");
  CHECK(i.numbers().size() == 4);
  CHECK(i.numbers().back().starts_with("+12025550104|telnyx"));
  REQUIRE(report.job);
  CHECK(i.job(*report.job).state == jobs::State::failed);
  const auto error = refusal(report);
  CHECK(error.message().find("stopped after 2 rows were written") != std::string::npos);
  CHECK(error.hint() == "ringctl jobs undo " + report.job->short_id());
}

TEST_CASE("a file whose first batch has too many conflicts is refused whole, with all its problems",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550103,telnyx\n+12025550104,telnyx\n+12025550106,telnyx\n");
  const auto before = i.numbers();
  auto options = test::max_errors("1");
  options.on_conflict = OnConflict::fail;
  options.batch_rows = 4;
  const auto report = i.import(
      "+12025550101\n+12025550102\n+12025550103,twilio\n+12025550104,twilio\n+12025550105\n"
      "+12025550106,twilio\n",
      options);
  CHECK(report.outcome == Errc::invalid);
  CHECK_FALSE(report.stopped_midway);
  CHECK_FALSE(report.job);
  CHECK(test::text_of(report.counts) == "rows 6 new 3 conflict 3");
  CHECK(report.problems.size() == 3);
  CHECK(i.numbers() == before);
  CHECK(refusal(report).message().ends_with(
      ": 3 of 6 rows are in conflict, --max-errors 1 allows fewer; nothing was written"));
}

TEST_CASE("nothing further is written once a duplicate is one too many", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  auto options = test::max_errors("0");
  options.batch_rows = 2;
  const auto report = i.import("+12025550101\n+12025550101,telnyx\n+12025550102\n", options);
  CHECK(report.outcome == Errc::invalid);
  CHECK_FALSE(report.stopped_midway);
  CHECK(i.numbers().empty());
}

TEST_CASE("rejects hold the refused rows of every kind in line order, ready to feed again",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550109,telnyx\n");
  auto options = test::max_errors("100%");
  options.on_conflict = OnConflict::fail;
  options.rejects = i.dir / "rejects.csv";
  const auto report = i.import(
      "number,carrier,Label\n+12025550109,twilio,a\n+12025550101,,\"b, c\"\nnonsense,,'=1\n"
      "+12025550101,telnyx,d\n",
      options);
  CHECK(report.outcome == Errc::partial);
  CHECK(report.rejects == options.rejects);
  const auto text = test::read_text(options.rejects);
  CHECK(text.starts_with("number,carrier,Label,_line,_code,_error\n+12025550109,twilio,a,2,exists,"));
  CHECK(text.find("\nnonsense,,'=1,4,bad_number,") != std::string::npos);
  CHECK(text.find("\n+12025550101,telnyx,d,5,duplicate,") != std::string::npos);

  ImportOptions again;
  again.intake.path =
      i.file("number,carrier,Label,_line,_code,_error\n+12025550109,twilio,a,2,exists,why\n", "mended.csv");
  CHECK(test::text_of(i.run(again).counts) == "rows 1 updated 1");
}

TEST_CASE("a rejected record that does not split into its columns is refused again until somebody mends it",
          "[bulk][import]") {
  const auto& [name, good, bad, mended] = GENERATE(table<const char*, const char*, const char*, const char*>({
      {"r.csv", "phone_number,label\n+12025550101,a\n", "+12025550102,\"b\"c\n", "+12025550102,bc\n"},
      {"r.csv", "phone_number,label\n+12025550101,a\n", "+12025550102,b\"c\n", "+12025550102,bc\n"},
      {"r.csv", "phone_number,label\n+12025550101,a\n", "+12025550102,b,c\n", "+12025550102,bc\n"},
      {"r.csv", "phone_number,label\n+12025550101,a\n", "+12025550102\n", "+12025550102,bc\n"},
      {"r.csv", "phone_number,label\n+12025550101,a\n", "+12025550102,b\xff\n", "+12025550102,bc\n"},
      {"r.tsv", "phone_number\tlabel\n+12025550101\ta\n", "+12025550102\tb\tc\n", "+12025550102\tbc\n"},
      {"r.jsonl", "{\"phone_number\":\"+12025550101\"}\n", "{\"phone_number\":\"+12025550102\",}\n",
       "{\"phone_number\":\"+12025550102\",\"label\":\"bc\"}\n"},
  }));
  CAPTURE(name, bad);
  Imports i(test::engines().front());
  auto options = test::max_errors("1");
  options.rejects = i.dir / (std::string("rejects-") + name);
  options.intake.path = i.file(std::string(good) + bad, name);
  REQUIRE(i.run(options).outcome == Errc::partial);
  const auto rejects = test::read_text(options.rejects);
  const std::string record(bad, std::strlen(bad) - 1);
  REQUIRE(rejects.find(record) != std::string::npos);

  ImportOptions again;
  again.intake.path = i.file(rejects, std::string("again-") + name);
  CHECK(i.run(again).counts.created == 0);
  auto repaired = rejects;
  repaired.replace(repaired.find(record), record.size(), std::string(mended, std::strlen(mended) - 1));
  again.intake.path = i.file(repaired, std::string("mended-") + name);
  CHECK(i.run(again).counts.created == 1);
}

TEST_CASE("the objects of a JSON array on one line are rejected one by one, each named by its place in it",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  auto options = test::max_errors("4");
  options.intake.format = csv::Format::jsonl;
  options.rejects = i.dir / "rejects.jsonl";
  const auto report =
      i.import(R"([{"phone_number":"+12025550101"},{"phone_number":"555-0100"},{"phone_number":"555-0101"},)"
               R"({"phone_number":"+12025550101","label":"x"},{"phone_number":"+12025550101","label":"y"}])",
               options);
  CHECK(report.outcome == Errc::partial);
  CHECK(test::text_of(report.counts) == "rows 5 new 1 duplicate 2 invalid 2");
  Lines named;
  for (const auto& problem : report.problems) named.push_back(problem.text(report.unit).substr(0, 20));
  CHECK(named == Lines{"item 2, phone_number", "item 3, phone_number", "item 4, phone_number",
                       "item 5, phone_number"});
  CHECK(report.problems.at(3).message == "+12025550101 stands on item 1 already with other values");
  REQUIRE(report.job);
  CHECK(i.job(*report.job).state == jobs::State::finished);
  CHECK(i.job_rows(*report.job) == Lines{"2 invalid no_country_code", "3 invalid no_country_code",
                                         "4 duplicate duplicate", "5 duplicate duplicate"});
}

TEST_CASE("of two objects of a JSON array that share a value the second is refused, and no third one",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  auto options = test::max_errors("1");
  options.intake.format = csv::Format::jsonl;
  const auto report = i.import(
      fmt::format(
          R"([{{"phone_number":"+12025550101","sid":"{0}"}},{{"phone_number":"+12025550102","sid":"{0}"}},)"
          R"({{"phone_number":"+12025550102"}}])",
          k_a),
      options);
  CHECK(report.outcome == Errc::partial);
  CHECK(test::text_of(report.counts) == "rows 3 new 2 invalid 1");
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].text(report.unit) == "item 2, sid: \"" + k_a + "\" stands on item 1 as well");
  CHECK(i.numbers().size() == 2);
}

TEST_CASE("a file that cannot be read to its end is refused, however many errors are allowed",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto report = i.import("phone_number,label\n+12025550101,a\n+12025550102,\"b\n+12025550103,c\n",
                               test::max_errors("100%"));
  CHECK(report.outcome == Errc::invalid);
  CHECK(report.cut_off);
  CHECK(i.numbers().empty());
  const auto error = refusal(report);
  CHECK(std::string(error.what()).find("what follows the last of them could not be read") !=
        std::string::npos);
  CHECK(error.hint() == "fix them and run the same command again");
}

TEST_CASE("an atomic refusal writes its rejects too", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  ImportOptions options;
  options.rejects = i.dir / "rejects.csv";
  i.import("+12025550101\nnonsense\n", options);
  CHECK(test::read_text(options.rejects).find("\nnonsense,,,,,,,,,2,bad_number,") != std::string::npos);
  CHECK(i.numbers().empty());
}

TEST_CASE("a dry run writes no rejects file, a clean run an empty one over the last", "[bulk][import]") {
  Imports i(test::engines().front());
  auto options = test::dry_run();
  options.rejects = i.dir / "rejects.csv";
  i.import("phone_number\n+1202555\n", options);
  CHECK_FALSE(std::filesystem::exists(options.rejects));
  test::write_text(options.rejects, "old\n");
  options.dry_run = false;
  i.import("phone_number\n+12025550101\n", options);
  CHECK(test::read_text(options.rejects) == "phone_number,_line,_code,_error\n");
}

TEST_CASE("a rejects file named as one of another format is refused, and nothing is written",
          "[bulk][import]") {
  Imports i(test::engines().front());
  struct Case {
    std::string input, text, rejects, hint;  ///< no hint: accepted
  };
  const auto c = GENERATE(values<Case>({
      {"in.jsonl", "{\"phone_number\":\"+12025550101\"}\n", "bad.csv", "bad.jsonl"},
      {"in.txt", "[{\"phone_number\":\"+12025550101\"}]\n", "bad.tsv", "bad.jsonl"},
      {"in.csv", "phone_number\n+12025550101\n", "bad.JSON", "bad.csv"},
      {"in.tsv", "phone_number\n+12025550101\n", "bad.csv.gz", "bad.csv.tsv"},
      {"in.json", "[{\"phone_number\":\"+12025550101\"}]\n", "bad.json", ""},
      {"in.json", "[{\"phone_number\":\"+12025550101\"}]\n", "bad.ndjson", ""},
      {"in.csv", "phone_number\n+12025550101\n", "bad.txt", ""},
  }));
  ImportOptions options;
  options.intake.path = i.file(c.text, c.input);
  options.rejects = i.dir / c.rejects;
  options.dry_run = GENERATE(false, true);
  if (c.hint.empty()) {
    CHECK(i.run(options).outcome == Errc::ok);
    return;
  }
  const auto before = i.sizes();
  const auto error = test::error_of([&] { i.run(options); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  CHECK(error->slug() == "import.rejects_format");
  CHECK(error->hint() == "--rejects " + (i.dir / c.hint).string());
  CHECK_FALSE(std::filesystem::exists(options.rejects));
  CHECK(i.sizes() == before);
}

TEST_CASE("the line of a rejected row of a JSON array is which of its items it was", "[bulk][import]") {
  Imports i(test::engines().front());
  ImportOptions options = test::max_errors("1");
  options.intake.path = i.file(
      "[\n\n{\"phone_number\":\"+12025550101\"}, {\"phone_number\":\"555-0100\"},\n"
      "{\"phone_number\":\"+12025550102\"}]\n",
      "in.json");
  options.rejects = i.dir / "bad.json";
  CHECK(i.run(options).outcome == Errc::partial);
  CHECK(test::read_text(options.rejects)
            .starts_with("{\"phone_number\":\"555-0100\",\"_line\":2,\"_code\":\"no_country_code\","));
}

TEST_CASE("a rejects file that cannot be made stops the import before it begins", "[bulk][import]") {
  Imports i(test::engines().front());
  auto options = test::max_errors("1");
  options.rejects = i.dir / "missing" / "rejects.csv";
  CHECK(test::slug_of([&] { i.import("+12025550101\n", options); }) == "output.write_failed");
  CHECK(i.numbers().empty());
}

TEST_CASE("a number that another workspace holds is a conflict that does not name the holder",
          "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto other = i.database.add_workspace("secret-competitor");
  ImportOptions options;
  options.intake.path = i.file("+12025550109,telnyx,US,Theirs\n", "theirs.csv");
  i.run(options, other);
  const auto before = i.numbers();
  const auto report = i.import("+12025550109,twilio\n+12025550101\n", test::max_errors("1"));
  CHECK(report.outcome == Errc::partial);
  CHECK(test::texts_of(report.problems) ==
        Lines{"held_elsewhere: line 1: +12025550109 is held by another workspace"});
  CHECK(i.numbers(other) == before);
  CHECK(i.numbers(i.workspace).size() == 1);
}

TEST_CASE("a workspace's import sees and changes no row of another", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto other = i.database.add_workspace("other");
  i.import("+12025550101,telnyx\n");
  const auto before = i.numbers(i.workspace);
  ImportOptions options;
  options.intake.path = i.file("+12025550102,telnyx\n", "theirs.csv");
  CHECK(i.run(options, other).outcome == Errc::ok);
  CHECK(i.numbers(i.workspace) == before);
  CHECK(i.audit_verdict().rows == 1);
}

TEST_CASE("a SID that another number has is a conflict, with its number where it is ours", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto other = i.database.add_workspace("other");
  ImportOptions options;
  options.intake.path = i.file("phone_number,sid\n+12025550109," + k_b + "\n", "theirs.csv");
  i.run(options, other);
  i.import("phone_number,sid\n+12025550101," + k_a + "\n+12025550102,\n");
  const auto report =
      i.import("phone_number,sid\n+12025550102," + k_a + "\n+12025550103," + k_b + "\n+12025550101,\n",
               test::max_errors("2"));
  CHECK(report.outcome == Errc::partial);
  CHECK(test::text_of(report.counts) == "rows 3 same 1 conflict 2");
  CHECK(test::texts_of(report.problems) ==
        Lines{"sid_taken: line 2, sid: \"" + k_a + "\" is that of +12025550101",
              "sid_taken: line 3, sid: \"" + k_b + "\" is held by another workspace"});
}

TEST_CASE("a SID cannot go from one number to another within a file, whichever of them is written first",
          "[bulk][import]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const auto* taker = GENERATE("+12025550101", "+12025550109");
  const auto batch_rows = GENERATE(std::size_t{1}, std::size_t{10});
  Imports i(engine);
  i.import("phone_number,sid\n+12025550105," + k_a + "\n");
  const std::string text = "phone_number,sid\n+12025550105,-\n" + std::string(taker) + "," + k_a + "\n";
  auto options = test::max_errors("1");
  options.batch_rows = batch_rows;
  auto planning = options;
  planning.dry_run = true;
  const auto plan = i.import(text, planning);
  const auto report = i.import(text, options);
  const bool given_up = batch_rows == 1 && std::string_view(taker) > "+12025550105";
  CHECK(test::texts_of(report.problems) ==
        Lines{"sid_taken: line 3, sid: \"" + k_a + "\" is " +
              (given_up ? "one that another row of the file gives up; it moves in an import of its own"
                        : "that of +12025550105")});
  CHECK(test::text_of(report.counts) == "rows 2 updated 1 conflict 1");
  CHECK(plan.counts == report.counts);
}

TEST_CASE("a dash for the country means the number's own, for new rows and old ones", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.exec(
      "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
      "VALUES ($1, $2, '+442079460001', 'twilio', 'active', $3, $3)",
      {i.alice.ids.next(), i.workspace, i.clock.now()});
  i.import("phone_number,country_code\n+12025550101,-\n+442079460001,-\n+80012345678,-\n");
  CHECK(i.numbers() == Lines{"+12025550101|twilio|US||active|| v1", "+442079460001|twilio|GB||active|| v2",
                             "+80012345678|twilio|||active|| v1"});
}

TEST_CASE("a file without rows changes nothing and leaves no job", "[bulk][import]") {
  Imports i(test::engines().front());
  const auto sizes = i.sizes();
  const auto report = i.import(GENERATE("", "phone_number\n"));
  CHECK(report.outcome == Errc::ok);
  CHECK_FALSE(report.job);
  CHECK(i.sizes() == sizes);
}

TEST_CASE("an import is one job and one audit row, and the chain holds", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto report = i.import("+12025550101\n+12025550102\n");
  REQUIRE(report.job);
  const auto job = i.job(*report.job);
  CHECK(job.kind == "numbers.import");
  CHECK(job.state == jobs::State::finished);
  CHECK(job.counts == report.counts);
  CHECK(job.finished_at);
  const auto verdict = i.audit_verdict();
  CHECK(verdict.rows == 1);
  CHECK_FALSE(verdict.broken_at);
}

TEST_CASE("an import in batches is audited when it begins and when it ends", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  auto options = test::max_errors("0");
  options.batch_rows = 1;
  i.import("+12025550101\n+12025550102\n", options);
  CHECK(i.audit_verdict().rows == 2);
  CHECK_FALSE(i.audit_verdict().broken_at);
}

TEST_CASE("an import waits for no other: the workspace's bulk lock is held", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  test::Actor bob(i.database.connect(), i.clock, "os:bob");
  auto lease = db::Lease::acquire(bob.session.db, i.clock, "import or undo", i.workspace,
                                  std::chrono::minutes(1), std::chrono::milliseconds(0));
  const auto error = test::error_of([&] { i.import("+12025550101\n"); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::locked);
  CHECK(i.numbers().empty());
  SECTION("a dry run needs no lock") {
    CHECK(i.import("+12025550101\n", test::dry_run()).outcome == Errc::ok);
  }
  SECTION("another workspace has a lock of its own") {
    ImportOptions options;
    options.intake.path = i.file("+12025550101\n");
    CHECK(i.run(options, i.database.add_workspace("other")).outcome == Errc::ok);
  }
  lease.release();
}

TEST_CASE("the lock is free again after a run, refused or not", "[bulk][import]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import(GENERATE("+12025550101\n", "+12025550101\n+12025550101,telnyx\n"));
  CHECK(i.import("+12025550102\n").outcome == Errc::ok);
}

TEST_CASE("a refusal says how many rows are at fault, names the first ten and offers a way on",
          "[bulk][import]") {
  Imports i(test::engines().front());
  std::string text = "+12025550101\n";
  for (int n = 0; n < 12; ++n) text += "nonsense\n";
  const auto error = refusal(i.import(text));
  CHECK(error.errc() == Errc::invalid);
  CHECK(error.slug() == "import.invalid_rows");
  CHECK(error.message().ends_with(": 12 of 13 rows are invalid; nothing was written"));
  REQUIRE(error.details().size() == 11);
  CHECK(error.details().back() == "… 2 more (--rejects FILE keeps them all)");
  CHECK(error.hint() == "fix them, or add --max-errors 12 to import the other 1");
}

TEST_CASE("a refusal of numbers without a country names the flag that says it", "[bulk][import]") {
  Imports i(test::engines().front());
  CHECK(refusal(i.import("phone_number\n12025550126\n+12025550101\n")).hint() ==
        "fix them, or add --max-errors 1 to import the other 1; --default-country CC reads numbers without a "
        "country code");
  CHECK(refusal(i.import("phone_number\nnonsense\n+12025550101\n")).hint() ==
        "fix them, or add --max-errors 1 to import the other 1");
}

TEST_CASE("a refusal of columns in another order, without a header, asks for one", "[bulk][import]") {
  Imports i(test::engines().front());
  const auto error = refusal(i.import("twilio,+12025550101\ntwilio,+12025550102\n"));
  CHECK(error.hint().find("columns are read as phone_number, provider, country_code, ") != std::string::npos);
  CHECK(error.hint().find("a first line that names them") != std::string::npos);
  CHECK(refusal(i.import("+12025550102\nnonsense,twilio\n")).hint().find("first line") == std::string::npos);
}

TEST_CASE("rejects are not written over the file they come from", "[bulk][import]") {
  Imports i(db::Engine::sqlite);
  ImportOptions options;
  options.intake.path = i.file("+12025550101\nnonsense\n");
  options.rejects = i.dir / "." / "numbers.csv";
  CHECK(test::slug_of([&] { i.run(options); }) == "import.rejects_over_input");
  CHECK(test::read_text(options.intake.path) == "+12025550101\nnonsense\n");
}
