#include "base/text.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl::base;

TEST_CASE("white space is trimmed off both ends only") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("").empty());
  CHECK(trim(" \n ").empty());
}

TEST_CASE("ASCII case changes leave other bytes alone") {
  CHECK(ascii_lower("ÄbC-1") == "Äbc-1");
  CHECK(ascii_upper("äbC-1") == "äBC-1");
}

TEST_CASE("splitting and joining are inverse") {
  CHECK(split("a|b||c", '|') == std::vector<std::string_view>{"a", "b", "", "c"});
  CHECK(split("", '|') == std::vector<std::string_view>{""});
  CHECK(join({"a", "b", "", "c"}, "|") == "a|b||c");
  CHECK(join({}, "|").empty());
}

TEST_CASE("well-formed UTF-8 has no invalid byte, wherever it stands") {
  const std::string sequence =
      GENERATE(as<std::string>{}, "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
               "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF");
  for (std::size_t before = 0; before < 20; ++before)
    for (std::size_t after = 0; after < 20; ++after)
      REQUIRE(valid_utf8(std::string(before, 'x') + sequence + std::string(after, 'y')));
}

TEST_CASE("the first byte of an ill-formed sequence is found, wherever it stands") {
  const std::string sequence = GENERATE(
      as<std::string>{}, "\x80", "\xBF",  // continuation alone
      "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
      "\xF0\x8F\xBF\xBF",                                      // overlong
      "\xED\xA0\x80", "\xED\xBF\xBF",                          // surrogates
      "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE",  // past U+10FFFF, never UTF-8
      "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3(", "\xE2(\xA1", "\xE2\x82(", "\xF0\x9F\x98(");  // cut short
  for (std::size_t before = 0; before < 20; ++before)
    for (std::size_t after = 0; after < 20; ++after) {
      const auto found = first_invalid_utf8(std::string(before, 'x') + sequence + std::string(after, 'y'));
      REQUIRE(found);
      REQUIRE(*found == before);
    }
}

TEST_CASE("folding makes equal what people read as equal") {
  CHECK(fold("JOSÉ") == fold("jose\xCC\x81"));  // composed and combining
  CHECK(fold("Straße") == fold("STRASSE"));
  CHECK(fold("ΣΊΣΥΦΟΣ") == fold("σίσυφος"));
  CHECK(fold("Anna@Example.COM") == "anna@example.com");
  CHECK(fold("日本") == "日本");
  CHECK(fold("").empty());
  CHECK(fold("a") != fold("á"));
}

TEST_CASE("folding refuses what is not UTF-8") {
  CHECK(ringctl::test::slug_of([] { fold("jos\xE9"); }) == "text.bad_utf8");
}

TEST_CASE("digits are grouped by three") {
  CHECK(group_digits(0) == "0");
  CHECK(group_digits(999) == "999");
  CHECK(group_digits(1000) == "1,000");
  CHECK(group_digits(50000) == "50,000");
  CHECK(group_digits(18446744073709551615ULL) == "18,446,744,073,709,551,615");
}

TEST_CASE("the edit distance counts insertions, deletions, substitutions and swaps") {
  CHECK(edit_distance("list", "list") == 0);
  CHECK(edit_distance("lst", "list") == 1);
  CHECK(edit_distance("listt", "list") == 1);
  CHECK(edit_distance("lost", "list") == 1);
  CHECK(edit_distance("lsit", "list") == 1);
  CHECK(edit_distance("ilts", "list") == 2);
  CHECK(edit_distance("", "list") == 4);
  CHECK(edit_distance("list", "") == 4);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest candidates come first and far ones not at all") {
  const std::vector<std::string> verbs{"import", "export", "list", "show", "assign", "unassign", "limits"};
  CHECK(nearest("lst", verbs) == std::vector<std::string>{"list"});
  CHECK(nearest("list", verbs) == std::vector<std::string>{"list"});
  CHECK(nearest("imp", verbs) == std::vector<std::string>{"import"});
  CHECK(nearest("inport", verbs) == std::vector<std::string>{"import", "export"});
  CHECK(nearest("assing", verbs) == std::vector<std::string>{"assign"});
  CHECK(nearest("xyzzy", verbs).empty());
  CHECK(nearest("", verbs).empty());
}

TEST_CASE("as many candidates come back as were asked for") {
  const std::vector<std::string> names{"aaaa", "aaab", "aaac", "aaad"};
  CHECK(nearest("aaax", names) == std::vector<std::string>{"aaaa", "aaab", "aaac"});
  CHECK(nearest("aaad", names, 1) == std::vector<std::string>{"aaad"});
}

TEST_CASE("a word of two letters does not suggest two others") {
  CHECK(nearest("xy", {"ab", "xz"}) == std::vector<std::string>{"xz"});
}

TEST_CASE("integers are read strictly") {
  CHECK(parse_int("0") == 0);
  CHECK(parse_int("-42") == -42);
  CHECK(parse_int("007") == 7);
  CHECK(parse_int("9223372036854775807") == INT64_MAX);
  CHECK(parse_int("-9223372036854775808") == INT64_MIN);
  for (const auto* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "9223372036854775808", "--1"}) {
    INFO(text);
    CHECK_FALSE(parse_int(text));
  }
}

TEST_CASE("a size is a whole number with a unit of 1024 or none", "[base]") {
  CHECK(parse_size("512") == 512);
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("1GiB") == 1073741824);
  CHECK(parse_size("8388607TiB") == 9223370937343148032);
  for (const auto* bad :
       {"", "0", "0MiB", "MiB", "-1", "1.5GiB", "1 GiB", "1gb", "1G", "8388608TiB", "99999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(parse_size(bad));
  }
}

TEST_CASE("a quoted value is cut where it is long, between characters", "[base][problems]") {
  CHECK(ringctl::base::in_quotes("") == "\"\"");
  CHECK(ringctl::base::in_quotes(std::string(60, 'x')) == "\"" + std::string(60, 'x') + "\"");
  CHECK(ringctl::base::in_quotes(std::string(61, 'x')) == "\"" + std::string(60, 'x') + "…\"");
  std::string long_text(59, 'x');
  long_text += "ä";
  CHECK(ringctl::base::in_quotes(long_text) == "\"" + std::string(59, 'x') + "…\"");
}

TEST_CASE("characters are code points, and a byte that is no UTF-8 is one of its own") {
  CHECK(code_points("a\xC3\xA9\xE2\x9C\x93\xF0\x9F\x98\x80") ==
        std::vector<char32_t>{U'a', U'\u00E9', U'\u2713', U'\U0001F600'});
  CHECK(code_points("\xFF\xC3") == std::vector<char32_t>{U'\uFFFD', U'\uFFFD'});
  CHECK(code_points("").empty());
  CHECK(count_characters("a\xC3\xA9\xE2\x9C\x93\xF0\x9F\x98\x80") == 4);
  CHECK(count_characters("\xE2\x9C") == 2);
}

TEST_CASE("a text is mended where it is no UTF-8, and where it holds a NUL") {
  CHECK(repaired("a\xC3\xA9") == "a\xC3\xA9");
  CHECK(repaired(std::string("\xFF"
                             "a\0b\xE2\x9C",
                             6)) ==
        "\xEF\xBF\xBD"
        "a"
        "\xEF\xBF\xBD"
        "b"
        "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(repaired("").empty());
  CHECK(valid_utf8(repaired("\xED\xA0\x80\xF5")));
  const std::string bad(1 << 20, '\xFF');  // each byte is looked at once, not all of them for each
  CHECK(repaired(bad).size() == 3 * bad.size());
}
