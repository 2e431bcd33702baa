// Two passes. The first finds the words that name the command, skipping flags and their values; the second
// knows the command, and so exactly which flags there are.
#include "cmd/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.hpp"
#include "cmd/globals.hpp"

namespace ringctl::cmd {
namespace {

/// "-5", "-0.25": an argument, not a flag.
bool looks_like_number(std::string_view word) {
  return word.size() > 1 && word[0] == '-' &&
         (std::isdigit(static_cast<unsigned char>(word[1])) || word[1] == '.');
}
bool is_long(std::string_view word) { return word.size() > 2 && word.starts_with("--"); }
bool is_short(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && word[1] != '-' && !looks_like_number(word);
}

const Flag* find_long(const std::vector<Flag>& flags, std::string_view name) {
  const auto it = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.name == name; });
  return it == flags.end() ? nullptr : &*it;
}
const Flag* find_short(const std::vector<Flag>& flags, char letter) {
  const auto it = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.letter == letter; });
  return it == flags.end() ? nullptr : &*it;
}

std::string_view long_name(std::string_view word) {
  const auto equals = word.find('=');
  return word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
}

/// What the same thing is called elsewhere.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> k_same_flags = {
    {{"zone", "timezone"}, {"country", "default-country"}}};
struct Elsewhere {
  std::string_view noun, verb, command;
};
constexpr std::array<Elsewhere, 2> k_elsewhere = {
    {{"limits", "set", "assignments set"}, {"limits", "update", "assignments set"}}};

std::string other_name(std::string_view flag) {
  for (const auto& [one, other] : k_same_flags) {
    if (flag == one) return std::string(other);
    if (flag == other) return std::string(one);
  }
  return {};
}

class Scanner {
 public:
  Scanner(const Registry& registry, const std::vector<std::string>& args)
      : registry_(registry), args_(args) {}

  Scan run() {
    find_command();
    read_all();
    if (error_ && !result_.help) throw Error(*error_);
    return std::move(result_);
  }

  Scan run_unfinished() {
    try {
      find_command();
    } catch (const Error&) {
      return std::move(result_);  // a word that is no command: nothing after it means anything
    }
    read_all();
    return std::move(result_);
  }

 private:
  // --- first pass ---
  void find_command() {
    for (std::size_t i = 0; i < args_.size() && args_[i] != "--"; ++i) {
      const std::string_view word = args_[i];
      if (is_long(word) || is_short(word)) {
        if (takes_next(word)) ++i;
        continue;
      }
      if (!take_word(word)) return;
      command_words_.push_back(i);
      if (result_.command) return;
    }
  }

  /// True if the word became part of the command's name.
  bool take_word(std::string_view word) {
    if (!result_.noun) {
      if (const auto* alias = registry_.find_alias(word)) {
        result_.noun = registry_.find(alias->noun);
        result_.command = result_.noun->find(alias->verb);
        return true;
      }
      result_.noun = registry_.find(word);
      if (!result_.noun) unknown_noun(word);
      result_.command = result_.noun->self();
      return true;
    }
    result_.command = result_.noun->find(word);
    if (!result_.command) unknown_verb(word);
    return true;
  }

