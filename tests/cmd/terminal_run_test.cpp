// The frame on a terminal: colour, tables, pager, questions.
#include "support/catch.hpp"
#include "support/process.hpp"

using ringctl::test::Machine;
using ringctl::test::TerminalOptions;

namespace {

constexpr char k_escape = '\x1b';

TerminalOptions typed(std::string input) {
  TerminalOptions options;
  options.input = std::move(input);
  return options;
}

TerminalOptions with(std::map<std::string, std::string> environment) {
  TerminalOptions options;
  options.environment = std::move(environment);
  return options;
}

bool has_escape(const std::string& text) { return text.find(k_escape) != std::string::npos; }

}  // namespace

TEST_CASE("a terminal gets a table with a bold header", "[frame]") {
  const Machine m;
  const auto result = m.run_in_terminal({"config", "path", "--no-pager"});
  CHECK(result.status == 0);
  CHECK(result.out.starts_with("\x1b[1mwhat\x1b[0m"));
}

TEST_CASE("colour stays away where it is not wanted", "[frame]") {
  const Machine m;
  CHECK_FALSE(has_escape(m.run_in_terminal({"config", "path", "--no-pager"}, with({{"NO_COLOR", "1"}})).out));
  CHECK_FALSE(has_escape(m.run_in_terminal({"config", "path", "--no-pager"}, with({{"TERM", "dumb"}})).out));
  CHECK_FALSE(has_escape(m.run_in_terminal({"config", "path", "--no-pager", "--no-color"}).out));
  CHECK_FALSE(has_escape(m.run_in_terminal({"config", "path", "-o", "json", "--no-pager"}).out));
  CHECK_FALSE(has_escape(m.run_in_terminal({"config", "path", "-o", "csv", "--no-pager"}).out));
  TerminalOptions piped;
  piped.out_is_pipe = true;
  CHECK_FALSE(has_escape(m.run_in_terminal({"config", "path"}, piped).out));
}

TEST_CASE("colour is decided for each stream alone", "[frame]") {
  const Machine m;
  TerminalOptions piped;
  piped.out_is_pipe = true;
  const auto result = m.run_in_terminal({"config", "sohw"}, piped);
  CHECK(result.status == 2);
  CHECK(result.err.starts_with("\x1b[1;31mringctl:\x1b[0m"));
}

TEST_CASE("a table is cut to the terminal, or not at all", "[frame]") {
  const Machine m;
  auto options = with({{"NO_COLOR", "1"}});
  options.columns = 40;
  CHECK(m.run_in_terminal({"config", "path", "--no-pager"}, options).out.find("…") != std::string::npos);
  CHECK(m.run_in_terminal({"config", "path", "--no-pager", "--no-trunc"}, options).out.find("…") ==
        std::string::npos);
  options.environment["COLUMNS"] = "500";
  CHECK(m.run_in_terminal({"config", "path", "--no-pager"}, options).out.find("…") == std::string::npos);
}

TEST_CASE("json is indented on a terminal", "[frame]") {
  const Machine m;
  CHECK(m.run_in_terminal({"config", "path", "-o", "json", "--no-pager"})
            .out.starts_with("[\n  {\n    \"what\": \"user\""));
}

TEST_CASE("csv and tsv drive no terminal, and reach a pipe as they are", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"numbers", "add", "+12025550123", "--label", "\x1b]0;owned\x07"}).status == 0);
  TerminalOptions piped;
  piped.out_is_pipe = true;
  for (const auto* format : {"csv", "tsv"}) {
    const std::vector<std::string> list = {"numbers",   "list",  "-o",          format,
                                           "--columns", "label", "--no-header", "--no-pager"};
    const auto shown = m.run_in_terminal(list).out;
    CHECK_FALSE(has_escape(shown));
    CHECK(shown.find("␛]0;owned␇") != std::string::npos);
    CHECK(m.run_in_terminal(list, piped).out.find("\x1b]0;owned\x07") == 0);
  }
}

TEST_CASE("the pager starts only when the screen is too short", "[frame]") {
  const Machine m;
  auto options = with({{"PAGER", "sed 's/^/paged: /'"}});
  options.lines = 5;
  CHECK(m.run_in_terminal({"help", "formats"}, options).out.find("paged: ") != std::string::npos);
  CHECK(m.run_in_terminal({"help", "formats", "--no-pager"}, options).out.find("paged: ") ==
        std::string::npos);
  options.lines = 500;
  CHECK(m.run_in_terminal({"help", "formats"}, options).out.find("paged: ") == std::string::npos);
}

TEST_CASE("RINGCTL_PAGER outranks PAGER, and cat means none", "[frame]") {
  const Machine m;
  auto options = with({{"PAGER", "sed 's/^/paged: /'"}, {"RINGCTL_PAGER", "cat"}});
  options.lines = 5;
  CHECK(m.run_in_terminal({"help", "formats"}, options).out.find("paged: ") == std::string::npos);
}

TEST_CASE("quitting the pager is no failure", "[frame]") {
  const Machine m;
  auto options = with({{"PAGER", "true"}});
  options.lines = 5;
  const auto result = m.run_in_terminal({"help", "--tree", "json"}, options);
  CHECK(result.status == 0);
}

TEST_CASE("a pager that is not there loses nothing", "[frame]") {
  const Machine m;
  m.file("plain.txt", "no program\n");
  const auto pager =
      GENERATE(as<std::string>(), "no-such-pager", "/nowhere/less -R", "LESS=R no-such-pager", "./plain.txt");
  auto options = with({{"PAGER", pager}, {"NO_COLOR", "1"}});
  options.lines = 5;
  // A screen or two, and more than a pipe holds.
  for (const auto& words : std::vector<Machine::Arguments>{{"help", "formats"}, {"help", "--tree", "json"}}) {
    auto all = words;
    all.emplace_back("--no-pager");
    const auto shown = m.run_in_terminal(words, options);
    INFO(pager);
    CHECK(shown.status == 0);
    CHECK(shown.out.ends_with(m.run_in_terminal(all, options).out));
    CHECK(shown.out.starts_with("sh: "));  // which says why
  }
}

TEST_CASE("the pager does not get ringctl's secrets", "[frame]") {
  const Machine m;
  auto options = with({{"PAGER", "env"}, {"TWILIO_AUTH_TOKEN", "canary0123456789"}, {"KEPT", "yes"}});
  options.lines = 5;
  const auto result = m.run_in_terminal({"config", "show", "--columns", "key"}, options);
  CHECK(result.out.find("KEPT=yes") != std::string::npos);
  CHECK(result.out.find("canary") == std::string::npos);
}

TEST_CASE("a severe act is done when its name is typed, and only then", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"profiles", "add", "test"}).status == 0);
  const auto declined = m.run_in_terminal({"profiles", "remove", "test"}, typed("yes\n"));
  CHECK(declined.status == 9);
  CHECK(declined.out.find("Type test to go on: ") != std::string::npos);
  CHECK(m.run_in_terminal({"profiles", "remove", "test"}, typed("\n")).status == 9);
  CHECK(m.run_in_terminal({"profiles", "remove", "test"}, typed("\x04")).status == 9);
  CHECK(m.run_in_terminal({"profiles", "remove", "test", "--no-input"}).status == 2);
  CHECK(m.run_in_terminal({"profiles", "remove", "test"}, typed("test\n")).status == 0);
}

TEST_CASE("RINGCTL_NO_INPUT keeps a terminal from being asked", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"profiles", "add", "test"}).status == 0);
  CHECK(m.run_in_terminal({"profiles", "remove", "test"}, with({{"RINGCTL_NO_INPUT", "true"}})).status == 2);
}
