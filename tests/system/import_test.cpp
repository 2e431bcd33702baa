// `ringctl numbers import` through the real binary: the same bytes back, and nothing lost or doubled when it
// is killed. RINGCTL_TEST_FULL=1 runs the sizes that a release asks for.
#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

bool full() { return std::getenv("RINGCTL_TEST_FULL") != nullptr; }

/// A file of generated numbers in the site's home.
std::filesystem::path generated(const Site& site, int rows, std::vector<std::string> more = {}) {
  test::ProcessOptions options;
  options.program = "/usr/bin/python3";
  std::vector<std::string> arguments{RINGCTL_SOURCE_DIR "/fixtures/generate.py", std::to_string(rows)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto result = site.machine().run(arguments, options);
  REQUIRE(result.status == 0);
  return site.machine().file("numbers.csv", result.out);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Runs `arguments` and kills the process `after` its start; true if it was still running then.
bool killed(const Site& site, const std::vector<std::string>& arguments, std::chrono::microseconds after) {
  test::ProcessOptions options;
  if (site.engine() == db::Engine::postgresql) options.environment["RINGCTL_DATABASE_URL"] = site.url();
  options.meanwhile = [after](int pid) {
    const auto due = std::chrono::steady_clock::now() + after;
    while (std::chrono::steady_clock::now() < due) ::poll(nullptr, 0, 1);
    ::kill(pid, SIGKILL);
  };
  return site.machine().run(arguments, options).status == 128 + SIGKILL;
}

std::chrono::microseconds duration_of(const Site& site, const std::vector<std::string>& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  site.ok(arguments);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

TEST_CASE("export, import and export again give the same bytes in every format", "[system][slow]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const std::string format = GENERATE("csv", "tsv", "jsonl");
  const int rows = full() ? 100'000 : 5'000;
  const Site first(engine), second(engine);
  first.init().ok({"numbers", "import", generated(first, rows, {"--awkward", "--format", format}).string(),
                   "--input-format", format});
  const auto file = (first.machine().home() / "export").string();
  first.ok({"numbers", "export", "-o", format, "--out", file});
  second.init().ok({"numbers", "import", file, "--input-format", format});
  CHECK(second.ok({"numbers", "export", "-o", format}) == text_of(file));
  // Into the same database it changes nothing.
  CHECK(first.json({"numbers", "import", file, "--input-format", format}).at("same") == rows);
}

TEST_CASE("an empty file is imported with a warning that nothing silences", "[system]") {
  const Site site(db::Engine::sqlite);
  for (const auto* text : {"", "phone_number\n"}) {
    const auto file = site.machine().file("numbers.csv", text).string();
    const auto result = site.run({"numbers", "import", file, "-q"});
    CHECK(result.status == 0);
    CHECK(result.err == "warning: " + file + ": no row to import\n");
  }
}

TEST_CASE("an array of objects imports as its objects do, one a line", "[system]") {
  const Site site(db::Engine::sqlite);
  const auto* text =
      GENERATE("[{\"phone_number\":\"+12025550123\"},{\"phone_number\":\"+12025550124\"}]\n",
               "[\n  {\"phone_number\": \"+12025550123\"},\n  {\n\"phone_number\": \"+12025550124\"\n}\n]\n");
  const auto file = site.machine().file("numbers.json", text).string();
  CHECK(site.json({"numbers", "import", file}).at("new") == 2);
  site.machine().file("again.json", site.ok({"numbers", "export", "-o", "json"}));
  CHECK(site.json({"numbers", "import", "again.json"}).at("same") == 2);
}

TEST_CASE("an import killed at any instant is taken up with nothing lost and nothing doubled",
          "[system][slow]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const bool atomic = GENERATE(true, false);
  const int rows = full() ? 200'000 : 30'000;
  const int kills = full() ? 50 : 6;
  std::vector<std::string> import{"numbers", "import", "", "--quiet"};
  if (!atomic) import.insert(import.end(), {"--max-errors", "0"});

  const Site calm(engine);
  import[2] = generated(calm.init(), rows).string();
  auto whole = duration_of(calm, import);

  // PostgreSQL keeps the lock of who is gone until it comes to tell them something.
  auto import_again = import;
  import_again.insert(import_again.end(), {"--lock-wait", "1m"});

  std::mt19937 random(20261121);
  int hits = 0;
  for (int attempt = 0; hits < kills && attempt < 4 * kills; ++attempt) {
    const Site site(engine);
    site.init();
    const auto after = whole * std::uniform_int_distribution<int>(5, 95)(random) / 100;
    // A machine that has become faster is done before the kill: then the next one comes sooner.
    if (killed(site, import, after))
      ++hits;
    else
      whole = whole * 3 / 4;
    const auto again = site.run(import_again);
    INFO("killed after " << after.count() << " us: " << again.err);
    CHECK(again.status == 0);
    CHECK(site.ok({"numbers", "export", "-o", "csv"}) == calm.ok({"numbers", "export", "-o", "csv"}));
    CHECK(site.run({"db", "check"}).status == 0);
    CHECK(site.run({"audit", "verify"}).status == 0);
  }
  CHECK(hits == kills);
}

TEST_CASE("mended rejects go in by the command that the hint names, and a refusal says where they are",
          "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  site.init();
  const auto& m = site.machine();
  m.file("rows.csv", "tel,caps,junk\n+12025550123,voice,a\nnonsense,voice,b\n+12025550124,voice,c\n");
  const Site::Arguments import = {
      "numbers",           "import", "rows.csv", "--map",     "tel=phone_number", "--map",
      "caps=capabilities", "--map",  "junk=-",   "--rejects", "rej.csv"};
  const auto refused = site.run(import);
  CHECK(refused.status == 7);
  CHECK(refused.err.find("  the rejected rows are in rej.csv\n") != std::string::npos);
  auto allowing = import;
  allowing.insert(allowing.end(), {"--max-errors", "1"});
  const auto partial = site.run(allowing);
  CHECK(partial.status == 3);
  CHECK(partial.err.find("hint: mend rej.csv, then: ringctl numbers import rej.csv --map tel=phone_number "
                         "--map caps=capabilities --map junk=-\n") != std::string::npos);
  auto mended = test::read_text(m.home() / "rej.csv");
  mended.replace(mended.find("nonsense"), 8, "+12025550125");
  m.file("rej.csv", mended);
  site.ok({"numbers", "import", "rej.csv", "--map", "tel=phone_number", "--map", "caps=capabilities", "--map",
           "junk=-"});
  CHECK(site.json({"numbers", "list"}).size() == 3);
}
