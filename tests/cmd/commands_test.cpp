// What holds for every command there is.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "cmd/completion.hpp"
#include "cmd/export_schemas.hpp"
#include "cmd/globals.hpp"
#include "cmd/help.hpp"
#include "cmd/parser.hpp"
#include "cmd/root.hpp"
#include "limits/verdict.hpp"
#include "report/tally.hpp"
#include "serve/paths.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace ringctl;
using namespace ringctl::cmd;

namespace {
const Registry& registry() {
  static const Registry k_registry(nouns(), aliases());
  return k_registry;
}

/// "id uuid, call_sid word": what programs that read an export rely on.
std::string columns_of(std::string_view noun) {
  std::string all;
  for (const auto& column : registry().find(noun)->find("export")->columns)
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", column.name, type_name(column.type));
  return all;
}
}  // namespace

TEST_CASE("every command says what it does, with two examples and its exit statuses", "[cmd]") {
  for (const auto* command : registry().all()) {
    INFO(command->name());
    CHECK(!command->summary.empty());
    CHECK(command->summary.back() != '.');
    CHECK(command->examples.size() >= 2);
    CHECK(!command->exit_codes.empty());
    CHECK(!command->since.empty());
  }
}

TEST_CASE("every command may run out of time or be stopped, and one with a database has all its failures",
          "[cmd]") {
  const std::vector<Errc> all = {Errc::ok,      Errc::failure,     Errc::usage,       Errc::output,
                                 Errc::timeout, Errc::interrupted, Errc::broken_pipe, Errc::terminated};
  const std::vector<Errc> of_databases = {Errc::auth, Errc::db_busy, Errc::db_corrupt};
  std::size_t with_database = 0;
  for (const auto* command : registry().all()) {
    INFO(command->name());
    const auto codes = exit_codes_of(*command);
    const auto has = [&](Errc code) { return std::find(codes.begin(), codes.end(), code) != codes.end(); };
    CHECK(std::is_sorted(codes.begin(), codes.end()));
    CHECK(std::all_of(all.begin(), all.end(), has));
    if (command->needs_settings) CHECK(has(Errc::config));
    if (!has(Errc::db_down)) continue;
    ++with_database;
    CHECK(std::all_of(of_databases.begin(), of_databases.end(), has));
  }
  CHECK(with_database > 100);
}

TEST_CASE("every example is a command line of its own command", "[cmd]") {
  for (const auto* command : registry().all())
    for (const auto& example : command->examples) {
      INFO(example.command);
      auto words = ringctl::test::shell_words(std::string(example.command));
      REQUIRE(!words.empty());
      CHECK(words.front() == "ringctl");
      words.erase(words.begin());
      const auto parsed = parse(registry(), words);
      const auto* invocation = std::get_if<Invocation>(&parsed);
      REQUIRE(invocation);
      CHECK(invocation->command == command);
    }
}

TEST_CASE("no command reuses the name of a global flag", "[cmd]") {
  std::set<std::string_view> reserved;
  for (const auto& flag : global_flags()) CHECK(reserved.insert(flag.name).second);
  for (const auto* command : registry().all()) {
    std::set<std::string_view> own;
    for (const auto& flag : command->flags) {
      INFO(command->name() << " --" << flag.name);
      CHECK(reserved.count(flag.name) == 0);
      CHECK(own.insert(flag.name).second);
    }
  }
}

TEST_CASE("only the last argument repeats, and optional ones follow required ones", "[cmd]") {
  for (const auto* command : registry().all()) {
    INFO(command->name());
    bool optional = false;
    for (const auto& argument : command->arguments) {
      CHECK((!argument.repeatable || &argument == &command->arguments.back()));
      CHECK(!(optional && argument.required));
      optional = optional || !argument.required;
    }
  }
}

TEST_CASE("every kind of value that somebody knows is completed", "[cmd]") {
  // Made up by whoever types them, or completed from the command, by the shell, or from a list of choices.
  std::set<ValueKind> known = {ValueKind::text,     ValueKind::other,    ValueKind::count,
                               ValueKind::duration, ValueKind::file,     ValueKind::folder,
                               ValueKind::column,   ValueKind::sort_key, ValueKind::choice};
  for (const auto& provider : value_providers()) CHECK(known.insert(provider.kind).second);
  std::set<ValueKind> used;
  const auto look = [&](const auto& described) {
    INFO(described.name << " " << kind_name(described.kind));
    CHECK(known.contains(described.kind));
    CHECK((described.kind != ValueKind::choice || !described.choices.empty()));
    used.insert(described.kind);
  };
  for (const auto& flag : global_flags()) look(flag);
  for (const auto* command : registry().all()) {
    INFO(command->name());
    for (const auto& flag : command->flags) look(flag);
    for (const auto& argument : command->arguments) look(argument);
  }
  CHECK(used == known);
}

