#include "estate/handover.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/user_names.hpp"
#include "estate/assignments.hpp"
#include "records/records.hpp"

namespace ringctl::estate {
namespace {

using records::Noun;
using records::Record;

/// Rows of a noun where `field` is `value`. Inside a transaction; `lock`: nobody else changes them in it.
std::vector<Record> rows_where(db::Connection& db, const base::Uuid& workspace, const Noun& noun,
                               std::size_t field, std::string_view value, bool lock) {
  std::vector<Record> rows;
  records::read_where(db, workspace, noun, {{field, std::string(value)}}, lock,
                      [&](Record&& record) { rows.push_back(std::move(record)); });
  return rows;
}

std::vector<Record> live_assignments(db::Connection& db, const base::Uuid& workspace, std::size_t field,
                                     std::string_view value, bool lock) {
  auto rows = rows_where(db, workspace, assignments_noun(), field, value, lock);
  std::erase_if(rows, [](const Record& row) { return row.cells[k_assignment_is_active] != "yes"; });
  return rows;
}

/// One handing over, within the caller's transaction.
class Handover {
 public:
  Handover(audit::Session& session, const base::Uuid& workspace) : session_(session), workspace_(workspace) {}

  void end(const Noun& noun, const Record& row, std::size_t flag) {
    auto after = row;
    after.cells[flag] = "no";
    write(noun, row, std::move(after));
  }

  /// The number, its limit and its countries.
  void give_number(const Record& from, const std::string& to) {
    const auto& noun = assignments_noun();
    end(noun, from, k_assignment_is_active);
    auto wanted = from;
    wanted.cells[k_assignment_agent] = to;
    wanted.cells[k_assignment_agent_default] = "no";
    put(noun, std::move(wanted));
  }

  void give_extension(const Record& from, const std::string& to) {
    auto after = from;
    after.cells[k_extension_user] = to;
    write(extensions_noun(), from, std::move(after));
  }

  /// "": to nobody.
  void give_team(const Record& from, const std::string& to) {
    auto after = from;
    after.cells[directory::k_team_supervisor] = to;
    write(directory::teams_noun(), from, std::move(after));
  }

  void give_pool(const Record& from, const std::string& to) {
    const auto& noun = pools_noun();
    end(noun, from, k_pool_sms_access_enabled);
    auto wanted = from;
    wanted.cells[k_pool_user] = to;
    put(noun, std::move(wanted));
  }

  void write(const Noun& noun, const Record& before, Record&& after) {
    if (before.cells == after.cells) return;
    records::require_writable(session_.db, workspace_, noun, &before, after);
    records::write_change(session_, workspace_, noun, before, after);
  }

 private:
  /// The heir is known to be active, and a number that is not may well be theirs: only what others have
  /// counts.
  void put(const Noun& noun, Record&& wanted) {
    const auto held = records::read_by_key(session_.db, workspace_, noun, wanted.cells, true);
    if (held) return replace(noun, *held, with_cells(*held, wanted.cells));
    records::require_free(session_.db, workspace_, noun, nullptr, wanted);
    records::write_new(session_, workspace_, noun, wanted);
  }
  void replace(const Noun& noun, const Record& before, Record&& after) {
    if (before.cells == after.cells) return;
    records::require_free(session_.db, workspace_, noun, &before, after);
    records::write_change(session_, workspace_, noun, before, after);
  }
  static Record with_cells(Record record, const std::vector<std::string>& cells) {
    record.cells = cells;
    return record;
  }

