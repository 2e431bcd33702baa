#include "cmd/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "cmd/globals.hpp"
#include "cmd/parser.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_width = 100;

/// Appends the words of `text`, in lines of at most k_width; those after the first are indented.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = indent;
  for (const auto word : base::split(text, ' ')) {
    if (column > indent && column + 1 + word.size() > k_width) {
      out.append("\n").append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out.push_back(' ');
      ++column;
    }
    out.append(word);
    column += word.size();
  }
}

/// Lines of "  left  right", the right column wrapped and aligned.
class TwoColumns {
 public:
  void add(std::string left, std::string right) {
    widest_ = std::max(widest_, std::min(left.size(), k_widest_left));
    lines_.emplace_back(std::move(left), std::move(right));
  }
  bool empty() const { return lines_.empty(); }
  std::string text() const {
    std::string out;
    const auto indent = widest_ + 4;
    for (const auto& [left, right] : lines_) {
      fmt::format_to(std::back_inserter(out), "  {:<{}}", left, widest_);
      if (left.size() > widest_) out.append("\n").append(indent - 2, ' ');
      out.append("  ");
      append_wrapped(out, right, indent);
      while (out.ends_with(' ')) out.pop_back();
      out.push_back('\n');
    }
    return out;
  }

 private:
  static constexpr std::size_t k_widest_left = 28;
  std::size_t widest_ = 0;
  std::vector<std::pair<std::string, std::string>> lines_;
};

std::string shown(const Argument& argument) {
  auto name = base::ascii_upper(argument.name);
  std::replace(name.begin(), name.end(), '-', '_');
  if (argument.repeatable) name += "...";
  return argument.required ? name : "[" + name + "]";
}

std::string usage_line(const Command& command) {
  auto line = fmt::format("ringctl {}", command.name());
  for (const auto& argument : command.arguments) line.append(" ").append(shown(argument));
  for (const auto& flag : command.flags)
    if (flag.required) line.append(fmt::format(" --{} {}", flag.name, flag.value_name));
  return line + " [FLAGS]";
}

std::string flag_left(const Flag& flag) {
  auto left =
      flag.letter ? fmt::format("-{}, --{}", flag.letter, flag.name) : fmt::format("    --{}", flag.name);
  if (flag.takes_value()) left.append(" ").append(flag.value_name);
  return left;
}

std::string flag_right(const Flag& flag) {
  std::string right(flag.help);
  const auto add = [&](std::string_view text) { right.append(right.empty() ? "" : "; ").append(text); };
  if (!flag.choices.empty()) add("one of " + base::join(split_choices(flag.choices), ", "));
  if (!flag.default_text.empty()) add(fmt::format("default: {}", flag.default_text));
  if (flag.repeatable && flag.takes_value()) add("may be repeated");
  return right;
}

std::string flag_list(const std::vector<Flag>& flags) {
  TwoColumns list;
  for (const auto& flag : flags)
    if (!flag.hidden) list.add(flag_left(flag), flag_right(flag));
  return list.text();
}

std::string_view errc_name(Errc code) {
  const auto table = errc_table();
  const auto it =
      std::find_if(table.begin(), table.end(), [&](const ErrcInfo& info) { return info.code == code; });
  return it == table.end() ? "" : it->name;
}
std::string_view errc_meaning(Errc code) {
  const auto table = errc_table();
  const auto it =
      std::find_if(table.begin(), table.end(), [&](const ErrcInfo& info) { return info.code == code; });
  return it == table.end() ? "" : it->meaning;
}

std::string exit_status(const Command& command) {
  TwoColumns list;
  for (const auto code : exit_codes_of(command))
    list.add(fmt::format("{:>3}  {}", static_cast<int>(code), errc_name(code)),
             std::string(errc_meaning(code)));
  return list.text();
}

