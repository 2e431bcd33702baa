#include "report/workbook.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "report/python.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::report;
using nlohmann::json;

namespace {

const base::Instant k_at = base::parse_utc("2026-11-22T13:00:00.000Z");

std::string file_of(Workbook& book, std::int64_t* cut = nullptr) {
  std::string out;
  const auto texts = book.finish([&](std::string_view part) { out.append(part); });
  if (cut != nullptr) *cut = texts;
  return out;
}

/// {"names": of the sheets, "sheets": [[{"A1": [type, text, format]}]], "formulas": how many, "filters":
/// [...]}
json read_workbook(const std::string& file) {
  return ringctl::report::test::python(R"py(
import json, re, sys, zipfile
import xml.etree.ElementTree as tree
book = zipfile.ZipFile(sys.argv[1])
assert book.testzip() is None
main = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
names = [s.get('name') for s in tree.fromstring(book.read('xl/workbook.xml')).find(main + 'sheets')]
styles = tree.fromstring(book.read('xl/styles.xml'))
codes = {f.get('numFmtId'): f.get('formatCode') for f in styles.iter(main + 'numFmt')}
formats = [codes.get(x.get('numFmtId'), '') for x in styles.find(main + 'cellXfs')]
sheets, formulas, filters = [], 0, []
for i in range(len(names)):
    root = tree.fromstring(book.read('xl/worksheets/sheet%d.xml' % (i + 1)))
    cells = {}
    for cell in root.iter(main + 'c'):
        formulas += len(list(cell.iter(main + 'f')))
        text = ''.join(t.text or '' for t in list(cell.iter(main + 't')) + list(cell.iter(main + 'v')))
        if cell.get('t') == 'inlineStr':
            text = re.sub('_x([0-9A-Fa-f]{4})_', lambda m: chr(int(m.group(1), 16)), text)
        if len(cells) < 1000: cells[cell.get('r')] = [cell.get('t', 'n'), text, formats[int(cell.get('s', '0'))]]
    sheets.append(cells)
    formulas += len(list(root.iter(main + 'hyperlink')))
    filters += [f.get('ref') for f in root.iter(main + 'autoFilter')]
print(json.dumps({'names': names, 'sheets': sheets, 'formulas': formulas, 'filters': filters,
  'created': book.read('docProps/core.xml').decode().split('created xsi:type="dcterms:W3CDTF">')[1][:20]}))
)py",
                                       file);
}

/// The text of the only cell of a workbook.
json round_trip(std::string_view text) {
  Workbook book("x", {{"text"}}, k_at);
  const SheetCell cells[] = {text};
  book.row(cells);
  const auto read = read_workbook(file_of(book));
  CHECK(read["formulas"] == 0);
  return read["sheets"][0].value("A2", json::array({"", ""}))[1];
}

}  // namespace

TEST_CASE("cells of a workbook have the types of their columns", "[report]") {
  Workbook book("reports costs",
                {{"name"},
                 {"calls", SheetType::integer},
                 {"rate", SheetType::real},
                 {"active", SheetType::boolean},
                 {"day", SheetType::date},
                 {"cost", SheetType::money},
                 {"talk_s", SheetType::duration},
                 {"at", SheetType::time}},
                k_at);
  const SheetCell cells[] = {std::string_view("Ann"),
                             std::int64_t{-12},
                             0.25,
                             true,
                             std::string_view("2026-03-08"),
                             std::string_view("-12.50"),
                             std::int64_t{90},
                             std::string_view("2026-03-08T03:00:00.000-04:00")};
  book.row(cells);
  const SheetCell nothing[8] = {};
  book.row(nothing);
  const auto read = read_workbook(file_of(book));
  CHECK(read["names"] == json({"reports costs"}));
  CHECK(read["filters"] == json({"A1:H3"}));
  CHECK(read["created"] == "2026-11-22T13:00:00Z");
  const auto& sheet = read["sheets"][0];
  CHECK(sheet["C1"][1] == "rate");
  CHECK(sheet["A2"] == json({"inlineStr", "Ann", ""}));
  CHECK(sheet["B2"] == json({"n", "-12", ""}));
  CHECK(sheet["C2"] == json({"n", "0.25", ""}));
  CHECK(sheet["D2"] == json({"b", "1", ""}));
  CHECK(sheet["E2"] == json({"n", "46089", "yyyy-mm-dd"}));  // days since 1899-12-30
  CHECK(sheet["F2"] == json({"n", "-12.5", "0.00####"}));
  CHECK(sheet["G2"] == json({"n", "90", ""}));
  CHECK(sheet["H2"] == json({"inlineStr", "2026-03-08T03:00:00.000-04:00", ""}));
  CHECK_FALSE(sheet.contains("A3"));
}

TEST_CASE("text is text in a workbook, whatever it looks like", "[report]") {
  for (const auto* text :
       {"=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "https://example.com/", "1e5", "TRUE",
        "2026-03-08", " blanks  around ", "a<b>&\"'c]]>", "_x0041_", "__x005f_", "דנה לוי",
        "\xF0\x9F\x98\x80", "two\nlines", "tab\there", "\x1b[2J", "one\rtwo"}) {
    INFO(text);
    CHECK(round_trip(text) == text);
  }
}

