// Promises that hold for every command there is. The commands, and an example of each to run, come from the
// program itself, so a new one cannot escape.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "support/catch.hpp"
#include "system/sample_account.hpp"

using namespace ringctl::test;
using Words = std::vector<std::string>;

namespace {

/// `word` with one letter changed, in every place.
Words mistyped(const std::string& word) {
  Words all;
  for (std::size_t i = 0; i < word.size(); ++i) {
    auto slip = word;
    slip[i] = word[i] == 'x' ? 'q' : 'x';
    all.push_back(std::move(slip));
  }
  return all;
}

/// One command line with a word wrong, and the word that was meant.
struct Mistake {
  Words words;
  std::string meant;
};

std::vector<Mistake> mistakes(const nlohmann::json& tree) {
  std::map<std::string, std::set<std::string>> verbs;
  for (const auto& command : tree["commands"]) {
    auto& known = verbs[command["noun"]];
    if (command["verb"].is_string()) known.insert(command["verb"].get<std::string>());
  }
  std::vector<Mistake> all;
  for (const auto& [noun, known] : verbs) {
    for (auto& slip : mistyped(noun))
      if (!verbs.contains(slip))
        all.push_back({known.empty() ? Words{slip} : Words{slip, *known.begin()}, noun});
    for (const auto& verb : known)
      for (auto& slip : mistyped(verb))
        if (!known.contains(slip)) all.push_back({{noun, slip}, verb});
  }
  return all;
}

bool suggests(const std::string& text, const std::string& word) {
  const auto begin = text.find("\n  did you mean: ");
  if (begin == std::string::npos) return false;
  auto line = text.substr(begin + 17, text.find('\n', begin + 1) - begin - 17);
  return (", " + line + ",").find(", " + word + ",") != std::string::npos;
}

/// Where a command's data goes to nowhere.
void check_notices(const SampleEstate& estate, const std::string& line, const Words& words, Stream stream) {
  const Machine machine;
  estate.lay_out(machine, line);
  ProcessOptions options;
  options.out = stream;
  const auto result = machine.run(words, options);
  INFO((stream == Stream::full ? "full: " : "closed: ") << line << "\n" << result.err);
  CHECK(result.status == 40);
  CHECK(result.err.find("output.write_failed") != std::string::npos);
}

bool names_a_format(const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "-o" || word == "--json"; });
}

/// The first of the command's examples that prints on stdout, as it stands or with -o json.
std::optional<std::string> printing_example(const SampleEstate& estate, const nlohmann::json& command,
                                            bool as_json, Words& words) {
  for (const auto& example : command["examples"]) {
    auto line = example["command"].get<std::string>();
    words = shell_words(estate.with_job(line));
    words.erase(words.begin());
    if (as_json && names_a_format(words)) continue;
    if (as_json) words.insert(words.begin(), {"-o", "json"});
    const Machine machine;
    estate.lay_out(machine, line);
    if (!machine.run(words).out.empty()) return line;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a command with one letter wrong is a usage error that suggests the right one, terminal or not",
          "[system][slow]") {
  const Machine machine;
  const auto all = mistakes(nlohmann::json::parse(machine.run({"help", "--tree", "json"}).out));
  CHECK(all.size() > 100);
  const bool full = std::getenv("RINGCTL_TEST_FULL") != nullptr;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& mistake = all[i];
    const auto plain = machine.run(mistake.words);
    INFO(plain.err);
    CHECK(plain.status == 2);
    CHECK(plain.out.empty());
    CHECK(plain.err.find("  [usage.unknown_command]\n") != std::string::npos);
    CHECK(suggests(plain.err, mistake.meant));
    if (!full && i % 5 != 0) continue;
    TerminalOptions terminal;
    terminal.environment["NO_COLOR"] = "1";
    const auto shown = machine.run_in_terminal(mistake.words, terminal);
    CHECK(shown.status == 2);
    CHECK(shown.out == plain.err);
  }
}

TEST_CASE("every command that prints notices that stdout is full or closed", "[system][slow]") {
  // What the sample estate gives no occasion to print.
  const std::map<std::string, std::string> k_silent = {
      {"jobs resume", "its job is finished; numbers import prints by the same code"},
      {"calls transfer", "its call is over, and so is that of the three below"},
      {"calls listen", "calls show prints by the same code"},
      {"calls whisper", "so it does"},
      {"calls barge", "so it does"},
      {"serve", "it answers by sockets, and its log is on standard error"},
      {"sim serve", "so does it"}};
  const SampleAccount account;
  const SampleEstate estate(account.url());
  for (const auto& command : estate.tree()["commands"]) {
    const auto name = command["command"].get<std::string>();
    bool prints = false;
    for (const bool as_json : {false, true}) {
      Words words;
      const auto line = printing_example(estate, command, as_json, words);
      if (!line) continue;
      prints = true;
      check_notices(estate, *line, words, Stream::full);
      if (as_json) check_notices(estate, *line, words, Stream::closed);
    }
    INFO(name);
    CHECK(prints != k_silent.contains(name));
  }
}

