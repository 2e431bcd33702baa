#include "support/query_plans.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "base/file.hpp"
#include "base/log.hpp"

namespace ringctl::test {
namespace {

std::size_t parameters_of(const std::string& sql) {
  std::size_t most = 0;
  for (auto at = sql.find('$'); at != std::string::npos; at = sql.find('$', at + 1))
    most = std::max(most, static_cast<std::size_t>(std::strtoul(sql.c_str() + at + 1, nullptr, 10)));
  return most;
}

std::string text_of(db::Rows rows, int column) {
  std::string text;
  while (rows.next()) text.append(rows.text(column)).append("\n");
  return text;
}

}  // namespace

std::set<std::string> statements_of(const std::function<void()>& work) {
  const auto file = base::temporary_file();
  const base::Fd saved(::dup(STDERR_FILENO));
  ::dup2(file.get(), STDERR_FILENO);
  base::configure_log(base::LogLevel::trace, base::LogFormat::json);
  work();
  base::configure_log(base::LogLevel::warn, base::LogFormat::text);
  ::dup2(saved.get(), STDERR_FILENO);
  std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  if (::pread(file.get(), text.data(), text.size(), 0) != std::ssize(text))
    throw std::runtime_error("the log of statements cannot be read back");
  std::set<std::string> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json["event"] == "sql") all.insert(json["message"].get<std::string>());
  }
  return all;
}

// In a write transaction: SQLite takes the explanation of a statement that writes for one that does.
std::string plan_of(Estate& estate, const std::string& sql) {
  const auto count = parameters_of(sql);
  const std::vector<db::Param> nothing(count, db::Param(nullptr));
  std::string plan;
  estate.write([&] {
    auto& db = estate.db();
    if (db.engine() == db::Engine::sqlite) {
      plan = text_of(db.query("EXPLAIN QUERY PLAN " + sql, nothing), 3);
      return;
    }
    db.exec_script("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off");
    db.exec_script("PREPARE growth AS " + sql);
    std::string nulls;
    for (std::size_t i = 0; i < count; ++i) nulls += i == 0 ? "(NULL" : ", NULL";
    plan = text_of(db.query("EXPLAIN EXECUTE growth" + nulls + (count > 0 ? ")" : "")), 0);
    db.exec_script("DEALLOCATE growth");
  });
  return plan;
}

std::string whole_reads(const std::string& plan, const std::set<std::string>& tables) {
  std::istringstream lines(plan);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    for (const auto& table : tables)
      if ((line + " ").starts_with("SCAN " + table + " ") ||
          line.find("Seq Scan on " + table + " ") != std::string::npos)
        found += line + "\n";
  }
  return found;
}

}  // namespace ringctl::test
