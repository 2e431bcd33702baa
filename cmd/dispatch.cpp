#include "cmd/dispatch.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/text.hpp"
#include "cmd/completion.hpp"
#include "cmd/context.hpp"
#include "cmd/errors.hpp"
#include "cmd/help.hpp"
#include "cmd/list.hpp"
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

/// Users go by their names too, where a command takes one. Several are separated by |.
void note_names(const std::string& value, std::set<std::string>& names) {
  for (const auto one : base::split(value, '|'))
    if (directory::may_be_name(one)) names.emplace(one);
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

/// Puts e-mail addresses in the place of users' names. What is nobody's name stays as it is typed.
void resolve_names(Invocation& invocation, const std::set<std::string>& names,
                   const std::vector<std::string>& args, Context& context) {
  // The user that a workspace's settings name is one of that workspace, which may be another than ours.
  if (names.empty() || invocation.command->noun == "workspaces") return;
  const auto* workspace = workspace_if_there(context);
  if (workspace == nullptr) return;
  std::map<std::string, std::string, std::less<>> emails;
  for (const auto& name : names)
    if (auto email = directory::find_email_by_name(context.database(), workspace->id, name))
      emails.emplace(name, *std::move(email));
  if (emails.empty()) return;
  const auto resolved = parse(context.registry(), args, [&](const std::string& value) {
    std::vector<std::string> parts;
    for (const auto one : base::split(value, '|')) {
      const auto found = emails.find(one);
      parts.emplace_back(found == emails.end() ? one : found->second);
    }
    return base::join(parts, "|");
  });
  invocation.options = std::get<Invocation>(resolved).options;
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
  std::set<std::string> names;
  auto parsed = parse(context.registry(), args, [&](const std::string& value) {
    note_names(value, names);
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
      resolve_names(invocation, names, args, context);
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