std::string command_help(const Command& command) {
  auto text = fmt::format("{}\n\nUSAGE\n  {}\n", command.summary, usage_line(command));
  text.append("\nEXAMPLES\n");
  for (const auto& example : command.examples) {
    if (!example.note.empty()) text.append("  # ").append(example.note).append("\n");
    text.append("  ").append(example.command).append("\n");
  }
  if (!command.details.empty()) {
    text.push_back('\n');
    append_wrapped(text, command.details, 0);
    text.push_back('\n');
  }
  TwoColumns arguments;
  for (const auto& argument : command.arguments) {
    std::string help(argument.help);
    if (!argument.choices.empty())
      help.append("; one of ").append(base::join(split_choices(argument.choices), ", "));
    arguments.add(shown(argument), std::move(help));
  }
  if (!arguments.empty()) text.append("\nARGUMENTS\n").append(arguments.text());
  if (!command.flags.empty()) text.append("\nFLAGS\n").append(flag_list(command.flags));
  text.append(
      "\nGLOBAL FLAGS\n  Every command takes those that `ringctl --help` lists: -o FORMAT, --columns, -n, -q ...\n");
  text.append("\nEXIT STATUS\n").append(exit_status(command));
  return text;
}

std::string verbs_of(const Noun& noun) {
  TwoColumns list;
  for (const auto& command : noun.commands())
    if (!command.hidden) list.add(std::string(command.verb), std::string(command.summary));
  return list.text();
}

std::string noun_help(const Noun& noun) {
  auto text = fmt::format("{}\n\nUSAGE\n  ringctl {} VERB [ARGUMENTS] [FLAGS]\n\nEXAMPLES\n", noun.summary(),
                          noun.name());
  for (const auto& command : noun.commands())
    if (!command.hidden && !command.examples.empty())
      text.append("  ").append(command.examples.front().command).append("\n");
  text.append("\nVERBS\n").append(verbs_of(noun));
  return text + fmt::format("\n`ringctl {} VERB --help` says more about one.\n", noun.name());
}

std::string groups(const Registry& registry) {
  std::string text;
  std::vector<std::string_view> seen;
  for (const auto& entry : registry.table()) {
    if (entry.group.empty() || std::find(seen.begin(), seen.end(), entry.group) != seen.end()) continue;
    seen.push_back(entry.group);
    TwoColumns list;
    for (const auto& other : registry.table())
      if (other.group == entry.group) list.add(std::string(other.name), std::string(other.summary));
    text.append("\n").append(entry.group).append("\n").append(list.text());
  }
  return text;
}

std::string root_help(const Registry& registry) {
  std::string text =
      "ringctl manages a company's Twilio phone estate\n\n"
      "USAGE\n  ringctl NOUN VERB [ARGUMENTS] [FLAGS]\n\n"
      "EXAMPLES\n"
      "  # on a fresh machine, with nothing configured\n"
      "  ringctl numbers import numbers.csv\n"
      "  ringctl numbers list --sort label\n"
      "  ringctl numbers export -o csv --out numbers.csv\n";
  text.append(groups(registry));
  text.append("\nGLOBAL FLAGS\n").append(flag_list(global_flags()));
  TwoColumns list;
  for (const auto& topic : topics()) list.add(std::string(topic.name), std::string(topic.summary));
  text.append("\nTOPICS (ringctl help TOPIC)\n").append(list.text());
  text.append("\nEXIT STATUS\n  0 when done or nothing to do; `ringctl help exit-codes` lists all others.\n");
  return text;
}

}  // namespace

std::vector<Errc> exit_codes_of(const Command& command) {
  std::vector<Errc> codes = {Errc::ok,      Errc::failure,     Errc::usage,       Errc::output,
                             Errc::timeout, Errc::interrupted, Errc::broken_pipe, Errc::terminated};
  const auto& own = command.exit_codes;
  codes.insert(codes.end(), own.begin(), own.end());
  if (command.needs_settings) codes.push_back(Errc::config);
  // What cannot be reached at times may as well refuse the login, be busy or be damaged.
  if (std::find(own.begin(), own.end(), Errc::db_down) != own.end())
    codes.insert(codes.end(), {Errc::auth, Errc::db_busy, Errc::db_corrupt});
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

std::string help_text(const Registry& registry, const Noun* noun, const Command* command) {
  if (command) return command_help(*command);
  return noun ? noun_help(*noun) : root_help(registry);
}

std::string concise_help(const Registry& registry, const Noun* noun) {
  if (noun)
    return fmt::format("{}\n\nusage: ringctl {} VERB [ARGUMENTS] [FLAGS]\n\n{}", noun->summary(),
                       noun->name(), verbs_of(*noun));
  return "usage: ringctl NOUN VERB [ARGUMENTS] [FLAGS]\n" + groups(registry) +
         "\n`ringctl --help` says more.\n";
}

}  // namespace ringctl::cmd
