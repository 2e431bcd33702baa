// Every example of every command runs as it stands. They come from the program itself, so a new command
// cannot bring an example that was never tried.
#include <filesystem>
#include <set>
#include <sstream>

#include "support/catch.hpp"
#include "system/sample_account.hpp"

using ringctl::test::Machine;

namespace {

/// The lines of README.md that begin with a prompt.
std::vector<std::string> readme_session() {
  std::vector<std::string> lines;
  std::istringstream text(ringctl::test::read_text(RINGCTL_SOURCE_DIR "/README.md"));
  const std::string prompt = "    $ ";
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(prompt)) lines.push_back(line.substr(prompt.size()));
  return lines;
}

}  // namespace

TEST_CASE("the session that the README shows runs as it stands", "[examples]") {
  ringctl::test::TwilioBox box;
  box.add_numbers(3);
  auto environment = box.environment();
  environment["RINGCTL_PUBLIC_URL"] = "https://pbx.example.com";
  const Machine machine;
  std::filesystem::create_directory_symlink(RINGCTL_SOURCE_DIR "/fixtures", machine.home() / "fixtures");
  const auto session = readme_session();
  CHECK(session.size() >= 20);
  for (const auto& line : session) {
    const auto result = run_in_shell(machine, line, environment);
    INFO(line << "\n" << result.err);
    REQUIRE(result.status == 0);
  }
}

TEST_CASE("every example runs as it stands", "[examples][slow]") {
  ringctl::test::SampleAccount account;
  const ringctl::test::SampleEstate estate(account.url());
  std::size_t tried = 0;
  for (const auto& command : estate.tree()["commands"])
    for (const auto& example : command["examples"]) {
      const auto line = example["command"].get<std::string>();
      const Machine machine;
      estate.lay_out(machine, line);
      const auto result = run_in_shell(machine, estate.with_job(line));
      INFO(line << "\n" << result.err);
      CHECK(result.status == ringctl::test::example_status(line));
      CHECK(command["exit_codes"].get<std::set<int>>().contains(result.status));
      account.restore_numbers();
      ++tried;
    }
  CHECK(tried >= 2 * estate.tree()["commands"].size());
}