  audit::Session& session_;
  const base::Uuid& workspace_;
};

Record get_user(db::Connection& db, const base::Uuid& workspace, std::string_view email, bool lock) {
  const std::string key(email);
  auto user = records::read_by_key(db, workspace, directory::users_noun(), {&key, 1}, lock);
  if (user) return *std::move(user);
  throw directory::unknown_user(db, workspace, email);
}

Holdings read_holdings(db::Connection& db, const base::Uuid& workspace, const Record& user) {
  const auto& email = user.cells[directory::k_user_email];
  Holdings held;
  for (const auto& row : live_assignments(db, workspace, k_assignment_agent, email, false))
    held.numbers.push_back(row.cells[k_assignment_number]);
  for (const auto& row : rows_where(db, workspace, extensions_noun(), k_extension_user, email, false))
    if (row.cells[k_extension_is_active] == "yes") held.extensions.push_back(row.cells[k_extension]);
  for (const auto& row : rows_where(db, workspace, pools_noun(), k_pool_user, email, false))
    if (row.cells[k_pool_sms_access_enabled] == "yes") held.pools.push_back(row.cells[k_pool_number]);
  for (const auto& row :
       rows_where(db, workspace, directory::teams_noun(), directory::k_team_supervisor, email, false))
    held.teams.push_back(row.cells[directory::k_team_name]);
  held.contacts = directory::count_contacts_of(db, workspace, user.id);
  return held;
}

void hand_over_all(audit::Session& session, const base::Uuid& workspace, const Record& user,
                   const std::optional<Record>& successor) {
  auto& db = session.db;
  const auto& email = user.cells[directory::k_user_email];
  const auto to = successor ? successor->cells[directory::k_user_email] : std::string();
  Handover handover(session, workspace);
  for (const auto& row : live_assignments(db, workspace, k_assignment_agent, email, true))
    to.empty() ? handover.end(assignments_noun(), row, k_assignment_is_active)
               : handover.give_number(row, to);
  for (const auto& row : rows_where(db, workspace, extensions_noun(), k_extension_user, email, true)) {
    if (row.cells[k_extension_is_active] != "yes") continue;
    to.empty() ? handover.end(extensions_noun(), row, k_extension_is_active)
               : handover.give_extension(row, to);
  }
  for (const auto& row : rows_where(db, workspace, pools_noun(), k_pool_user, email, true)) {
    if (row.cells[k_pool_sms_access_enabled] != "yes") continue;
    to.empty() ? handover.end(pools_noun(), row, k_pool_sms_access_enabled) : handover.give_pool(row, to);
  }
  for (const auto& row :
       rows_where(db, workspace, directory::teams_noun(), directory::k_team_supervisor, email, true))
    handover.give_team(row, to);
  directory::hand_over_contacts(session, workspace, user, successor);
}

}  // namespace

Holdings holdings_of(audit::Session& session, const base::Uuid& workspace, std::string_view email) {
  db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  auto held = read_holdings(session.db, workspace, get_user(session.db, workspace, email, false));
  transaction.commit();
  return held;
}

Holdings deactivate_user(audit::Session& session, const base::Uuid& workspace, std::string_view email,
                         const std::optional<std::string>& successor, bool write) {
  auto& db = session.db;
  Holdings held;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    const auto user = get_user(db, workspace, email, true);
    std::optional<Record> heir;
    if (successor) heir = get_user(db, workspace, *successor, true);
    if (heir && heir->id == user.id)
      throw Error(Errc::conflict, "users.same_successor",
                  fmt::format("{} cannot take over from themselves", email));
    if (heir && heir->cells[directory::k_user_is_active] != "yes")
      throw Error(Errc::conflict, "users.inactive_successor", fmt::format("{} is not active", *successor));
    held = read_holdings(db, workspace, user);
    hand_over_all(session, workspace, user, heir);
    if (user.cells[directory::k_user_is_active] == "yes") {
      auto after = user;
      after.cells[directory::k_user_is_active] = "no";
      records::write_change(session, workspace, directory::users_noun(), user, after, "deactivate");
    }
    return write;
  });
  return held;
}

bool move_number(audit::Session& session, const base::Uuid& workspace, std::string_view number,
                 std::string_view to_email, bool write) {
  auto& db = session.db;
  bool moved = false;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    const auto user = get_user(db, workspace, to_email, true);
    const auto& to = user.cells[directory::k_user_email];
    if (user.cells[directory::k_user_is_active] != "yes")
      throw Error(Errc::invalid, "assignments.agent_inactive", fmt::format("{} is not active", to),
                  fmt::format("ringctl users update {} --is-active yes", base::for_shell(to)));
    const auto live = live_assignments(db, workspace, k_assignment_number, number, true);
    if (live.empty())
      throw Error(Errc::conflict, "assignments.not_assigned", fmt::format("nobody is assigned to {}", number),
                  fmt::format("ringctl assignments set {} {}", number, to));
    moved = live.front().cells[k_assignment_agent] != to;
    if (moved) Handover(session, workspace).give_number(live.front(), to);
    return write;
  });
  return moved;
}

std::string owner_of(audit::Session& session, const base::Uuid& workspace, std::string_view number) {
  db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  const auto live = live_assignments(session.db, workspace, k_assignment_number, number, false);
  transaction.commit();
  return live.empty() ? std::string() : live.front().cells[k_assignment_agent];
}

}  // namespace ringctl::estate
