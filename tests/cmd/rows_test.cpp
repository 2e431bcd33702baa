#include "cmd/rows.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "cmd/io_fixture.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::cmd;
using namespace ringctl::cmd::test;
using nlohmann::json;
using ringctl::test::slug_of;

namespace {

constexpr Column k_columns[] = {
    {"phone_number", ColumnType::e164, true, true},
    {"label", ColumnType::text},
    {"status", ColumnType::word},
    {"calls", ColumnType::integer},
    {"share", ColumnType::real, false},
    {"is_active", ColumnType::boolean},
    {"talk_s", ColumnType::duration},
    {"price", ColumnType::money},
    {"capabilities", ColumnType::json, false},
    {"created_at", ColumnType::time},
};

const base::Instant k_at = base::parse_utc("2026-03-08T07:59:58.123Z");

void write_two(Io& io) {
  auto rows = io.rows(k_columns);
  rows.row({"+12025550100", "Sales, \"east\"", "active", 12, 0.5, true, 90, "-1.25",
            RawJson{R"({"voice":true})"}, k_at});
  rows.row(
      {"+442079460000", "=1+1\tx\ny\\", "inactive", -3, nullptr, false, nullptr, nullptr, nullptr, nullptr});
  rows.finish();
}

std::string rendered(Format format, void (*change)(IoOptions&) = nullptr) {
  IoFixture f;
  f.options.format = format;
  if (change) change(f.options);
  write_two(f.io());
  return f.out();
}

}  // namespace

TEST_CASE("csv quotes what needs quoting and guards only free text", "[cmd]") {
  CHECK(
      rendered(Format::csv) ==
      "phone_number,label,status,calls,share,is_active,talk_s,price,capabilities,created_at\n"
      "+12025550100,\"Sales, \"\"east\"\"\",active,12,0.5,true,90,-1.25,\"{\"\"voice\"\":true}\",2026-03-08T07:59:58.123+00:00\n"
      "+442079460000,\"'=1+1\tx\ny\\\",inactive,-3,,false,,,,\n");
}

TEST_CASE("tsv escapes as COPY text does", "[cmd]") {
  CHECK(
      rendered(Format::tsv) ==
      "phone_number\tlabel\tstatus\tcalls\tshare\tis_active\ttalk_s\tprice\tcapabilities\tcreated_at\n"
      "+12025550100\tSales, \"east\"\tactive\t12\t0.5\ttrue\t90\t-1.25\t{\"voice\":true}\t2026-03-08T07:59:58.123+00:00\n"
      "+442079460000\t'=1+1\\tx\\ny\\\\\tinactive\t-3\t\\N\tfalse\t\\N\t\\N\t\\N\t\\N\n");
}

TEST_CASE("csv for Excel has its byte order mark, CRLF and another delimiter", "[cmd]") {
  const auto text = rendered(Format::csv, [](IoOptions& options) {
    options.rows.bom = options.rows.crlf = true;
    options.rows.delimiter = ';';
    options.columns = {"label", "calls"};
  });
  CHECK(text == "\xEF\xBB\xBFlabel;calls\r\n\"Sales, \"\"east\"\"\";12\r\n\"'=1+1\tx\ny\\\";-3\r\n");
}

TEST_CASE("the guard can be turned off, and what is absent be named", "[cmd]") {
  const auto text = rendered(Format::csv, [](IoOptions& options) {
    options.rows.guard = options.rows.header = false;
    options.rows.null_text = "NULL";
    options.columns = {"label", "share"};
  });
  CHECK(text == "\"Sales, \"\"east\"\"\",0.5\n\"=1+1\tx\ny\\\",NULL\n");
}

TEST_CASE("a typed cell that breaks its promise is guarded like free text", "[cmd]") {
  IoFixture f;
  f.options.format = Format::csv;
  f.options.rows.header = false;
  auto rows = f.io().rows(k_columns);
  rows.row({"+1-cmd|x", "'=quoted", "@sum", 0, 0.0, true, 0, "-x", nullptr, nullptr});
  rows.finish();
  CHECK(f.out() == "'+1-cmd|x,''=quoted,'@sum,0,0,true,0,'-x,,\n");
}