TEST_CASE("what is called like something that is known says of which kind it is", "[cmd]") {
  const std::set<std::string_view> names = {"account", "agent",    "agents",      "as",         "assistant",
                                            "call",    "call-sid", "callback",    "contact",    "country",
                                            "job",     "message",  "team",        "recordings", "rule",
                                            "thread",  "trunk",    "user",        "number",     "outcome",
                                            "zone",    "timezone", "from-number", "supervisor", "workspace"};
  const auto look = [&](const auto& described) {
    INFO(described.name);
    if (names.contains(described.name)) CHECK(described.kind != ValueKind::text);
  };
  for (const auto* command : registry().all()) {
    // What is to be made or bought is none of those that are there; and these know nothing of an estate.
    const bool unknown = command->verb == "add" || command->verb == "buy" || command->noun == "webhooks";
    INFO(command->name());
    if (!unknown)
      for (const auto& argument : command->arguments) look(argument);
    if (command->noun != "webhooks")
      for (const auto& flag : command->flags)
        if (flag.takes_value()) look(flag);
  }
}

TEST_CASE("columns are named once, in snake case, durations in seconds", "[cmd]") {
  for (const auto* command : registry().all()) {
    std::set<std::string_view> names;
    for (const auto& column : command->columns) {
      INFO(command->name() << " " << column.name);
      CHECK(names.insert(column.name).second);
      CHECK(column.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos);
      CHECK((column.type != ColumnType::duration || column.name.ends_with("_s")));
    }
  }
}

TEST_CASE("a verb that lists describes its columns", "[cmd]") {
  for (const auto* command : registry().all())
    if (command->verb == "list") {
      INFO(command->name());
      CHECK(!command->columns.empty());
    }
}

TEST_CASE("help begins with what the command is and ends with its exit statuses", "[cmd]") {
  for (const auto* command : registry().all()) {
    const auto text = help_text(registry(), registry().find(command->noun), command);
    INFO(text);
    CHECK(text.starts_with(command->summary));
    const auto examples = text.find("\nEXAMPLES\n");
    const auto status = text.find("\nEXIT STATUS\n");
    CHECK(examples != std::string::npos);
    CHECK(status != std::string::npos);
    CHECK(examples < status);
    for (const auto& example : command->examples) CHECK(text.find(example.command) != std::string::npos);
    for (const auto& flag : command->flags)
      CHECK(text.find(fmt::format("--{}", flag.name)) != std::string::npos);
    CHECK(text.find(" \n") == std::string::npos);
  }
}

TEST_CASE("help fits a screen of a hundred columns, but for examples", "[cmd]") {
  for (const auto* command : registry().all()) {
    const auto text = help_text(registry(), nullptr, command);
    for (const auto line : base::split(text, '\n')) {
      INFO(command->name() << ": " << line);
      CHECK((line.size() <= 100 || line.starts_with("  ringctl ")));
    }
  }
}

TEST_CASE("every noun belongs to a group of the help and is listed there", "[cmd]") {
  const auto text = help_text(registry(), nullptr, nullptr);
  for (const auto& entry : nouns()) {
    INFO(entry.name);
    CHECK(!entry.group.empty());
    CHECK(text.find(fmt::format("  {}", entry.name)) != std::string::npos);
  }
}

TEST_CASE("the tree of commands is complete JSON", "[cmd]") {
  const auto tree = nlohmann::json::parse(tree_json(registry()));
  CHECK(tree["commands"].size() == registry().all().size());
  CHECK(tree["global_flags"].size() == global_flags().size());
  CHECK(tree["exit_codes"].size() == errc_table().size());
}

TEST_CASE("the topic exit-codes is the table of the library", "[cmd]") {
  const auto table = topics()[0];
  REQUIRE(table.name == "exit-codes");
  const auto text = table.text();
  for (const auto& info : errc_table()) {
    CHECK(text.find(fmt::format(" {:>4}  {}", static_cast<int>(info.code), info.name)) != std::string::npos);
    CHECK(text.find(info.meaning) != std::string::npos);
  }
}

TEST_CASE("a league table shows whatever it can be ranked by", "[cmd]") {
  const auto columns = registry().find("reports")->find("leaderboard")->columns;
  for (const auto& metric : report::metrics()) {
    INFO(metric.name);
    CHECK(std::ranges::find(columns, metric.name, &Column::name) != columns.end());
  }
}

