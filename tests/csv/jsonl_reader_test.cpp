#include "support.hpp"
#include "support/catch.hpp"

using namespace ringctl::csv;
using namespace ringctl::csv::test;
using Fields = std::vector<std::string>;

namespace {

std::vector<Row> rows(const std::string& text) { return read_rows(text, {Format::jsonl}); }

/// Text of the one value of {"v": json}.
std::string value(const std::string& json) {
  const auto read = rows("{\"v\":" + json + "}\n");
  REQUIRE(read.size() == 1);
  return read[0].code.empty() ? read[0].fields.at(0) : "error: " + read[0].code;
}

std::string code(const std::string& line) {
  const auto read = rows(line + "\n{\"ok\":1}\n");
  REQUIRE(read.size() == 2);
  CHECK(read[1].code.empty());  // reading goes on
  return read[0].code;
}

}  // namespace

TEST_CASE("values become the text of a cell") {
  CHECK(value("\"Zo\\u00eb \\n x\"") == "Zo\xC3\xAB \n x");
  CHECK(value("100") == "100");
  CHECK(value("12025550143") == "12025550143");
  CHECK(value("-5") == "-5");
  CHECK(value("true") == "true");
  CHECK(value("false") == "false");
  CHECK(value("\"\"").empty());
  CHECK(value("null") == "<absent>");
}

TEST_CASE("a list is joined, switches become the names of those that are on, and the rest stays JSON") {
  CHECK(value("[\"US\",\"CA\",1,true]") == "US|CA|1|true");
  CHECK(value("[]").empty());
  CHECK(value("{\"voice\":true,\"sms\":false,\"mms\":true}") == "voice|mms");
  CHECK(value("{\"voice\":false}").empty());
  CHECK(value("{\"days\": [\"mon\"], \"from\": \"09:00\"}") == "{\"days\":[\"mon\"],\"from\":\"09:00\"}");
  CHECK(value("[{\"a\": 1}]") == "[{\"a\":1}]");
  CHECK(value("{}") == "{}");
}

TEST_CASE("a list whose items a cell cannot tell apart is refused") {
  CHECK(value("[\"a|b\"]") == "error: bad_list");
  CHECK(value("[\"\",\"a\"]") == "error: bad_list");
  CHECK(value("[null]") == "error: bad_list");
}

TEST_CASE("names come in order of appearance and missing keys are absent") {
  auto source = Source::from_text("{\"a\":1,\"b\":2}\n{\"c\":3,\"a\":4}\n{}\n");
  const auto reader = Reader::open(source, {Format::jsonl});
  Record record;
  REQUIRE(reader->next(record));
  CHECK(std::vector<std::string>(reader->names().begin(), reader->names().end()) == Fields{"a", "b"});
  REQUIRE(reader->next(record));
  CHECK(std::vector<std::string>(reader->names().begin(), reader->names().end()) == Fields{"a", "b", "c"});
  REQUIRE(record.fields.size() == 3);
  CHECK(record.fields[0].text == "4");
  CHECK(record.fields[1].absent);
  CHECK(record.fields[2].text == "3");
  REQUIRE(reader->next(record));
  CHECK(record.fields.size() == 3);
  CHECK_FALSE(reader->next(record));
}

TEST_CASE("an array of objects reads as its objects, however it is laid out") {
  for (const auto* text : {"[{\"a\":1,\"b\":\"x\"},{\"a\":2}]", "[\n{\"a\":1,\"b\":\"x\"},\n{\"a\":2}\n]\n",
                           "\n  [ {\"a\": 1,\n \"b\": \"x\"\n }\n,\n {\"a\":2} ]\n\n",
                           "[{\"a\":1,\"b\":\"x\"}\r\n,{\"a\":2}\r\n]\r\n"}) {
    INFO(text);
    const auto read = rows(text);
    REQUIRE(read.size() == 2);
    CHECK(read[0].fields == Fields{"1", "x"});
    CHECK(read[1].fields == Fields{"2", "<absent>"});
  }
  CHECK(rows("[]").empty());
  CHECK(rows("\n[ \n ]\n\n").empty());
}

TEST_CASE("the items of an array are told apart by their place in it, also on one line") {
  for (const auto* text :
       {"[{\"a\":1},2,{\"a\":3},", "[{\"a\":1},\n2,\n\n{\"a\":3}\n,", "[{\"a\":1},2,{\"a\":3}]x"}) {
    INFO(text);
    std::vector<std::uint64_t> places;
    for (const auto& row : rows(text)) places.push_back(row.line);
    CHECK(places == std::vector<std::uint64_t>{1, 2, 3, 4});
  }
  for (const auto& [text, unit] : {std::pair("[{\"a\":1}]", "item"), std::pair("{\"a\":1}\n", "line")}) {
    auto source = Source::from_text(text);
    const auto reader = Reader::open(source, {Format::jsonl});
    Record record;
    REQUIRE(reader->next(record));
    CHECK(reader->unit() == unit);
  }
}

