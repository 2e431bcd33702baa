#include "cmd/io_fixture.hpp"
#include "cmd/rows.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::cmd;
using namespace ringctl::cmd::test;

namespace {

constexpr Column k_columns[] = {{"name", ColumnType::text},
                                {"n", ColumnType::integer},
                                {"note", ColumnType::text},
                                {"hidden", ColumnType::text, false}};

struct Table {
  Table() {
    RowStyle style;
    style.format = Format::table;
    target.style = style;
    target.columns.assign(std::begin(k_columns), std::end(k_columns) - 1);
  }
  std::string write(const std::vector<std::vector<Cell>>& rows) {
    const auto table = make_table(std::move(target));
    table->begin();
    for (const auto& row : rows) table->row(row);
    table->end();
    return output.buffer();
  }
  Output output{OutputOptions{}};
  TimeText times{base::Zone::utc()};
  RowTarget target{output, times, {}, {}};
};

}  // namespace

TEST_CASE("a table aligns text left and numbers right, without blanks at the end", "[cmd]") {
  CHECK(Table().write({{"Ann", 5, "x"}, {"Bartholomew", 1200, nullptr}}) ==
        "name            n  note\n"
        "Ann             5  x\n"
        "Bartholomew  1200\n");
}

TEST_CASE("wide and combining characters keep columns straight", "[cmd]") {
  CHECK(Table().write({{"日本", 1, "x"}, {"e\xCC\x81t\xC3\xA9", 2, "y"}, {"👩‍💻", 3, "z"}}) ==
        "name  n  note\n"
        "日本  1  x\n"
        "e\xCC\x81t\xC3\xA9   2  y\n"
        "👩‍💻    3  z\n");
}

TEST_CASE("a table fits the screen by shortening its widest text", "[cmd]") {
  Table t;
  t.target.style.width = 30;
  CHECK(t.write({{"Ann", 5, "a note that is far too long to be shown whole"}}) ==
        "name  n  note\n"
        "Ann   5  a note that is far t…\n");
}

TEST_CASE("where text would be too short to read, the last columns make room and are named", "[cmd]") {
  Table t;
  t.target.style.width = 44;
  t.target.columns = {{"key", ColumnType::text},
                      {"calls", ColumnType::integer},
                      {"missed", ColumnType::integer},
                      {"name", ColumnType::text},
                      {"trend", ColumnType::text}};
  CHECK(t.write({{"agent000@example.com", 1200, 7, "Bartholomew", "_.-=#=-._.-=#=-._"}}) ==
        "key               calls  missed  name\n"
        "agent000@exampl…   1200       7  Bartholomew\n"
        "no room for: trend (--no-trunc shows all)\n");
  Table narrower;
  narrower.target.style.width = 10;
  CHECK(narrower.write({{"Ann", 5, "never left out"}}).find("no room") == std::string::npos);
}

TEST_CASE("an id is never shortened, however narrow the screen", "[cmd]") {
  const std::string uuid = "01a1feae-b487-739a-91b2-5a3e0fba1749";
  const auto write = [&](ColumnType type) {
    Table t;
    t.target.style.width = 12;
    t.target.columns[0].type = type;
    return t.write({{uuid, 5, "a note that is too long"}});
  };
  CHECK(write(ColumnType::uuid).find(uuid + "  5  ") != std::string::npos);
  CHECK(write(ColumnType::job).find("0fba1749  5  a not…\n") != std::string::npos);
}

TEST_CASE("a call's SID, its time and its numbers stay readable beside a caller who is a client", "[cmd]") {
  Table t;
  t.target.style.width = 72;
  t.target.columns = {
      {"started_at", ColumnType::time}, {"from_number", ColumnType::e164}, {"call_sid", ColumnType::sid}};
  const std::string client = "client:agent_01a201ff174b73378d75bd5ae42d22d0";
  const auto at = base::parse_utc("2026-03-08T12:00:00.000Z");
  CHECK(t.write({{at, client, "CA5f0c8e1d2b3a4c5d6e7f80911111aaaa"},
                 {at, "+12025550123", "CA5f0c8e1d2b3a4c5d6e7f80912222bbbb"}}) ==
        "started_at           from_number                                call_sid\n"
        "2026-03-08 12:00:00  client:agent_01a201ff174b73378d75bd5ae42…  1111aaaa\n"
        "2026-03-08 12:00:00  +12025550123                               2222bbbb\n");
}

TEST_CASE("a table that is not cut has whole SIDs", "[cmd]") {
  Table t;
  t.target.columns[0].type = ColumnType::sid;
  const std::string sid = "CA5f0c8e1d2b3a4c5d6e7f80911111aaaa";
  CHECK(t.write({{sid, 5, "x"}}).find(sid + "  5  x\n") != std::string::npos);
}

TEST_CASE("shortening never cuts a character in two", "[cmd]") {
  Table t;
  t.target.style.width = 20;
  const auto text = t.write({{"Ann", 5, "日本日本日本日本"}});
  CHECK(text == "name  n  note\nAnn   5  日本日本日…\n");
}

TEST_CASE("data cannot drive the terminal", "[cmd]") {
  const auto text = Table().write({{"\x1b]52;c;aGk=\x07", 1, "a\nb\x7f\xc2\x9b\xe2\x80\xae\xff"}});
  CHECK(text == "name          n  note\n␛]52;c;aGk=␇  1  a␊b␡\\x9b\\u202e\\xff\n");
}

TEST_CASE("a table of any length is written as it comes once its widths are known", "[cmd]") {
  Table t;
  const auto table = make_table(std::move(t.target));
  const std::array<Cell, 3> row = {"Ann", 1, "x"};
  for (int i = 0; i < 1999; ++i) table->row(row);
  CHECK(t.output.buffer().empty());
  table->row(row);
  const auto size = t.output.buffer().size();
  CHECK(size > 0);
  table->row(row);
  CHECK(t.output.buffer().size() > size);
}

TEST_CASE("a table shows a share in percent, and machines its fraction", "[cmd]") {
  static constexpr Column k_share[] = {{"rate", ColumnType::share}};
  const auto shown = [](Format format, double value) {
    IoFixture f;
    f.options.format = format;
    f.options.rows.header = false;
    auto rows = f.io().rows(k_share);
    rows.row({value});
    rows.finish();
    return f.out();
  };
  CHECK(shown(Format::table, 0.9342) == "93.4 %\n");
  CHECK(shown(Format::table, -0.5) == "-50.0 %\n");
  CHECK(shown(Format::csv, -0.5) == "-0.5\n");
  CHECK(shown(Format::jsonl, 0.9342) == "{\"rate\":0.9342}\n");
}

TEST_CASE("columns kept out of the table are shown when asked for", "[cmd]") {
  IoFixture f;
  f.options.format = Format::table;
  f.options.columns = {"hidden", "name"};
  auto rows = f.io().rows(k_columns);
  rows.row({"Ann", 1, "x", "secret"});
  rows.finish();
  CHECK(f.out() == "hidden  name\nsecret  Ann\n");
}
