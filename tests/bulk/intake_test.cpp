#include "bulk/intake.hpp"

#include "base/digest.hpp"
#include "bulk/fake_adapter.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::bulk;

namespace {

constexpr auto k_no_progress = [](std::uint64_t) {};

/// One accepted row as text: "key @line cell|cell|...", "-" for cleared, "" for absent.
std::string row_text(const Sorter::Entry& entry, const Adapter& adapter) {
  std::string key(entry.key);
  std::replace(key.begin(), key.end(), '\x1f', '/');
  std::string out = key + " @" + std::to_string(entry.line);
  std::string_view packed = entry.payload;
  Row row;
  unpack(packed, adapter.columns().size(), row);
  for (const auto& cell : row) {
    out += out.find(" : ") == std::string::npos ? " : " : "|";
    out += cell.state == CellState::clear ? "-" : cell.text;
  }
  return out;
}

struct Taken {
  Intake intake;
  std::vector<std::string> rows, problems, warnings, refused;
};

class Given {
 public:
  explicit Given(std::string_view text, std::string_view name = "boxes.csv") {
    options.path = (dir_ / name).string();
    test::write_text(options.path, text);
  }

  Taken take() {
    Taken out{take_in(options, adapter, cancel, k_no_progress), {}, {}, {}, {}};
    Sorter::Entry entry;
    out.intake.accepted.rewind();
    while (out.intake.accepted.next(entry)) out.rows.push_back(row_text(entry, adapter));
    out.intake.refused.rewind();
    while (out.intake.refused.next(entry)) out.refused.push_back(std::to_string(entry.line));
    out.intake.problems.for_each([&](const Problem& p) { out.problems.push_back(p.code + ": " + p.text()); });
    out.intake.warnings.for_each([&](const Problem& p) { out.warnings.push_back(p.code + ": " + p.text()); });
    return out;
  }

  std::string slug() {
    return test::slug_of([&] { take(); });
  }

  test::Boxes adapter;
  IntakeOptions options;
  base::CancelToken cancel;

