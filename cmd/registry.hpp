#pragma once
// The one description of every command: what it is called, what it takes, its examples, what it runs. The
// parser,
// --help, `help --tree json`, completion and the manual's test all read it, so a command cannot forget a
// part. Text passed to the builder must have static storage (string literals).

#include <chrono>
#include <concepts>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "cmd/cell.hpp"

namespace ringctl::cmd {

class Context;

/// What a value is, so that completion can offer the right ones.
enum class ValueKind {
  text,
  number,
  workspace,
  profile,
  user,   ///< somebody who is there: e-mail address, name or id
  party,  ///< a user, or whoever else can be rung: an extension, a number, an address
  team,
  contact,
  thread,
  call,
  message,
  recording,
  outcome,
  callback,
  extension,
  rule,
  opt_out,
  trunk,
  assistant,
  account,
  caller_id,
  job,
  column,
  sort_key,
  zone,
  country,
  file,
  folder,
  duration,
  count,
  choice,
  config_key,
  topic,
  other,
};
std::string_view kind_name(ValueKind);

/// Puts one value, as typed, into its member. "" if it fits, else what was expected: "a whole number".
using Assign = std::function<std::string_view(void* options, const std::string& value)>;

struct Argument {
  std::string_view name;  ///< "number"; shown as NUMBER
  std::string_view help;
  bool required = true;
  bool repeatable = false;  ///< takes all that follow; last argument only
  ValueKind kind = ValueKind::text;
  std::string_view choices;  ///< "bash|zsh|fish", or ""
  Assign assign;
};

struct Flag {
  std::string_view name;        ///< long name without --
  char letter = 0;              ///< short name, or 0
  std::string_view value_name;  ///< "" for a switch
  std::string_view help;
  bool repeatable = false;
  bool required = false;
  bool hidden = false;
  ValueKind kind = ValueKind::text;
  std::string_view choices;       ///< "a|b|c": the only values allowed, or ""
  bool clears = false;            ///< "-" is taken beside the choices
  std::string_view default_text;  ///< shown in help
  std::string_view excludes;      ///< name of a flag that must not be given with this one, or ""
  Assign assign;

  bool takes_value() const { return !value_name.empty(); }
};

struct Example {
  std::string_view command;  ///< a whole command line that runs as it stands
  std::string_view note;     ///< what it does, or ""
};

struct Command {
  std::string_view noun, verb;  ///< verb "" for a command without a noun: `ringctl init`
  std::string_view summary;     ///< one line, no full stop
  std::string_view details;     ///< paragraphs for --help, or ""
  std::vector<Argument> arguments;
  std::vector<Flag> flags;
  std::vector<Example> examples;
  std::vector<Errc> exit_codes;     ///< beside those every command has
  std::span<const Column> columns;  ///< of its list; empty if it lists nothing
  std::string_view since = "0.1.0";
  bool lists = false;  ///< obeys --sort and --limit; others refuse them
  bool hidden = false;
  bool needs_settings = true;  ///< false: runs although the configuration cannot be read
  std::function<std::shared_ptr<void>()> make_options;
  std::function<void(const void* options, Context&)> run;

  /// "numbers list", "init"
  std::string name() const;
};

/// Text -> member. Overloads say what they expect.
std::string_view read_value(std::string& to, const std::string& text);
std::string_view read_value(std::int64_t& to, const std::string& text);
std::string_view read_value(std::chrono::milliseconds& to, const std::string& text);
template <class T>
std::string_view read_value(std::optional<T>& to, const std::string& text) {
  T value{};
  const auto expected = read_value(value, text);
  if (expected.empty()) to = std::move(value);
  return expected;
}
template <class T>
std::string_view read_value(std::vector<T>& to, const std::string& text) {
  T value{};
  const auto expected = read_value(value, text);
  if (expected.empty()) to.push_back(std::move(value));
  return expected;
}

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// Flag described and bound to a member of Options (or of a base of it). `name` may be "y,yes".
template <class Options, class T, class Base>
Flag make_flag(std::string_view name, T Base::*member, std::string_view value_name, std::string_view help) {
  static_assert(std::derived_from<Options, Base>);
  Flag flag;
  if (name.size() > 2 && name[1] == ',') {
    flag.letter = name[0];
    name.remove_prefix(2);
  }
  flag.name = name;
  flag.value_name = value_name;
  flag.help = help;
  if constexpr (std::same_as<T, bool>) {
    flag.assign = [member](void* options, const std::string&) -> std::string_view {
      static_cast<Options*>(options)->*member = true;
      return {};
    };
  } else if constexpr (std::same_as<T, int>) {  // a switch that counts
    flag.repeatable = true;
    flag.assign = [member](void* options, const std::string&) -> std::string_view {
      ++(static_cast<Options*>(options)->*member);
      return {};
    };
  } else {
    flag.repeatable = is_vector<T>;
    flag.assign = [member](void* options, const std::string& value) -> std::string_view {
      return read_value(static_cast<Options*>(options)->*member, value);
    };
  }
  return flag;
}

/// Describes one command. Modifiers after argument() or flag() act on the one just added.
template <class Options>
class Verb {
 public:
  explicit Verb(Command& command) : command_(command) {}