TEST_CASE("what a thing is called or holds is guarded where it is neither number nor amount", "[cmd]") {
  static constexpr Column k_facts[] = {{"is", ColumnType::fact}};
  IoFixture f;
  f.options.format = Format::tsv;
  f.options.rows.header = false;
  auto rows = f.io().rows(k_facts);
  for (const auto* text :
       {"+16465550110", "-0.04 USD", "-3", "completed", "-0.04 USD+1", "-0.04 =A", "+1-2", "=1"})
    rows.row({text});
  rows.finish();
  CHECK(f.out() == "+16465550110\n-0.04 USD\n-3\ncompleted\n'-0.04 USD+1\n'-0.04 =A\n'+1-2\n'=1\n");
}

TEST_CASE("json carries every field with its type", "[cmd]") {
  const auto list = json::parse(rendered(Format::json));
  REQUIRE(list.size() == 2);
  CHECK(list[0] ==
        json::parse(R"({"phone_number":"+12025550100","label":"Sales, \"east\"","status":"active","calls":12,
    "share":0.5,"is_active":true,"talk_s":90,"price":"-1.25","capabilities":{"voice":true},
    "created_at":"2026-03-08T07:59:58.123+00:00"})"));
  CHECK(list[1]["share"].is_null());
  CHECK(list[1]["label"] == "=1+1\tx\ny\\");
}

TEST_CASE("jsonl is one object a line", "[cmd]") {
  const auto text = rendered(Format::jsonl);
  const auto end = text.find('\n');
  CHECK(json::parse(text.substr(0, end))["calls"] == 12);
  CHECK(json::parse(text.substr(end + 1))["calls"] == -3);
}

TEST_CASE("an empty list is an empty array, a header or nothing", "[cmd]") {
  const auto empty = [](Format format) {
    IoFixture f;
    f.options.format = format;
    f.options.columns = {"label"};
    f.io().rows(k_columns).finish();
    return f.out();
  };
  CHECK(empty(Format::json) == "[]\n");
  CHECK(empty(Format::jsonl).empty());
  CHECK(empty(Format::csv) == "label\n");
  CHECK(empty(Format::tsv) == "label\n");
  CHECK(empty(Format::md) == "| label |\n|---|\n");
  CHECK(empty(Format::table).empty());
}

TEST_CASE("json survives bytes that are not UTF-8 and control characters", "[cmd]") {
  IoFixture f;
  f.options.format = Format::jsonl;
  f.options.columns = {"label", "share"};
  auto rows = f.io().rows(k_columns);
  rows.row({"", "a\xff\x1b\x7f\xc2\x9b\xe2\x82\xac", "", 0, std::nan(""), true, 0, "", nullptr, nullptr});
  rows.finish();
  const auto text = f.out();
  CHECK(text.find('\x1b') == std::string::npos);
  const auto row = json::parse(text);
  CHECK(row["label"] == "a\xEF\xBF\xBD\x1b\x7f\xc2\x9b\xe2\x82\xac");
  CHECK(row["share"].is_null());
}

TEST_CASE("columns are picked in the order asked for", "[cmd]") {
  const auto text = rendered(Format::csv, [](IoOptions& options) {
    options.columns = {"calls", "phone_number"};
  });
  CHECK(text == "calls,phone_number\n12,+12025550100\n-3,+442079460000\n");
}

TEST_CASE("an unknown column is refused with the nearest one", "[cmd]") {
  const auto error = ringctl::test::error_of([] { pick_columns(k_columns, {"lable"}); });
  REQUIRE(error);
  CHECK(error->slug() == "usage.unknown_column");
  CHECK(error->details() == std::vector<std::string>{"did you mean: label"});
  const auto other = ringctl::test::error_of([] { pick_columns(k_columns, {"label_text"}); });
  REQUIRE(other);
  CHECK(other->details() == std::vector<std::string>{"did you mean: label"});
  CHECK(ringctl::test::error_of([] { pick_columns(k_columns, {"nonsense"}); })->details().empty());
}

TEST_CASE("times carry the offset of the zone asked for", "[cmd]") {
  const auto text = rendered(Format::csv, [](IoOptions& options) {
    options.zone = base::Zone::parse("America/New_York");
    options.columns = {"created_at"};
  });
  CHECK(text == "created_at\n2026-03-08T03:59:58.123-04:00\n\n");
}

TEST_CASE("markdown keeps the table whole", "[cmd]") {
  IoFixture f;
  f.options.format = Format::md;
  f.options.columns = {"label", "calls"};
  auto rows = f.io().rows(k_columns);
  rows.row({"", "a|b\n<i>\\\x1b", "", 1, nullptr, true, nullptr, nullptr, nullptr, nullptr});
  rows.finish();
  CHECK(f.out() == "| label | calls |\n|---|---:|\n| a\\|b<br>&lt;i>\\\\\xE2\x90\x9B | 1 |\n");
}