  bool takes_next(std::string_view word) const {
    if (is_long(word)) {
      if (word.find('=') != std::string_view::npos) return false;
      const auto* flag = find_long(global_flags(), word.substr(2));
      if (!flag) flag = anyones([&](const auto& flags) { return find_long(flags, word.substr(2)); });
      return flag && flag->takes_value();
    }
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto* flag = find_short(global_flags(), word[i]);
      if (!flag) flag = anyones([&](const auto& flags) { return find_short(flags, word[i]); });
      if (flag && flag->takes_value()) return i + 1 == word.size();
    }
    return false;
  }

  /// A flag in front of the words that name its command: any command's will do to know whether a value
  /// follows.
  template <class Find>
  const Flag* anyones(const Find& find) const {
    if (result_.noun) {
      for (const auto& command : result_.noun->commands())
        if (const auto* flag = find(command.flags)) return flag;
      return nullptr;
    }
    for (const auto* command : registry_.all())
      if (const auto* flag = find(command->flags)) return flag;
    return nullptr;
  }

  [[noreturn]] static void unknown_command(std::string_view word, std::string_view of,
                                           std::string suggestion) {
    Error error(Errc::usage, "usage.unknown_command",
                fmt::format(R"(unknown command "{}" for "{}")", word, of), fmt::format("{} --help", of));
    if (!suggestion.empty()) error.detail(std::move(suggestion));
    throw std::move(error);
  }
  [[noreturn]] void unknown_noun(std::string_view word) const {
    // "ringctl list numbers": the right words in the wrong order.
    for (const auto& other : args_)
      if (const auto* noun = registry_.find(other); noun && !word.empty() && noun->find(word))
        unknown_command(word, "ringctl", fmt::format("did you mean: {} {}", noun->name(), word));
    unknown_command(word, "ringctl", did_you_mean(word, noun_names()));
  }
  [[noreturn]] void unknown_verb(std::string_view word) const {
    for (const auto& other : k_elsewhere)
      if (other.noun == result_.noun->name() && other.verb == word)
        unknown_command(word, fmt::format("ringctl {}", other.noun),
                        fmt::format("did you mean: {}", other.command));
    // "ringctl export numbers": a verb of many that is a noun as well.
    if (const auto* noun = registry_.find(word); noun && noun->find(result_.noun->name()))
      unknown_command(word, fmt::format("ringctl {}", result_.noun->name()),
                      fmt::format("did you mean: {} {}", noun->name(), result_.noun->name()));
    std::vector<std::string> verbs;
    for (const auto& command : result_.noun->commands())
      if (!command.hidden) verbs.emplace_back(command.verb);
    unknown_command(word, fmt::format("ringctl {}", result_.noun->name()), did_you_mean(word, verbs));
  }
  std::vector<std::string> noun_names() const {
    std::vector<std::string> names;
    for (const auto& entry : registry_.table()) names.emplace_back(entry.name);
    for (const auto& alias : registry_.aliases()) names.emplace_back(alias.name);
    return names;
  }

  // --- second pass ---
  void read_all() {
    for (at_ = 0; at_ < args_.size(); ++at_) {
      if (std::find(command_words_.begin(), command_words_.end(), at_) != command_words_.end()) continue;
      const std::string& word = args_[at_];
      if (word == "--") {
        result_.arguments.insert(result_.arguments.end(),
                                 args_.begin() + static_cast<std::ptrdiff_t>(at_) + 1, args_.end());
        return;
      }
      if (is_long(word))
        read_long(word);
      else if (is_short(word))
        read_short(word);
      else
        result_.arguments.push_back(word);
    }
  }

  const Flag* known_long(std::string_view name) const {
    const auto* flag = find_long(global_flags(), name);
    if (!flag && result_.command) flag = find_long(result_.command->flags, name);
    return flag;
  }

  void read_long(std::string_view word) {
    const auto name = long_name(word);
    const auto equals = word.find('=');
    const auto* flag = known_long(name);
    if (!flag) return fail(unknown_flag(fmt::format("--{}", name)));
    if (equals == std::string_view::npos) return take(*flag, fmt::format("--{}", name));
    if (!flag->takes_value())
      return fail(Error(Errc::usage, "usage.unexpected_value", fmt::format("--{} takes no value", name),
                        help_hint()));
    add(*flag, std::string(word.substr(equals + 1)));
  }

  void read_short(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto* flag = find_short(global_flags(), word[i]);
      if (!flag && result_.command) flag = find_short(result_.command->flags, word[i]);
      if (!flag) return fail(unknown_flag(fmt::format("-{}", first_character(word.substr(i)))));
      if (flag->takes_value() && i + 1 < word.size()) return add(*flag, std::string(word.substr(i + 1)));
      take(*flag, fmt::format("-{}", word[i]));
    }
  }

  static std::string_view first_character(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
    return text.substr(0, size);
  }

  /// A flag without "=": its value, if it takes one, is the next word, whatever that looks like, unless it is
  /// itself the name of a flag.
  void take(const Flag& flag, const std::string& shown) {
    if (!flag.takes_value()) return add(flag, {});
    const bool missing =
        at_ + 1 >= args_.size() || (is_long(args_[at_ + 1]) && known_long(long_name(args_[at_ + 1])));
    if (missing)
      return fail(Error(Errc::usage, "usage.missing_value",
                        fmt::format("{} needs a value: {} {}", shown, shown, flag.value_name), help_hint()));
    add(flag, args_[++at_]);
  }

  void add(const Flag& flag, std::string value) {
    if (flag.name == "help") result_.help = true;
    if (flag.name == "version") result_.version = true;
    result_.flags.push_back({&flag, std::move(value)});
  }

  Error unknown_flag(const std::string& shown) const {
    std::vector<std::string> names;
    for (const auto& flag : global_flags()) names.emplace_back(flag.name);
    if (result_.command)
      for (const auto& flag : result_.command->flags)
        if (!flag.hidden) names.emplace_back(flag.name);
    Error error(Errc::usage, "usage.unknown_flag",
                fmt::format(R"(unknown flag "{}" for "{}")", shown, command_name()), help_hint());
    if (!shown.starts_with("--")) return error;
    const auto name = std::string_view(shown).substr(2);
    const bool has_other = std::find(names.begin(), names.end(), other_name(name)) != names.end();
    auto line =
        has_other ? fmt::format("did you mean: --{}", other_name(name)) : did_you_mean(name, names, "--");
    if (!line.empty()) error.detail(std::move(line));
    return error;
  }

  std::string command_name() const {
    if (result_.command) return "ringctl " + result_.command->name();
    return result_.noun ? fmt::format("ringctl {}", result_.noun->name()) : "ringctl";
  }
  std::string help_hint() const { return command_name() + " --help"; }

  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  const Registry& registry_;
  const std::vector<std::string>& args_;
  std::vector<std::size_t> command_words_;
  std::size_t at_ = 0;
  Scan result_;
  std::optional<Error> error_;
};

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         std::string_view prefix) {
  std::string line;
  for (const auto& name : base::nearest(word, candidates))
    line.append(line.empty() ? "did you mean: " : ", ").append(prefix).append(name);
  return line;
}

Scan scan(const Registry& registry, const std::vector<std::string>& args) {
  return Scanner(registry, args).run();
}

Scan scan_unfinished(const Registry& registry, const std::vector<std::string>& args) {
  return Scanner(registry, args).run_unfinished();
}

}  // namespace ringctl::cmd
