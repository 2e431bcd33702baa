#include "cmd/parser.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.hpp"
#include "cmd/scan.hpp"

namespace ringctl::cmd {
namespace {

std::string upper(std::string_view name) {
  auto text = base::ascii_upper(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::string help_hint(const Command& command) { return fmt::format("ringctl {} --help", command.name()); }

/// The text of a flag may be empty, which mostly clears something; the name of something may not.
bool may_be_empty(const Flag& flag) {
  return flag.kind == ValueKind::text || flag.kind == ValueKind::other || flag.kind == ValueKind::country;
}
bool may_be_empty(const Argument& argument) { return argument.kind == ValueKind::other; }

bool clears(const Flag& flag, const std::string& value) { return flag.clears && value == "-"; }
bool clears(const Argument&, const std::string&) { return false; }

/// Where all are near, one slip at most: the message lists them anyway.
std::vector<std::string> near_choices(const std::string& value, const std::vector<std::string>& allowed) {
  auto near = base::nearest(value, allowed);
  if (near.size() == allowed.size())
    std::erase_if(near, [&](const std::string& choice) { return base::edit_distance(value, choice) > 1; });
  return near;
}

/// One value for one flag or argument: checked, then put into its member.
template <class Described>
void assign_value(const Command& command, const std::string& shown, const Described& described, void* options,
                  const std::string& value) {
  const auto kind = described.kind;
  const auto choices = described.choices;
  // Names of files may be any bytes; everything else ends up in messages and in the database.
  if (kind != ValueKind::file && kind != ValueKind::folder && !base::valid_utf8(value))
    throw Error(Errc::usage, "usage.not_utf8", fmt::format("{}: the value is not valid UTF-8", shown));
  if (value.empty() && choices.empty() && !may_be_empty(described))
    throw Error(Errc::usage, "usage.empty_value", fmt::format("{}: the value is empty", shown),
                help_hint(command));
  if (!choices.empty() && !clears(described, value)) {
    const auto allowed = split_choices(choices);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      Error error(Errc::usage, "usage.bad_value",
                  fmt::format("{}: \"{}\" is not one of {}", shown, value, base::join(allowed, ", ")),
                  help_hint(command));
      if (const auto near = near_choices(value, allowed); !near.empty())
        error.detail("did you mean: " + base::join(near, ", "));
      throw std::move(error);
    }
  }
  if (const auto expected = described.assign(options, value); !expected.empty())
    throw Error(Errc::usage, "usage.bad_value", fmt::format("{}: \"{}\" is not {}", shown, value, expected),
                help_hint(command));
}

/// The CLI11 application of one command: its flags, the global ones and its arguments.
class Binder {
 public:
  Binder(const Command& command, void* options, Globals& globals, const Naming& naming)
      : command_(command), options_(options), globals_(globals), naming_(naming) {
    app_.set_help_flag();
    for (const auto& flag : global_flags()) add_flag(flag, &globals_);
    for (const auto& flag : command_.flags) add_flag(flag, options_);
    for (const auto& argument : command_.arguments) add_argument(argument);
  }

  void run(const Scan& scan) {
    check_exclusions(scan);
    std::vector<std::string> tokens;
    for (const auto& given : scan.flags) {
      tokens.push_back(fmt::format("--{}", given.flag->name));
      if (given.flag->takes_value()) tokens.push_back(stand_in(given.value));
    }
    tokens.emplace_back("--");
    for (const auto& argument : scan.arguments) tokens.push_back(stand_in(argument));
    std::reverse(tokens.begin(), tokens.end());
    try {
      app_.parse(std::move(tokens));
    } catch (const CLI::RequiredError&) {
      throw missing(scan);
    } catch (const CLI::ExtrasError&) {
      throw Error(Errc::usage, "usage.unexpected_argument",
                  fmt::format(R"(unexpected argument "{}" for "ringctl {}")",
                              scan.arguments[command_.arguments.size()], command_.name()),
                  help_hint(command_));
    } catch (const CLI::ParseError& error) {
      throw Error(Errc::usage, "usage.bad_command_line", error.what(), help_hint(command_));
    }
  }

 private:
  /// CLI11 splits "[a,b]" and reads "{}" as nothing: it is given a value's place in values_ instead.
  std::string stand_in(const std::string& value) {
    values_.push_back(&value);
    return std::to_string(values_.size() - 1);
  }

  std::string value_of(ValueKind kind, const std::string& stand_in) const {
    const auto& value = *values_.at(std::stoul(stand_in));
    const bool has_names = kind == ValueKind::user || kind == ValueKind::party || kind == ValueKind::number;
    return has_names && naming_ ? naming_(kind, value) : value;
  }

  void add_flag(const Flag& flag, void* target) {
    const auto name = fmt::format("--{}", flag.name);
    if (!flag.takes_value()) {
      app_.add_flag_function(name, [&flag, target](std::int64_t times) {
        for (; times > 0; --times) flag.assign(target, {});
      });
      return;
    }
    const auto assign = [this, &flag, target, name](const CLI::results_t& values) {
      for (const auto& value : values) assign_value(command_, name, flag, target, value_of(flag.kind, value));
      return true;
    };
    // Given twice, the last one counts: that is what lets an alias set a default.
    app_.add_option(name, assign)
        ->expected(1)
        ->allow_extra_args(false)
        ->required(flag.required)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void add_argument(const Argument& argument) {
    const auto assign = [this, &argument](const CLI::results_t& values) {
      for (const auto& value : values)
        assign_value(command_, upper(argument.name), argument, options_, value_of(argument.kind, value));
      return true;
    };
    // A name of its own: to CLI11 2.4 an argument "workspace" is the flag --workspace once more.
    app_.add_option(fmt::format("{}-argument", argument.name), assign)
        ->expected(1, argument.repeatable ? CLI::detail::expected_max_vector_size : 1)
        ->allow_extra_args(argument.repeatable)
        ->required(argument.required);
  }

  void check_exclusions(const Scan& scan) const {
    for (const auto& one : scan.flags)
      for (const auto& other : scan.flags)
        if (!one.flag->excludes.empty() && one.flag->excludes == other.flag->name)
          throw Error(Errc::usage, "usage.excluded",
                      fmt::format("--{} and --{} cannot be used together", one.flag->name, other.flag->name),
                      help_hint(command_));
  }

  Error missing_argument(const Argument& argument) const {
    return {Errc::usage, "usage.missing_argument",
            fmt::format("\"ringctl {}\" needs {}: {}", command_.name(), upper(argument.name), argument.help),
            help_hint(command_)};
  }

  Error missing(const Scan& scan) const {
    if (scan.arguments.size() < command_.arguments.size()) {
      const auto& argument = command_.arguments[scan.arguments.size()];
      if (argument.required) return missing_argument(argument);
    }
    for (const auto& flag : command_.flags) {
      const auto given =
          std::any_of(scan.flags.begin(), scan.flags.end(), [&](auto& g) { return g.flag == &flag; });
      if (flag.required && !given)
        return {Errc::usage, "usage.missing_flag",
                fmt::format("\"ringctl {}\" needs --{} {}", command_.name(), flag.name, flag.value_name),
                help_hint(command_)};
    }
    return {Errc::usage, "usage.missing_argument", "an argument is missing", help_hint(command_)};
  }

  const Command& command_;
  void* options_;
  Globals& globals_;
  const Naming& naming_;
  CLI::App app_;
  std::vector<const std::string*> values_;
};

/// --version needs the output flags, whatever else was wrong.
Globals bind_globals(const Scan& scan) {
  Globals globals;
  for (const auto& given : scan.flags)
    for (const auto& flag : global_flags())
      if (given.flag == &flag) flag.assign(&globals, given.value);
  return globals;
}

}  // namespace

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> result;
  for (const auto part : base::split(choices, '|')) result.emplace_back(part);
  return result;
}

Parsed parse(const Registry& registry, const std::vector<std::string>& args, const Naming& naming) {
  const auto found = scan(registry, args);
  if (found.help) return HelpRequest{found.noun, found.command, true};
  if (found.version) return VersionRequest{bind_globals(found)};
  if (!found.command) return HelpRequest{found.noun, nullptr, false};
  Invocation invocation{found.command, found.command->make_options(), {}};
  Binder(*found.command, invocation.options.get(), invocation.globals, naming).run(found);
  return invocation;
}

}  // namespace ringctl::cmd
