#include <fmt/format.h>

#include "base/error.hpp"
#include "cmd/context.hpp"
#include "cmd/help.hpp"
#include "cmd/root.hpp"

namespace ringctl::cmd {
namespace {

struct HelpOptions {
  std::vector<std::string> words;
  std::optional<std::string> tree;
};

[[noreturn]] void unknown(std::string_view what, const std::vector<std::string>& candidates) {
  Error error(Errc::usage, "usage.unknown_topic", fmt::format("no help for \"{}\"", what), "ringctl --help");
  if (auto line = did_you_mean(what, candidates); !line.empty()) error.detail(std::move(line));
  throw std::move(error);
}

std::string text_for(const Registry& registry, const std::vector<std::string>& words) {
  if (words.empty()) return help_text(registry, nullptr, nullptr);
  for (const auto& topic : topics()) {
    if (topic.name != words[0] || registry.find(words[0])) continue;
    if (words.size() > 1)
      throw Error(Errc::usage, "usage.unexpected_argument",
                  fmt::format("unexpected \"{}\" after the topic {}", words[1], topic.name),
                  fmt::format("ringctl help {}", topic.name));
    return topic.text();
  }
  std::vector<std::string> candidates;
  if (const auto* alias = registry.find_alias(words[0])) {
    const auto* noun = registry.find(alias->noun);
    return help_text(registry, noun, noun->find(alias->verb));
  }
  const auto* noun = registry.find(words[0]);
  if (!noun) {
    for (const auto& entry : registry.table()) candidates.emplace_back(entry.name);
    for (const auto& topic : topics()) candidates.emplace_back(topic.name);
    unknown(words[0], candidates);
  }
  if (noun->self() || words.size() == 1) {
    auto text = help_text(registry, noun, noun->self());
    // "config" is a noun and a topic: both are wanted.
    for (const auto& topic : topics())
      if (topic.name == noun->name()) text.append("\n").append(topic.text());
    return text;
  }
  const auto* command = noun->find(words[1]);
  if (!command || words.size() > 2) {
    for (const auto& other : noun->commands()) candidates.emplace_back(other.verb);
    unknown(words.size() > 2 ? words[2] : words[1], candidates);
  }
  return help_text(registry, noun, command);
}

void run_help(const HelpOptions& options, Context& context) {
  if (options.tree) return context.io().text(tree_json(context.registry()));
  context.io().text(text_for(context.registry(), options.words));
}

}  // namespace

void add_help(Noun& noun) {
  noun.command<HelpOptions>(run_help)
      .without_settings()
      .argument("topic", &HelpOptions::words, "a noun, a noun and a verb, or a topic")
      .kind(ValueKind::topic)
      .flag("tree", &HelpOptions::tree, "FORMAT", "print every command with all it takes, for programs")
      .choices("json")
      .details("Topics: exit-codes, environment, formats, config, webhooks, limits, security.")
      .example("ringctl help config set", "the same as `ringctl config set --help`")
      .example("ringctl help exit-codes")
      .example("ringctl help --tree json", "commands, flags, columns and exit statuses as one JSON object")
      .exits({Errc::ok});
}

}  // namespace ringctl::cmd