 private:
  test::TempDir dir_;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("rows of a file with a header are accepted in key order, with their lines", "[bulk][intake]") {
  const auto taken = Given("name,shelf,colour\nb,#2,red\na,#2,blue\nz,#1,\n").take();
  CHECK(taken.rows == Texts{"#1/Z @4 : #1|Z|||", "#2/A @3 : #2|A|BLUE||", "#2/B @2 : #2|B|RED||"});
  CHECK(taken.problems.empty());
  CHECK(taken.intake.rows == 3);
  CHECK(taken.intake.invalid == 0);
  CHECK(taken.intake.columns == Texts{"name", "shelf", "colour"});
}

TEST_CASE("a first line with something like a key is no header", "[bulk][intake]") {
  const auto taken = Given("#1,a,red\n#2,b\n").take();
  CHECK(taken.rows == Texts{"#1/A @1 : #1|A|RED||", "#2/B @2 : #2|B|||"});
  CHECK(taken.intake.columns == Texts{"shelf", "name", "colour", "note", "tag"});
}

TEST_CASE("the flag --input-header settles what the first line is", "[bulk][intake]") {
  Given given("rack,title\nx,y\n");
  given.options.header = HeaderMode::no;
  CHECK(given.take().rows == Texts{"RACK/TITLE @1 : RACK|TITLE|||", "X/Y @2 : X|Y|||"});
  Given odd("#shelf,name\n");
  odd.options.header = HeaderMode::yes;
  CHECK(odd.slug() == "import.unknown_column");
}

TEST_CASE("a row with fewer fields than the header is refused; without a header it leaves columns off",
          "[bulk][intake]") {
  const auto taken = Given("shelf,name,colour\n#1,a\n#2,b,red\n").take();
  CHECK(taken.problems == Texts{"wrong_field_count: line 2: has 2 fields, the header has 3"});
  CHECK(taken.rows.size() == 1);
  CHECK(Given("#1,a\n").take().problems.empty());
}

TEST_CASE("a row with more fields is refused and what is left over is quoted", "[bulk][intake]") {
  CHECK(Given("shelf,name\n#1,a,b,c\n").take().problems ==
        Texts{"wrong_field_count: line 2: has 4 fields, the header has 2: \"b\" is left over"});
  CHECK(Given("#1,a,b,c,d,e\n").take().problems ==
        Texts{"wrong_field_count: line 1: has 6 fields, a row has 5: \"e\" is left over"});
}

TEST_CASE("empty fields behind the last column, from trailing delimiters, do no harm", "[bulk][intake]") {
  const auto taken = Given("shelf,name,,\n#1,a,,\n#2,b,,,,\n#3,c\n").take();
  CHECK(taken.rows == Texts{"#1/A @2 : #1|A|||", "#2/B @3 : #2|B|||", "#3/C @4 : #3|C|||"});
  CHECK(taken.problems.empty());
}

TEST_CASE("cells are trimmed, free text is not", "[bulk][intake]") {
  CHECK(Given("shelf,name,note\n #1 , a , two words  \n").take().rows ==
        Texts{"#1/A @2 : #1|A|| two words  |"});
}

TEST_CASE(
    "an empty cell leaves alone and a hyphen clears, to the default where the column must hold something",
    "[bulk][intake]") {
  CHECK(Given("shelf,name,colour,note,tag\n#1,a,,,\n#2,b,-,-,-\n").take().rows ==
        Texts{"#1/A @2 : #1|A|||", "#2/B @3 : #2|B|grey|-|-"});
}

TEST_CASE("one guard quote comes off, so that a hyphen and a formula can be written as text",
          "[bulk][intake]") {
  CHECK(Given("shelf,name,note\n#1,a,'-\n#2,b,'=1+1\n#3,c,''=1\n#4,'+d,it's\n").take().rows ==
        Texts{"#1/A @2 : #1|A||-|", "#2/B @3 : #2|B||=1+1|", "#3/C @4 : #3|C||'=1|",
              "#4/+D @5 : #4|+D||it's|"});
}

TEST_CASE("a key that is empty or cleared is refused", "[bulk][intake]") {
  CHECK(Given("shelf,name\n#1,\n-,a\n").take().problems ==
        Texts{"missing_key: line 2, name: name is empty", "missing_key: line 3, shelf: shelf is empty"});
}

TEST_CASE("a bad cell refuses its row, an odd one warns about it", "[bulk][intake]") {
  const auto taken = Given("shelf,name,colour\n#1,a,bad\n#2,odd,odd\n").take();
  CHECK(taken.problems == Texts{"bad: line 2, colour: BAD is bad"});
  CHECK(taken.warnings == Texts{"odd: line 3, name: ODD is odd", "odd: line 3, colour: ODD is odd"});
  CHECK(taken.rows.size() == 1);
  CHECK(taken.intake.invalid == 1);
}

TEST_CASE("cells that disagree with each other refuse the row", "[bulk][intake]") {
  CHECK(Given("shelf,name,colour,note\n#1,a,red,x\n#2,a,red,\n").take().problems ==
        Texts{"red_note: line 2, note: a red box has no note"});
}

TEST_CASE(
    "JSONL: null and a missing key leave alone, empty text clears, a hyphen clears unless the column is free text",
    "[bulk][intake]") {
  const auto taken = Given(
                         "{\"name\":\"a\",\"shelf\":\"#1\",\"note\":null}\n"
                         "{\"shelf\":\"#2\",\"name\":\"b\",\"note\":\"\",\"tag\":\"\",\"colour\":\"\"}\n"
                         "{\"shelf\":\"#3\",\"name\":\"c\",\"note\":\"-\",\"tag\":\"-\"}\n",
                         "boxes.jsonl")
                         .take();
  CHECK(taken.rows == Texts{"#1/A @1 : #1|A|||", "#2/B @2 : #2|B|grey|-|-", "#3/C @3 : #3|C||-|-"});
  CHECK(taken.problems.empty());
}

TEST_CASE("JSONL text is taken as it is: a quote in front is no guard", "[bulk][intake]") {
  CHECK(Given(R"({"shelf":"#1","name":"a","note":"'=1"})", "boxes.jsonl").take().rows ==
        Texts{"#1/A @1 : #1|A||'=1|"});
}

TEST_CASE(
    "JSONL may bring new keys on any line; one that is unknown is refused, a missing key column is a row's fault",
    "[bulk][intake]") {
  Given given(
      "{\"shelf\":\"#1\",\"name\":\"a\"}\n{\"name\":\"b\"}\n{\"shelf\":\"#3\",\"name\":\"c\",\"tag\":\"t\"}\n",
      "boxes.jsonl");
  const auto taken = given.take();
  CHECK(taken.rows == Texts{"#1/A @1 : #1|A|||", "#3/C @3 : #3|C|||T"});
  CHECK(taken.problems == Texts{"missing_key: line 2, shelf: shelf is empty"});
  CHECK(Given("{\"shelf\":\"#1\",\"name\":\"a\"}\n{\"weight\":\"5\"}\n", "boxes.jsonl").slug() ==
        "import.unknown_column");
}

TEST_CASE("JSONL columns are mapped and ignored by --map too", "[bulk][intake]") {
  Given given("{\"shelf\":\"#1\",\"Titel\":\"a\",\"weight\":\"5\"}\n", "boxes.jsonl");
  given.options.maps = {{"Titel", "name"}, {"weight", "-"}};
  CHECK(given.take().rows == Texts{"#1/A @1 : #1|A|||"});
  given.options.maps.push_back({"height", "-"});
  CHECK(given.slug() == "import.bad_map");
}

TEST_CASE("the flag --map needs a header that has the column", "[bulk][intake]") {
  Given given("shelf,name\n#1,a\n");
  given.options.maps = {{"Titel", "name"}};
  CHECK(given.slug() == "import.bad_map");
  Given bare("#1,a\n");
  bare.options.maps = {{"shelf", "-"}};
  CHECK(bare.slug() == "import.bad_map");
}

TEST_CASE("a unique value under two keys refuses the later line and names the earlier one",
          "[bulk][intake]") {
  const auto taken = Given("shelf,name,tag\n#9,z,t1\n#1,a,T1\n#2,b,t1\n#3,c,t2\n").take();
  CHECK(taken.problems == Texts{"not_unique: line 3, tag: \"T1\" stands on line 2 as well",
                                "not_unique: line 4, tag: \"T1\" stands on line 2 as well"});
  CHECK(taken.refused == Texts{"3", "4"});
  CHECK(taken.intake.invalid == 2);
}

TEST_CASE("a unique value twice under one key is a matter of the duplicate row, not of the value",
          "[bulk][intake]") {
  const auto taken = Given("shelf,name,tag\n#1,a,t1\n#1,a,t1\n#1,a,-\n#2,b,-\n").take();
  CHECK(taken.problems.empty());
  CHECK(taken.refused.empty());
}

TEST_CASE("a row that cannot be read is refused with its line and the next one is read", "[bulk][intake]") {
  const auto taken = Given("shelf,name\n#1,a\xFF\n#2,b\n").take();
  REQUIRE(taken.problems.size() == 1);
  CHECK(taken.problems[0].starts_with("bad_utf8: line 2: "));
  CHECK(taken.rows == Texts{"#2/B @3 : #2|B|||"});
}

TEST_CASE("a header that cannot be read is refused as a whole", "[bulk][intake]") {
  CHECK(Given("shelf,na\xFFme\n#1,a\n").slug() == "import.bad_header");
}

TEST_CASE("a file without rows, header or not, is no error", "[bulk][intake]") {
  const auto text = GENERATE("", "\n\n", "shelf,name\n");
  Given given(text);
  CHECK(given.take().intake.rows == 0);
}

TEST_CASE("the digest is that of the file's bytes", "[bulk][intake]") {
  CHECK(Given("#1,a\n").take().intake.digest == base::sha256_hex("#1,a\n"));
}

TEST_CASE("reading stops between rows when it is cancelled", "[bulk][intake]") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "#1," + std::to_string(i) + "\n";
  Given given(text);
  given.cancel.cancel(130);
  CHECK(given.slug() == "run.interrupted");
}

TEST_CASE("what was read while somebody said stop is not taken for the whole, however little it is",
          "[bulk][intake]") {
  Given given(GENERATE("", "#1,a\n"));
  given.cancel.cancel(143);
  CHECK(given.slug() == "run.terminated");
}

TEST_CASE("progress is told now and then while a file is read", "[bulk][intake]") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "#1," + std::to_string(i) + "\n";
  Given given(text);
  std::vector<std::uint64_t> told;
  take_in(given.options, given.adapter, given.cancel, [&](std::uint64_t rows) { told.push_back(rows); });
  CHECK(told == std::vector<std::uint64_t>{4096, 8192});
}

TEST_CASE("the raw fields are kept only when they are asked for", "[bulk][intake]") {
  Given given("shelf,name,colour\n#1,a,bad\n");
  CHECK(given.take().intake.problems.first(1).at(0).raw.empty());
  given.options.keep_raw = true;
  auto taken = given.take();
  const auto problem = taken.intake.problems.first(1).at(0);
  std::string_view raw = problem.raw;
  std::vector<Cell> cells;
  unpack(raw, 3, cells);
  CHECK(cells[2].text == "bad");
  CHECK(raw.empty());
}

TEST_CASE("rejects written in the input's format and fed again are refused for the same reasons",
          "[bulk][intake]") {
  struct Case {
    const char* name;
    const char* text;
  };
  const auto given_case = GENERATE(
      Case{
          "boxes.csv",
          "shelf,name,colour,note,tag\n#1,a,bad,\"x, \"\"y\"\"\nz\",\n#2,b,red,'=1+1,-\n#3,c,blue,ok,t1\n#4,,blue,'-,\n#5,d,,,t1\n"},
      Case{
          "boxes.tsv",
          "shelf\tname\tcolour\tnote\ttag\n#1\ta\tbad\tx\\ty\\nz\\\\\t\n#2\tb\tred\tn\t-\n#4\t\tblue\t\\N\t\n"},
      Case{"boxes.jsonl",
           "{\"shelf\":\"#1\",\"name\":\"a\",\"colour\":\"bad\",\"note\":\"\"}\n"
           "{\"shelf\":\"#2\",\"name\":\"b\",\"colour\":\"red\",\"note\":\"-\",\"tag\":null}\n"
           "{\"name\":\"c\",\"tag\":\"\"}\n"});
  Given first(given_case.text, given_case.name);
  first.options.keep_raw = true;
  auto taken = first.take();
  REQUIRE(taken.problems.size() >= 3);
  const test::TempDir dir;
  const auto path = dir / given_case.name;
  base::AtomicFile file(path);
  write_rejects(file, taken.intake.problems, taken.intake.columns, taken.intake.format,
                taken.intake.delimiter);

  Given second(test::read_text(path), given_case.name);
  second.options.keep_raw = true;
  auto again = second.take();
  std::vector<std::string> codes, codes_again, cells, cells_again;
  const auto collect = [](Intake& intake, Texts& codes_out, Texts& cells_out) {
    intake.problems.for_each([&](const Problem& problem) {
      if (problem.code == "not_unique") return;  // its partner was accepted, and is not in the rejects
      codes_out.push_back(problem.code + " " + problem.column);
      std::string_view raw = problem.raw;
      std::vector<Cell> one;
      Texts row;
      for (std::size_t column = 0; !raw.empty(); ++column) {
        unpack(raw, 1, one);
        const auto& name = intake.columns.at(column);
        if (!name.starts_with('_') && one[0].state == CellState::value)
          row.push_back(name + "=" + std::string(one[0].text));
      }
      std::sort(row.begin(), row.end());  // JSONL may bring its keys in another order
      cells_out.insert(cells_out.end(), row.begin(), row.end());
    });
  };
  collect(taken.intake, codes, cells);
  collect(again.intake, codes_again, cells_again);
  CHECK(codes_again == codes);
  CHECK(cells_again == cells);
}
