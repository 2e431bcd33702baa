// The two sets of migrations say the same, as far as a reader of SQL text can tell.

#include <map>
#include <regex>
#include <set>

#include "house/source.hpp"

namespace ringctl::house {
namespace {

constexpr auto k_sqlite = "sqlite";
constexpr auto k_postgresql = "postgresql";

/// "0001_init.sql" and so on, in order.
std::vector<std::string> files_of(const std::string& engine) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root() / "lib/db/migrations" / engine))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  REQUIRE_FALSE(names.empty());
  return names;
}

/// All migrations of an engine as one text, without comments.
std::string text_of(const std::string& engine) {
  std::string text;
  for (const auto& name : files_of(engine))
    for (const auto& line : lines_of(test::read_text(root() / "lib/db/migrations" / engine / name)))
      text += line.substr(0, line.find("--")) + "\n";
  return text;
}

/// Splits at commas outside parentheses.
std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : list) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string first_word(const std::string& text) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(R"(\w+)")) ? found.str() : std::string();
}

using Tables = std::map<std::string, std::vector<std::string>>;

Tables tables_of(const std::string& engine) {
  const std::set<std::string> constraints = {"PRIMARY", "UNIQUE",     "CHECK",
                                             "FOREIGN", "CONSTRAINT", "EXCLUDE"};
  Tables tables;
  const auto sql = text_of(engine);
  const std::regex create(R"(CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+) \()");
  for (std::sregex_iterator at(sql.begin(), sql.end(), create), end; at != end; ++at) {
    const auto start = static_cast<std::size_t>(at->position() + at->length());
    auto stop = start;
    tables[(*at)[1]].clear();  // one that is made anew stands for the one before
    for (int depth = 1; depth > 0; ++stop) depth += sql.at(stop) == '(' ? 1 : sql.at(stop) == ')' ? -1 : 0;
    for (const auto& part : parts_of(sql.substr(start, stop - 1 - start)))
      if (const auto name = first_word(part); constraints.count(name) == 0) tables[(*at)[1]].push_back(name);
  }
  const std::regex add(R"(ALTER TABLE (\w+)\s+ADD COLUMN (\w+))");
  for (std::sregex_iterator at(sql.begin(), sql.end(), add), end; at != end; ++at)
    tables[(*at)[1]].push_back((*at)[2]);
  return tables;
}

TEST_CASE("migrations are numbered from 1 without a gap, alike on both engines", "[house]") {
  const auto sqlite = files_of(k_sqlite);
  CHECK(sqlite == files_of(k_postgresql));
  for (std::size_t i = 0; i < sqlite.size(); ++i) {
    INFO(sqlite[i]);
    CHECK(std::regex_match(sqlite[i], std::regex(R"(\d{4}_[a-z0-9_]+\.sql)")));
    CHECK(std::stoul(sqlite[i]) == i + 1);
  }
}

TEST_CASE("a table has the same columns in the same order on both engines", "[house]") {
  const auto sqlite = tables_of(k_sqlite);
  const auto postgresql = tables_of(k_postgresql);
  REQUIRE(sqlite.count("phone_numbers") == 1);
  REQUIRE(sqlite.at("phone_numbers").size() > 10);
  for (const auto& [table, columns] : sqlite) {
    INFO(table);
    REQUIRE(postgresql.count(table) == 1);
    CHECK(columns == postgresql.at(table));
  }
  for (const auto& [table, columns] : postgresql) {
    INFO(table);
    CHECK(sqlite.count(table) == 1);
  }
}

TEST_CASE("every SQLite table is strict", "[house]") {
  const auto sql = text_of(k_sqlite);
  const std::regex create(R"(CREATE TABLE (\w+) \([^;]*\)([^);]*);)");
  std::set<std::string> seen;
  for (std::sregex_iterator at(sql.begin(), sql.end(), create), end; at != end; ++at) {
    INFO((*at)[1]);
    CHECK((*at)[2].str().find("STRICT") != std::string::npos);
    seen.insert((*at)[1]);
  }
  CHECK(seen.size() == tables_of(k_sqlite).size());
}

TEST_CASE("every tenant's table is under a forced row policy", "[house]") {
  const auto sql = text_of(k_postgresql);
  for (const auto& [table, columns] : tables_of(k_postgresql)) {
    if (table != "workspaces" && std::find(columns.begin(), columns.end(), "workspace_id") == columns.end())
      continue;
    INFO(table);
    CHECK(std::regex_search(sql, std::regex("ALTER TABLE " + table +
                                            R"(\s+ENABLE ROW LEVEL SECURITY,\s+FORCE ROW LEVEL SECURITY)")));
    CHECK(std::regex_search(sql, std::regex(R"(CREATE POLICY \w+ ON )" + table + R"(\b)")));
  }
}

TEST_CASE("PostgreSQL compares text by its bytes, as SQLite does", "[house]") {
  const auto sql = text_of(k_postgresql);
  const std::regex column(R"(\n\s+(\w+) text\b([^,\n]*))");
  for (std::sregex_iterator at(sql.begin(), sql.end(), column), end; at != end; ++at) {
    INFO((*at)[1]);
    CHECK((*at)[2].str().find("COLLATE \"C\"") != std::string::npos);
  }
}

}  // namespace
}  // namespace ringctl::house
