#include "support.hpp"
#include "support/catch.hpp"

using namespace ringctl::csv;
using namespace ringctl::csv::test;
using Table = std::vector<std::vector<std::string>>;

namespace {

std::vector<Row> rows(const std::string& text) { return read_rows(text, {Format::tsv}); }
Table fields(const std::string& text) { return fields_of(rows(text)); }

}  // namespace

TEST_CASE("a tab separates and quotes mean nothing") {
  CHECK(fields("a\tb\t\n\"c\td\"\t\n") == Table{{"a", "b", ""}, {"\"c", "d\"", ""}});
}

TEST_CASE("COPY's escapes stand for what they stand for there") {
  CHECK(fields("a\\tb\tc\\nd\te\\rf\tg\\\\h\n") == Table{{"a\tb", "c\nd", "e\rf", "g\\h"}});
  CHECK(fields("\\\\N\t\\\\\\\\\t\\\\t\n") == Table{{"\\N", "\\\\", "\\t"}});
}

TEST_CASE("a field that is exactly \\N is absent") {
  CHECK(fields("\\N\ta\\N\t\\N\n") == Table{{"<absent>", "a\\N", "<absent>"}});
}

TEST_CASE("any other backslash is a backslash") {
  CHECK(fields("C:\\dir\t\\x\ta\\\n") == Table{{"C:\\dir", "\\x", "a\\"}});
}

TEST_CASE("line ends of every kind end a record, and blank lines are none") {
  CHECK(fields("a\tb\r\n\r\nc\td\re\tf") == Table{{"a", "b"}, {"c", "d"}, {"e", "f"}});
  CHECK(rows("a\n\nb\n")[1].line == 3);
}

TEST_CASE("bytes that are no text and lines over the limits are reported") {
  CHECK(rows(std::string("a\0b\nc\n", 6))[0].code == "nul_byte");
  CHECK(rows("a\t\xFF\nc\n")[0].code == "bad_utf8");
  CHECK(rows("a\t\xFF\nc\n").size() == 2);
  CHECK(rows(std::string(k_max_columns, '\t') + "\n")[0].code == "too_many_columns");
  CHECK(rows(std::string(k_max_field + 1, 'x') + "\n")[0].code == "field_too_long");
  CHECK(rows(std::string(k_max_record + 1, '\t') + "\nb\n")[0].code == "record_too_long");
}
