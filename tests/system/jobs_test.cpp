// `ringctl jobs` and what an import says of its rows, as people and scripts run them.
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

std::string rows(int good, int bad) {
  std::string text = "phone_number\n";
  for (int i = 0; i < good; ++i) text += "+120255501" + std::to_string(10 + i) + "\n";
  for (int i = 0; i < bad; ++i) text += "nonsense\n";
  return text;
}

}  // namespace

TEST_CASE("a job has its whole id in every format but the table, and is found by either", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  site.machine().file("numbers.csv", rows(2, 1));
  const auto imported = site.run({"numbers", "import", "numbers.csv", "--max-errors", "1", "-o", "json"});
  REQUIRE(imported.status == 3);
  const std::string id = nlohmann::json::parse(imported.out)["job_id"];
  REQUIRE(id.size() == 36);
  CHECK(nlohmann::json::parse(imported.err)["error"]["job_id"] == id);
  CHECK(site.json({"jobs", "list"})[0]["job"] == id);
  CHECK(site.json({"numbers", "list"})[0]["job_id"] == id);
  for (const auto* format : {"csv", "tsv"})
    CHECK(site.ok({"jobs", "list", "--columns", "job", "--no-header", "-o", format}) == id + "\n");
  const auto short_id = id.substr(28);
  CHECK(site.ok({"jobs", "list", "--columns", "job", "--no-header", "-o", "table"}) == short_id + "\n");
  CHECK(site.json({"jobs", "show", id}) == site.json({"jobs", "show", short_id}));
  site.ok({"jobs", "undo", id, "--yes"});
}

TEST_CASE("a job's position is the number it came to, as it is written", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("numbers.csv", rows(2, 1));
  REQUIRE(site.run({"numbers", "import", "numbers.csv", "--max-errors", "1"}).status == 3);
  for (const auto* format : {"csv", "tsv", "table"})
    CHECK(site.ok({"jobs", "list", "--columns", "position", "--no-header", "-o", format}) ==
          "+12025550111\n");
}

TEST_CASE("a job shows its options by the names of the flags", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("numbers.csv", rows(1, 0));
  site.ok({"numbers", "import", "numbers.csv", "--on-conflict", "skip"});
  const auto options = site.json({"jobs", "list"})[0]["options"];
  CHECK(options["on_conflict"] == "skip");
  CHECK(options["encoding"] == "auto");
}

TEST_CASE("a dry run that would reject rows lists the first ten", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("numbers.csv", rows(1, 12));
  const auto plan = site.run({"numbers", "import", "numbers.csv", "--max-errors", "20", "-n"});
  CHECK(plan.status == 0);
  CHECK(plan.err.find("  line 3, phone_number: ") != std::string::npos);
  CHECK(plan.err.find("  line 12, phone_number: ") != std::string::npos);
  CHECK(plan.err.find("  line 13, ") == std::string::npos);
  CHECK(plan.err.ends_with("  … 2 more\n"));
}

TEST_CASE("one row that is rejected is one row", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("numbers.csv", rows(0, 1));
  const auto result = site.run({"numbers", "import", "numbers.csv", "--max-errors", "1"});
  CHECK(result.status == 3);
  CHECK(result.err.find("1 of 1 row was rejected") != std::string::npos);
}
