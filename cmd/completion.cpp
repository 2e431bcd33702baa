#include "cmd/completion.hpp"

#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/text.hpp"
#include "cmd/completion_values.hpp"
#include "cmd/context.hpp"
#include "cmd/globals.hpp"
#include "cmd/help.hpp"
#include "cmd/parser.hpp"
#include "cmd/root.hpp"
#include "cmd/scan.hpp"

namespace ringctl::cmd {
namespace {

constexpr suseconds_t k_time_limit_us = 150'000;

bool matches(std::string_view value, std::string_view prefix) { return value.starts_with(prefix); }

void offer(Completion& to, std::string value, std::string_view description, std::string_view prefix) {
  if (matches(value, prefix)) to.candidates.push_back({std::move(value), std::string(description)});
}

/// Values of a flag or argument.
Completion complete_value(ValueKind kind, std::string_view choices, const Command* command,
                          const std::string& prefix, Context& context) {
  Completion result;
  if (kind == ValueKind::file || kind == ValueKind::folder) {
    result.directive = Directive::none;
    return result;
  }
  if (!choices.empty()) {
    for (auto& choice : split_choices(choices)) offer(result, std::move(choice), {}, prefix);
    return result;
  }
  if (kind == ValueKind::column || kind == ValueKind::sort_key) {
    if (!command) return result;
    // "--columns a,b,c": the last name is the one being typed.
    const auto comma = kind == ValueKind::column ? prefix.rfind(',') : std::string::npos;
    const auto before = comma == std::string::npos ? std::string() : prefix.substr(0, comma + 1);
    for (const auto& column : command->columns)
      if (kind == ValueKind::column || column.sortable)
        offer(result, before + std::string(column.name), type_name(column.type), prefix);
    if (kind == ValueKind::column) result.directive = Directive::no_space;
    return result;
  }
  for (auto& candidate : values_of(kind, context, prefix))
    if (matches(candidate.value, prefix)) result.candidates.push_back(std::move(candidate));
  return result;
}

void offer_flags(Completion& to, const std::vector<Flag>& flags, const Scan& given, std::string_view prefix) {
  for (const auto& flag : flags) {
    const auto used =
        std::any_of(given.flags.begin(), given.flags.end(), [&](auto& g) { return g.flag == &flag; });
    if (!flag.hidden && (!used || flag.repeatable))
      offer(to, fmt::format("--{}", flag.name), flag.help, prefix);
  }
}

const Flag* find_flag(const Command* command, std::string_view name) {
  const auto in = [&](const std::vector<Flag>& flags) -> const Flag* {
    for (const auto& flag : flags)
      if (name == fmt::format("--{}", flag.name) ||
          (name.size() == 2 && name[0] == '-' && name[1] == flag.letter))
        return &flag;
    return nullptr;
  };
  if (const auto* flag = in(global_flags())) return flag;
  return command ? in(command->flags) : nullptr;
}

void offer_commands(Completion& to, const Registry& registry, const Noun* noun, std::string_view prefix) {
  if (!noun) {
    for (const auto& entry : registry.table())
      if (!entry.group.empty()) offer(to, std::string(entry.name), entry.summary, prefix);
    for (const auto& alias : registry.aliases())
      offer(to, std::string(alias.name), fmt::format("same as {} {}", alias.noun, alias.verb), prefix);
    return;
  }
  for (const auto& command : noun->commands())
    if (!command.hidden) offer(to, std::string(command.verb), command.summary, prefix);
}

/// Arguments of `help`: nouns and topics, then verbs.
Completion complete_help(const Scan& before, const Registry& registry, std::string_view prefix) {
  Completion result;
  if (before.arguments.empty()) {
    offer_commands(result, registry, nullptr, prefix);
    for (const auto& topic : topics())  // some are nouns too
      if (!registry.find(topic.name)) offer(result, std::string(topic.name), topic.summary, prefix);
  } else if (const auto* noun = registry.find(before.arguments.front());
             noun && before.arguments.size() == 1) {
    offer_commands(result, registry, noun, prefix);
  }
  return result;
}

Completion complete_argument(const Scan& before, const std::string& prefix, Context& context) {
  const auto& arguments = before.command->arguments;
  if (arguments.empty()) return {};
  const auto i = std::min(before.arguments.size(), arguments.size() - 1);
  if (before.arguments.size() >= arguments.size() && !arguments[i].repeatable) return {};
  return complete_value(arguments[i].kind, arguments[i].choices, before.command, prefix, context);
}

void end_process(int) { ::_exit(0); }

/// A database that does not answer must not hold up somebody's shell.
void limit_time() {
  std::signal(SIGALRM, end_process);
  itimerval timer{};
  timer.it_value.tv_usec = k_time_limit_us;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

std::string one_line(std::string_view text) {
  auto line = visible(text);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

}  // namespace

Completion complete_words(const std::vector<std::string>& words, Context& context) {
  const auto& registry = context.registry();
  const std::string current = words.empty() ? "" : words.back();
  const std::vector<std::string> earlier(words.begin(), words.empty() ? words.end() : words.end() - 1);
  const auto before = scan_unfinished(registry, earlier);
  context.begin_completion(before.command, before.flags);

  const bool after_dashes = std::find(earlier.begin(), earlier.end(), "--") != earlier.end();
  if (!after_dashes) {
    if (!earlier.empty()) {
      const auto* flag = find_flag(before.command, earlier.back());
      if (flag && flag->takes_value())
        return complete_value(flag->kind, flag->choices, before.command, current, context);
    }
    if (const auto equals = current.find('='); current.starts_with("--") && equals != current.npos) {
      const auto* flag = find_flag(before.command, std::string_view(current).substr(0, equals));
      if (!flag) return {};
      auto result =
          complete_value(flag->kind, flag->choices, before.command, current.substr(equals + 1), context);
      for (auto& candidate : result.candidates) candidate.value.insert(0, current, 0, equals + 1);
      return result;
    }
    if (current.starts_with('-')) {
      Completion result;
      if (before.command) offer_flags(result, before.command->flags, before, current);
      offer_flags(result, global_flags(), before, current);
      return result;
    }
  }
  if (!before.command) {
    Completion result;
    offer_commands(result, registry, before.noun, current);
    return result;
  }
  if (before.command->noun == "help") return complete_help(before, registry, current);
  return complete_argument(before, current, context);
}

int complete(const std::vector<std::string>& args, Context& context) noexcept {
  try {
    limit_time();
    std::vector<std::string> words(args.begin() + 1, args.end());
    if (!words.empty() && words.front() == "--") words.erase(words.begin());
    const auto result = complete_words(words, context);
    std::string text;
    for (const auto& [value, description] : result.candidates) {
      text.append(one_line(value));
      if (!description.empty()) text.append("\t").append(one_line(description));
      text.push_back('\n');
    }
    text.append(fmt::format(":{}\n", static_cast<int>(result.directive)));
    write_quietly(context.streams().out, text);
  } catch (...) {
    // A half-typed command line is no place for messages.
    write_quietly(context.streams().out, ":4\n");
  }
  return 0;
}

}  // namespace ringctl::cmd