TEST_CASE("the topics of the contract are there, fit a screen, and are named where they are listed",
          "[cmd]") {
  std::set<std::string_view> names;
  for (const auto& topic : topics()) names.insert(topic.name);
  CHECK(names == std::set<std::string_view>{"exit-codes", "environment", "formats", "config", "webhooks",
                                            "limits", "security"});
  const auto* help = registry().find("help")->self();
  for (const auto& topic : topics()) {
    INFO(topic.name);
    CHECK(help->details.find(topic.name) != std::string_view::npos);
    if (topic.name == "exit-codes" || topic.name == "environment") continue;  // tables of what others say
    const auto text = topic.text();
    for (const auto line : base::split(text, '\n')) {
      INFO(line);
      CHECK(base::count_characters(line) <= 120);
    }
  }
}

TEST_CASE("the schema of an export stands for its columns, and is told by the topic formats", "[cmd]") {
  // What each schema added, from 1: columns are added by a line at the end, and what was written stays.
  const std::map<std::string_view, std::vector<std::string>> k_added = {
      {"calls",
       {"id uuid, call_sid word, user_id uuid, user_name text, user_email text, team_id uuid, team text, "
        "direction word, from_number e164, to_number e164, contact_id uuid, customer_name text, status "
        "word, outcome word, start_time time, answer_time time, end_time time, duration_s duration, "
        "has_recording boolean, recording_sid word, recording_url text, routed_by word, rule text, "
        "refusal word, price money, price_unit word, notes text, closed_seq integer, created_at time, "
        "updated_at time",
        "changed_seq integer"}},
      {"messages",
       {"created_at time, direction word, from_number e164, to_number e164, body text, status word, "
        "user_email text, assigned_to text, segments integer, message_sid word, thread uuid, number e164, "
        "contact uuid, contact_name text, keyword word, extension word, media json, encoding word, "
        "error_code integer, price money, price_unit word, sent_at time, delivered_at time, message_seq "
        "integer, changed_seq integer, account_sid word, details json, updated_at time, version integer, "
        "id uuid"}},
      {"audit",
       {"seq integer, at time, actor text, action word, object e164, object_type word, object_id uuid, "
        "job_id uuid, before json, after json, id uuid, hash word"}},
  };
  const auto topic = topics()[2];
  REQUIRE(topic.name == "formats");
  const auto text = topic.text();
  REQUIRE(std::size(k_export_schemas) == k_added.size());
  for (const auto& schema : k_export_schemas) {
    INFO(schema.noun);
    const auto& added = k_added.at(schema.noun);
    CHECK(schema.number == std::ssize(added));
    CHECK(columns_of(schema.noun) == base::join(added, ", "));
    CHECK(text.find(fmt::format("  {:<16}  schema {}\n", fmt::format("{} export", schema.noun),
                                schema.number)) != std::string::npos);
  }
}

TEST_CASE("the topic limits names every refusal, and the topic webhooks no path that serve does not know",
          "[cmd]") {
  const auto text_of = [](std::string_view name) {
    for (const auto& topic : topics())
      if (topic.name == name) return topic.text();
    return std::string();
  };
  const auto limits = text_of("limits");
  using limits::Refusal;
  for (int i = 0; i <= static_cast<int>(Refusal::limits_unavailable); ++i) {
    const auto code = limits::refusal_code(static_cast<Refusal>(i));
    INFO(code);
    CHECK(limits.find(code) != std::string::npos);
  }
  const auto text = text_of("webhooks");
  std::size_t paths = 0;
  for (const auto line : base::split(text, '\n')) {
    if (!line.starts_with("  /api/")) continue;
    auto path = std::string(line.substr(2, line.find(' ', 2) - 2));
    if (const auto id = path.find("/ID/"); id != std::string::npos)
      path.replace(id + 1, 2, "019ccd51-8e00-7000-8000-000000000001");
    INFO(path);
    CHECK(serve::route_of(path).endpoint != serve::Endpoint::unknown);
    ++paths;
  }
  CHECK(paths == 6);
}

TEST_CASE("the global flags are those of the contract", "[cmd]") {
  std::set<std::string> names;
  for (const auto& flag : global_flags())
    names.insert(flag.letter ? fmt::format("-{}, --{}", flag.letter, flag.name)
                             : fmt::format("--{}", flag.name));
  const std::set<std::string> contract = {
      "-p, --profile", "--config",     "-d, --database", "-w, --workspace", "-o, --output",
      "--out",         "--json",       "--columns",      "--no-header",     "--sort",
      "--limit",       "--null",       "--no-trunc",     "-q, --quiet",     "-v, --verbose",
      "--trace",       "--log-format", "--color",        "--no-color",      "--progress",
      "--no-pager",    "--tz",         "--timeout",      "--lock-wait",     "-n, --dry-run",
      "-y, --yes",     "--confirm",    "--no-input",     "--version",       "-h, --help",
      "--crlf",        "--bom",        "--delimiter",    "--csv-raw"};
  CHECK(names == contract);
}