TEST_CASE("a list cut by its limit says so, unless quiet", "[cmd]") {
  IoFixture f;
  f.options.format = Format::csv;
  f.options.quiet = GENERATE(false, true);
  auto rows = f.io().rows(k_columns);
  rows.finish(1204);
  CHECK(f.err() == (f.options.quiet ? "" : "showing 0 of 1,204 (use --limit 0)\n"));
}

TEST_CASE("a cancelled command stops between two rows", "[cmd]") {
  IoFixture f;
  f.options.format = Format::csv;
  auto rows = f.io().rows(k_columns);
  f.cancel.cancel(130);
  CHECK(slug_of([&] { rows.row({"", "", "", 0, 0.0, true, 0, "", nullptr, nullptr}); }) == "run.interrupted");
}

TEST_CASE("one object is an object, a row or a list of its fields", "[cmd]") {
  constexpr Column k_two[] = {{"name", ColumnType::text}, {"created_at", ColumnType::time}};
  const Cell cells[] = {"A", k_at};
  const auto record = [&](Format format) {
    IoFixture f;
    f.options.format = format;
    f.io().record(k_two, cells);
    return f.out();
  };
  CHECK(record(Format::json) == "{\"name\":\"A\",\"created_at\":\"2026-03-08T07:59:58.123+00:00\"}\n");
  CHECK(record(Format::jsonl) == record(Format::json));
  CHECK(record(Format::csv) == "name,created_at\nA,2026-03-08T07:59:58.123+00:00\n");
  CHECK(record(Format::table) == "name        A\ncreated_at  2026-03-08 07:59:58\n");
}

TEST_CASE("html is a page of the table's columns, with times as people read them", "[cmd]") {
  const auto page = rendered(Format::html, [](IoOptions& options) {
    options.title = "numbers list";
    options.rows.null_text = "none";
  });
  for (const auto* part :
       {"<title>numbers list</title>", "<th scope=\"col\">label</th>",
        "<th scope=\"col\" class=\"n\">calls</th>", "<th scope=\"row\"><bdi>+12025550100</bdi></th>",
        "<bdi>Sales, &quot;east&quot;</bdi>", "<bdi>2026-03-08 07:59:58</bdi>", "<td class=\"n\">1m30s</td>",
        "<td class=\"n\">none</td>", "</html>\n"}) {
    INFO(part);
    CHECK(page.find(part) != std::string::npos);
  }
  CHECK(page.find("capabilities") == std::string::npos);
  const auto chosen = rendered(Format::html, [](IoOptions& options) { options.columns = {"capabilities"}; });
  CHECK(chosen.find("{&quot;voice&quot;:true}") != std::string::npos);
}

TEST_CASE("xlsx is a workbook of every column, packed when the list ends", "[cmd]") {
  const auto book = rendered(Format::xlsx, [](IoOptions& options) { options.title = "numbers list"; });
  CHECK(book.starts_with("PK"));
  CHECK(book.find("xl/worksheets/sheet1.xml") != std::string::npos);
  IoFixture f;
  f.options.format = Format::xlsx;
  auto rows = f.io().rows(std::span(k_columns).subspan<1, 1>());
  rows.row({std::string(40'000, 'x')});
  rows.finish();
  CHECK(f.err() == "warning: 1 text was longer than a cell of this format and was cut\n");
}

TEST_CASE("format names are checked", "[cmd]") {
  CHECK(parse_format("jsonl") == Format::jsonl);
  CHECK(parse_format("xlsx") == Format::xlsx);
  CHECK(slug_of([] { parse_format("yaml"); }) == "usage.bad_value");
  CHECK(format_of_file("a/numbers.csv") == Format::csv);
  CHECK(format_of_file("x.JSONL") == Format::jsonl);
  CHECK(format_of_file("a/x.HTML") == Format::html);
  CHECK(format_of_file("x.htm") == Format::html);
  CHECK(format_of_file("x.xlsx") == Format::xlsx);
  CHECK(format_of_file("a/numbers.csv.gz") == Format::csv);
  CHECK(format_of_file("estate.json.ZST") == Format::json);
  for (const auto* name : {"x.xls", "a/x.ODS", "x.pdf", "x.pdf.gz"})
    CHECK_THROWS_AS(format_of_file(name), Error);
  for (const auto* name : {"numbers", "x.table", "x.txt", ".csv", "-", "", "x.gz", ".gz"})
    CHECK_FALSE(format_of_file(name));
}
