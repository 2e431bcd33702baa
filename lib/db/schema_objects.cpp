// SQLite: a database in memory is migrated and both are asked. PostgreSQL has no such place to try a schema
// in, so the statements of the migrations are read; what they make goes by names that stand at the same
// places in all of them.

#include "db/schema_objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "db/migrations.hpp"

namespace ringctl::db {
namespace {

constexpr std::string_view k_sqlite_objects =
    "SELECT CASE WHEN type = 'trigger' THEN type || ' ' || name || ' on ' || tbl_name ELSE type || ' ' || name "
    "END, coalesce(sql, '') FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'";

// Indexes behind a constraint belong to their table.
constexpr std::string_view k_postgresql_objects =
    "SELECT CASE WHEN c.relkind IN ('r', 'p') THEN 'table ' WHEN c.relkind IN ('v', 'm') THEN 'view ' "
    "ELSE 'index ' END || c.relname, '' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'ringctl' AND c.relkind IN ('r', 'p', 'v', 'm', 'i', 'I') AND NOT c.relispartition "
    "AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = c.oid AND o.contype IN ('p', 'u', 'x')) "
    "UNION ALL SELECT 'trigger ' || t.tgname || ' on ' || c.relname, '' FROM pg_trigger t "
    "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'ringctl' AND NOT t.tgisinternal AND NOT c.relispartition "
    "UNION ALL SELECT 'policy ' || p.polname || ' on ' || c.relname, '' FROM pg_policy p "
    "JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'ringctl' AND NOT c.relispartition";

/// SQLite keeps the text of a statement as it was given, and rewrites parts of it when something is renamed.
std::string normalised(std::string_view sql) {
  std::string out;
  std::copy_if(sql.begin(), sql.end(), std::back_inserter(out),
               [](unsigned char c) { return std::isspace(c) == 0 && c != '"'; });
  return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

using Words = std::vector<std::string>;

/// The words of each statement, in lower case and without the schema's name; comments, texts, function bodies
/// and signs left out.
std::vector<Words> statements_of(std::string_view sql) {
  std::vector<Words> all(1);
  const auto behind = [&](std::string_view end, std::size_t from) {
    const auto at = sql.find(end, from);
    return at == sql.npos ? sql.size() : at + end.size();
  };
  for (std::size_t i = 0; i < sql.size();) {
    if (sql.substr(i).starts_with("--")) {
      i = behind("\n", i);
    } else if (sql[i] == '\'') {
      i = behind("'", i + 1);
    } else if (sql[i] == '$') {
      const auto tag = sql.substr(i, behind("$", i + 1) - i);
      i = behind(tag, i + tag.size());
    } else if (sql[i] == ';') {
      all.emplace_back();
      ++i;
    } else if (is_word(sql[i])) {
      std::string word;
      for (; i < sql.size() && is_word(sql[i]); ++i)
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(sql[i])));
      if (word.starts_with("ringctl.")) word.erase(0, std::string_view("ringctl.").size());
      all.back().push_back(std::move(word));
    } else {
      ++i;
    }
  }
  return all;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Follows the statements from an empty schema on.
class Reader {
 public:
  void read(const Words& words) {
    if (words.size() < 3) return;
    words_ = &words;
    at_ = 1;
    if (words[0] == "create") {
      skip({"or", "replace", "unique", "constraint", "materialized"});
      create(take());
    } else if (words[0] == "drop") {
      skip({"materialized"});
      drop(take());
    } else if (words[0] == "alter") {
      rename(take());
    }
  }

  SchemaObjects objects() const {
    SchemaObjects objects;
    for (const auto& [name, table] : tables_of_) objects.emplace(name, "");
    return objects;
  }

 private:
  std::string take() { return at_ < words_->size() ? (*words_)[at_++] : std::string(); }
  void skip(std::initializer_list<std::string_view> noise) {
    while (at_ < words_->size() && is_one_of((*words_)[at_], noise)) ++at_;
  }
  std::string table_named() const {
    const auto on = std::find(words_->begin(), words_->end(), "on");
    return on == words_->end() || on + 1 == words_->end() ? std::string() : *(on + 1);
  }
  static bool belongs_to_table(std::string_view kind) { return kind == "trigger" || kind == "policy"; }

  void create(const std::string& kind) {
    if (!is_one_of(kind, {"table", "view", "index", "trigger", "policy"})) return;
    skip({"concurrently", "if", "not", "exists"});
    const auto name = take();
    if (belongs_to_table(kind))
      tables_of_[fmt::format("{} {} on {}", kind, name, table_named())] = table_named();
    else
      tables_of_[fmt::format("{} {}", kind, name)] = kind == "index" ? table_named() : name;
  }

  void drop(const std::string& kind) {
    skip({"concurrently", "if", "exists"});
    if (belongs_to_table(kind)) {
      tables_of_.erase(fmt::format("{} {} on {}", kind, take(), table_named()));
      return;
    }
    if (!is_one_of(kind, {"table", "view", "index"})) return;
    while (at_ < words_->size()) {
      const auto name = take();
      tables_of_.erase(fmt::format("{} {}", kind, name));
      if (kind == "table")
        std::erase_if(tables_of_, [&](const auto& object) { return object.second == name; });
    }
  }

  /// ALTER kind a RENAME TO b
  void rename(const std::string& kind) {
    skip({"if", "exists", "only"});
    const auto from = take();
    if (take() != "rename" || take() != "to") return;
    const auto to = take();
    std::map<std::string, std::string> renamed;
    for (const auto& object : tables_of_) {
      auto [name, table] = std::pair<std::string, std::string>(object);
      if (name == fmt::format("{} {}", kind, from)) name = fmt::format("{} {}", kind, to);
      if (kind == "table" && table == from) {
        table = to;
        if (const auto on = name.find(" on "); on != name.npos) name.replace(on + 4, name.npos, to);
      }
      renamed.emplace(name, table);
    }
    tables_of_ = std::move(renamed);
  }

  std::map<std::string, std::string> tables_of_;  ///< object -> the table it goes with
  const Words* words_ = nullptr;
  std::size_t at_ = 0;
};

}  // namespace

SchemaObjects objects_there(Connection& connection) {
  SchemaObjects objects;
  auto rows =
      connection.query(connection.engine() == Engine::sqlite ? k_sqlite_objects : k_postgresql_objects);
  while (rows.next()) objects.emplace(rows.text(0), normalised(rows.text(1)));
  return objects;
}

SchemaObjects objects_expected(Engine engine, int schema) {
  if (engine == Engine::sqlite) {
    const auto fresh = Connection::open("sqlite::memory:");
    migrate(*fresh, base::SystemClock(), schema);
    return objects_there(*fresh);
  }
  Reader reader;
  reader.read({"create", "table", "schema_migration"});
  for (const auto& migration : migrations(engine)) {
    if (migration.number > schema) break;
    for (const auto& words : statements_of(migration.sql)) reader.read(words);
  }
  return reader.objects();
}

}  // namespace ringctl::db
