#include "cmd/completion.hpp"

#include <algorithm>
#include <filesystem>

#include "support/catch.hpp"
#include "support/process.hpp"

using ringctl::test::Machine;

namespace {

/// Lines before the directive, with their descriptions cut off; the directive apart.
struct Answer {
  std::vector<std::string> values;
  std::string directive;
  bool has(const std::string& value) const {
    return std::find(values.begin(), values.end(), value) != values.end();
  }
};

/// Completion says nothing at all rather than hold up a shell: on a machine with too much to do it is asked
/// again.
Answer ask(const Machine& m, std::vector<std::string> words) {
  words.insert(words.begin(), {"__complete", "--"});
  ringctl::test::ProcessResult result;
  ringctl::test::eventually([&] { return result = m.run(words), result.status != 0 || !result.out.empty(); });
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  Answer answer;
  std::size_t at = 0;
  while (at < result.out.size()) {
    const auto end = result.out.find('\n', at);
    const auto line = result.out.substr(at, end - at);
    at = end + 1;
    if (line.starts_with(':'))
      answer.directive = line;
    else
      answer.values.push_back(line.substr(0, line.find('\t')));
  }
  return answer;
}

/// Where a program of this name lies; "": nowhere.
std::string in_path(const std::string& name) {
  for (const auto* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/"})
    if (std::filesystem::exists(folder + name)) return folder + name;
  return {};
}

}  // namespace

TEST_CASE("completion offers nouns, then verbs", "[frame]") {
  const Machine m;
  CHECK(ask(m, {"conf"}).values == std::vector<std::string>{"config"});
  CHECK(ask(m, {""}).has("profiles"));
  CHECK(ask(m, {"config", ""}).has("show"));
  CHECK(ask(m, {"config", "s"}).values == std::vector<std::string>{"set", "show"});
  CHECK(ask(m, {"config", ""}).directive == ":4");
}

TEST_CASE("completion offers flags of the command and of all commands", "[frame]") {
  const Machine m;
  CHECK(ask(m, {"config", "show", "--or"}).values == std::vector<std::string>{"--origin"});
  CHECK(ask(m, {"config", "show", "--out"}).values == std::vector<std::string>{"--output", "--out"});
  CHECK_FALSE(ask(m, {"config", "show", "--origin", "--or"}).has("--origin"));
}

TEST_CASE("completion offers values of flags", "[frame]") {
  const Machine m;
  CHECK(ask(m, {"config", "show", "-o", "js"}).values == std::vector<std::string>{"json", "jsonl"});
  CHECK(ask(m, {"config", "show", "--output=c"}).values == std::vector<std::string>{"--output=csv"});
  CHECK(ask(m, {"config", "show", "--columns", "key,o"}).values == std::vector<std::string>{"key,origin"});
  CHECK(ask(m, {"config", "show", "--columns", "key,"}).directive == ":2");
  CHECK(ask(m, {"config", "show", "--sort", ""}).values == std::vector<std::string>{"key", "origin"});
  CHECK(ask(m, {"--tz", "Europe/Berl"}).values == std::vector<std::string>{"Europe/Berlin"});
  CHECK(ask(m, {"--out", ""}).directive == ":0");
}

TEST_CASE("completion offers values of arguments", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"profiles", "add", "test"}).status == 0);
  CHECK(ask(m, {"completion", ""}).values == std::vector<std::string>{"bash", "zsh", "fish"});
  CHECK(ask(m, {"completion", "bash", ""}).values.empty());
  CHECK(ask(m, {"config", "get", "time"}).has("timezone"));
  CHECK(ask(m, {"profiles", "use", "t"}).values == std::vector<std::string>{"test"});
  CHECK(ask(m, {"help", "exit"}).values == std::vector<std::string>{"exit-codes"});
  CHECK(ask(m, {"help", "config", "pa"}).values == std::vector<std::string>{"path"});
}

TEST_CASE("completion is silent about everything that is wrong", "[frame]") {
  const Machine m;
  m.file(".config/ringctl/config.toml", "schema = 1\n[defaults\n");
  CHECK(ask(m, {"profiles", "use", ""}).values.empty());
  CHECK(ask(m, {"nonsense", ""}).directive == ":4");
  CHECK(ask(m, {}).directive == ":4");
  CHECK(ask(m, {"--nonsense", "config", "sh"}).values == std::vector<std::string>{"show"});
}

TEST_CASE("the scripts in completions/ are those the program prints", "[frame]") {
  const Machine m;
  const auto shell = GENERATE(as<std::string>(), "bash", "zsh", "fish");
  CHECK(ringctl::test::read_text(std::string(RINGCTL_SOURCE_DIR "/completions/ringctl.") + shell) ==
        m.run({"completion", shell}).out);
}

TEST_CASE("zsh and fish read their scripts without complaint", "[frame]") {
  const Machine m;
  const auto shell = GENERATE(as<std::string>(), "zsh", "fish");
  const auto program = in_path(shell);
  if (program.empty()) {
    WARN("not run: there is no " << shell);
    return;
  }
  ringctl::test::ProcessOptions options;
  options.program = program;
  const auto read = m.run({"-n", RINGCTL_SOURCE_DIR "/completions/ringctl." + shell}, options);
  INFO(read.err);
  CHECK(read.status == 0);
  CHECK(read.err.empty());
}

TEST_CASE("bash completes through the script", "[frame]") {
  const Machine m;
  const auto script = m.file("check.sh", R"(
PATH="$1:$PATH"
source <(ringctl completion bash)
try() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  compopt() { :; }
  _ringctl
  echo "${COMPREPLY[*]}"
}
try ringctl conf
try ringctl config s
try ringctl config show --columns key,o
try ringctl config show --output ''
)");
  ringctl::test::ProcessOptions options;
  options.program = "/bin/bash";
  const auto folder = std::filesystem::path(RINGCTL_BINARY).parent_path().string();
  const std::string offered = "config\nset show\nkey\\,origin\ntable tsv json jsonl csv md html xlsx\n";
  ringctl::test::ProcessResult result;
  ringctl::test::eventually([&] {
    return result = m.run({script.string(), folder}, options), result.out == offered;
  });
  INFO(result.err);
  CHECK(result.out == offered);
}
