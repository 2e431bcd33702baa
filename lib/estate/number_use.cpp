#include "estate/number_use.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/shell.hpp"

namespace ringctl::estate {
namespace {

using Texts = std::vector<std::string>;

Error assigned(std::string_view number, const Texts& agents) {
  return {Errc::conflict, "numbers.assigned", fmt::format("{} is assigned to {}", number, agents.front()),
          fmt::format("ringctl numbers unassign {}", number)};
}

Error has_extension(std::string_view number, const Texts& extensions) {
  const bool one = extensions.size() == 1;
  return {Errc::conflict, "numbers.has_extension",
          one ? fmt::format("extension {} works on {} alone", extensions.front(), number)
              : fmt::format("{} extensions work on {} alone", extensions.size(), number),
          one ? fmt::format("ringctl extensions remove {}", extensions.front())
              : fmt::format("ringctl extensions list --phone-number {}", number)};
}

Error in_pool(std::string_view number, const Texts& users) {
  const bool one = users.size() == 1;
  return {Errc::conflict, "numbers.in_pool",
          one ? fmt::format("{} receives the messages of {}", users.front(), number)
              : fmt::format("{} users receive the messages of {}", users.size(), number),
          one ? fmt::format("ringctl pools remove {} {}", number, base::for_shell(users.front()))
              : fmt::format("ringctl pools list --phone-number {}", number)};
}

/// One way to use a number, which is n.
struct Use {
  std::string_view rows, name;  ///< the rows that do, and what each goes by
  Error (*error)(std::string_view number, const Texts& names);
};
constexpr Use k_uses[] = {
    {"agent_phone_numbers a JOIN users u ON u.id = a.agent_id WHERE a.phone_number_id = n.id AND a.voice = TRUE "
     "AND a.is_active = TRUE",
     "u.email", assigned},
    {"user_extensions e WHERE e.number_id = n.id AND e.is_active = TRUE", "e.extension", has_extension},
    {"agent_phone_numbers a JOIN users u ON u.id = a.agent_id WHERE a.phone_number_id = n.id AND "
     "a.sms_access_enabled = TRUE",
     "u.email", in_pool},
};

constexpr std::string_view k_calls = "calls c WHERE c.number_id = n.id";
constexpr std::string_view k_messages = "messages m WHERE m.number_id = n.id";

std::optional<Error> history_of(db::Connection& db, const base::Uuid& workspace, std::string_view number) {
  const auto count = [&](std::string_view rows) {
    return db
        .integer(
            fmt::format(
                "SELECT count(*) FROM phone_numbers n, {} AND n.workspace_id = $1 AND n.phone_number = $2",
                rows),
            {workspace, number})
        .value_or(0);
  };
  const auto calls = count(k_calls), messages = count(k_messages);
  if (calls + messages == 0) return std::nullopt;
  Error error(
      Errc::conflict, "numbers.has_history",
      fmt::format("{} {} and {} {} of {} are on record, and would be of no number", calls,
                  calls == 1 ? "call" : "calls", messages, messages == 1 ? "message" : "messages", number),
      fmt::format("to take it out of use: ringctl numbers update {} --status inactive", number));
  return error.detail("--forget-history deletes it all the same");
}

std::string unused(History history) {
  std::string sql = "TRUE";
  if (history == History::keeps)
    for (const auto rows : {k_calls, k_messages})
      sql += fmt::format(" AND NOT EXISTS (SELECT 1 FROM {})", rows);
  for (const auto& use : k_uses) sql += fmt::format(" AND NOT EXISTS (SELECT 1 FROM {})", use.rows);
  return sql;
}

/// PostgreSQL shows a statement that waited for a row what others had committed before it began to wait, so
/// the waiting is done by statements of its own. SQLite has one writer.
void hold(db::Connection& db, const std::string& numbers, std::span<const db::Param> params) {
  if (db.engine() != db::Engine::postgresql) return;
  const auto lock = [&](std::string_view rows) {
    db.query(fmt::format("SELECT count(*) FROM (SELECT 1 FROM {} ORDER BY id FOR UPDATE) held", rows),
             params);
  };
  lock(numbers);
  for (const auto* users : {"agent_phone_numbers WHERE phone_number_id", "user_extensions WHERE number_id"})
    lock(fmt::format("{} IN (SELECT n.id FROM {})", users, numbers));
}

}  // namespace

std::optional<Error> use_of(db::Connection& db, const base::Uuid& workspace, std::string_view number,
                            History history) {
  for (const auto& use : k_uses) {
    Texts names;
    auto rows = db.query(fmt::format("SELECT {0} FROM phone_numbers n, {1} AND n.workspace_id = $1 AND "
                                     "n.phone_number = $2 ORDER BY {0}",
                                     use.name, use.rows),
                         {workspace, number});
    while (rows.next()) names.emplace_back(rows.text(0));
    if (!names.empty()) return use.error(number, names);
  }
  return history == History::keeps ? history_of(db, workspace, number) : std::nullopt;
}

std::int64_t delete_unused(db::Connection& db, std::string_view condition, std::span<const db::Param> params,
                           History history) {
  const auto numbers = fmt::format("phone_numbers AS n WHERE n.workspace_id = $1 AND {}", condition);
  hold(db, numbers, params);
  return db.exec(fmt::format("DELETE FROM {} AND {}", numbers, unused(history)), params);
}

}  // namespace ringctl::estate
