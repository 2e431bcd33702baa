// `ringctl numbers import` through the real binary: the same bytes back, and nothing lost or doubled when it
// is killed. RINGCTL_TEST_FULL=1 runs the sizes that a release asks for.
#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
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

/// Numbers that are there before, and a file that makes, changes and leaves alone.
struct Mixture {
  std::string before = "phone_number,provider,label,sid\n", file = before;

  /// `spoiled`: with invalid rows, conflicts and duplicates among them. Neither is in the order of its keys.
  Mixture(int rows, bool spoiled) {
    const auto number = [](int n) { return fmt::format("+1202{}", 2'000'000 + n); };
    for (int k = 0; k < rows; ++k) {
      const int n = static_cast<int>(k * 7919LL % rows);
      const auto sid = fmt::format("PN{:032x}", n);
      const int oddity = spoiled ? n % 997 : -1;
      if (n % 10 < 2) before += fmt::format("{},telnyx,{},\n", number(n), n % 10 == 0 ? "old" : "new");
      if (oddity == 7) before += fmt::format("{},telnyx,holder,{}\n", number(rows + n), sid);
      if (oddity == 5)
        file += "nonsense,telnyx,new,\n";
      else if (oddity == 9)
        file += number(n - 1) + ",telnyx,other,\n";
      else
        file += fmt::format("{},telnyx,new,{}\n", number(n), oddity == 7 ? sid : "");
    }
  }
};

/// A machine that holds what was there before, and the file to import.
struct Office : Site {
  Office(db::Engine engine, const Mixture& mixture) : Site(engine) {
    init();
    machine().file("before.csv", mixture.before);
    machine().file("numbers.csv", mixture.file);
    ok({"numbers", "import", "before.csv"});
    before = numbers();
  }
  std::string numbers() const { return ok({"numbers", "export", "-o", "csv"}); }
  /// But for the one that brought what was there before.
  nlohmann::json jobs() const {
    auto all = json({"jobs", "list"});
    REQUIRE_FALSE(all.empty());
    all.erase(all.size() - 1);
    return all;
  }
  std::string journal(const std::string& job) const {
    return ok({"jobs", "show", job, "--rows", "-o", "jsonl"});
  }
  std::string rejects() const { return test::read_text(machine().home() / "rejects.csv"); }

  std::string before;
};

/// What an import says of itself, but for its job and whether it was taken up.
nlohmann::json counts_of(const test::ProcessResult& import) {
  auto counts = nlohmann::json::parse(import.out);
  counts.erase("job_id");
  counts.erase("resumed");
  return counts;
}

/// Until `question`, a count, has an answer that `enough` likes.
void wait_until(const Site& site, std::string_view question,
                const std::function<bool(std::int64_t)>& enough) {
  const auto connection =
      db::Connection::open(site.url().empty() ? "sqlite:" + site.sqlite_file().string() : site.url());
  const auto give_up = std::chrono::steady_clock::now() + test::k_patience;
  while (std::chrono::steady_clock::now() < give_up) {
    db::Transaction transaction(*connection, db::Scope::through(db::Door::maintenance), db::Access::read);
    if (enough(connection->integer(question).value_or(0))) return;
    transaction.commit();
    ::poll(nullptr, 0, 1);
  }
}

void wait_for_batch(const Site& site) {
  wait_until(site, "SELECT count(*) FROM jobs WHERE position IS NOT NULL", [](auto n) { return n > 0; });
}

/// The server may still be at what a client sent that is gone.
void wait_for_server(const Site& site) {
  if (site.engine() == db::Engine::sqlite) return;
  wait_until(site,
             "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
             "pid <> pg_backend_pid() AND backend_type = 'client backend'",
             [](auto n) { return n == 0; });
}

/// Runs `arguments` and kills the process when `wait` returns; true if it was still running then.
bool killed(const Site& site, const std::vector<std::string>& arguments, const std::function<void()>& wait) {
  test::ProcessOptions options;
  if (site.engine() == db::Engine::postgresql) options.environment["RINGCTL_DATABASE_URL"] = site.url();
  options.meanwhile = [&](int pid) {
    wait();
    ::kill(pid, SIGKILL);
  };
  return site.machine().run(arguments, options).status == 128 + SIGKILL;
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

TEST_CASE(
    "an import killed at any instant is taken up and ends as if nothing had happened, and can be undone",
    "[system][slow]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const bool atomic = GENERATE(true, false);
  const int kills = full() ? 50 : 6;
  const Mixture mixture(full() ? 200'000 : 20'000, !atomic);
  std::vector<std::string> import{"numbers", "import", "numbers.csv", "-o", "json"};
  if (!atomic) import.insert(import.end(), {"--max-errors", "5%", "--rejects", "rejects.csv"});

  const Office calm(engine, mixture);
  const auto begin = std::chrono::steady_clock::now();
  const auto wanted = calm.run(import);
  auto whole =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  REQUIRE(wanted.status == (atomic ? 0 : 3));
  const auto after = calm.numbers();
  const auto journal = calm.journal(calm.jobs().at(0).at("job"));

  // PostgreSQL keeps the lock of who is gone until it comes to tell them something.
  auto import_again = import;
  import_again.insert(import_again.end(), {"--lock-wait", "1m"});

  std::mt19937 random(20261121);
  int hits = 0, taken_up = 0;
  for (int attempt = 0; hits < kills && attempt < 4 * kills; ++attempt) {
    const Office site(engine, mixture);
    const auto due = whole * std::uniform_int_distribution<int>(5, 95)(random) / 100;
    const bool between_batches = !atomic && attempt % 2 == 0;
    const bool hit = killed(site, import, [&] {
      if (between_batches) return wait_for_batch(site);
      const auto until = std::chrono::steady_clock::now() + due;
      while (std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 1);
    });
    INFO((between_batches ? "killed after a batch" : fmt::format("killed after {} us", due.count())));
    wait_for_server(site);
    const auto left = site.jobs();
    const bool begun = !left.empty();
    // A machine that has become faster is done before the kill: then the next one comes sooner.
    if (!hit || (begun && left.at(0).at("state") == "finished")) {
      whole = whole * 3 / 4;
      continue;
    }
    ++hits;
    if (begun) ++taken_up;
    if (atomic) CHECK(site.numbers() == site.before);

    const auto again = site.run(import_again);
    INFO(again.err);
    REQUIRE(again.status == wanted.status);
    CHECK(nlohmann::json::parse(again.out).at("resumed") == begun);
    CHECK(counts_of(again) == counts_of(wanted));
    CHECK(site.numbers() == after);
    const auto jobs = site.jobs();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs.at(0).at("state") == "finished");
    if (begun) CHECK(jobs.at(0).at("job") == left.at(0).at("job"));
    CHECK(site.journal(jobs.at(0).at("job")) == journal);
    if (!atomic) CHECK(site.rejects() == calm.rejects());
    CHECK(site.run({"db", "check"}).status == 0);
    site.ok({"jobs", "undo", jobs.at(0).at("job"), "--yes"});
    CHECK(site.numbers() == site.before);
    CHECK(site.run({"audit", "verify"}).status == 0);
  }
  CHECK(hits == kills);
  CHECK((taken_up > 0) == !atomic);
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
