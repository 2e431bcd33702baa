// `ringctl jobs` and what an import says of its rows, as people and scripts run them.
#include "support/site.hpp"

using namespace ringctl;
using test::lines;
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
  CHECK(plan.err.ends_with("  … 2 more (a run with --rejects FILE keeps them all)\n"));
}

TEST_CASE("rejects are those of the last run, and of no dry run", "[system][slow]") {
  const Site site(db::Engine::sqlite);
  const auto& m = site.machine();
  m.file("bad.csv", rows(1, 12));
  m.file("good.csv", rows(2, 0));
  const auto file = m.file("rejects.csv", "old\n");
  const auto planned = site.run({"numbers", "import", "bad.csv", "-n", "--rejects", "rejects.csv"});
  CHECK(planned.status == 7);
  CHECK(planned.err.find("(a run with --rejects FILE keeps them all)") != std::string::npos);
  CHECK(planned.err.find("a dry run writes no rejects: rejects.csv is as it was") != std::string::npos);
  CHECK(test::read_text(file) == "old\n");
  CHECK(site.run({"numbers", "import", "bad.csv", "--rejects", "rejects.csv"}).status == 7);
  CHECK(test::read_text(file).find("nonsense,") != std::string::npos);
  site.ok({"numbers", "import", "good.csv", "--rejects", "rejects.csv"});
  CHECK(test::read_text(file) == "phone_number,_line,_code,_error\n");

  CHECK(site.failure({"numbers", "import", "good.csv", "--rejects", "-"}) == "2 usage.bad_value");
  CHECK_FALSE(std::filesystem::exists(m.home() / "-"));
}

TEST_CASE("the newest jobs are listed first, also where a limit cuts the list or another order is asked for",
          "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  for (int i = 1; i <= 3; ++i) {
    const auto name = "numbers" + std::to_string(i) + ".csv";
    site.machine().file(name, rows(i, 0));
    site.ok({"numbers", "import", name});
  }
  const auto listed = [&](Site::Arguments more) {
    Site::Arguments list{"jobs", "list", "--columns", "rows", "--no-header", "-o", "tsv"};
    list.insert(list.end(), more.begin(), more.end());
    return site.run(list);
  };
  CHECK(listed({}).out == lines({"3", "2", "1"}));
  const auto cut = listed({"--limit", "2"});
  CHECK(cut.out == lines({"3", "2"}));
  CHECK(cut.err.find("showing 2 of 3") != std::string::npos);
  CHECK(listed({"--sort", "rows", "--limit", "2"}).out == lines({"1", "2"}));
}

TEST_CASE("one row that is rejected is one row", "[system]") {
  const Site site(db::Engine::sqlite);
  site.machine().file("numbers.csv", rows(0, 1));
  const auto result = site.run({"numbers", "import", "numbers.csv", "--max-errors", "1"});
  CHECK(result.status == 3);
  CHECK(result.err.find("1 of 1 row was rejected") != std::string::npos);
}
