#include "csv/writer.hpp"

#include "support.hpp"
#include "support/catch.hpp"

using namespace ringctl::csv;

namespace {

std::string csv(std::string_view field, char delimiter = ',') {
  std::string out;
  append_csv(out, field, delimiter);
  return out;
}

std::string tsv(std::string_view field) {
  std::string out;
  append_tsv(out, field);
  return out;
}

std::string guarded(std::string_view text) {
  std::string out;
  append_guarded(out, text);
  return out;
}

}  // namespace

TEST_CASE("a CSV field is quoted only where it must be") {
  CHECK(csv("plain text") == "plain text");
  CHECK(csv("").empty());
  CHECK(csv("a,b") == "\"a,b\"");
  CHECK(csv("a,b", ';') == "a,b");
  CHECK(csv("a;b", ';') == "\"a;b\"");
  CHECK(csv("say \"hi\"") == "\"say \"\"hi\"\"\"");
  CHECK(csv("a\nb") == "\"a\nb\"");
  CHECK(csv("a\rb") == "\"a\rb\"");
  CHECK(csv(" a") == "\" a\"");
  CHECK(csv("a ") == "\"a \"");
  CHECK(csv("\xEF\xBB\xBF"
            "a") ==
        "\"\xEF\xBB\xBF"
        "a\"");
}

TEST_CASE("a TSV field is escaped as COPY reads it") {
  CHECK(tsv("plain \"text\"") == "plain \"text\"");
  CHECK(tsv("a\tb\nc\rd\\e") == "a\\tb\\nc\\rd\\\\e");
  CHECK(tsv("\\N") == "\\\\N");
  CHECK(tsv("").empty());
}

TEST_CASE("writing appends and leaves what was there") {
  std::string out = "x,";
  append_csv(out, "a,b");
  append_tsv(out, "\t");
  CHECK(out == "x,\"a,b\"\\t");
}

TEST_CASE("text that a spreadsheet would calculate needs a guard") {
  for (const auto text : {"=1+1", "+1", "-1", "@x", "\tx", "\rx"}) CHECK(needs_guard(text));
  CHECK(needs_guard(std::string_view("\0x", 2)));
  for (const auto text : {"", "a=1", " =1", "'=1", "1"}) CHECK_FALSE(needs_guard(text));
}

TEST_CASE("a guard is one quote in front, and taking it off is the inverse") {
  CHECK(guarded("=1+1") == "'=1+1");
  CHECK(guarded("'=1+1") == "''=1+1");
  CHECK(guarded("'quoted'") == "'quoted'");
  CHECK(guarded("plain") == "plain");
  CHECK(unguard("'=1+1") == "=1+1");
  CHECK(unguard("''=1+1") == "'=1+1");
  CHECK(unguard("=1+1") == "=1+1");
  CHECK(unguard("'quoted'") == "'quoted'");
  CHECK(unguard("'") == "'");
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    auto text = ringctl::csv::test::random_text(random);
    text.insert(0, random() % 4, '\'');
    REQUIRE(unguard(guarded(text)) == text);
  }
}
