// The files of fixtures/ through the real program: the sample estate, the awkward ones, generated ones.

#include <fmt/format.h>

#include <regex>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

const std::filesystem::path k_fixtures = RINGCTL_SOURCE_DIR "/fixtures";

/// One row of awkward/README.md.
struct Promise {
  std::string file;
  std::vector<std::string> flags;
  int status;
  std::size_t rows;
  std::string code;  ///< "" = none named
};

std::string bare(std::string cell) {
  cell.erase(std::remove(cell.begin(), cell.end(), '`'), cell.end());
  return cell;
}

std::vector<Promise> promises() {
  const auto table = test::read_text(k_fixtures / "awkward/README.md");
  const std::regex row(R"(\n\| `([^`]+)` \| ([^|]*) \| (\d+) \| (\d+) \| ([^|]*) \|)");
  std::vector<Promise> all;
  for (std::sregex_iterator at(table.begin(), table.end(), row), end; at != end; ++at) {
    Promise promise{(*at)[1], {}, std::stoi((*at)[3]), std::stoul((*at)[4]), bare((*at)[5])};
    const auto flags = bare((*at)[2]);
    const std::regex word(R"(\S+)");
    for (std::sregex_iterator flag(flags.begin(), flags.end(), word); flag != end; ++flag)
      promise.flags.push_back(flag->str());
    all.push_back(std::move(promise));
  }
  REQUIRE(all.size() > 30);
  return all;
}

/// What an import leaves behind, whether or not it made a database.
std::size_t stored(const Site& site) {
  if (site.engine() == db::Engine::sqlite && !std::filesystem::exists(site.sqlite_file())) return 0;
  return site.json({"numbers", "list"}).size();
}

void generate(const std::filesystem::path& out, const std::string& format, std::vector<std::string> more) {
  const test::Machine machine;
  test::ProcessOptions options;
  options.program = k_fixtures / "generate.py";
  more.insert(more.end(), {"--format", format});
  const auto result = machine.run(more, options);
  INFO(result.err);
  REQUIRE(result.status == 0);
  test::write_text(out, result.out);
}

}  // namespace

TEST_CASE("every awkward file does what its table says", "[system][slow]") {
  for (const auto& promise : promises()) {
    const Site site(db::Engine::sqlite);
    std::vector<std::string> arguments = {"numbers", "import", k_fixtures / "awkward" / promise.file};
    arguments.insert(arguments.end(), promise.flags.begin(), promise.flags.end());
    const auto result = site.run(arguments);
    INFO(promise.file << "\n" << result.err);
    CHECK(result.status == promise.status);
    CHECK(stored(site) == promise.rows);
    if (!promise.code.empty() && promise.status != 0)
      CHECK(result.err.find("[" + promise.code + "]") != std::string::npos);
  }
}

TEST_CASE("text of every encoding arrives as the same text", "[system]") {
  for (const std::string file : {"utf16le.csv", "utf16be.csv", "utf16le_no_bom.csv", "windows1252.csv"}) {
    const Site site(db::Engine::sqlite);
    std::vector<std::string> arguments = {"numbers", "import", k_fixtures / "awkward" / file};
    if (file == "windows1252.csv") arguments.insert(arguments.end(), {"--encoding", "windows-1252"});
    site.ok(arguments);
    INFO(file);
    const auto rows = site.json({"numbers", "list"});
    CHECK(rows.at(0).at("label") == "Büro");
    CHECK(rows.at(1).at("label") == "Café");
  }
}

TEST_CASE("the sample estate comes out as it went in, the same bytes on both engines", "[system]") {
  const auto file = k_fixtures / "numbers.csv";
  for (const auto engine : test::engines()) {
    const Site site(engine);
    if (engine == db::Engine::postgresql) site.init();
    site.ok({"numbers", "import", file});
    CHECK(site.ok({"numbers", "export", "-o", "csv"}) == test::read_text(file));
  }
}

TEST_CASE("export, import and export again are the identity for awkward text", "[system][slow]") {
  constexpr int k_rows = 20'000;
  const test::TempDir folder;
  for (const auto engine : test::engines())
    for (const std::string format : {"csv", "tsv", "jsonl"}) {
      INFO(format);
      const Site first(engine);
      const Site second(engine);
      if (engine == db::Engine::postgresql) {
        first.init();
        second.init();
      }
      generate(folder / "in", format, {std::to_string(k_rows), "--seed", "11", "--awkward"});
      first.ok({"numbers", "import", folder / "in", "--input-format", format});
      const auto out = first.ok({"numbers", "export", "-o", format});
      test::write_text(folder / "out", out);
      second.ok({"numbers", "import", folder / "out", "--input-format", format});
      CHECK(second.json({"numbers", "list", "--columns", "phone_number"}).size() == k_rows);
      CHECK(second.ok({"numbers", "export", "-o", format}) == out);
    }
}

TEST_CASE("every row that the generator spoils is rejected, and no other", "[system][slow]") {
  constexpr int k_rows = 5'000;
  const test::TempDir folder;
  generate(folder / "in.csv", "csv", {std::to_string(k_rows), "--seed", "5", "--bad-share", "0.1"});
  const Site site(db::Engine::sqlite);
  const auto rejects = folder / "rejects.csv";
  const auto result = site.run(
      {"numbers", "import", folder / "in.csv", "--max-errors", "50%", "--rejects", rejects, "-o", "json"});
  CHECK(result.status == 3);
  const auto report = nlohmann::json::parse(result.out);
  const auto rejected = report.at("rejected").get<int>();
  CHECK(rejected > k_rows / 20);
  CHECK(report.at("new").get<int>() == k_rows - rejected);
  const test::Machine machine;
  test::ProcessOptions options;
  options.program = k_fixtures / "generate.py";
  const auto counts =
      machine.run({std::to_string(k_rows), "--seed", "5", "--bad-share", "0.1", "--counts"}, options);
  CHECK(nlohmann::json::parse(counts.err).at("bad").get<int>() == rejected);
}
