#include "cmd/dispatch.hpp"

#include <fmt/format.h>

#include "cmd/completion.hpp"
#include "cmd/context.hpp"
#include "cmd/errors.hpp"
#include "cmd/help.hpp"
#include "cmd/list.hpp"
#include "cmd/parser.hpp"

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
  const auto parsed = parse(context.registry(), args);
  if (const auto* help = std::get_if<HelpRequest>(&parsed)) return show_help(*help, args, context);
  if (const auto* version = std::get_if<VersionRequest>(&parsed)) {
    run_version(*version, context);
  } else {
    const auto& invocation = std::get<Invocation>(parsed);
    context.begin(*invocation.command, invocation.globals);
    check_list_flags(*invocation.command, invocation.globals);
    if (invocation.globals.out) context.io();  // a file that will not do is refused before anything changes
    if (!check_columns(context)) invocation.command->run(invocation.options.get(), context);
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
