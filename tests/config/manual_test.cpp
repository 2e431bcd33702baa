// ringctl-config(5) against the table of keys.

#include <regex>
#include <set>

#include "config/document.hpp"
#include "config/world.hpp"

namespace ringctl::config {
namespace {

/// The line that opens a key's paragraph, "*output* (--output, RINGCTL_OUTPUT)", and the text under it.
struct Paragraph {
  std::string head, text;
};

std::map<std::string, Paragraph> paragraphs() {
  const auto manual = test::read_text(RINGCTL_SOURCE_DIR "/man/ringctl-config.5.scd");
  const std::regex entry(R"(\n\*([a-z_.]+)\*( \([^)]*\))?\n((?:\t[^\n]*\n)+))");
  std::map<std::string, Paragraph> all;
  for (std::sregex_iterator at(manual.begin(), manual.end(), entry), end; at != end; ++at)
    all[(*at)[1]] = {(*at)[2], (*at)[3]};
  return all;
}

TEST_CASE("the manual describes every key with its flag, variables and default, and no other", "[config]") {
  const auto manual = paragraphs();
  std::set<std::string> known;
  for (const auto& key : keys()) {
    const std::string name(key.name);
    known.insert(name);
    INFO(name);
    REQUIRE(manual.count(name) == 1);
    std::string head;
    for (const auto part : {key.flag, key.environment, key.environment_too})
      if (!part.empty()) head += (head.empty() ? "" : ", ") + std::string(part);
    CHECK(manual.at(name).head == (head.empty() ? "" : " (" + head + ")"));
    if (!key.built_in.empty())
      CHECK(manual.at(name).text.find("Default: " + std::string(key.built_in)) != std::string::npos);
  }
  for (const auto& [name, paragraph] : manual) {
    INFO(name);
    CHECK(known.count(name) == 1);
  }
}

TEST_CASE("the manual's examples are valid", "[config]") {
  const auto manual = test::read_text(RINGCTL_SOURCE_DIR "/man/ringctl-config.5.scd");
  const std::regex block(R"(\n```\n([^`]*)```\n)");
  std::vector<std::string> examples;
  for (std::sregex_iterator at(manual.begin(), manual.end(), block), end; at != end; ++at)
    examples.push_back((*at)[1]);
  REQUIRE(examples.size() == 2);
  CHECK_NOTHROW(parse_document(examples[0], "config.toml", FileKind::settings));
  CHECK_NOTHROW(parse_document(examples[1], "credentials.toml", FileKind::credentials));
}

}  // namespace
}  // namespace ringctl::config
