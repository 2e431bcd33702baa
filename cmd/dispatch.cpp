#include "cmd/dispatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "cmd/completion.hpp"
#include "cmd/context.hpp"
#include "cmd/errors.hpp"
#include "cmd/help.hpp"
#include "cmd/list.hpp"
#include "cmd/numbers.hpp"
#include "cmd/parser.hpp"
#include "db/connection.hpp"
#include "directory/user_names.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

/// `--columns help`, and names that are wrong, are settled before anything is opened. True if that was all.
bool check_columns(Context& context) {
  if (!context.globals().columns) return false;
  const auto columns = context.command().columns;
  if (columns.empty())
    throw Error(Errc::usage, "usage.no_columns",
                fmt::format("\"ringctl {}\" has no columns", context.command().name()));
  const auto names = split_columns(*context.globals().columns);
  if (names.size() != 1 || names.front() != "help") {
    pick_columns(columns, names);
    return false;
  }
  context.io().describe(columns);
  return true;
}

Error not_here(const Command& command, std::string_view flag) {
  return {Errc::usage, "usage.not_here",
          fmt::format("\"ringctl {}\" prints no list that --{} could {}", command.name(), flag,
                      flag == "sort" ? "order" : "cut"),
          fmt::format("ringctl {} --help", command.name())};
}

/// --sort and --limit are for commands that print a list; wrong ones are settled before anything is opened.
void check_list_flags(const Command& command, const Globals& globals) {
  if (!command.lists && globals.sort) throw not_here(command, "sort");
  if (!command.lists && globals.limit) throw not_here(command, "limit");
  if (globals.sort) parse_sort(*globals.sort, command.columns);
  if (globals.limit && *globals.limit < 0) throw bad_limit(*globals.limit);
}

/// nullptr: there is none to look into, which the command says itself where it wants one.
const directory::Workspace* workspace_if_there(Context& context) {
  try {
    return &context.workspace();
  } catch (const Error& error) {
    // A database that is away would only be waited for once more.
    if (error.errc() == Errc::db_down || error.errc() == Errc::db_busy || error.errc() == Errc::schema) throw;
    return nullptr;
  }
}

/// What a number may be called that is not typed as one: its label, or its SID.
bool may_be_label(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c >= 0x80 || std::isalpha(c) != 0; });
}

bool is_name(ValueKind kind, std::string_view value) {
  return kind != ValueKind::number || may_be_label(value);
}

/// The number that goes by it; who is called nothing like it stays for the command to judge.
std::string number_for(const std::string& value, Context& context, const directory::Workspace& workspace) {
  if (!may_be_label(value)) return value;
  const auto number = numbers_of(context, workspace).find(value);
  return number ? number->phone_number : value;
}

/// One value, in which | separates several users. A user who is not there is an error; of parties only those
/// who are users get another name. - stands for nobody.
std::string resolved(ValueKind kind, const std::string& value, Context& context,
                     const directory::Workspace& workspace) {
  if (kind == ValueKind::number) return number_for(value, context, workspace);
  std::vector<std::string> parts;
  for (const auto part : base::split(value, '|')) {
    auto& one = parts.emplace_back(part);
    if (one.empty() || one == "-") continue;
    if (kind == ValueKind::user)
      one = directory::get_email(context.database(), workspace.id, one);
    else if (directory::may_be_user(one))
      one = directory::find_email(context.database(), workspace.id, one).value_or(one);
  }
  return base::join(parts, "|");
}

/// Puts e-mail addresses and E.164 numbers in the place of whatever else users and numbers go by, so that all
/// commands take all of it, and none has to say that there is no such user.
void resolve_names(Invocation& invocation, const std::vector<std::string>& args, Context& context) {
  // The user that a workspace's settings name is one of that workspace, which may be another than ours.
  if (invocation.command->noun == "workspaces") return;
  const auto* workspace = workspace_if_there(context);
  if (workspace == nullptr) return;
  const auto again = parse(context.registry(), args, [&](ValueKind kind, const std::string& value) {
    return resolved(kind, value, context, *workspace);
  });
  invocation.options = std::get<Invocation>(again).options;
}

const Command& find_command(const Registry& registry, std::string_view noun) {
  return *registry.find(noun)->self();
}

void run_version(const VersionRequest& request, Context& context) {
  const auto& command = find_command(context.registry(), "version");
  context.begin(command, request.globals);
  command.run(command.make_options().get(), context);
}

int show_help(const HelpRequest& request, const std::vector<std::string>& args, Context& context) {
  if (request.asked) {
    context.begin(find_command(context.registry(), "help"), {});
    context.io().text(help_text(context.registry(), request.noun, request.command));
    context.close();
    return 0;
  }
  const auto name = request.noun ? fmt::format("ringctl {}", request.noun->name()) : std::string("ringctl");
  if (wants_json_errors(args, context.environment()))
    throw Error(Errc::usage, "usage.no_command", fmt::format("\"{}\" needs a command", name),
                name + " --help");
  write_quietly(context.streams().err, concise_help(context.registry(), request.noun));
  return static_cast<int>(Errc::usage);
}

}  // namespace

int dispatch(const std::vector<std::string>& args, Context& context) {
  if (!args.empty() && args.front() == "__complete") return complete(args, context);
  bool has_names = false;
  auto parsed = parse(context.registry(), args, [&](ValueKind kind, const std::string& value) {
    has_names = has_names || is_name(kind, value);
    return value;
  });
  if (const auto* help = std::get_if<HelpRequest>(&parsed)) return show_help(*help, args, context);
  if (const auto* version = std::get_if<VersionRequest>(&parsed)) {
    run_version(*version, context);
  } else {
    auto& invocation = std::get<Invocation>(parsed);
    context.begin(*invocation.command, invocation.globals);
    check_list_flags(*invocation.command, invocation.globals);
    if (invocation.globals.out) context.io();  // a file that will not do is refused before anything changes
    if (!check_columns(context)) {
      if (has_names) resolve_names(invocation, args, context);
      invocation.command->run(invocation.options.get(), context);
    }
  }
  context.close();
  return 0;
}

int fail(const std::vector<std::string>& args, Context& context) {
  auto error = to_error(std::current_exception());
  auto figures = figures_of(std::current_exception());
  // A check that says no, or a job that left rows out, has said all it had to say: its output counts.
  if (error.errc() == Errc::differs || error.errc() == Errc::partial) {
    try {
      context.close();
    } catch (...) {
      error = to_error(std::current_exception());
      figures.clear();
    }
  }
  return report(with_same_target(error, context.globals()), context.streams().err,
                wants_json_errors(args, context.environment()) || context.json_errors(),
                context.error_paint(args), figures);
}

}  // namespace ringctl::cmd