TEST_CASE("what no workbook can hold is marked as lost", "[report]") {
  CHECK(round_trip(std::string_view("a\0b", 3)) ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(round_trip("a\xff\xEF\xBF\xBE\xEF\xBF\xBF\xC3") ==
        "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("a figure that a spreadsheet would round stays text", "[report]") {
  Workbook book("x",
                {{"n", SheetType::integer},
                 {"cost", SheetType::money},
                 {"day", SheetType::date},
                 {"r", SheetType::real}},
                k_at);
  const SheetCell first[] = {std::int64_t{999'999'999'999'999}, std::string_view("0.000001"),
                             std::string_view("soon"), std::nan("")};
  const SheetCell second[] = {std::int64_t{1'000'000'000'000'000}, std::string_view("1234567890.123456"),
                              std::string_view("1850-01-01"), std::numeric_limits<double>::infinity()};
  const SheetCell third[] = {std::numeric_limits<std::int64_t>::min(), std::string_view("free"),
                             std::string_view("2026-02-3x"), 0.0};
  book.row(first);
  book.row(second);
  book.row(third);
  const auto sheet = read_workbook(file_of(book))["sheets"][0];
  CHECK(sheet["A2"][0] == "n");
  CHECK(sheet["A3"] == json({"inlineStr", "1000000000000000", ""}));
  CHECK(sheet["A4"] == json({"inlineStr", "-9223372036854775808", ""}));
  CHECK(sheet["B2"][0] == "n");
  CHECK(sheet["B3"] == json({"inlineStr", "1234567890.123456", ""}));
  CHECK(sheet["B4"] == json({"inlineStr", "free", ""}));
  for (const auto* cell : {"C2", "C3", "C4"}) CHECK(sheet[cell][0] == "inlineStr");
  CHECK_FALSE(sheet.contains("D2"));
  CHECK_FALSE(sheet.contains("D3"));
  CHECK(sheet["D4"] == json({"n", "0", ""}));
}

TEST_CASE("a text that no cell takes is cut, between characters, and counted", "[report]") {
  Workbook book("x", {{"text"}}, k_at);
  const std::string fits(32767, 'a'), longer(32768, 'a');
  const std::string faces = [] {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "\xF0\x9F\x98\x80";  // two units each
    return text;
  }();
  for (const auto* text : {&fits, &longer, &faces}) {
    const SheetCell cells[] = {std::string_view(*text)};
    book.row(cells);
  }
  std::int64_t cut = 0;
  const auto sheet = read_workbook(file_of(book, &cut))["sheets"][0];
  CHECK(cut == 2);
  CHECK(sheet["A2"][1] == fits);
  CHECK(sheet["A3"][1] == fits);
  CHECK(sheet["A4"][1] == faces.substr(0, 16383 * 4));
}

TEST_CASE("a sheet is called by the list, without what a name may not hold", "[report]") {
  const auto name_of = [](const std::string& called) {
    Workbook book(called, {{"a"}}, k_at);
    return read_workbook(file_of(book))["names"][0];
  };
  CHECK(name_of("calls list") == "calls list");
  CHECK(name_of("a[b]:*?/\\'c") == "a-b-------c");
  CHECK(name_of("") == "Rows");
  CHECK(name_of(std::string(40, 'x')) == std::string(31, 'x'));
}

TEST_CASE("the same rows are the same file", "[report]") {
  const auto make = [] {
    Workbook book("x", {{"a"}, {"n", SheetType::integer}}, k_at);
    const SheetCell cells[] = {std::string_view("Ann"), std::int64_t{1}};
    book.row(cells);
    return file_of(book);
  };
  CHECK(make() == make());
}

TEST_CASE("a workbook that nobody finishes leaves nothing behind", "[report]") {
  const ringctl::test::TempDir folder;
  const char* before = std::getenv("TMPDIR");
  const std::string old = before != nullptr ? before : "";
  const auto open_files = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto open_before = open_files();
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  {
    Workbook book("x", {{"a"}}, k_at);
    const SheetCell cells[] = {std::string_view("Ann")};
    for (int i = 0; i < 1000; ++i) book.row(cells);
  }
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(open_files() == open_before);
  ::setenv("TMPDIR", (folder / "missing").c_str(), 1);
  const auto error = ringctl::test::error_of([] { Workbook("x", {{"a"}}, k_at); });
  before != nullptr ? ::setenv("TMPDIR", old.c_str(), 1) : ::unsetenv("TMPDIR");
  REQUIRE(error);
  CHECK(error->errc() == Errc::output);
}

TEST_CASE("rows beyond what a sheet takes go to another", "[report][slow]") {
  Workbook book("calls export", {{"n", SheetType::integer}}, k_at);
  constexpr std::int64_t k_rows = 1'048'576;  // with the titles one more than fit
  for (std::int64_t i = 1; i <= k_rows; ++i) {
    const SheetCell cells[] = {i};
    book.row(cells);
  }
  const auto read = read_workbook(file_of(book));
  CHECK(read["names"] == json({"calls export", "calls export 2"}));
  CHECK(read["filters"] == json({"A1:A1048576", "A1:A2"}));
  CHECK(read["sheets"][1]["A1"][1] == "n");
  CHECK(read["sheets"][1]["A2"][1] == "1048576");
}
