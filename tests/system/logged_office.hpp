#pragma once
// A call log out of fixtures/call_log.py, and ringctl on a database that holds it.

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/call_log.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/process.hpp"

namespace ringctl::test {

/// What a program under fixtures/ writes to its standard output; it must end well.
inline std::string run_fixture(const std::string& program, std::vector<std::string> arguments) {
  ProcessOptions options;
  options.program = "/usr/bin/python3";
  arguments.insert(arguments.begin(), std::string(RINGCTL_SOURCE_DIR) + "/fixtures/" + program);
  const auto result = Machine().run(arguments, options);
  INFO(program << ": " << result.err);
  REQUIRE(result.status == 0);
  return result.out;
}

/// The files of a log that begins on 2024-02-01 and, unless `more` says otherwise, goes on for a year.
struct CallLog {
  explicit CallLog(int calls, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {std::to_string(calls), "--out", folder.path().string(), "--jobs", "2"});
    run_fixture("call_log.py", more);
  }
  TempDir folder;
};

struct LoggedOffice {
  LoggedOffice(db::Engine engine, const CallLog& log)
      : database(engine), loaded(load_call_log(database.connection(), log.folder.path())) {}

  ProcessResult run(const Machine::Arguments& arguments) const {
    ProcessOptions options;
    options.environment["RINGCTL_DATABASE_URL"] = database.url();
    return machine.run(arguments, options);
  }
  /// Standard output of a command that must succeed.
  std::string ok(const Machine::Arguments& arguments) const {
    const auto result = run(arguments);
    std::string line;
    for (const auto& word : arguments) line.append(" ").append(word);
    INFO("ringctl" << line << "\n" << result.err);
    REQUIRE(result.status == 0);
    return result.out;
  }
  nlohmann::json json(Machine::Arguments arguments) const {
    arguments.insert(arguments.end(), {"-o", "json"});
    return nlohmann::json::parse(ok(arguments));
  }

  TestDatabase database;
  Machine machine;
  LoadedLog loaded;
};

/// The sizes that a release asks for.
inline bool full_size() { return std::getenv("RINGCTL_TEST_FULL") != nullptr; }

}  // namespace ringctl::test
