// Every example of every command runs as it stands. They come from the program itself, so a new command
// cannot bring an example that was never tried.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/catch.hpp"
#include "support/process.hpp"

using ringctl::test::Machine;
using ringctl::test::ProcessOptions;
using ringctl::test::ProcessResult;
namespace fs = std::filesystem;

namespace {

/// The job at hand is finished; one that is not would have to be killed first (tests of the bulk engine do).
int expected_status(const std::string& command) {
  return command.starts_with("ringctl jobs resume ") ? 6 : 0;
}

/// A line of shell, with ringctl in the PATH. Pipes fail if any part does.
ProcessResult run_in_shell(const Machine& m, const std::string& line) {
  ProcessOptions options;
  options.program = "/bin/bash";
  options.environment["PATH"] = fs::path(RINGCTL_BINARY).parent_path().string() + ":/usr/bin:/bin";
  return m.run({"-o", "pipefail", "-c", line}, options);
}

void must(const Machine& m, const std::string& line) {
  const auto result = run_in_shell(m, line);
  INFO(line << "\n" << result.err);
  REQUIRE(result.status == 0);
}

/// What examples find lying about.
void lay_out_files(const Machine& m) {
  m.file(
      "numbers.csv",
      "phone_number,provider,country_code,label\n+12025550123,twilio,US,Sales\n+12025550124,twilio,US,Desk\n");
  for (const auto* folder :
       {".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"})
    fs::create_directories(m.home() / folder);
}

/// The lines of README.md that begin with a prompt.
std::vector<std::string> readme_session() {
  std::vector<std::string> lines;
  std::istringstream text(ringctl::test::read_text(RINGCTL_SOURCE_DIR "/README.md"));
  const std::string prompt = "    $ ";
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(prompt)) lines.push_back(line.substr(prompt.size()));
  return lines;
}

/// An estate with numbers, a finished job, a backup and two profiles. Returns the job's id.
std::string set_up_estate(const Machine& m) {
  must(m, "ringctl numbers import numbers.csv");
  must(m, "ringctl workspaces add support");
  must(m, "ringctl config set workspace default");
  must(m, "ringctl db backup estate.db");
  for (const auto* profile : {"prod", "test"}) must(m, std::string("ringctl profiles add ") + profile);
  must(m, "ringctl config set timezone Europe/London");
  const auto jobs = run_in_shell(m, "ringctl jobs list --columns job --no-header");
  REQUIRE(jobs.status == 0);
  return jobs.out.substr(0, jobs.out.find('\n'));
}

/// Examples that make something want it not to be there.
bool starts_from_nothing(const std::string& command) {
  return command.find(" add ") != std::string::npos || command.starts_with("ringctl init") ||
         command.starts_with("ringctl numbers import");
}

std::string with_job(std::string command, const std::string& id) {
  const std::string sample = "5be01d7a";
  if (const auto at = command.find(sample); at != std::string::npos)
    command.replace(at, sample.size(), id.substr(id.size() - std::min<std::size_t>(8, id.size())));
  return command;
}

}  // namespace

TEST_CASE("the session that the README shows runs as it stands", "[examples]") {
  const Machine m;
  fs::create_directory_symlink(RINGCTL_SOURCE_DIR "/fixtures", m.home() / "fixtures");
  const auto session = readme_session();
  CHECK(session.size() >= 5);
  for (const auto& line : session) must(m, line);
}

TEST_CASE("every example runs as it stands", "[examples]") {
  const Machine estate;
  lay_out_files(estate);
  const auto job = set_up_estate(estate);
  const auto tree = nlohmann::json::parse(estate.run({"help", "--tree", "json"}).out);
  std::size_t tried = 0;
  for (const auto& command : tree["commands"])
    for (const auto& example : command["examples"]) {
      const auto line = example["command"].get<std::string>();
      const Machine m;
      if (starts_from_nothing(line))
        lay_out_files(m);
      else
        fs::copy(estate.home(), m.home(), fs::copy_options::recursive);
      if (line == "ringctl db backup estate.db") fs::remove(m.home() / "estate.db");
      const auto result = run_in_shell(m, with_job(line, job));
      INFO(line << "\n" << result.err);
      CHECK(result.status == expected_status(line));
      ++tried;
    }
  CHECK(tried >= 2 * tree["commands"].size());
}