TEST_CASE("brackets, commas and quotes within an item do not end it") {
  const auto read = rows("[{\"a\":\"],{\\\"\\\\\"},\n{\"a\":[{\"b\":[1,2]},{}]}]");
  REQUIRE(read.size() == 2);
  CHECK(read[0].fields == Fields{"],{\"\\"});
  CHECK(read[1].fields == Fields{"[{\"b\":[1,2]},{}]"});
  CHECK(read[1].line == 2);
}

TEST_CASE("an item of an array that is no object is refused, and reading goes on") {
  for (const auto* item : {"1", "[]", "\"text\"", "null", "", "{\"a\":1", "{\"a\":\"\n\"}"}) {
    INFO(item);
    const auto read =
        rows(std::string("[{\"a\":1},") + item + (*item == '{' ? "}},{\"a\":2}]" : ",{\"a\":2}]"));
    REQUIRE(read.size() == 3);
    CHECK(read[0].code.empty());
    CHECK_FALSE(read[1].code.empty());
    CHECK(read[2].code.empty());
  }
}

TEST_CASE("what does not end, or goes on behind its end, is refused once and ends the input") {
  for (const auto* text :
       {"[{\"a\":1},", "[{\"a\":1},\n", "[{\"a\":1},{\"a\":", "[{\"a\":1}]x", "[{\"a\":1}]\n[]"}) {
    INFO(text);
    const auto read = rows(text);
    REQUIRE(read.size() == 2);
    CHECK(read[0].code.empty());
    CHECK(read[1].code == "bad_json");
  }
  // Where no bracket ends the array, its last item may not be whole.
  for (const auto* text : {"[", "[{\"a\":1}"}) {
    REQUIRE(rows(text).size() == 1);
    CHECK(rows(text).back().code == "bad_json");
  }
  CHECK(rows("[{\"a\":\"" + std::string(k_max_record, 'x') + "\"}]\n").back().code == "record_too_long");
  std::string tall = "[{";
  while (tall.size() < k_max_record + 1000) tall += "                                \n,";
  CHECK(rows(tall + "}]").back().code == "record_too_long");
}

TEST_CASE("what is not one strict JSON object is refused, and reading goes on") {
  CHECK(code("{\"a\":1") == "bad_json");
  CHECK(code("{\"a\":1} {\"b\":2}") == "bad_json");
  CHECK(code("{\"a\":1,}") == "bad_json");
  CHECK(code("{'a':1}") == "bad_json");
  CHECK(code("{\"a\":NaN}") == "bad_json");
  CHECK(code("{\"a\":\"\\ud83d\"}") == "bad_json");
  CHECK(code("\"text\"") == "not_an_object");
  CHECK(code("a,b") == "bad_json");
}

TEST_CASE("a key that stands twice is refused, on every level") {
  CHECK(code("{\"a\":1,\"a\":2}") == "duplicate_key");
  CHECK(code("{\"a\":{\"b\":true,\"b\":false}}") == "duplicate_key");
  CHECK(code("{\"a\":{\"b\":true},\"b\":1}").empty());
}

TEST_CASE("depth, columns, fields and bytes are bounded") {
  CHECK(code("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}") == "too_deep");
  CHECK(code("{\"a\":\"" + std::string(k_max_field + 1, 'x') + "\"}") == "field_too_long");
  CHECK(code("{\"a\":\"\\u0000\"}") == "nul_byte");
  CHECK(code("{\"a\":\"\xFF\"}") == "bad_utf8");
  std::string many = "{\"k\":0";
  for (std::size_t i = 0; i < k_max_columns; ++i) many += ",\"k" + std::to_string(i) + "\":0";
  CHECK(rows(many + "}\n")[0].code == "too_many_columns");
  CHECK(rows("{\"a\":\"" + std::string(k_max_record, 'x') + "\"}\n{}\n").back().code == "record_too_long");
}

TEST_CASE("blank lines are skipped and lines are counted") {
  const auto read = rows("\n{\"a\":1}\r\n  \n{\"a\":2}");
  REQUIRE(read.size() == 2);
  CHECK(read[0].line == 2);
  CHECK(read[1].line == 4);
}
