#include "records/values.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::records;

namespace {

/// The canonical text, or the code of what is wrong with it.
std::string read(Canonical canonical, std::string_view text, const std::string& country = {}) {
  std::string out;
  base::Finding finding;
  return canonical(text, {country}, out, finding) ? out : "! " + finding.code;
}

}  // namespace

TEST_CASE("a flag is yes or no in the spellings people use", "[records]") {
  for (const auto* text : {"yes", "YES", "true", "1", "on", "t"}) CHECK(read(canonical_flag, text) == "yes");
  for (const auto* text : {"no", "No", "false", "0", "off", "F"}) CHECK(read(canonical_flag, text) == "no");
  for (const auto* text : {"", "maybe", "2", "ja"}) CHECK(read(canonical_flag, text) == "! bad_flag");
}

TEST_CASE("a count is a whole number that is not negative", "[records]") {
  CHECK(read(canonical_count, "0") == "0");
  CHECK(read(canonical_count, "007") == "7");
  CHECK(read(canonical_count, "1000000000") == "1000000000");
  for (const auto* text : {"", "-1", "1.5", "many", "1000000001", "99999999999999999999"})
    CHECK(read(canonical_count, text) == "! bad_count");
}

TEST_CASE("an e-mail address is folded and has one @ inside", "[records]") {
  CHECK(read(canonical_email, "Ann.Baker+x@Example.COM") == "ann.baker+x@example.com");
  for (const auto* text : {"", "ann", "@example.com", "ann@", "a@b@c", "a b@c", "a|b@c", "\"a\"@c", "a@\xFF"})
    CHECK(read(canonical_email, text) == "! bad_email");
  CHECK(read(canonical_email, std::string(250, 'x') + "@a.de") == "! bad_email");
}

TEST_CASE("countries are sorted, without doubles; a star stands for all", "[records]") {
  CHECK(read(canonical_countries, "us|CA| us") == "CA|US");
  CHECK(read(canonical_countries, "uk") == "GB");
  CHECK(read(canonical_countries, "*") == "*");
  CHECK(read(canonical_countries, "").empty());
  CHECK(read(canonical_countries, "US|XX") == "! bad_country");
  CHECK(read(canonical_countries, "USA") == "! bad_country");
}

TEST_CASE("a line has no control characters and at most 200 characters", "[records]") {
  CHECK(read(canonical_line, " Cléo ") == "Cléo");
  CHECK(read(canonical_line, std::string(200, 'x')).size() == 200);
  CHECK(read(canonical_line, std::string(201, 'x')) == "! too_long");
  CHECK(read(canonical_line, "a\nb") == "! bad_text");
  CHECK(read(canonical_line,
             "a\x1f"
             "b") == "! bad_text");
  CHECK(read(canonical_line, "\xFF") == "! bad_text");
  CHECK(read(canonical_notes, " a\nb ") == " a\nb ");
}

TEST_CASE("what others refer to is not called -, which stands for nothing", "[records]") {
  CHECK(read(canonical_name, " Night ") == "Night");
  CHECK(read(canonical_name, "-1") == "-1");
  CHECK(read(canonical_name, "-") == "! bad_name");
  CHECK(read(canonical_name, " - ") == "! bad_name");
  CHECK(read(canonical_lines, "vip| - ") == "! bad_name");
  CHECK(read(canonical_lines, "Call back, soon|Sold; paid") == "Call back, soon|Sold; paid");
  CHECK(read(canonical_words, "vip|west coast") == "vip|west coast");
  CHECK(read(canonical_words, "vip, west coast") == "! wrong_separator");
  CHECK(read(canonical_words, "vip;west coast") == "! wrong_separator");
  CHECK(read(canonical_line, " - ") == "-");
  CHECK(read(canonical_notes, "-") == "-");
}

TEST_CASE("a number is E.164, or national where a country reads it", "[records]") {
  CHECK(read(canonical_phone, "+12025550123") == "+12025550123");
  CHECK(read(canonical_phone, "(202) 555-0123", "US") == "+12025550123");
  CHECK(read(canonical_phone, "(202) 555-0123") == "! no_country_code");
  CHECK(read(canonical_phone, "12025550123") == "! no_country_code");
  CHECK(read(canonical_phone, "555-0123", "US") == "! bad_number");
}

TEST_CASE("a time is an instant in UTC, whenever it is read", "[records]") {
  CHECK(read(canonical_moment, "2026-03-08T03:00:00-05:00") == "2026-03-08T08:00:00.000Z");
  CHECK(read(canonical_moment, "2026-03-08") == "2026-03-08T00:00:00.000Z");
  for (const auto* text : {"", "yesterday", "-7d", "now", "2026-13-01"})
    CHECK(read(canonical_moment, text) == "! bad_time");
}

TEST_CASE("a list is stored as JSON and read back the same", "[records]") {
  CHECK(stored_list("a|b c|\"") == R"(["a","b c","\""])");
  CHECK(list_text(stored_list("a|b c|\"")) == "a|b c|\"");
  CHECK(stored_list("").empty());
  CHECK(list_text("not json").empty());
}