TEST_CASE("every command that opens the database shows with --trace what it asks of it, and no secret",
          "[system][slow]") {
  SampleAccount account;
  const SampleEstate estate(account.url());
  std::size_t opened = 0;
  for (const auto& command : estate.tree()["commands"]) {
    const auto line = command["examples"][0]["command"].get<std::string>();
    const auto told = [&](Words words) {
      const auto example = shell_words(estate.with_job(line));
      words.insert(words.end(), example.begin() + 1, example.end());
      const Machine machine;
      estate.lay_out(machine, line);
      return machine.run(words).err;
    };
    // It opens one if it minds what the file holds.
    if (told({"-d", "sqlite:token.txt"}).find("db.not_a_database") == std::string::npos) continue;
    const auto traced = told({"--trace", "--log-format", "text"});
    INFO(line);
    CHECK(traced.find("ringctl: trace: sql: ") != std::string::npos);
    for (const auto* secret : {"an example of a secret", SampleEstate::k_livekit_secret.c_str(),
                               "a secret that the webhook knows"})
      CHECK(traced.find(secret) == std::string::npos);
    account.restore_numbers();
    ++opened;
  }
  CHECK(opened > 100);
}

TEST_CASE("every command obeys --sort and --limit, or refuses them", "[system][slow]") {
  const SampleAccount account;
  const SampleEstate estate(account.url());
  const Machine nowhere;
  for (const auto& command : estate.tree()["commands"]) {
    INFO(command["command"]);
    const auto words_of = [&](std::size_t example) {
      auto words = shell_words(estate.with_job(command["examples"][example]["command"].get<std::string>()));
      words.erase(words.begin());
      // Given by the test; with it `calls tail` ends.
      if (const auto limit = std::find(words.begin(), words.end(), "--limit"); limit != words.end())
        words.erase(limit, limit + 2);
      return words;
    };
    const auto with = [](Words words, const Words& more) {
      words.insert(words.end(), more.begin(), more.end());
      return words;
    };
    const auto refusal = [&](const Words& flags) {
      const auto result = nowhere.run(with(words_of(0), flags));
      CHECK(result.status == 2);
      CHECK(result.out.empty());
      return result.err;
    };
    const bool lists = command["lists"];
    const auto slug = [&](const char* of_lists) {
      return std::string(lists ? of_lists
                               : "usage.not_here");  // in words, or as JSON where the example says so
    };
    CHECK(refusal({"--sort", "no_such_column"}).find(slug("usage.bad_sort")) != std::string::npos);
    CHECK(refusal({"--limit", "-1"}).find(slug("usage.bad_value")) != std::string::npos);
    CHECK((lists || refusal({"--limit", "1"}).find(slug("")) != std::string::npos));
    CHECK((lists || command["verb"] != "list"));
    if (!lists) continue;
    const auto cut =
        estate.machine().run(with(words_of(0), {"--limit", "1", "-o", "jsonl", "--progress", "none"}));
    const auto status = example_status(command["examples"][0]["command"].get<std::string>());
    CHECK(cut.status == status);
    CHECK(std::count(cut.out.begin(), cut.out.end(), '\n') <= 1);
    for (const auto& column : command["columns"]) {
      if (column["sortable"] != true) continue;
      const auto name = column["name"].get<std::string>();
      INFO(name);
      const auto ordered = [&](const std::string& sort) {
        const auto result =
            estate.machine().run(with(words_of(0), {"--sort", sort, "-o", "json", "--columns", name}));
        INFO(result.err);
        REQUIRE(result.status == status);
        std::vector<nlohmann::json> values;
        for (const auto& row : nlohmann::json::parse(result.out))
          if (!row[name].is_null()) values.push_back(row[name]);
        return values;
      };
      auto up = ordered(name);
      // Lists in a cell are ordered as they are stored.
      if (!up.empty() && !up.front().is_string()) CHECK(std::is_sorted(up.begin(), up.end()));
      std::reverse(up.begin(), up.end());
      CHECK(up == ordered(name + ":desc"));
    }
  }
}

TEST_CASE("help and the list of columns of every command notice that stdout is full", "[system][slow]") {
  const Machine machine;
  const auto tree = nlohmann::json::parse(machine.run({"help", "--tree", "json"}).out);
  ProcessOptions full;
  full.out = Stream::full;
  for (const auto& command : tree["commands"]) {
    Words words{command["noun"]};
    if (command["verb"].is_string()) words.push_back(command["verb"]);
    std::vector<Words> more{{"--help"}};
    if (!command["columns"].empty()) {
      Words arguments;
      for (const auto& argument : command["arguments"])
        if (argument["required"] == true) arguments.emplace_back("1");
      for (const auto& flag : command["flags"])
        if (flag["required"] == true)
          arguments.insert(arguments.end(), {"--" + flag["name"].get<std::string>(), "1"});
      arguments.insert(arguments.end(), {"--columns", "help"});
      more.push_back(std::move(arguments));
    }
    for (const auto& flags : more) {
      auto all = words;
      all.insert(all.end(), flags.begin(), flags.end());
      const auto result = machine.run(all, full);
      INFO(command["command"] << " " << flags.back() << ": " << result.err);
      CHECK(result.status == 40);
      CHECK(result.err.find("output.write_failed") != std::string::npos);
    }
  }
}
