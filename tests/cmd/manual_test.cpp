// The man pages against the registry: every command with its flags and examples, and nothing that is not
// there.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "cmd/errors.hpp"
#include "cmd/globals.hpp"
#include "cmd/root.hpp"
#include "config/settings.hpp"
#include "report/tally.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::cmd;

namespace {

std::string page(const std::string& name) {
  return ringctl::test::read_text(fmt::format("{}/man/{}", RINGCTL_SOURCE_DIR, name));
}

/// serve is no command of an hour, so its page is one of section 8.
std::string page_of(std::string_view noun) {
  return page(fmt::format("ringctl-{}.{}.scd", noun, noun == "serve" ? 8 : 1));
}

/// The text between `# NAME` and the next heading of that level.
std::string section(const std::string& text, const std::string& name) {
  const auto start = text.find("\n# " + name + "\n");
  if (start == std::string::npos) return {};
  const auto end = text.find("\n# ", start + 1);
  return text.substr(start, end == std::string::npos ? end : end - start);
}

/// Flags that the page describes: a line that begins with *--name* or *-x*, *--name*.
std::set<std::string> described_flags(const std::string& text) {
  static const std::regex k_flag(R"(\n(?:\*-[a-zA-Z]\*, )?\*--([a-z0-9-]+)\*)");
  std::set<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), k_flag), end; it != end; ++it)
    names.insert((*it)[1]);
  return names;
}

std::set<std::string> flags_of(const Noun& noun) {
  std::set<std::string> names;
  for (const auto& command : noun.commands())
    for (const auto& flag : command.flags)
      if (!flag.hidden) names.insert(std::string(flag.name));
  return names;
}

/// As it stands in scdoc, where a backslash escapes and an underscore between blanks would underline.
std::string plain(std::string text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out.push_back(text[i]);
  }
  return out;
}

}  // namespace

TEST_CASE("every noun has a page with all its flags and no others", "[manual]") {
  const Registry registry(nouns(), aliases());
  for (const auto& entry : nouns()) {
    INFO(entry.name);
    CHECK(described_flags(section(page_of(entry.name), "OPTIONS")) == flags_of(*registry.find(entry.name)));
  }
}

TEST_CASE("every page shows every verb and example of its noun", "[manual]") {
  const Registry registry(nouns(), aliases());
  for (const auto& entry : nouns()) {
    const auto text = page_of(entry.name);
    const auto examples = plain(section(text, "EXAMPLES"));
    for (const auto& command : registry.find(entry.name)->commands()) {
      if (command.hidden) continue;
      INFO(command.name());
      CHECK(plain(text).find(fmt::format("ringctl {}", command.name())) != std::string::npos);
      for (const auto& example : command.examples) {
        INFO(example.command);
        CHECK(examples.find(example.command) != std::string::npos);
      }
    }
  }
}

TEST_CASE("pages keep their order of sections and end with a blank line", "[manual]") {
  const std::vector<std::string> order = {"NAME",        "SYNOPSIS", "DESCRIPTION", "OPTIONS",
                                          "EXIT STATUS", "EXAMPLES", "SEE ALSO"};
  for (const auto& entry : nouns()) {
    const auto text = page_of(entry.name);
    INFO(entry.name);
    std::size_t at = 0;
    for (const auto& name : order) {
      const auto found = text.find("\n# " + name + "\n");
      if (found == std::string::npos) {
        CHECK(name == "OPTIONS");
        continue;
      }
      CHECK(found > at);
      at = found;
    }
    CHECK(text.ends_with("\n\n"));
  }
}

TEST_CASE("ringctl(1) describes every global flag", "[manual]") {
  std::set<std::string> names;
  for (const auto& flag : global_flags()) names.insert(std::string(flag.name));
  CHECK(described_flags(section(page("ringctl.1.scd"), "OPTIONS")) == names);
}

TEST_CASE("ringctl(1) lists every exit status with its meaning", "[manual]") {
  const auto text = plain(section(page("ringctl.1.scd"), "EXIT STATUS"));
  for (const auto& info : errc_table()) {
    INFO(info.name);
    const auto row =
        fmt::format("|  {}\n:  {}\n:  {}\n", static_cast<int>(info.code), info.name, info.meaning);
    CHECK(text.find(row) != std::string::npos);
  }
}

