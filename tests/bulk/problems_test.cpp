#include "bulk/problems.hpp"

#include <nlohmann/json.hpp>
#include <random>

#include "bulk/cells.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::bulk;

namespace {

std::string raw_of(const std::vector<std::string>& fields) {
  std::vector<Cell> cells;
  cells.reserve(fields.size());
  for (const auto& field : fields) cells.push_back({CellState::value, field});
  std::string out;
  pack(cells, out);
  return out;
}

Problem problem_at(std::uint64_t line, std::string message = "m") {
  return {line, Verdict::invalid, "key", "column", "code", std::move(message), {}};
}

std::string rejects_of(Problems& problems, const std::vector<std::string>& columns, csv::Format format,
                       char delimiter = ',') {
  const test::TempDir dir;
  const auto path = dir / "rejects";
  base::AtomicFile file(path);
  write_rejects(file, problems, columns, format, delimiter);
  return test::read_text(path);
}

}  // namespace

TEST_CASE("problems come in line order, however they were added, as often as asked", "[bulk][problems]") {
  std::vector<std::uint64_t> lines{1, 2, 9, 10, 255, 256, 65'536, 4'294'967'296ULL, 5'000'000'000ULL};
  const auto ascending = lines;
  std::shuffle(lines.begin(), lines.end(), std::mt19937(3));
  Problems problems;
  for (const auto line : lines) problems.add(problem_at(line));
  for (int time = 0; time < 2; ++time) {
    std::vector<std::uint64_t> got;
    problems.for_each([&](const Problem& problem) { got.push_back(problem.line); });
    CHECK(got == ascending);
  }
  CHECK(problems.size() == ascending.size());
}

TEST_CASE("a problem comes back with all its fields", "[bulk][problems]") {
  const Problem given{17,
                      Verdict::conflict,
                      "+12025550123",
                      "label",
                      "exists",
                      std::string(70'000, 'x'),
                      raw_of({"a", "", std::string(300, 'b')})};
  Problems problems;
  problems.add(given);
  const auto back = problems.first(1).at(0);
  CHECK(back.line == given.line);
  CHECK(back.verdict == given.verdict);
  CHECK(back.key == given.key);
  CHECK(back.column == given.column);
  CHECK(back.code == given.code);
  CHECK(back.message == given.message);
  CHECK(back.raw == given.raw);
}

TEST_CASE("two problems of one line keep their order", "[bulk][problems]") {
  Problems problems;
  problems.add(problem_at(2, "first"));
  problems.add(problem_at(1));
  problems.add(problem_at(2, "second"));
  const auto all = problems.first(10);
  REQUIRE(all.size() == 3);
  CHECK(all[1].message == "first");
  CHECK(all[2].message == "second");
}

TEST_CASE("the first few problems are the first lines, not the first added", "[bulk][problems]") {
  Problems problems;
  for (std::uint64_t line = 30; line-- > 1;) problems.add(problem_at(line));
  const auto few = problems.first(3);
  REQUIRE(few.size() == 3);
  CHECK(few[0].line == 1);
  CHECK(few[2].line == 3);
}

TEST_CASE("a problem's text names its line, and its column where there is one", "[bulk][problems]") {
  auto problem = problem_at(17, "\"555-0100\" has no country code");
  CHECK(problem.text() == "line 17, column: \"555-0100\" has no country code");
  problem.column.clear();
  CHECK(problem.text() == "line 17: \"555-0100\" has no country code");
}

TEST_CASE("rejects as CSV hold the original fields, quoted where they must be", "[bulk][problems]") {
  Problems problems;
  problems.add(
      {3, Verdict::invalid, "", "b", "bad", "\"x\" is bad", raw_of({"", "say \"hi\", you", "two\nlines"})});
  CHECK(rejects_of(problems, {"a", "b", "c"}, csv::Format::csv) ==
        "a,b,c,_line,_code,_error\n,\"say \"\"hi\"\", you\",\"two\nlines\",3,bad,\"\"\"x\"\" is bad\"\n");
}

TEST_CASE("rejects keep the delimiter of the input", "[bulk][problems]") {
  Problems problems;
  problems.add({3, Verdict::invalid, "", "", "bad", "no", raw_of({"1,5", "x;y"})});
  CHECK(rejects_of(problems, {"a", "b"}, csv::Format::csv, ';') ==
        "a;b;_line;_code;_error\n1,5;\"x;y\";3;bad;no\n");
}

TEST_CASE("rejects as TSV escape what would break a line", "[bulk][problems]") {
  Problems problems;
  problems.add({3, Verdict::invalid, "", "", "bad", "tab\there", raw_of({"a\tb", "c\nd\\"})});
  CHECK(rejects_of(problems, {"a", "b"}, csv::Format::tsv, '\t') ==
        "a\tb\t_line\t_code\t_error\na\\tb\tc\\nd\\\\\t3\tbad\ttab\\there\n");
}

TEST_CASE("rejects as JSONL leave out the keys that were not there or null, and keep the empty ones",
          "[bulk][problems]") {
  std::string raw;
  pack({{CellState::value, "x"}, Cell{}, {CellState::value, ""}}, raw);
  Problems problems;
  problems.add({3, Verdict::invalid, "", "", "bad", "no", raw});
  CHECK(rejects_of(problems, {"a", "b", "c", "later"}, csv::Format::jsonl) ==
        R"({"a":"x","c":"","_line":3,"_code":"bad","_error":"no"})"
        "\n");
}

TEST_CASE("rejects of a rejects file do not name its three columns twice", "[bulk][problems]") {
  Problems problems;
  problems.add({8, Verdict::invalid, "", "", "new", "new text", raw_of({"x", "3", "old", "old text", "y"})});
  const std::vector<std::string> columns{"a", "_line", "_code", "_error", "b"};
  CHECK(rejects_of(problems, columns, csv::Format::csv) == "a,b,_line,_code,_error\nx,y,8,new,new text\n");
  CHECK(rejects_of(problems, columns, csv::Format::jsonl) ==
        R"({"a":"x","b":"y","_line":8,"_code":"new","_error":"new text"})"
        "\n");
}

TEST_CASE("a record that did not split into its columns stands in the rejects as it was read",
          "[bulk][problems]") {
  Problems problems;
  Problem problem{3, Verdict::invalid, "", "", "stray_quote", "no"};
  problem.as_read = "x\"y,z";
  problems.add(problem);
  CHECK(rejects_of(problems, {"a", "b"}, csv::Format::csv) ==
        "a,b,_line,_code,_error\nx\"y,z,3,stray_quote,no\n");
  CHECK(rejects_of(problems, {"a"}, csv::Format::jsonl) == "x\"y,z\n");
  // The record of a rejects file has a reason already; a second one would only widen it.
  CHECK(rejects_of(problems, {"a", "_line", "_code", "_error"}, csv::Format::csv) ==
        "a,_line,_code,_error\nx\"y,z\n");
}

TEST_CASE("a short row is filled up in the rejects, so that the three columns stand under their names",
          "[bulk][problems]") {
  Problems problems;
  problems.add({3, Verdict::invalid, "", "", "bad", "no", raw_of({"x"})});
  CHECK(rejects_of(problems, {"a", "b", "c"}, csv::Format::csv) ==
        "a,b,c,_line,_code,_error\nx,,,3,bad,no\n");
}

TEST_CASE("every verdict has a name", "[bulk][problems]") {
  CHECK(verdict_name(Verdict::fresh) == "new");
  CHECK(verdict_name(Verdict::update) == "update");
  CHECK(verdict_name(Verdict::same) == "same");
  CHECK(verdict_name(Verdict::duplicate) == "duplicate");
  CHECK(verdict_name(Verdict::conflict) == "conflict");
  CHECK(verdict_name(Verdict::invalid) == "invalid");
  CHECK(verdict_name(Verdict::skipped) == "skipped");
}
