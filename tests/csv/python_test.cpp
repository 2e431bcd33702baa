// Reader and writer beside Python's csv module, which half of the files that people bring come from.
#include <nlohmann/json.hpp>

#include "csv/support.hpp"
#include "csv/writer.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace samples = ringctl::csv::test;
using namespace ringctl::csv;
using Json = nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

namespace {

/// A line of plain words comes first, so that a byte-order mark in a field is not taken for the file's.
Rows random_rows(std::mt19937& random) {
  const auto columns = std::uniform_int_distribution<std::size_t>(2, 5)(random);
  Rows rows{std::vector<std::string>(columns, "name")};
  for (int i = 0; i < 200; ++i) {
    auto& row = rows.emplace_back();
    for (std::size_t c = 0; c < columns; ++c) row.push_back(samples::random_text(random));
  }
  return rows;
}

std::string python(const std::string& script, const std::string& input) {
  ringctl::test::ProcessOptions options;
  options.program = "/usr/bin/python3";
  options.environment = {{"PYTHONUTF8", "1"}};
  options.input = input;
  const auto result = ringctl::test::Machine().run({"-c", script}, options);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return result.out;
}

}  // namespace

TEST_CASE("what Python's csv module writes is read as it was") {
  const auto seed = GENERATE(range(1U, 9U));
  std::mt19937 random(seed);
  const auto rows = random_rows(random);
  const auto* const dialect =
      GENERATE("delimiter=',', lineterminator='\\r\\n'", "delimiter=';', lineterminator='\\r\\n'",
               "delimiter='\\t', lineterminator='\\n', quoting=csv.QUOTE_ALL");
  CAPTURE(seed, dialect);
  const auto text = python(std::string("import csv, json, sys\n"
                                       "sys.stdout.reconfigure(newline='')\n"
                                       "csv.writer(sys.stdout, ") +
                               dialect + ").writerows(json.load(sys.stdin))",
                           Json(rows).dump());
  CHECK(samples::fields_of(samples::read_rows(text)) == rows);
}

TEST_CASE("what is written is read by Python's csv module as it was") {
  const auto seed = GENERATE(range(1U, 9U));
  const char delimiter = GENERATE(',', ';', '\t');
  std::mt19937 random(seed);
  const auto rows = random_rows(random);
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += delimiter;
      append_csv(text, row[i], delimiter);
    }
    text += '\n';
  }
  CAPTURE(seed, delimiter);
  const auto read =
      python(std::string("import csv, json, sys\n"
                         "sys.stdin.reconfigure(newline='')\n"
                         "print(json.dumps(list(csv.reader(sys.stdin, strict=True, delimiter='") +
                 delimiter + "'))))",
             text);
  CHECK(Json::parse(read).get<Rows>() == rows);
}