TEST_CASE("ringctl(1) describes every member of an error in JSON, and no other", "[manual]") {
  Error error(Errc::twilio_rate, "twilio.rate_limited", "still HTTP 429", "wait");
  error.detail("4,200 of 10,000 rows done").answered("RQ01", std::chrono::seconds(30));
  const auto told = nlohmann::json::parse(error_json(std::move(error).job("5be01d7a"), R"({"left":5800})"));
  std::set<std::string> members;
  for (const auto& [name, value] : told.at("error").items()) members.insert(name);
  std::set<std::string> described;
  static const std::regex k_member(R"(\n\*([a-z_]+)\*\n\t)");
  const auto text = plain(section(page("ringctl.1.scd"), "ERRORS"));
  for (std::sregex_iterator it(text.begin(), text.end(), k_member), end; it != end; ++it)
    described.insert((*it)[1]);
  CHECK(described == members);
  CHECK(members.size() == 9);
}

TEST_CASE("ringctl(1) names every variable of the environment", "[manual]") {
  const auto text = plain(section(page("ringctl.1.scd"), "ENVIRONMENT"));
  for (const auto& key : config::keys()) {
    INFO(key.environment);
    if (!key.environment.empty()) CHECK(text.find(key.environment) != std::string::npos);
  }
}

TEST_CASE("ringctl-reports(7) defines every figure of the reports in their own words, and no other",
          "[manual]") {
  const auto source = page("ringctl-reports.7.scd");
  const auto words = std::regex_replace(plain(source), std::regex(R"(\n\t*)"), " ");
  for (const auto& metric : report::metrics()) {
    INFO(metric.name);
    CHECK(words.find(fmt::format("*{}* (_{}_) {}", metric.title, metric.name, metric.definition)) !=
          std::string::npos);
  }
  static const std::regex k_word(R"(\n\*[^*\n]+\* \(_[a-z_\\]+_\)\n)");
  const std::sregex_iterator first(source.begin(), source.end(), k_word), end;
  CHECK(std::distance(first, end) == std::ssize(report::metrics()));
}

TEST_CASE("manual and help name the figures of which a league table has the least first", "[manual]") {
  const auto source = plain(page("ringctl-reports.7.scd"));
  const auto start = source.find("least of", source.find("\n## League tables\n"));
  REQUIRE(start != std::string::npos);
  const auto sentence = source.substr(start, source.find('.', start) - start);
  const Registry registry(nouns(), aliases());
  const auto details = std::string(registry.find("reports")->find("leaderboard")->details);
  const auto from = details.find("least of") + std::string_view("least of").size();
  const auto helped = details.substr(from, details.find('.', from) - from);
  static const std::regex k_told(R"(_([a-z_]+)_(?![a-z]))"), k_word("[a-z_]+");
  std::set<std::string> expected, told, in_help;
  for (const auto& metric : report::metrics())
    if (metric.least_is_best) expected.emplace(metric.name);
  for (std::sregex_iterator it(sentence.begin(), sentence.end(), k_told), end; it != end; ++it)
    told.insert((*it)[1]);
  for (std::sregex_iterator it(helped.begin(), helped.end(), k_word), end; it != end; ++it)
    in_help.insert(it->str());
  in_help.erase("and");
  CHECK(told == expected);
  CHECK(in_help == expected);
}

TEST_CASE("ringctl-reports(7) defines every word of reports capacity, and no other", "[manual]") {
  const auto source = plain(page("ringctl-reports.7.scd"));
  const auto start = source.find("\n## Daily limits\n");
  REQUIRE(start != std::string::npos);
  std::istringstream lines(source.substr(start, source.find("\n# ", start) - start));
  static const std::regex k_words(R"(\*\w+\*(, \*\w+\*)*)"), k_word(R"(\w+)");
  std::set<std::string> defined, printed;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, k_words)) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), k_word), end; it != end; ++it)
      defined.insert(it->str());
  }
  const Registry registry(nouns(), aliases());
  for (const auto& column : registry.find("reports")->find("capacity")->columns) printed.emplace(column.name);
  for (const auto* what : {"by", "key", "name"}) printed.erase(what);  // what a row is about
  CHECK(defined == printed);
}

TEST_CASE("ringctl(1) refers to every page there is", "[manual]") {
  const auto text = plain(section(page("ringctl.1.scd"), "SEE ALSO"));
  for (const auto& file : std::filesystem::directory_iterator(RINGCTL_SOURCE_DIR "/man")) {
    const auto name = file.path().filename().string();
    if (!name.ends_with(".scd") || name == "ringctl.1.scd") continue;
    const auto stem = name.substr(0, name.size() - 4);
    const auto dot = stem.rfind('.');
    INFO(name);
    CHECK(text.find(fmt::format("*{}*({})", stem.substr(0, dot), stem.substr(dot + 1))) != std::string::npos);
  }
}
