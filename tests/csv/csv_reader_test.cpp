#include <fmt/format.h>

#include "support.hpp"
#include "support/catch.hpp"

using namespace ringctl::csv;
using namespace ringctl::csv::test;
using Table = std::vector<std::vector<std::string>>;

namespace {

Table fields(const std::string& text, char delimiter = ',') {
  return fields_of(read_rows(text, {Format::csv, delimiter}));
}

/// Line and error code of each record with an error.
std::vector<std::pair<std::uint64_t, std::string>> errors(const std::string& text) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const auto& row : read_rows(text))
    if (!row.code.empty()) found.emplace_back(row.line, row.code);
  return found;
}

using Errors = std::vector<std::pair<std::uint64_t, std::string>>;

}  // namespace

TEST_CASE("a file gives the same records whatever its line ends and byte-order mark") {
  const Table expected{{"phone_number", "label"}, {"+12025550143", "Sales"}, {"+12025550144", "a, \"b\""}};
  const std::string body = "phone_number,label\n+12025550143,Sales\n+12025550144,\"a, \"\"b\"\"\"\n";
  const auto with_ends = [&](const std::string& end) {
    std::string text;
    for (const char c : body) c == '\n' ? text += end : text += c;
    return text;
  };
  for (const auto& text : {with_ends("\n"), with_ends("\r\n"), with_ends("\r")}) {
    CHECK(fields(text) == expected);
    CHECK(fields("\xEF\xBB\xBF" + text) == expected);
    const auto unended = text.substr(0, text.find_last_not_of("\r\n") + 1);
    CHECK(fields(unended) == expected);
    CHECK(fields(text + "\n\r\n\n") == expected);
  }
}

TEST_CASE("a trailing delimiter is one more empty field") {
  CHECK(fields("a,b,\n1,2,\n") == Table{{"a", "b", ""}, {"1", "2", ""}});
  CHECK(fields("\"a\",\n") == Table{{"a", ""}});
}

TEST_CASE("empty fields are fields and blank lines are no records") {
  CHECK(fields(",\n") == Table{{"", ""}});
  CHECK(fields("\"\"\n") == Table{{""}});
  CHECK(fields("\n\r\n\r").empty());
  CHECK(fields(" \n") == Table{{" "}});
}

TEST_CASE("spaces are part of a field") {
  CHECK(fields(" a , b\n") == Table{{" a ", " b"}});
  CHECK(fields("\" a \", b,\"c\"\n") == Table{{" a ", " b", "c"}});
}

TEST_CASE("quoted fields hold quotes, delimiters and line ends as they stand") {
  CHECK(fields("\"a\"\"b\",\"c,d\",\"e\nf\r\ng\rh\"\n") == Table{{"a\"b", "c,d", "e\nf\r\ng\rh"}});
  CHECK(fields("\"\"\"\"\n") == Table{{"\""}});
  CHECK(fields("\"\n\n\"\n") == Table{{"\n\n"}});
}

TEST_CASE("only the delimiter in use separates") {
  CHECK(fields("a;b,c;\"d;e\"\n", ';') == Table{{"a", "b,c", "d;e"}});
  CHECK(fields("a\tb \t\"c\td\"\n", '\t') == Table{{"a", "b ", "c\td"}});
}

TEST_CASE("records carry the line they begin on") {
  std::vector<std::uint64_t> lines;
  for (const auto& row : read_rows("a\r\n\r\n\"b\r\nb\"\r\n\nc\r\"d\r\rd\"\ne")) lines.push_back(row.line);
  CHECK(lines == std::vector<std::uint64_t>{1, 3, 6, 7, 10});
}

TEST_CASE("an unterminated quote is reported where it starts and ends the input") {
  const auto rows = read_rows("a,b\n1,2\n\n3,\"open\n4,5\n6,7\n");
  REQUIRE(rows.size() == 3);
  CHECK(rows[2].line == 4);
  CHECK(rows[2].code == "unterminated_quote");
  CHECK(rows[2].error == "the quote opened on line 4 is never closed");
}

TEST_CASE("an unterminated quote in a record of many lines names its own line") {
  const auto rows = read_rows("a,b\n\"x\ny\",\"open\nmore\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].line == 2);
  CHECK(rows[1].error == "the quote opened on line 3 is never closed");
}

TEST_CASE("text after a closing quote spoils its record only") {
  const auto rows = read_rows("a\n\"b\"x,1\nc\n");
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].code == "text_after_quote");
  CHECK(rows[1].line == 2);
  CHECK(rows[2].fields == std::vector<std::string>{"c"});
  CHECK(errors("\"a\nb\" ,c\nd\n") == Errors{{1, "text_after_quote"}});
  CHECK(errors("\"a\" \n") == Errors{{1, "text_after_quote"}});
}

