#include <filesystem>

#include "bulk/import.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;

namespace {

ImportOptions odd_options() {
  ImportOptions options;
  options.intake.path = "/data/numbers \"old\".csv";
  options.intake.format = csv::Format::tsv;
  options.intake.encoding = csv::Encoding::windows1252;
  options.intake.delimiter = ';';
  options.intake.header = HeaderMode::no;
  options.intake.maps = {{"Phone No", "phone_number"}, {"a=b", "-"}};
  options.intake.reading.default_country = "GB";
  options.on_conflict = OnConflict::skip;
  options.allowance.percent = 5;
  options.rejects = "/data/rejects.csv";
  return options;
}

}  // namespace

TEST_CASE("an import's options come back from the journal as they were", "[bulk][options]") {
  const auto options = odd_options();
  const auto back = options_from_json(to_json(options));
  CHECK(back.intake.path == options.intake.path);
  CHECK(back.intake.format == options.intake.format);
  CHECK(back.intake.encoding == options.intake.encoding);
  CHECK(back.intake.delimiter == options.intake.delimiter);
  CHECK(back.intake.header == options.intake.header);
  REQUIRE(back.intake.maps.size() == 2);
  CHECK(back.intake.maps[0].file_column == "Phone No");
  CHECK(back.intake.maps[1].file_column == "a=b");
  CHECK(back.intake.maps[1].field == "-");
  CHECK(back.intake.reading.default_country == "GB");
  CHECK(back.on_conflict == OnConflict::skip);
  CHECK(back.allowance.text() == "5%");
  CHECK(back.rejects == options.rejects);
  CHECK_FALSE(back.restart);
  CHECK_FALSE(back.dry_run);
}

TEST_CASE("the journal holds options by the names of the flags", "[bulk][options]") {
  const auto text = to_json(odd_options());
  for (const auto* part :
       {R"("format":"tsv")", R"("encoding":"windows-1252")", R"("header":"no")", R"("on_conflict":"skip")"})
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("default options come back as defaults", "[bulk][options]") {
  const auto back = options_from_json(to_json({}));
  CHECK(back.intake.path.empty());
  CHECK(back.intake.delimiter == '\0');
  CHECK(back.allowance.atomic());
  CHECK(back.rejects.empty());
}

TEST_CASE("paths are made absolute, so that a job may be resumed from another folder", "[bulk][options]") {
  ImportOptions options;
  options.intake.path = "numbers.csv";
  options.rejects = "rejects.csv";
  const auto back = options_from_json(to_json(options));
  CHECK(back.intake.path == (std::filesystem::current_path() / "numbers.csv").string());
  CHECK(back.rejects == std::filesystem::current_path() / "rejects.csv");
  options.intake.path = "-";
  CHECK(options_from_json(to_json(options)).intake.path == "-");
}

TEST_CASE("options mean the same whatever the path, the rejects file and the allowance", "[bulk][options]") {
  const auto options = odd_options();
  auto other = options;
  other.intake.path = "/elsewhere.csv";
  other.rejects.clear();
  other.allowance = parse_allowance("3");
  CHECK(same_meaning(to_json(options), to_json(other)));
  SECTION("other --on-conflict") { other.on_conflict = OnConflict::update; }
  SECTION("other --map") { other.intake.maps.pop_back(); }
  SECTION("other --default-country") { other.intake.reading.default_country = "US"; }
  SECTION("other --encoding") { other.intake.encoding = csv::Encoding::automatic; }
  SECTION("other --input-header") { other.intake.header = HeaderMode::yes; }
  CHECK_FALSE(same_meaning(to_json(options), to_json(other)));
}

TEST_CASE("the flag --max-errors takes rows or a percentage", "[bulk][options]") {
  CHECK(parse_allowance("12").rows == 12U);
  CHECK(parse_allowance("0").rows == 0U);
  CHECK(parse_allowance("5%").percent == 5.0);
  CHECK(parse_allowance("0%").percent == 0.0);
  CHECK(parse_allowance("100%").percent == 100.0);
  CHECK_FALSE(parse_allowance("0").atomic());
  CHECK(parse_allowance("12").text() == "12");
  CHECK(parse_allowance("5%").text() == "5%");
}

TEST_CASE("the flag --max-errors refuses what is neither", "[bulk][options]") {
  const auto text =
      GENERATE("", "%", "-1", "-1%", "101%", "1.5", "5 %", " 5", "five", "5%%", "99999999999999999999");
  CAPTURE(text);
  const auto error = test::error_of([&] { parse_allowance(text); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  CHECK(error->slug() == "import.bad_max_errors");
}

TEST_CASE("an allowance admits up to its rows, or up to its share of all rows", "[bulk][options]") {
  CHECK(Allowance{}.admits(0, 10));
  CHECK_FALSE(Allowance{}.admits(1, 10));
  CHECK(parse_allowance("2").admits(2, 10));
  CHECK_FALSE(parse_allowance("2").admits(3, 10));
  CHECK(parse_allowance("5%").admits(5, 100));
  CHECK_FALSE(parse_allowance("5%").admits(6, 100));
  CHECK_FALSE(parse_allowance("5%").admits(1, 19));
  CHECK(parse_allowance("5%").admits(1, 20));
  CHECK(parse_allowance("0%").admits(0, 0));
}
