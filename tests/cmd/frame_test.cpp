// The frame from outside: the real binary, its streams and its exit status.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "cmd/globals.hpp"
#include "cmd/root.hpp"
#include "config/settings.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace ringctl;
using nlohmann::json;
using ringctl::test::Machine;
using ringctl::test::ProcessOptions;
using ringctl::test::Stream;

namespace {

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  const auto start = text.rfind('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

ProcessOptions with_environment(std::map<std::string, std::string> environment) {
  ProcessOptions options;
  options.environment = std::move(environment);
  return options;
}

/// All words one slip of the finger away, of each kind of slip one in every place.
std::vector<std::string> slips(const std::string& word) {
  std::set<std::string> all;
  for (std::size_t i = 0; i < word.size(); ++i) {
    all.insert(word.substr(0, i) + word.substr(i + 1));
    all.insert(word.substr(0, i) + "x" + word.substr(i));
    all.insert(word.substr(0, i) + "x" + word.substr(i + 1));
    if (i + 1 < word.size()) all.insert(word.substr(0, i) + word[i + 1] + word[i] + word.substr(i + 2));
  }
  all.erase(word);
  all.erase("");
  return {all.begin(), all.end()};
}

}  // namespace

TEST_CASE("nothing to do is concise help on stderr and exit 2", "[frame]") {
  const Machine m;
  const auto bare = m.run({});
  CHECK(bare.status == 2);
  CHECK(bare.out.empty());
  CHECK(bare.err.starts_with("usage: ringctl NOUN VERB"));
  const auto noun = m.run({"config"});
  CHECK(noun.status == 2);
  CHECK(noun.out.empty());
  CHECK(noun.err.find("set") != std::string::npos);
}

TEST_CASE("help asked for is on stdout and exit 0", "[frame]") {
  const Machine m;
  const auto text = m.run({"config", "set", "--help"});
  CHECK(text.status == 0);
  CHECK(text.err.empty());
  CHECK(text.out.find("EXAMPLES") != std::string::npos);
  CHECK(m.run({"help", "config", "set"}).out == text.out);
  CHECK(m.run({"config", "set", "-h"}).out == text.out);
  CHECK(m.run({"-h"}).status == 0);
  CHECK(m.run({"help"}).out == m.run({"--help"}).out);
}

TEST_CASE("help on what is not there is a usage error with a suggestion", "[frame]") {
  const Machine m;
  const auto result = m.run({"help", "confgi"});
  CHECK(result.status == 2);
  CHECK(result.err.find("did you mean: config") != std::string::npos);
}

TEST_CASE("a usage error keeps stdout empty, in text and in JSON", "[frame]") {
  const Machine m;
  const auto text = m.run({"config", "sohw"});
  CHECK(text.status == 2);
  CHECK(text.out.empty());
  CHECK(text.err ==
        "ringctl: unknown command \"sohw\" for \"ringctl config\"  [usage.unknown_command]\n"
        "  did you mean: show\n"
        "  hint: ringctl config --help\n");
  const auto object = m.run({"config", "sohw", "-o", "json"});
  CHECK(object.status == 2);
  CHECK(object.out.empty());
  const auto error = json::parse(last_line(object.err))["error"];
  CHECK(error["code"] == "usage.unknown_command");
  CHECK(error["exit"] == 2);
}

TEST_CASE("a usage error is in colour or not as the line asks, wherever it does", "[frame]") {
  const Machine m;
  const auto forced = with_environment({{"CLICOLOR_FORCE", "1"}});
  CHECK(m.run({"config", "sohw"}, forced).err.find('\x1b') != std::string::npos);
  CHECK(m.run({"--no-color", "config", "sohw"}, forced).err.find('\x1b') == std::string::npos);
  CHECK(m.run({"config", "sohw", "--color", "never"}, forced).err.find('\x1b') == std::string::npos);
  CHECK(m.run({"config", "show", "--nope", "--color=always"}).err.find('\x1b') != std::string::npos);
}

TEST_CASE("an empty name is refused before anything is done", "[frame]") {
  const Machine m;
  const std::vector<std::vector<std::string>> lines = {{"numbers", "list", "-w", ""},
                                                       {"numbers", "import", "x.csv", "--rejects", ""},
                                                       {"numbers", "export", "--out", ""},
                                                       {"numbers", "import", ""},
                                                       {"numbers", "show", ""},
                                                       {"numbers", "add", ""},
                                                       {"profiles", "add", ""},
                                                       {"workspaces", "add", ""},
                                                       {"config", "get", ""},
                                                       {"config", "path", "--config="},
                                                       {"profiles", "use", ""},
                                                       {"jobs", "undo", ""},
                                                       {"db", "restore", ""}};
  for (const auto& line : lines) {
    const auto result = m.run(line);
    INFO(line[0] << " " << line[1] << ": " << result.err);
    CHECK(result.status == 2);
    CHECK(result.err.find("the value is empty  [usage.empty_value]") != std::string::npos);
  }
  CHECK(std::filesystem::is_empty(m.home()));
}

TEST_CASE("a topic takes no second word", "[frame]") {
  const Machine m;
  const auto result = m.run({"help", "exit-codes", "x"});
  CHECK(result.status == 2);
  CHECK(result.err.find("unexpected \"x\" after the topic exit-codes") != std::string::npos);
  CHECK(m.run({"help", "config", "set"}).status == 0);
}

TEST_CASE("every built-in setting that is shown can be got, with the same value", "[frame]") {
  const Machine m;
  for (const auto& row : json::parse(m.run({"config", "show", "-o", "json"}).out))
    if (row["origin"] == "built-in")
      CHECK(m.run({"config", "get", row["key"].get<std::string>()}).out ==
            row["value"].get<std::string>() + "\n");
}

TEST_CASE("only formats that exist can be configured", "[frame]") {
  const Machine m;
  // Every command would want --out.
  CHECK(fmt::format("{}|xlsx", config::find_key("output")->choices) == cmd::k_formats);
  CHECK(m.run({"config", "set", "output", "xlsx"}).status == 7);
  CHECK(m.run({"config", "set", "output", "csv"}).status == 0);
}

TEST_CASE("RINGCTL_OUTPUT=json makes errors JSON too", "[frame]") {
  const Machine m;
  const auto result = m.run({"config", "get", "nonsense"}, with_environment({{"RINGCTL_OUTPUT", "json"}}));
  CHECK(result.status == 2);
  CHECK(json::parse(last_line(result.err))["error"]["code"] == "config.unknown_key");
}

TEST_CASE("errors are JSON where a bundle of short flags asks for it", "[frame]") {
  const Machine m;
  for (const auto& words : std::vector<Machine::Arguments>{{"config", "sohw", "-qojson"},
                                                           {"config", "get", "nonsense", "-qo", "json"}}) {
    const auto result = m.run(words);
    CHECK(result.status == 2);
    CHECK(json::parse(result.err)["error"]["exit"] == 2);
  }
}

TEST_CASE("every command with one slip in its name is a usage error that suggests it", "[frame][slow]") {
  const Machine m;
  const cmd::Registry registry(cmd::nouns(), cmd::aliases());
  std::size_t tried = 0, right = 0;
  for (const auto* command : registry.all()) {
    std::vector<std::string> known;
    for (const auto& other : registry.find(command->noun)->commands()) known.emplace_back(other.verb);
    const auto name = std::string(command->verb.empty() ? command->noun : command->verb);
    // The first and the last slip of each: the process is what is tested here, the distance elsewhere.
    const auto all = slips(name);
    for (const auto& slip : {all.front(), all.back()}) {
      if (std::find(known.begin(), known.end(), slip) != known.end() || registry.find(slip)) continue;
      std::vector<std::string> words;
      if (!command->verb.empty()) words.emplace_back(command->noun);
      words.push_back(slip);
      const auto result = m.run(words);
      INFO(name << " as " << slip << ": " << result.err);
      CHECK(result.status == 2);
      CHECK(result.out.empty());
      ++tried;
      if (result.err.find(name) != std::string::npos) ++right;
    }
  }
  CHECK(tried > 0);
  CHECK(right * 100 >= tried * 95);
}

TEST_CASE("version is one line, or everything as JSON", "[frame]") {
  const Machine m;
  const auto line = m.run({"--version"});
  CHECK(line.status == 0);
  CHECK(line.out.starts_with("ringctl "));
  CHECK(m.run({"version"}).out == line.out);
  const auto object = json::parse(m.run({"--version", "-o", "json"}).out);
  for (const auto* key :
       {"version", "commit", "compiler", "build_type", "flags", "sanitizers", "schema", "libraries"}) {
    INFO(key);
    CHECK(object.contains(key));
  }
  const std::regex version_number("[0-9]+(\\.[0-9]+)+[^ ]*|[0-9]+");
  for (const auto& [name, version] : object["libraries"].items()) {
    INFO(name << " " << version);
    CHECK(std::regex_match(version.get<std::string>(), version_number));
  }
  for (const auto* name :
       {"boost", "libcurl", "libphonenumber", "openssl", "prometheus-cpp", "pugixml", "sqlite"}) {
    INFO(name);
    CHECK(object["libraries"].contains(name));
  }
  // Not the number of their interface, which their packages say as well.
  for (const auto* name : {"libcsv", "libxlsxwriter", "utf8proc"}) {
    INFO(name);
    const auto version = object["libraries"][name].get<std::string>();
    CHECK(std::count(version.begin(), version.end(), '.') == 2);
  }
}

TEST_CASE("every format notices a full device", "[frame]") {
  const Machine m;
  ProcessOptions full;
  full.out = Stream::full;
  for (const auto* format : {"table", "tsv", "json", "jsonl", "csv", "md"}) {
    const auto result = m.run({"config", "show", "-o", format}, full);
    INFO(format << ": " << result.err);
    CHECK(result.status == 40);
    CHECK(result.err.find("output.write_failed") != std::string::npos);
  }
}

TEST_CASE("a closed stdout is an output error, a broken pipe ends quietly", "[frame]") {
  const Machine m;
  ProcessOptions options;
  options.out = Stream::closed;
  CHECK(m.run({"help"}, options).status == 40);
  options.out = Stream::broken;
  const auto broken = m.run({"help"}, options);
  CHECK(broken.status == 141);
  CHECK(broken.err.empty());
}

TEST_CASE("a closed stderr changes no exit status", "[frame]") {
  const Machine m;
  ProcessOptions options;
  options.err = GENERATE(Stream::closed, Stream::full, Stream::broken);
  CHECK(m.run({"config", "sohw"}, options).status == 2);
  CHECK(m.run({"version"}, options).status == 0);
}

TEST_CASE("the flag --out writes a file and nothing else", "[frame]") {
  const Machine m;
  const auto result = m.run({"config", "path", "-o", "json", "--out", "paths.json"});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(json::parse(ringctl::test::read_text(m.home() / "paths.json")).is_array());
  CHECK(m.run({"config", "path", "--out", "/nowhere/x"}).status == 40);
}

TEST_CASE("the flag --columns help lists columns and types, wrong names are refused", "[frame]") {
  const Machine m;
  const auto help = m.run({"config", "show", "--columns", "help"});
  CHECK(help.status == 0);
  CHECK(help.out.find("origin\ttext") != std::string::npos);
  const auto wrong = m.run({"config", "show", "--columns", "key,orign"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find("did you mean: origin") != std::string::npos);
  CHECK(m.run({"version", "--columns", "help"}).status == 2);
  const auto twice = m.run({"config", "show", "--columns", "key,value,key", "-o", "json"});
  CHECK(twice.status == 2);
  CHECK(twice.err.find("usage.repeated_column") != std::string::npos);
}

TEST_CASE("formats that do not exist are named as such", "[frame]") {
  const Machine m;
  const auto result = m.run({"config", "show", "-o", GENERATE(as<std::string>(), "yaml", "pdf", "xls")});
  CHECK(result.status == 2);
  CHECK(result.err.find("is not one of table, tsv, json, jsonl, csv, md, html, xlsx") != std::string::npos);
}

TEST_CASE("a choice that does not exist is answered with those that are near, unless all are", "[frame]") {
  const Machine m;
  CHECK(m.run({"completion", "tcsh"}).err.find("did you mean") == std::string::npos);
  CHECK(m.run({"completion", "fihs"}).err.find("did you mean: fish\n") != std::string::npos);
  CHECK(m.run({"completion", "bsah"}).err.find("did you mean: bash") != std::string::npos);
  const auto encoding = [&](const char* name) {
    return m.run({"numbers", "import", "x.csv", "--encoding", name}).err;
  };
  CHECK(encoding("cp1252").find("is not one of auto, utf-8, utf-16, windows-1252") != std::string::npos);
  CHECK(encoding("utf8").find("did you mean: utf-8") != std::string::npos);
  CHECK(encoding("latin1").find("did you mean") == std::string::npos);
}

TEST_CASE("a workbook needs a file, whatever the command", "[frame]") {
  const Machine m;
  for (const auto* out : {"", "-"}) {
    Machine::Arguments words{"config", "show", "-o", "xlsx"};
    if (*out != '\0') words.insert(words.end(), {"--out", out});
    const auto refused = m.run(words);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find("usage.needs_out") != std::string::npos);
  }
  CHECK(m.run({"config", "show", "--out", "settings.xlsx"}).status == 0);
  CHECK(ringctl::test::read_text(m.home() / "settings.xlsx").starts_with("PK"));
  CHECK(m.run({"config", "show", "-o", "csv", "--out", "settings.xlsx"}).status == 0);
  CHECK(ringctl::test::read_text(m.home() / "settings.xlsx").starts_with("key,"));
}

TEST_CASE("a page takes its format from the name of its file, and shows what the table shows", "[frame]") {
  const Machine m;
  for (const auto* name : {"settings.html", "settings.HTM"}) {
    CHECK(m.run({"config", "show", "--out", name}).status == 0);
    const auto page = ringctl::test::read_text(m.home() / name);
    CHECK(page.starts_with("<!doctype html>"));
    CHECK(page.ends_with("</html>\n"));
    CHECK(page.find("<h1><bdi>config show</bdi></h1>") != std::string::npos);
  }
}

TEST_CASE("a time zone that does not exist is the mistake of whoever named it", "[frame]") {
  const Machine m;
  const auto flag = m.run({"config", "path", "--tz", "Berlin"});
  CHECK(flag.status == 2);
  CHECK(flag.err.find("Europe/Berlin") != std::string::npos);
  CHECK(m.run({"config", "path"}, with_environment({{"RINGCTL_TZ", "Nowhere/AtAll"}})).status == 10);
}

TEST_CASE("the machine formats do not depend on the locale", "[frame]") {
  const Machine m;
  const auto plain = m.run({"config", "show", "-o", "csv"});
  for (const auto* locale : {"C", "tr_TR.UTF-8", "de_DE.UTF-8"})
    CHECK(m.run({"config", "show", "-o", "csv"}, with_environment({{"LC_ALL", locale}})).out == plain.out);
}

TEST_CASE("a bare machine is enough", "[frame]") {
  const Machine m;
  const auto result =
      m.run({"version"}, with_environment({{"HOME", ""}, {"TERM", ""}, {"LANG", ""}, {"TZ", ""}}));
  CHECK(result.status == 0);
  const auto none = m.run({"config", "set", "color", "never"}, with_environment({{"HOME", ""}}));
  CHECK(none.status == 10);
}

TEST_CASE("a broken configuration does not stop help, version or completion", "[frame]") {
  const Machine m;
  m.file(".config/ringctl/config.toml", "schema = 1\n[defaults\n");
  CHECK(m.run({"version"}).status == 0);
  CHECK(m.run({"help"}).status == 0);
  CHECK(m.run({"completion", "bash"}).status == 0);
  CHECK(m.run({"config", "show"}).status == 10);
}

TEST_CASE("awkward command lines are explained, not survived by luck", "[frame][slow]") {
  const Machine m;
  const std::string huge(100'000, 'x');
  CHECK(m.run({huge}).status == 2);
  CHECK(m.run({"config", "get", huge}).status == 2);
  CHECK(m.run({"config", "--" + huge}).status == 2);
  CHECK(m.run(std::vector<std::string>(10'000, "-v")).status == 2);
  CHECK(m.run(std::vector<std::string>(10'000, "x")).status == 2);
  CHECK(m.run({"\xff\xfe"}).status == 2);
  CHECK(m.run({""}).status == 2);
  CHECK(m.run({"--"}).status == 2);
  CHECK(m.run({"-"}).status == 2);
  CHECK(m.run({"config", "get", "--", "-"}).status == 2);
}

TEST_CASE("config set, get and show agree", "[frame]") {
  const Machine m;
  const auto set = m.run({"config", "set", "timezone", "Europe/Berlin", "-o", "json"});
  CHECK(set.status == 0);
  const auto change = json::parse(set.out);
  CHECK(change["changed"] == true);
  CHECK(change["object"] == "timezone");
  CHECK(m.run({"config", "get", "timezone"}, with_environment({{"TZ", ""}})).out == "Europe/Berlin\n");
  const auto overridden = m.run({"config", "get", "timezone"}, with_environment({{"RINGCTL_TZ", "UTC"}}));
  CHECK(overridden.out == "UTC\n");
  const auto rows = json::parse(m.run({"config", "show", "-o", "json", "--tz", "Asia/Tokyo"}).out);
  const auto zone =
      std::find_if(rows.begin(), rows.end(), [](const json& row) { return row["key"] == "timezone"; });
  REQUIRE(zone != rows.end());
  CHECK((*zone)["value"] == "Asia/Tokyo");
  CHECK((*zone)["origin"] == "flag --tz");
}

TEST_CASE("config get of what is not set is exit 5, of what does not exist exit 2", "[frame]") {
  const Machine m;
  CHECK(m.run({"config", "get", "workspace"}).status == 5);
  CHECK(m.run({"config", "get", "database"}).out ==
        "sqlite:" + (m.home() / ".local/share/ringctl/ringctl.db\n").string());
  const auto unknown = m.run({"config", "get", "timezon"});
  CHECK(unknown.status == 2);
  CHECK(unknown.err.find("did you mean: timezone") != std::string::npos);
}

TEST_CASE("config set --dry-run changes nothing", "[frame]") {
  const Machine m;
  const auto result = m.run({"config", "set", "color", "never", "-n"});
  CHECK(result.status == 0);
  CHECK(result.err.starts_with("would set color in [defaults] of "));
  CHECK_FALSE(std::filesystem::exists(m.home() / ".config"));
}

TEST_CASE("profiles are added, used, shown and removed", "[frame]") {
  const Machine m;
  CHECK(m.run({"profiles", "add", "test"}).status == 0);
  CHECK(m.run({"profiles", "add", "test"}).status == 6);
  CHECK(m.run({"profiles", "use", "test"}).status == 0);
  CHECK(m.run({"profiles", "use", "test"}).err == "unchanged profile test\n");
  CHECK(m.run({"profiles", "use", "tset"}).status == 5);
  CHECK(m.run({"config", "set", "color", "never", "--profile", "test"}).status == 0);
  const auto rows = json::parse(m.run({"profiles", "show", "test", "-o", "json"}).out);
  CHECK(std::any_of(rows.begin(), rows.end(),
                    [](const json& row) { return row["key"] == "color" && row["value"] == "never"; }));
  const auto refused = m.run({"profiles", "remove", "test"});
  CHECK(refused.status == 2);
  CHECK(refused.err.find("hint: add --confirm test") != std::string::npos);
  CHECK(m.run({"profiles", "remove", "test", "--yes"}).status == 2);
  CHECK(m.run({"profiles", "remove", "test", "--confirm", "test"}).status == 6);
  CHECK(m.run({"profiles", "use", "default"}).status == 0);
  CHECK(m.run({"profiles", "remove", "test", "--confirm", "test"}).status == 0);
  CHECK(m.run({"profiles", "show", "test"}).status == 5);
}

TEST_CASE("secrets in the environment are never shown", "[frame]") {
  const Machine m;
  const std::string canary = "canary0123456789abcdef";
  const auto environment = with_environment({{"TWILIO_AUTH_TOKEN", canary}, {"TWILIO_API_SECRET", canary}});
  for (const auto& words : std::vector<std::vector<std::string>>{{"config", "show", "--origin", "-o", "json"},
                                                                 {"config", "get", "auth_token"},
                                                                 {"init", "--yes", "-vv", "--trace"},
                                                                 {"config", "sohw"},
                                                                 {"version", "-o", "json"}}) {
    const auto result = m.run(words, environment);
    CHECK((result.out + result.err).find(canary) == std::string::npos);
    CHECK((words.back() != "--trace" || result.err.find("trace: sql: ") != std::string::npos));
  }
}

TEST_CASE("what is logged, and how, is as flags, environment or configuration say from the start",
          "[frame]") {
  const Machine m;
  REQUIRE(m.run({"init", "--yes"}).status == 0);
  // It prints one line, when all is done.
  const auto add = [&](const Machine::Arguments& flags, std::map<std::string, std::string> environment = {}) {
    static int serial = 100;
    Machine::Arguments words{"numbers", "add", fmt::format("+12025550{}", serial++)};
    words.insert(words.end(), flags.begin(), flags.end());
    return m.run(words, with_environment(std::move(environment))).err;
  };
  const std::string shown = "ringctl: trace: sql: BEGIN\n";
  CHECK(add({}).find("sql") == std::string::npos);
  CHECK(add({"-vv"}).find("sql") == std::string::npos);
  CHECK(add({"--trace"}).find(shown) != std::string::npos);
  CHECK(add({}, {{"RINGCTL_LOG_LEVEL", "trace"}}).find(shown) != std::string::npos);
  for (const auto& as_json :
       {add({"--trace", "--log-format", "json"}), add({"--trace"}, {{"RINGCTL_LOG_FORMAT", "json"}})}) {
    const auto line = json::parse(as_json.substr(0, as_json.find('\n')));
    CHECK(line["level"] == "trace");
    CHECK(line["event"] == "sql");
  }
  REQUIRE(m.run({"config", "set", "log_level", "trace"}).status == 0);
  CHECK(add({}).find(shown) != std::string::npos);
  CHECK(add({"-q"}).empty());
}
