// The pages of reports as whoever opens the file sees them: in a real browser, without a network, light and
// dark, on paper, with one row and ten thousand (tests/browser/README.md). RINGCTL_TEST_BROWSER names a
// folder whose node_modules hold playwright-core and axe-core; tests/run.sh makes one, and installs the
// browser. Where there is none nothing is looked at; with RINGCTL_TEST_FULL that is a failure. What is found
// keeps its pictures, beside the binary.

#include <fmt/format.h>

#include "system/logged_office.hpp"

using namespace ringctl;
using test::CallLog;
using test::LoggedOffice;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// The folder with the packages; empty, and said so, where there is none.
std::string browser_folder() {
  const char* const folder = std::getenv("RINGCTL_TEST_BROWSER");
  if (folder != nullptr && *folder != '\0') return folder;
  const std::string why =
      "RINGCTL_TEST_BROWSER names no folder with playwright-core and axe-core (offline, or no Chromium)";
  if (test::full_size()) FAIL(why);
  WARN("not run: " + why);
  return {};
}

/// A folder for pictures that goes unless something was found.
class Pictures {
 public:
  explicit Pictures(const std::string& name)
      : path_(fs::path(RINGCTL_BINARY).parent_path() / "browser-pictures" / name) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  const fs::path& path() const { return path_; }
  void drop() const { fs::remove_all(path_); }

 private:
  fs::path path_;
};

Json look(const std::string& folder, const fs::path& page, const fs::path& pictures) {
  test::ProcessOptions options;
  options.program = "/usr/bin/env";
  options.environment = {{"NODE_PATH", folder + "/node_modules"}};
  const auto result = test::Machine().run(
      {"node", RINGCTL_SOURCE_DIR "/tests/browser/reports.cjs", page.string(), pictures.string()}, options);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return Json::parse(result.out);
}

/// Nothing is wrong with the page; the figures that the browser gave.
Json must_be_fine(const std::string& folder, const std::string& name, const fs::path& page) {
  const Pictures pictures(name);
  auto seen = look(folder, page, pictures.path());
  INFO(name << ", pictures in " << pictures.path().string() << "\n" << seen.dump(1));
  CHECK(seen.at("findings").empty());
  if (seen.at("findings").empty()) pictures.drop();
  return seen;
}

/// What is promised is held where a release is measured; elsewhere only that the page is painted at all.
int longest_paint_ms(int promised) { return test::full_size() ? promised : 30'000; }

fs::path page_of(const LoggedOffice& office, const std::string& name, test::Machine::Arguments arguments) {
  const auto file = office.machine.home() / (name + ".html");
  arguments.insert(arguments.end(), {"--out", file.string()});
  office.ok(arguments);
  return file;
}

const std::vector<std::string> k_year{"--since", "2024-02-01", "--until", "2025-02-01"};

test::Machine::Arguments of_the_year(test::Machine::Arguments arguments) {
  arguments.insert(arguments.end(), k_year.begin(), k_year.end());
  return arguments;
}

}  // namespace

TEST_CASE("every page of a year's reports is fine in a browser", "[system][browser][slow]") {
  const auto folder = browser_folder();
  if (folder.empty()) return;
  const CallLog log(20'000);
  const LoggedOffice office(db::Engine::sqlite, log);
  const std::vector<std::pair<std::string, test::Machine::Arguments>> pages{
      {"calls", {"reports", "calls"}},  // one row
      {"agents", {"reports", "agents"}},
      {"numbers", {"reports", "numbers"}},
      {"teams", {"reports", "calls", "--by", "team"}},
      {"leaderboard", {"reports", "leaderboard"}},
      {"daily", {"reports", "daily"}},
      {"hours", {"reports", "calls", "--by", "hour"}},
      {"weekdays", {"reports", "calls", "--by", "weekday"}},
      {"weeks", {"reports", "calls", "--by", "week"}},
      {"usage", {"reports", "usage"}},
      {"costs", {"reports", "costs", "--by", "month"}},
      {"capacity", {"reports", "capacity"}}};
  for (const auto& [name, arguments] : pages) {
    const auto page = page_of(office, name, of_the_year(arguments));
    CHECK(fs::file_size(page) < 1'000'000);
    const auto seen = must_be_fine(folder, name, page);
    CHECK(seen.at("first_paint_ms").get<int>() < longest_paint_ms(200));
    CHECK(seen.at("rows").get<int>() >= 1);
  }
}

TEST_CASE("a page about one call, and one about none, is fine in a browser", "[system][browser][slow]") {
  const auto folder = browser_folder();
  if (folder.empty()) return;
  const CallLog log(1, {"--agents", "1", "--numbers", "1"});
  const LoggedOffice office(db::Engine::sqlite, log);
  const auto one = must_be_fine(folder, "one", page_of(office, "one", of_the_year({"reports", "agents"})));
  CHECK(one.at("rows").get<int>() >= 1);
  must_be_fine(
      folder, "none",
      page_of(office, "none", {"reports", "calls", "--since", "2023-05-01", "--until", "2023-05-02"}));
}

TEST_CASE("a page of ten thousand rows is fine in a browser", "[system][browser][slow]") {
  const auto folder = browser_folder();
  if (folder.empty()) return;
  const CallLog log(30'000, {"--agents", "10000"});
  const LoggedOffice office(db::Engine::sqlite, log);
  const auto seen = must_be_fine(folder, "many", page_of(office, "many", of_the_year({"reports", "agents"})));
  CHECK(seen.at("rows").get<int>() >= 9'999);
  CHECK(seen.at("first_paint_ms").get<int>() < longest_paint_ms(1000));
  CHECK(seen.at("pdf_pages").get<int>() > 50);
}

TEST_CASE("a list that is written as a page is fine in a browser, whatever callers are called",
          "[system][browser][slow]") {
  const auto folder = browser_folder();
  if (folder.empty()) return;
  const CallLog log(2'000);
  const LoggedOffice office(db::Engine::sqlite, log);
  must_be_fine(folder, "list", page_of(office, "list", {"calls", "list", "--limit", "0"}));
  must_be_fine(folder, "users", page_of(office, "users", {"users", "list"}));
}

TEST_CASE("the browser finds what is wrong with a page", "[system][browser][slow]") {
  const auto folder = browser_folder();
  if (folder.empty()) return;
  const test::Machine machine;
  const auto page = machine.file(
      "bad.html",
      "<!doctype html><html><head><meta charset=utf-8><title>x</title><style>p{color:#bbb}</style></head><body>"
      "<script>alert(1)</script><img src=\"http://127.0.0.1:9/x.png\"><p>pale</p><div style=\"width:4000px\">wide</div>"
      "<table><thead style=\"display:block\"><tr><th>a</th></tr></thead><tbody><tr><td>\u202bنور</td></tr></tbody></table>"
      "</body></html>");
  const Pictures pictures("bad");
  const auto findings = look(folder, page, pictures.path()).at("findings").dump();
  pictures.drop();
  INFO(findings);
  for (const std::string part :
       {"it asks for http://127.0.0.1:9/x.png", "a script runs: 1", "live markup: <script>",
        "live markup: <img", "DIV style", "stands in no <bdi>", "px too wide", "in dark mode",
        "axe, light: color-contrast", "axe, light: image-alt", "axe, dark: html-has-lang",
        "the head of a table does not come again", "cut in two"})
    CHECK(findings.find(part) != std::string::npos);
}