  /// Required unless its member is an optional or a vector; a vector takes all that follow.
  template <class T, class Base>
  Verb& argument(std::string_view name, T Base::*member, std::string_view help) {
    static_assert(std::derived_from<Options, Base>);
    Argument argument;
    argument.name = name;
    argument.help = help;
    argument.repeatable = is_vector<T>;
    argument.required = !is_vector<T> && !is_optional<T>;
    argument.assign = [member](void* options, const std::string& value) -> std::string_view {
      return read_value(static_cast<Options*>(options)->*member, value);
    };
    command_.arguments.push_back(std::move(argument));
    on_argument_ = true;
    return *this;
  }
  /// A switch (bool), or one that counts (int).
  template <class T, class Base>
  Verb& flag(std::string_view name, T Base::*member, std::string_view help) {
    static_assert(std::same_as<T, bool> || std::same_as<T, int>,
                  "a flag that takes a value needs a value name");
    return add(make_flag<Options>(name, member, {}, help));
  }
  template <class T, class Base>
  Verb& flag(std::string_view name, T Base::*member, std::string_view value_name, std::string_view help) {
    static_assert(!std::same_as<T, bool> && !std::same_as<T, int>,
                  "a switch has no value name; numbers are int64");
    return add(make_flag<Options>(name, member, value_name, help));
  }

  /// One that was described elsewhere.
  Verb& flag(Flag flag) { return add(std::move(flag)); }
  Verb& argument(Argument argument) {
    command_.arguments.push_back(std::move(argument));
    on_argument_ = true;
    return *this;
  }

  Verb& kind(ValueKind kind) {
    (on_argument_ ? command_.arguments.back().kind : command_.flags.back().kind) = kind;
    return *this;
  }
  /// "a|b|c": the only values allowed.
  Verb& choices(std::string_view list) {
    (on_argument_ ? command_.arguments.back().choices : command_.flags.back().choices) = list;
    return kind(ValueKind::choice);
  }
  Verb& required() {
    (on_argument_ ? command_.arguments.back().required : command_.flags.back().required) = true;
    return *this;
  }
  /// What holds when the flag is not given; for help only.
  Verb& default_text(std::string_view text) { return command_.flags.back().default_text = text, *this; }
  Verb& excludes(std::string_view flag) { return command_.flags.back().excludes = flag, *this; }

  Verb& details(std::string_view text) { return command_.details = text, *this; }
  Verb& example(std::string_view command, std::string_view note = {}) {
    return command_.examples.push_back({command, note}), *this;
  }
  /// Exit statuses this command has beside 0, 1, 2, 10, 40, 41 and those of signals; with db_down go auth,
  /// db_busy and db_corrupt (exit_codes_of).
  Verb& exits(std::initializer_list<Errc> codes) { return command_.exit_codes.assign(codes), *this; }
  Verb& columns(std::span<const Column> columns) { return command_.columns = columns, *this; }
  /// It prints a list that --sort orders, by its sortable columns, and --limit cuts.
  Verb& lists() { return command_.lists = true, *this; }
  Verb& since(std::string_view version) { return command_.since = version, *this; }
  Verb& hidden() { return command_.hidden = true, *this; }
  Verb& without_settings() { return command_.needs_settings = false, *this; }

 private:
  Verb& add(Flag flag) {
    command_.flags.push_back(std::move(flag));
    on_argument_ = false;
    return *this;
  }
  Command& command_;
  bool on_argument_ = false;
};

/// A noun with its verbs, or a command without a noun.
class Noun {
 public:
  Noun(std::string_view name, std::string_view summary) : name_(name), summary_(summary) {}

  template <class Options>
  Verb<Options> verb(std::string_view verb, std::string_view summary,
                     std::function<void(const Options&, Context&)> run) {
    auto& command = commands_.emplace_back();
    command.noun = name_;
    command.verb = verb;
    command.summary = summary;
    command.make_options = [] { return std::make_shared<Options>(); };
    command.run = [run = std::move(run)](const void* options, Context& context) {
      run(*static_cast<const Options*>(options), context);
    };
    return Verb<Options>(command);
  }
  /// For `ringctl init` and its like: the noun is the command.
  template <class Options>
  Verb<Options> command(void (*run)(const Options&, Context&)) {
    return verb<Options>({}, summary_, run);
  }

  std::string_view name() const { return name_; }
  std::string_view summary() const { return summary_; }
  const std::deque<Command>& commands() const { return commands_; }
  const Command* find(std::string_view verb) const;
  /// The command itself when the noun is one, else nullptr.
  const Command* self() const { return find({}); }

 private:
  std::string_view name_, summary_;
  std::deque<Command> commands_;
};

/// One line of root.cpp's table. `add` runs only when the noun is asked for: start-up stays short.
struct NounEntry {
  std::string_view name, summary, group;
  void (*add)(Noun&);
};

/// `ringctl reset` for `ringctl limits reset`.
struct Alias {
  std::string_view name, noun, verb;
};

class Registry {
 public:
  Registry(std::span<const NounEntry> table, std::span<const Alias> aliases)
      : table_(table), aliases_(aliases) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// By its name or its singular ("number" for "numbers"); nullptr if there is none.
  const Noun* find(std::string_view name) const;
  const Alias* find_alias(std::string_view name) const;
  std::span<const NounEntry> table() const { return table_; }
  std::span<const Alias> aliases() const { return aliases_; }
  /// Every command of every noun, in the table's order.
  std::vector<const Command*> all() const;

 private:
  const Noun& load(const NounEntry&) const;
  std::span<const NounEntry> table_;
  std::span<const Alias> aliases_;
  mutable std::deque<Noun> loaded_;
};

}  // namespace ringctl::cmd
