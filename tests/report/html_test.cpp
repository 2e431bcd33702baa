#include "report/html.hpp"

#include <fmt/format.h>

#include <array>
#include <random>

#include "report/python.hpp"
#include "report/style.hpp"

using namespace ringctl::report;
using ringctl::report::test::read_page;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

/// A page of one table with a column of text and one of figures.
std::string page_of(const std::vector<std::string>& names) {
  std::string out;
  HtmlPage page([&](std::string_view text) { out.append(text); }, {.title = "Calls", .made = "Made by hand"});
  page.begin_table("Names", {{"name"}, {"calls", true, "How often \"they\" called"}});
  for (const auto& name : names) page.row({{name, -1, true}, {"1,204", 0.5}});
  page.end_table();
  page.end();
  return out;
}

/// A piece of a name, and what is to be read of it.
struct Piece {
  std::string_view raw, shown;
};
constexpr std::string_view k_bad = "\xEF\xBF\xBD";
constexpr auto k_pieces = std::to_array<Piece>({
    {"<script>alert(1)</script>", "<script>alert(1)</script>"},
    {"\"><img src=x onerror=alert(1)>", "\"><img src=x onerror=alert(1)>"},
    {"' onmouseover='alert(1)", "' onmouseover='alert(1)"},
    {"<svg/onload=alert(1)>", "<svg/onload=alert(1)>"},
    {"</bdi></td></tr></table>", "</bdi></td></tr></table>"},
    {"<!--", "<!--"},
    {"-->", "-->"},
    {"]]>", "]]>"},
    {"&lt;b&gt;", "&lt;b&gt;"},
    {"&#60;&#x3c;", "&#60;&#x3c;"},
    {"&", "&"},
    {"</style><style>*{display:none}", "</style><style>*{display:none}"},
    {"</title>", "</title>"},
    {"=HYPERLINK(\"http://x\")", "=HYPERLINK(\"http://x\")"},
    {"\xE2\x80\xAE", "\xE2\x80\xAE"},
    {"דנה לוי", "דנה לוי"},
    {"محمد", "محمد"},
    {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
    {"a\nb", "a\nb"},
    {"\tc", "\tc"},
    {"\r\nd", "\nd"},
    {"\x1b[2J", "\xEF\xBF\xBD[2J"},
    {"\x7f", k_bad},
    {"\xC2\x9B", k_bad},
    {"\xff", k_bad},
    {"\xC3(", "\xEF\xBF\xBD("},
    {std::string_view("\0", 1), k_bad},
    {"Ann", "Ann"},
});

}  // namespace

TEST_CASE("what data holds is text in a page, whatever it looks like", "[report]") {
  CHECK(escaped("a<b>&\"'c") == "a&lt;b&gt;&amp;&quot;&#39;c");
  CHECK(escaped("é\t\n") == "é\t\n");
  CHECK(escaped(std::string_view("\0\x01\x1f\x7f", 4)) == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(escaped("\xC2\xA0\xC2\x85") == "\xC2\xA0\xEF\xBF\xBD");
  CHECK(escaped("\xF0\x9F\x98") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(escaped("one\r\ntwo\rthree") == "one\ntwo\nthree");
}

TEST_CASE("five thousand hostile names are read back as they were, and none of them lives", "[report]") {
  std::mt19937 random(7);
  std::vector<std::string> names, shown;
  for (int i = 0; i < 5000; ++i) {
    auto& name = names.emplace_back();
    auto& text = shown.emplace_back();
    const auto pieces = 1 + random() % 4;
    for (unsigned n = 0; n < pieces; ++n) {
      const auto& piece = k_pieces[random() % k_pieces.size()];
      // Two pieces must not make a third: a line break of two parts.
      name.append(piece.raw).push_back('.');
      text.append(piece.shown).push_back('.');
    }
  }
  const auto page = read_page(page_of(names));
  CHECK(page["live"].empty());
  CHECK(page["open"].empty());
  REQUIRE(page["rows"].size() == names.size() + 1);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < names.size(); ++i) wrong += page["rows"][i + 1][0] == shown[i] ? 0U : 1U;
  CHECK(wrong == 0);
}

TEST_CASE("a page lets a browser apply its own style and nothing else", "[report]") {
  const auto text = page_of({"Ann"});
  const auto page = read_page(text);
  INFO("k_style_hash has to be what the style comes to: " << page["style_hash"]);
  CHECK(page["style_hash"] == std::string(k_style_hash));
  const auto csp = page["csp"].get<std::string>();
  CHECK(csp.find("default-src 'none'") == 0);
  CHECK(csp.find(fmt::format("style-src 'sha256-{}'", k_style_hash)) != std::string::npos);
  CHECK(csp.find("unsafe") == std::string::npos);
  CHECK(text.find("http://") == std::string::npos);
  CHECK(text.find("https://") == std::string::npos);
  CHECK(text.find("@import") == std::string::npos);
  CHECK(text.find("url(") == std::string::npos);
}

TEST_CASE("a page says its language, its title and what its table is", "[report]") {
  const auto text = page_of({"Ann"});
  for (const auto* part :
       {"<html lang=\"en\">", "<meta charset=\"utf-8\">", "<title>Calls</title>", "<main>",
        "<caption id=\"table1\"><bdi>Names</bdi></caption>", "<th scope=\"col\">name</th>",
        "<th scope=\"row\"><bdi>Ann</bdi></th>", "title=\"How often &quot;they&quot; called\"",
        "role=\"region\" tabindex=\"0\" aria-labelledby=\"table1\"", "Made by hand"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("every table of a page has a name of its own, and sums stand apart", "[report]") {
  std::string out;
  HtmlPage page([&](std::string_view text) { out.append(text); }, {.title = "Two"});
  for (const auto* caption : {"first", "second"}) {
    page.begin_table(caption, {{"name"}, {"calls", true}});
    page.row({{"a"}, {"1"}});
    page.foot({{"all", -1, true}, {"1"}});
    page.end_table();
  }
  page.end();
  const auto read = read_page(out);
  CHECK(read["ids"] == nlohmann::json({"table1", "table2"}));
  CHECK(read["open"].empty());
  CHECK(read["live"].empty());
  CHECK(read["tags"]["tfoot"] == 2);
  CHECK(read["tags"]["tbody"] == 2);
}

TEST_CASE("a page of any length goes out as it is made", "[report]") {
  std::size_t longest = 0, pieces = 0;
  HtmlPage page(
      [&](std::string_view text) {
        longest = std::max(longest, text.size());
        ++pieces;
      },
      {.title = "Long"});
  page.begin_table("Long", {{"name"}});
  for (int i = 0; i < 20'000; ++i) page.row({{"somebody"}});
  page.end_table();
  page.end();
  CHECK(pieces > 20);
  CHECK(longest < 32 * 1024);
}

TEST_CASE("what a page is written to may say no", "[report]") {
  HtmlPage page([](std::string_view) { throw std::runtime_error("full"); }, {.title = "Full"});
  CHECK_THROWS_AS(page.end(), std::runtime_error);
}
