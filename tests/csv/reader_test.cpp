#include "csv/reader.hpp"

#include "csv/writer.hpp"
#include "support.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl::csv;
using namespace ringctl::csv::test;
using ringctl::test::TempDir;
using ringctl::test::write_text;

namespace {

struct Opened {
  Format format;
  char delimiter;
  bool operator==(const Opened&) const = default;
};

Opened opened_text(const std::string& text, const ReaderOptions& options = {}) {
  auto source = Source::from_text(text);
  const auto reader = Reader::open(source, options);
  return {reader->format(), reader->delimiter()};
}

Opened opened_file(const std::string& name, const std::string& text) {
  const TempDir dir;
  write_text(dir / name, text);
  auto source = Source::open((dir / name).string());
  const auto reader = Reader::open(source, {});
  return {reader->format(), reader->delimiter()};
}

}  // namespace

TEST_CASE("the delimiter is the one the first line holds most of outside quotes") {
  CHECK(opened_text("a,b,c\n1;2;3;4;5\n") == Opened{Format::csv, ','});
  CHECK(opened_text("a;b;c\n") == Opened{Format::csv, ';'});
  CHECK(opened_text("\"a,b,c,d\";e\n") == Opened{Format::csv, ';'});
  CHECK(opened_text("\"a\"\tb\tc\n") == Opened{Format::csv, '\t'});
  CHECK(opened_text("\n\na;b\n") == Opened{Format::csv, ';'});
  CHECK(opened_text("+12025550143\n") == Opened{Format::csv, ','});
  CHECK(opened_text("") == Opened{Format::csv, ','});
}

TEST_CASE("without a name the first line tells the format") {
  CHECK(opened_text("a\tb\tc\n") == Opened{Format::tsv, '\t'});
  CHECK(opened_text("{\"a\":1}\n") == Opened{Format::jsonl, 0});
  CHECK(opened_text("\n  {\"a\":1}\n") == Opened{Format::jsonl, 0});
}

TEST_CASE("what is asked for goes before what is guessed") {
  CHECK(opened_text("a\tb\n", {Format::csv, '\t'}) == Opened{Format::csv, '\t'});
  CHECK(opened_text("a\tb\n", {Format::automatic, '\t'}) == Opened{Format::csv, '\t'});
  CHECK(opened_text("a,b\n", {Format::tsv, 0}) == Opened{Format::tsv, '\t'});
  CHECK(opened_text("a|b,c,d\n", {Format::csv, '|'}) == Opened{Format::csv, '|'});
}

TEST_CASE("a name tells the format, also behind an archive's ending") {
  CHECK(opened_file("x.tsv", "a,b\n") == Opened{Format::tsv, '\t'});
  CHECK(opened_file("x.TSV.gz", "a,b\n") == Opened{Format::tsv, '\t'});
  CHECK(opened_file("x.jsonl", "a,b\n") == Opened{Format::jsonl, 0});
  CHECK(opened_file("x.ndjson.zst", "a,b\n") == Opened{Format::jsonl, 0});
  CHECK(opened_file("x.csv", "a\tb\n") == Opened{Format::csv, '\t'});
  CHECK(opened_file("numbers", "{\"a\":1}\n") == Opened{Format::jsonl, 0});
}

TEST_CASE("records do not depend on where pieces end") {
  const auto [format, text] = GENERATE(
      table<Format, std::string>({{Format::csv,
                                   "\xEF\xBB\xBFphone_number,label\r\n+12025550143,\"Zo\xC3\xAB "
                                   "\"\"x\"\"\r\nnext, line\"\r\n\r\n+12025550144,\xF0\x9F\x93\x9E\r"
                                   "bad\"quote,1\n\"closed\"x,2\n,\n\"\"\n\"a\"\r\n\"open, \n never closed"},
                                  {Format::csv, "a\rb,\"c\rd\"\re\r\r\nnul\0byte\nbad\xFFutf\n"},
                                  {Format::tsv, "a\tb\\tc\t\\N\r\n\\\\N\td\\x\t\\\rlast\t\n"},
                                  {Format::jsonl,
                                   "{\"a\":1,\"b\":[\"x\",2,true]}\n{\"b\":null,\"c\":{\"voice\":true,"
                                   "\"sms\":false,\"mms\":true}}\r\n[]\n{\"a\":1,\"a\":2}\n{\"z\":"}}));
  const auto whole = read_rows(text, {format});
  REQUIRE(whole.size() > 2);
  for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
    INFO(piece);
    REQUIRE(read_rows(text, {format}, piece) == whole);
  }
}

TEST_CASE("what the writer writes the reader reads back") {
  std::mt19937 random(20260308);
  const auto [format, delimiter] = GENERATE(table<Format, char>(
      {{Format::csv, ','}, {Format::csv, ';'}, {Format::csv, '\t'}, {Format::tsv, '\t'}}));
  const std::string end = GENERATE("\n", "\r\n");
  for (int round = 0; round < 300; ++round) {
    std::vector<std::vector<std::string>> table;
    std::string text;
    const auto rows = 1 + random() % 6;
    const auto columns = 2 + random() % 4;
    table.reserve(rows);
    for (unsigned r = 0; r < rows; ++r) {
      std::vector<std::string> row;
      row.reserve(columns);
      for (unsigned c = 0; c < columns; ++c) {
        row.push_back(random_text(random));
        if (c > 0) text += delimiter;
        if (format == Format::tsv)
          append_tsv(text, row.back());
        else
          append_csv(text, row.back(), delimiter);
      }
      table.push_back(std::move(row));
      text += end;
    }
    const auto back = read_rows(text, {format, delimiter}, 1 + random() % 64);
    INFO(text);
    for (const auto& row : back) REQUIRE(row.error.empty());
    // The file's own byte-order mark is not part of its first field; only TSV has no way to protect one.
    if (format == Format::tsv && table[0][0].starts_with("\xEF\xBB\xBF")) table[0][0].erase(0, 3);
    REQUIRE(fields_of(back) == table);
  }
}
