// Every example of every command runs as it stands. They come from the program itself, so a new command
// cannot bring an example that was never tried.
#include "support/catch.hpp"
#include "support/sample_estate.hpp"

using ringctl::test::Machine;

TEST_CASE("every example runs as it stands", "[examples]") {
  const ringctl::test::SampleEstate estate;
  std::size_t tried = 0;
  for (const auto& command : estate.tree()["commands"])
    for (const auto& example : command["examples"]) {
      const auto line = example["command"].get<std::string>();
      const Machine machine;
      estate.lay_out(machine, line);
      const auto result = run_in_shell(machine, estate.with_job(line));
      INFO(line << "\n" << result.err);
      CHECK(result.status == ringctl::test::example_status(line));
      ++tried;
    }
  CHECK(tried >= 2 * estate.tree()["commands"].size());
}
