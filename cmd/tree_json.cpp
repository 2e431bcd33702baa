#include <nlohmann/json.hpp>

#include "base/build_info.hpp"
#include "cmd/globals.hpp"
#include "cmd/help.hpp"
#include "cmd/parser.hpp"

namespace ringctl::cmd {
namespace {

using Json = nlohmann::ordered_json;

Json choices_of(std::string_view choices) {
  if (choices.empty()) return nullptr;
  return split_choices(choices);
}

Json text_or_null(std::string_view text) { return text.empty() ? Json() : Json(std::string(text)); }

Json describe(const Flag& flag) {
  return {{"name", std::string(flag.name)},
          {"letter", flag.letter ? Json(std::string(1, flag.letter)) : Json()},
          {"value", text_or_null(flag.value_name)},
          {"kind", flag.takes_value() ? Json(std::string(kind_name(flag.kind))) : Json("switch")},
          {"help", std::string(flag.help)},
          {"required", flag.required},
          {"repeatable", flag.repeatable},
          {"choices", choices_of(flag.choices)},
          {"default", text_or_null(flag.default_text)}};
}

Json describe(const Argument& argument) {
  return {{"name", std::string(argument.name)},
          {"help", std::string(argument.help)},
          {"kind", std::string(kind_name(argument.kind))},
          {"required", argument.required},
          {"repeatable", argument.repeatable},
          {"choices", choices_of(argument.choices)}};
}

Json describe(const Column& column) {
  return {{"name", std::string(column.name)},
          {"type", std::string(type_name(column.type))},
          {"in_table", column.in_table},
          {"sortable", column.sortable}};
}

template <class Things>
Json describe_all(const Things& things) {
  Json list = Json::array();
  for (const auto& thing : things) list.push_back(describe(thing));
  return list;
}

Json describe(const Command& command) {
  Json examples = Json::array();
  for (const auto& example : command.examples)
    examples.push_back({{"command", std::string(example.command)}, {"note", text_or_null(example.note)}});
  Json codes = Json::array();
  for (const auto code : exit_codes_of(command)) codes.push_back(static_cast<int>(code));
  Json flags = Json::array();
  for (const auto& flag : command.flags)
    if (!flag.hidden) flags.push_back(describe(flag));
  return {{"command", command.name()},
          {"noun", std::string(command.noun)},
          {"verb", text_or_null(command.verb)},
          {"summary", std::string(command.summary)},
          {"details", text_or_null(command.details)},
          {"since", std::string(command.since)},
          {"arguments", describe_all(command.arguments)},
          {"flags", std::move(flags)},
          {"columns", describe_all(command.columns)},
          {"lists", command.lists},
          {"examples", std::move(examples)},
          {"exit_codes", std::move(codes)}};
}

}  // namespace

std::string tree_json(const Registry& registry) {
  Json commands = Json::array();
  for (const auto* command : registry.all())
    if (!command->hidden) commands.push_back(describe(*command));
  Json aliases = Json::object();
  for (const auto& alias : registry.aliases())
    aliases[std::string(alias.name)] = std::string(alias.noun) + " " + std::string(alias.verb);
  Json codes = Json::array();
  for (const auto& info : errc_table())
    codes.push_back({{"code", static_cast<int>(info.code)},
                     {"name", std::string(info.name)},
                     {"meaning", std::string(info.meaning)},
                     {"retry", std::string(info.retry)}});
  const Json tree = {{"version", std::string(base::build_info().version)},
                     {"global_flags", describe_all(global_flags())},
                     {"commands", std::move(commands)},
                     {"aliases", std::move(aliases)},
                     {"exit_codes", std::move(codes)}};
  return tree.dump(2) + "\n";
}

}  // namespace ringctl::cmd