TEST_CASE("a quote inside an unquoted field spoils its record only") {
  CHECK(errors("a\nb\"c,d\ne\n") == Errors{{2, "stray_quote"}});
  CHECK(errors("a, \"b\"\nc\n") == Errors{{1, "stray_quote"}});
  CHECK(read_rows("a\n=\"12025550125\"\n")[1].error == "quote inside an unquoted field");
  CHECK(read_rows("\"a\nb\" ,c\n")[0].error == "text after a closing quote on line 2");
  CHECK(fields_of(read_rows("b\"c\nd,e\n"))[1] == std::vector<std::string>{"d", "e"});
}

TEST_CASE("NUL bytes are refused with their offset, in quoted fields too") {
  const std::string plain("a,b\0c\nd\n", 8);
  CHECK(errors(plain) == Errors{{1, "nul_byte"}});
  CHECK(read_rows(plain)[0].error == "NUL byte at offset 3 of the record");
  const std::string quoted("\"a\nb\0c\",d\ne\n", 12);
  CHECK(errors(quoted) == Errors{{1, "nul_byte"}});
  CHECK(read_rows(quoted)[0].error == "NUL byte at offset 4 of the record");
  CHECK(read_rows(quoted).size() == 2);
}

TEST_CASE("ill-formed UTF-8 is refused with its offset and reading goes on") {
  for (const auto* bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    const auto rows = read_rows(fmt::format("a,b\n12,x{}\nc\n", bad));
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].code == "bad_utf8");
    CHECK(rows[1].error.find("invalid UTF-8 at offset 4 of the record") == 0);
    CHECK(rows[2].code.empty());
  }
  CHECK(errors("\"a\nb\xFF\"\nc\n") == Errors{{1, "bad_utf8"}});
}

TEST_CASE("control characters, escape sequences and bidi marks are data") {
  const std::string text =
      "\x1b[31mred\x07,\xE2\x80\xAE"
      "abc\n";
  CHECK(fields(text) == Table{{"\x1b[31mred\x07",
                               "\xE2\x80\xAE"
                               "abc"}});
}

TEST_CASE("too many columns spoil their record only") {
  const auto row_of = [](std::size_t columns) { return std::string(columns - 1, ',') + "\n"; };
  CHECK(errors(row_of(k_max_columns)).empty());
  CHECK(errors("a\n" + row_of(k_max_columns + 1) + "b\n") == Errors{{2, "too_many_columns"}});
  CHECK(read_rows(row_of(1'000'000) + "b\n").size() == 2);
  CHECK(errors("\"\"" + row_of(k_max_columns + 1) + "b\n") == Errors{{1, "too_many_columns"}});
}

TEST_CASE("a field or a record over the limit ends the input") {
  const std::string most(k_max_field, 'x');
  CHECK(errors(most + ",b\n" + "\"" + most + "\",b\n").empty());
  CHECK(read_rows("a\n" + most + "x,b\nc\n").size() == 2);
  CHECK(errors("a\n" + most + "x,b\nc\n") == Errors{{2, "field_too_long"}});
  CHECK(errors("\"" + most + "x\",b\nc\n") == Errors{{1, "field_too_long"}});
  CHECK(errors("a\n" + std::string(2'000'000, 'x') + "\nb\n") == Errors{{2, "record_too_long"}});
}

TEST_CASE("what a quote left open can swallow is bounded, and the message asks about that quote") {
  std::string text = "a\nb,\"open\n";
  for (int i = 0; i < 10'000; ++i) text += "+12025550143,twilio,US\n";
  const auto rows = read_rows(text);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].code == "field_too_long");
  CHECK(rows[1].error.find("is the quote opened on line 2 ever closed?") != std::string::npos);
}

TEST_CASE("many short quoted fields over many lines still make a record too long") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\"" + std::string(6000, 'x') + "\n\",";
  CHECK(errors(text) == Errors{{1, "record_too_long"}});
}

TEST_CASE("a million columns of quotes do not pile up in memory") {
  std::string text = "\"a\"";
  while (text.size() < 900'000) text += ",\"b\"";
  const auto rows = read_rows(text + "\nc\n");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].code == "too_many_columns");
  CHECK(rows[0].fields.size() <= k_max_columns + 1);
}
