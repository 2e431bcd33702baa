// Rules that a search of the text can hold.

#include <regex.h>

#include <regex>
#include <set>

#include "house/source.hpp"

namespace ringctl::house {
namespace {

/// Code only: line comments and the insides of string literals are blanked.
std::string code_of(const std::string& line) {
  std::string code;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!quoted && line.compare(i, 2, "//") == 0) break;
    if (quoted && line[i] == '\\') {
      ++i;
      continue;
    }
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\'')) quoted = !quoted;
    if (!quoted || line[i] == '"') code += line[i];
  }
  return code;
}

/// An extended POSIX expression: the C library finds it in all lines while std::regex is at the first files.
class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    REQUIRE(regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0);
  }
  ~Pattern() { regfree(&compiled_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  bool is_in(const std::string& line) const { return regexec(&compiled_, line.c_str(), 0, nullptr, 0) == 0; }

 private:
  regex_t compiled_{};
};

enum class In { code, text };

void check_absent(const std::string& pattern, const std::string& only_under,
                  const std::set<std::string>& allowed, In in = In::code) {
  const Pattern wanted(pattern);
  for (const auto& file : sources()) {
    if (!file.path.starts_with(only_under) || allowed.count(file.path) == 1) continue;
    int number = 0;
    for (const auto& line : lines_of(file.text)) {
      ++number;
      if (wanted.is_in(in == In::code ? code_of(line) : line))
        FAIL_CHECK(file.path << ":" << number << ": " << line);
    }
  }
}

TEST_CASE("only the clock reads the machine's clock", "[house]") {
  check_absent(R"(system_clock::now|\btime\((nullptr|NULL|0|&)|\bgettimeofday\(|CLOCK_REALTIME|absl::Now\()",
               "", {"lib/base/clock.cpp"});
}

// lib/phone/generate is a program of the build, not of the library.
TEST_CASE("the library never prints; only the log writes to stderr", "[house]") {
  check_absent(R"(std::(cout|cerr|clog)\b|\b(printf|puts|fputs|fprintf|perror)\(|fmt::print\()", "lib/",
               {"lib/base/log.cpp", "lib/phone/generate/main.cpp"});
}

// PAGER is a line of shell wherever it is read.
TEST_CASE("no command goes through a shell but the pager", "[house]") {
  check_absent(R"((std::|[^:[:alnum:]_.>])system\([^)]|\bpopen\()", "", {});
  check_absent(R"("(/usr)?/bin/[a-z]*sh"|"-c")", "", {"cmd/pager.cpp"}, In::text);
}

// ctest runs each case by its name, which must not read as a flag of the test program.
TEST_CASE("no test's name begins with a hyphen", "[house]") {
  const std::regex wrong("TEST_CASE\\(\"-");
  for (const auto& entry : fs::recursive_directory_iterator(root() / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    INFO(entry.path().string());
    CHECK_FALSE(std::regex_search(test::read_text(entry.path()), wrong));
  }
}

// By hand a name with an apostrophe ends the quotes.
TEST_CASE("words of a command that a message shows are quoted by base::for_shell", "[house]") {
  check_absent(R"((ringctl |--workspace )[^"]*'\{\}')", "", {}, In::text);
}

TEST_CASE("the folder of awkward files and its table name each other", "[house]") {
  const auto folder = root() / "fixtures/awkward";
  const auto table = test::read_text(folder / "README.md");
  std::set<std::string> listed;
  const std::regex row(R"(\| `([^`]+)` \|.*\| [0-9]+ \| [0-9]+ \|)");
  for (const auto& line : lines_of(table)) {
    std::smatch found;
    if (std::regex_search(line, found, row)) listed.insert(found[1]);
  }
  std::set<std::string> present;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name != "README.md" && name != "make.py") present.insert(name);
  }
  CHECK(listed == present);
  CHECK(listed.size() > 30);
}

}  // namespace
}  // namespace ringctl::house
